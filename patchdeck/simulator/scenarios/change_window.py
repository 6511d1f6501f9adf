"""Two minutes of a change window: a herd, a patch that goes well, one that does not, a host that is short, recovery."""

from patchdeck.simulator.scenarios.fleet import FLEET
from patchdeck.simulator.scenarios.script import At, Grow, Load, Patch, Scenario, Shrink, SlowDisk

SCENARIO = Scenario(
    about="a herd, a good patch, a bad one, a busy host, recovery; then calm (the default)",
    services=FLEET,
    script=(
        At(2, Patch(service="shop/cache", to="7.2.5", at_once=1, apart_s=1)),
        At(8, Grow(service="shop/web", by=40, at_once=40)),
        At(18, Patch(service="shop/api", to="2.1.0", at_once=2, apart_s=2)),
        At(34, Patch(service="shop/search", to="3.3.0", at_once=1, apart_s=3, most=3)),
        At(46, Load(processors=12, for_s=50)),
        At(54, SlowDisk(factor=4, for_s=30)),
        At(56, Grow(service="delivery/orders", by=16, at_once=16)),
        At(68, Patch(service="payments/gateway", to="5.0.4", at_once=4, apart_s=2)),
        At(90, Patch(service="shop/search", to="3.2.1", at_once=1, apart_s=2)),
        At(104, Shrink(service="shop/web", by=40, at_once=4)),
        At(112, Shrink(service="delivery/orders", by=16, at_once=4)),
    ),
    restart_s=6,
)

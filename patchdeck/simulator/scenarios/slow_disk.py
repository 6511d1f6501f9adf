"""A disk that gets slow while patches are under way: starts wait, and not for the processors."""

from patchdeck.simulator.scenarios.fleet import FLEET
from patchdeck.simulator.scenarios.script import At, Patch, Scenario, SlowDisk

SCENARIO = Scenario(
    about="a disk eight times as slow: starts wait for IO while the processors idle",
    services=FLEET,
    script=(
        At(5, Patch(service="shop/web", to="1.4.3", at_once=4, apart_s=1)),
        At(18, SlowDisk(factor=8, for_s=60)),
        At(20, Patch(service="shop/api", to="2.1.0", at_once=4, apart_s=1)),
        At(40, Patch(service="payments/gateway", to="5.0.4", at_once=4, apart_s=1)),
        At(85, Patch(service="delivery/orders", to="4.4.1", at_once=4, apart_s=1)),
    ),
    restart_s=6,
)

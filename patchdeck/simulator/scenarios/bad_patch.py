"""A patch that crashes, one that never gets healthy, and one that is merely slow."""

from patchdeck.simulator.scenarios.fleet import FLEET
from patchdeck.simulator.scenarios.script import At, Patch, Scenario

SCENARIO = Scenario(
    about="three bad patches: one crashes, one never gets healthy, one is slow; each is taken back",
    services=FLEET,
    script=(
        At(5, Patch(service="shop/web", to="1.4.4", at_once=1, apart_s=2, most=4)),
        At(25, Patch(service="shop/api", to="2.1.1", at_once=1, apart_s=2, most=4)),
        At(45, Patch(service="delivery/orders", to="4.5.0", at_once=2, apart_s=2)),
        At(90, Patch(service="shop/web", to="1.4.2", at_once=2, apart_s=1)),
        At(105, Patch(service="shop/api", to="2.0.1", at_once=2, apart_s=1)),
        At(120, Patch(service="delivery/orders", to="4.4.0", at_once=2, apart_s=1)),
    ),
    restart_s=10,
)

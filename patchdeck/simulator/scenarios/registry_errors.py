"""A registry that refuses: what is not on the engine yet can not be patched to."""

from patchdeck.simulator.scenarios.fleet import FLEET
from patchdeck.simulator.scenarios.script import At, FailRegistry, Patch, Scenario

SCENARIO = Scenario(
    about="the registry refuses for a minute; patches wait for their images",
    services=FLEET,
    script=(
        At(5, Patch(service="shop/web", to="1.4.3", at_once=4, apart_s=1)),
        At(20, FailRegistry(for_s=60)),
        At(25, Patch(service="shop/api", to="2.1.0", at_once=4, apart_s=1)),
        At(100, Patch(service="payments/gateway", to="5.0.4", at_once=4, apart_s=1)),
    ),
    restart_s=6,
)

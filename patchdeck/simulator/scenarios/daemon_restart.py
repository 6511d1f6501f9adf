"""The engine goes away in the middle of a patch, and comes back."""

from patchdeck.simulator.scenarios.fleet import FLEET
from patchdeck.simulator.scenarios.script import At, LoseEvents, Patch, RestartEngine, Scenario

SCENARIO = Scenario(
    about="the engine restarts in the middle of a patch; later it loses events",
    services=FLEET,
    script=(
        At(6, Patch(service="shop/web", to="1.4.3", at_once=3, apart_s=1)),
        At(9, RestartEngine(down_s=8)),
        At(50, LoseEvents(for_s=6)),
        At(51, Patch(service="shop/api", to="2.1.0", at_once=4, apart_s=1)),
    ),
    restart_s=10,
)

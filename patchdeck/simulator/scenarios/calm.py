"""Nothing happens by itself: for rehearsing rollouts. Every kind of patch is there to roll out."""

from patchdeck.simulator.scenarios.fleet import FLEET
from patchdeck.simulator.scenarios.script import Scenario

SCENARIO = Scenario(
    about="nothing happens by itself; good, slow, crashing and never healthy patches to roll out",
    services=FLEET,
)

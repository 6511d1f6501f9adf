"""A change window: busy by itself for two minutes, and a guide through three rollouts of one's own.

What the guide proposes is left alone by everything else. Something begins to read the disk once the bad patch is
tried, and stops once the rollout after it has waited for a while: so contention comes when there is something to pause,
however long a newcomer takes.
"""

from typing import Final

from patchdeck.settings import GateSettings, RolloutSettings
from patchdeck.simulator.scenarios.fleet import FLEET
from patchdeck.simulator.scenarios.lessons import Goal, Guide, Lesson
from patchdeck.simulator.scenarios.script import (
    LOCKED,
    At,
    Grow,
    Patch,
    ReadDisk,
    Scenario,
    Shrink,
    Sign,
    Upon,
)

BAD: Final = ("shop/web:1.4.4", "shop/web:1.5.0", "payments/gateway:5.1.0", "delivery/orders:4.5.0")
"""Patches that nothing but a person rolls out."""
THREE_AT_LEAST: Final = 'set -- $PATCHDECK_CONTAINERS; echo "n $# new, wants 3"; test $# -ge 3 || exit 75'
"""A gate of one's own, as a team may have it for what is about money: of one replica nothing can be told."""

GUIDE = Guide(
    lessons=(
        Lesson(
            goal=Goal.PROMOTED,
            about="First a good patch, whose canary alone is too little to judge by.",
            patches=(("payments/gateway", "5.0.4"), ("payments/ledger", "1.9.1")),
        ),
        Lesson(
            goal=Goal.RETURNED,
            about="Next a bad patch: shop/web 1.4.4 crashes, which nobody knows yet.",
            patches=(("shop/web", "1.4.4"),),
        ),
        Lesson(
            goal=Goal.BRAKED,
            about="The disk gets busy: watch io. A patch has to wait till it is calm.",
            patches=(("delivery/orders", "4.4.1"), ("payments/ledger", "1.9.1")),
        ),
    ),
    # The rest in one batch, and a short bake: three minutes are to be enough for three rollouts. Not shorter: who is as
    # quick as can be would be through before the disk has been busy for long enough to be called so.
    rollout=RolloutSettings(canary="1", batch="100%", bake_s=8.0),
    gates=(GateSettings(name="sample", services=("payments/*",), command=("/bin/sh", "-c", THREE_AT_LEAST)),),
)

SCENARIO = Scenario(
    about="a herd, a good patch, a bad one, a busy disk; with a guide to rollouts (the default)",
    services=FLEET,
    script=(
        At(2, Patch(service="shop/cache", to="7.2.5", at_once=1, apart_s=1)),
        At(8, Grow(service="tools/mail", by=40, at_once=40)),
        At(18, Patch(service="shop/api", to="2.1.0", at_once=2, apart_s=2)),
        At(34, Patch(service="shop/search", to="3.3.0", at_once=1, apart_s=3, most=3)),
        At(50, Shrink(service="tools/mail", by=40, at_once=4)),
        At(64, Patch(service="shop/search", to="3.2.1", at_once=1, apart_s=2)),
        # For whoever only looks on.
        At(75, ReadDisk(for_s=35), unless=LOCKED),
    ),
    answers=tuple(
        Upon(Sign(kind="container", action="create", of=image), ReadDisk(for_s=30, until=LOCKED, then_s=8))
        for image in BAD
    ),
    restart_s=6,
    left_alone=("shop/web", "payments/gateway", "payments/ledger", "delivery/orders"),
    guide=GUIDE,
)

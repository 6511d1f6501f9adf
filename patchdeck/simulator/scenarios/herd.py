"""The same patch twice: all at once, and four at a time."""

from patchdeck.simulator.scenarios.fleet import API, CACHE, PAYMENTS, WEB
from patchdeck.simulator.scenarios.script import At, Grow, Scenario, Shrink

SCENARIO = Scenario(
    about="64 starts all at once, then the same 64 four at a time, again and again",
    services=(WEB, API, CACHE, PAYMENTS),
    script=tuple(
        at
        for turn in range(20)
        for at in (
            At(5 + 90 * turn, Grow(service="shop/web", by=64, at_once=64)),
            At(25 + 90 * turn, Shrink(service="shop/web", by=64, at_once=4)),
            At(45 + 90 * turn, Grow(service="shop/web", by=64, at_once=4)),
            At(70 + 90 * turn, Shrink(service="shop/web", by=64, at_once=4)),
        )
    ),
)

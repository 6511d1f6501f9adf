"""How long startups of the new version take against those of the old one, at equal starts in flight.

A canary that starts in a herd is slow whatever it is a canary of. So startups are only compared within strata: about
many others in flight, and the first start after a pull apart. The estimate is the Hodges–Lehmann ratio: the median of
all ratios of a new startup to an old one of its stratum; its interval is made by bootstrap within the strata.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import msgspec

from patchdeck.model.journal import Verdict
from patchdeck.rollout.gates.ratio_value import PASS_BELOW

FAIL_ABOVE: Final = 1.10
"""It fails where even the lower end of the interval is above this."""

LEAST: Final = 5
"""Startups on each side, in strata that have both; of fewer nothing is said."""

CONFIDENCE: Final = 0.90
ROUNDS: Final = 300

MOST_IN_STRATUM: Final = 40
"""The newest of each side that are compared: more would cost time and change little."""


class Sampled(msgspec.Struct, frozen=True, kw_only=True):
    """One startup, as far as it can be compared."""

    seconds: float
    in_flight: int
    """Others that were starting when it began."""
    cold: bool = False
    """The first start of its image on the engine."""

    @property
    def stratum(self) -> tuple[int, bool]:
        """In flight 0, 1, 2, 3, 4–5, 6–7, 8–11, 12–15, …: what another one costs is less the more there are."""
        octave = max(0, self.in_flight.bit_length() - 2)
        return self.in_flight >> octave << octave, self.cold


class Ratio(msgspec.Struct, frozen=True, kw_only=True):
    """New to old; None where too little could be matched."""

    verdict: Verdict
    evidence: str
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    new_n: int = 0
    """New startups in strata that have old ones too."""
    old_n: int = 0


class _Stratum(msgspec.Struct, frozen=True):
    new: list[float]
    old: list[float]


def compare(
    new: Sequence[Sampled],
    old: Sequence[Sampled],
    *,
    fail_above: float = FAIL_ABOVE,
    pass_below: float = PASS_BELOW,
    least: int = LEAST,
) -> Ratio:
    """Judge the new version's startups against the old one's, both oldest first. The same input, the same answer."""
    strata = _strata(new, old)
    new_n = sum(len(stratum.new) for stratum in strata)
    old_n = sum(len(stratum.old) for stratum in strata)
    if new_n < least or old_n < least:
        return Ratio(
            verdict=Verdict.HOLD, evidence=_too_few(new, old, new_n, old_n, least), new_n=new_n, old_n=old_n
        )
    ratio = math.exp(_shift(strata))
    low, high = _interval(strata)
    if low > fail_above:
        verdict, against = Verdict.FAIL, f"longer than {fail_above:g}×"
    elif high < pass_below:
        verdict, against = Verdict.PASS, f"below {pass_below:g}×"
    else:
        verdict, against = (
            Verdict.HOLD,
            f"neither below {pass_below:g}× nor above {fail_above:g}× for certain",
        )
    return Ratio(
        verdict=verdict,
        evidence=f"{ratio:.2f}× [{low:.2f}, {high:.2f}] {against}; n {new_n} new, {old_n} old",
        ratio=ratio,
        low=low,
        high=high,
        new_n=new_n,
        old_n=old_n,
    )


def _strata(new: Sequence[Sampled], old: Sequence[Sampled]) -> list[_Stratum]:
    sides: dict[tuple[int, bool], tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    for side, startups in enumerate((new, old)):
        for one in startups:
            if one.seconds > 0:
                sides[one.stratum][side].append(math.log(one.seconds))
    return [
        _Stratum(new=of_new[-MOST_IN_STRATUM:], old=of_old[-MOST_IN_STRATUM:])
        for _, (of_new, of_old) in sorted(sides.items())
        if of_new and of_old
    ]


def _shift(strata: Sequence[_Stratum]) -> float:
    """The Hodges–Lehmann shift of the logarithms, over all pairs within strata."""
    shifts = [n - o for stratum in strata for n in stratum.new for o in stratum.old]
    shifts.sort()
    return (shifts[len(shifts) // 2] + shifts[(len(shifts) - 1) // 2]) / 2


def _interval(strata: Sequence[_Stratum]) -> tuple[float, float]:
    chance = random.Random(repr([(stratum.new, stratum.old) for stratum in strata]))
    shifts = sorted(
        _shift(
            [
                _Stratum(new=chance.choices(s.new, k=len(s.new)), old=chance.choices(s.old, k=len(s.old)))
                for s in strata
            ]
        )
        for _ in range(ROUNDS)
    )
    # A bootstrap of few values is too sure of itself by about the factor √(n / (n − 1)).
    middle = _shift(strata)
    n = min(sum(len(s.new) for s in strata), sum(len(s.old) for s in strata))
    wider = math.sqrt(n / (n - 1)) if n > 1 else 1.0
    tail = (1 - CONFIDENCE) / 2
    low, high = shifts[math.floor(tail * ROUNDS)], shifts[math.ceil((1 - tail) * ROUNDS) - 1]
    return math.exp(middle + (low - middle) * wider), math.exp(middle + (high - middle) * wider)


def _too_few(new: Sequence[Sampled], old: Sequence[Sampled], new_n: int, old_n: int, least: int) -> str:
    if len(new) < least:
        return f"n {len(new)} new, wants {least}"
    if not old:
        return f"n 0 old, wants {least}: the engine tells no longer how long the old ones took"
    if len(old) < least:
        return f"n {len(old)} old, wants {least}"
    return f"at equal starts in flight n {new_n} new and {old_n} old, wants {least} of each"

"""Pulls of images, as far as an engine tells of them: when they have ended."""

from __future__ import annotations

from collections import Counter
from typing import Final

from patchdeck.contention import words
from patchdeck.contention.reading import LONG_S, STRETCH_S, Reading
from patchdeck.model import Indicator, Level, Sample

_LONG_NS: Final = round(LONG_S * 1e9)
_STRETCH_NS: Final = round(STRETCH_S * 1e9)


class Pulls:
    """Ends of pulls, by the engine's clock."""

    def __init__(self) -> None:
        self._ended: set[tuple[int, str]] = set()

    def ended(self, at_ns: int, image: str) -> None:
        self._ended.add((at_ns, image))

    def forget_before(self, horizon_ns: int) -> None:
        self._ended = {one for one in self._ended if one[0] >= horizon_ns}

    def __len__(self) -> int:
        return len(self._ended)

    def indicator(self, now_ns: int, offset_ns: int, received: Reading | None) -> Indicator:
        """How many ended of late, and what the host receives meanwhile, where Prometheus has it.

        An engine says nothing of a pull before its end, so there is no level: none ended is not none under way.
        `now_ns` is by this host's clock, the engine's less `offset_ns`.
        """
        until_ns = now_ns + offset_ns
        count = sum(until_ns - _LONG_NS <= at_ns <= until_ns for at_ns, _ in self._ended)
        reason = f"{count or 'no'} pull{'' if count == 1 else 's'} ended within {LONG_S:.0f} s"
        source = "events"
        if received is not None and received.is_fresh(now_ns):
            reason += f"; the host receives {words.amount(received.value, received.unit)}"
            source = f"events, {received.source}"
        else:
            reason += "; those under way are not told"
        return Indicator(
            name="pulls",
            unit="pulls",
            value=float(count),
            level=Level.UNKNOWN,
            reason=reason,
            source=source,
            at_ns=now_ns,
            history=self._history(offset_ns),
        )

    def _history(self, offset_ns: int) -> tuple[Sample, ...]:
        by_stretch = Counter((at_ns - offset_ns) // _STRETCH_NS for at_ns, _ in self._ended)
        return tuple(
            Sample(at_ns=stretch * _STRETCH_NS, value=float(by_stretch[stretch]))
            for stretch in sorted(by_stretch)
        )

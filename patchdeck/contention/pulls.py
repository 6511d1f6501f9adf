"""Pulls of images, as far as an engine tells of them: when they have ended."""

from __future__ import annotations

from patchdeck.contention import words
from patchdeck.contention.happened import Happened
from patchdeck.contention.reading import LONG_S, STRETCH_S, Reading
from patchdeck.model import Indicator, Level


class Pulls(Happened):
    """Ends of pulls."""

    def indicator(self, now_ns: int, offset_ns: int, received: Reading | None) -> Indicator:
        """How many ended of late, and what the host receives meanwhile, where Prometheus has it.

        An engine says nothing of a pull before its end, so there is no level: none ended is not none under way.
        `now_ns` is by this host's clock, the engine's less `offset_ns`.
        """
        count = self.count(now_ns + offset_ns, LONG_S)
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
            history=self.history(STRETCH_S, offset_ns),
        )

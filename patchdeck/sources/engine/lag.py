"""How late events are read, so that an engine that is slow to tell is seen to be."""

from __future__ import annotations

from patchdeck.model import IndicatorRead


class Lag:
    """The longest time since the last telling from an event's own time until it was read.

    Both are by the engine's clock as far as its offset is known. Events from before the connection, which a reconnect
    reads again on purpose, do not count.
    """

    def __init__(self, since_ns: int) -> None:
        self._since_ns = since_ns
        self._longest_ns: int | None = None

    def note(self, event_ns: int, now_ns: int) -> None:
        if event_ns >= self._since_ns:
            self._longest_ns = max(self._longest_ns or 0, now_ns - event_ns)

    def take(self, engine: str, at_ns: int, window_s: float) -> IndicatorRead | None:
        """None if no event has come since the last time. `at_ns` is by this host's clock."""
        longest_ns, self._longest_ns = self._longest_ns, None
        if longest_ns is None:
            return None
        return IndicatorRead(
            engine=engine,
            at_ns=at_ns,
            indicator="events",
            source="events",
            value=longest_ns / 1e9,
            window_s=window_s,
            detail="the slowest event came after",
            unit="s",
        )

"""Reading a recording: from any moment on, without ever changing the file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from patchdeck.fleet import Fleet
from patchdeck.recording.values import Cursor, Header, Landmark, Line


class Recording:
    """A recording, opened read-only. Not for use by several threads at once."""

    header: Header
    began_ns: int
    """When the first line arrived; of a recording without any, when it was begun."""
    ended_ns: int
    """When the last line arrived."""
    landmarks: tuple[Landmark, ...]
    """Oldest first."""
    cut_short: bool
    """It has no end: the recorder was killed, or is still writing."""

    @classmethod
    def open(cls, path: Path) -> Recording:
        """Raises: RecordingError."""
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError

    def fleet_at(self, at_ns: int) -> tuple[Fleet, Cursor]:
        """The state once all had arrived up to `at_ns`, that included, and the place of what came next.

        Before the beginning: an empty fleet. Raises: RecordingError.
        """
        raise NotImplementedError

    def lines(self, cursor: Cursor) -> Iterator[Line]:
        """What follows, up to the last whole line of the file as of the last `refresh`. Raises: RecordingError."""
        raise NotImplementedError

    def fleet_before(self, line: Line) -> Fleet:
        """The state that a line with `anew` is to be applied to. Raises: RecordingError."""
        raise NotImplementedError

    def advance(self, fleet: Fleet, cursor: Cursor, until_ns: int) -> tuple[Fleet, Cursor, int]:
        """Apply what follows up to `until_ns`, that included. Returns how many lines those were, too.

        The fleet is another than before where lines are missing. Raises: RecordingError.
        """
        raise NotImplementedError

    def refresh(self) -> bool:
        """Of a file that is still being written: read what came since. Returns whether anything did."""
        raise NotImplementedError

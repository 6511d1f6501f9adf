"""Reading a recording: from any moment on, without ever changing the file."""

from __future__ import annotations

import bisect
import os
import stat
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from patchdeck.fleet import Fleet
from patchdeck.recording.kept_settings import with_kept
from patchdeck.recording.lines import Lines, Place, decode_header
from patchdeck.recording.members import Unpacker, first_lines
from patchdeck.recording.scan import Bytes, Scan, index_of, lines_before_observations
from patchdeck.recording.values import Cursor, Header, Landmark, Line, RecordingError
from patchdeck.settings import Settings

_FIRST_BYTES = 1 << 17


class Recording:
    """A recording, opened read-only. Not for use by several threads at once."""

    began_ns: int
    """When it was begun, by the clock of the host that it was recorded on."""
    ended_ns: int
    """When the last line arrived."""
    landmarks: tuple[Landmark, ...]
    """Oldest first."""
    cut_short: bool
    """It has no end: the recorder was killed, or is still writing."""
    line_count: int
    """Observations in all."""

    def __init__(self, descriptor: int, path: Path) -> None:
        """As `open`, of a file that is open already; it is closed with this."""
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise RecordingError(f"{path} is no file: name one that `patchdeck record` wrote")
        self._descriptor = descriptor
        self._data = Bytes(descriptor)
        self._name = path.name
        first = first_lines(self._data.read(0, _FIRST_BYTES), 1)
        if not first:
            raise RecordingError(
                f"{path} is no recording, or ends before its first line: name a file that `patchdeck record` wrote"
            )
        self.header: Header = decode_header(first[0], name=str(path))
        self.settings: Settings = with_kept(Settings(), self.header.settings)
        """The defaults, and of what decides on snapshots the settings of the recording."""
        self._lines = Lines(self.header.version, name=str(path))
        self._scan = Scan(self._data, self._lines)
        self._places: Sequence[Place] = ()
        self._ends_at = 0
        self._held: tuple[int, tuple[list[bytes], list[bytes]]] = (-1, ([], []))
        """The member that was read last."""
        self.began_ns = self.ended_ns = self.header.began_ns
        self.cut_short = True
        self._find_way()

    @classmethod
    def open(cls, path: Path) -> Recording:
        """Raises: RecordingError."""
        try:
            # Without waiting: whoever names a pipe by mistake is told so.
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError as error:
            raise RecordingError(f"there is no recording {path}: check its name and folder") from error
        except OSError as error:
            raise RecordingError(f"{path} can not be read: {error.strerror}") from error
        try:
            return cls(descriptor, path)
        except OSError as error:
            os.close(descriptor)
            raise RecordingError(f"{path} can not be read: {error.strerror}") from error
        except BaseException:
            os.close(descriptor)
            raise

    def close(self) -> None:
        """Safe to call again."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def size_bytes(self) -> int:
        return self._data.size

    @property
    def member_times_ns(self) -> tuple[int, ...]:
        """The moments that full states are of, oldest first: from these on it is quickest to go."""
        return tuple(place.at_ns for place in self._places)

    # ------------------------------------------------------------------------------------------------ finding

    def _find_way(self) -> bool:
        indexed = index_of(self._data, self._lines)
        if indexed is None:
            fresh = self._scan.look()
            self._places = self._scan.places
            self.landmarks = self._scan.landmarks
            self.ended_ns = max(self.ended_ns, self._scan.ended_ns)
            self.line_count = self._scan.count
            return fresh
        index, self._ends_at = indexed
        self._places = index.members
        self.landmarks, self.ended_ns, self.line_count = index.landmarks, index.ended_ns, index.lines
        self.cut_short = False
        return True

    def refresh(self) -> bool:
        """Of a file that is still being written: read what came since. Returns whether anything did.

        Raises: RecordingError.
        """
        return self.cut_short and self._find_way()

    # ------------------------------------------------------------------------------------------------ reading

    def fleet_at(self, at_ns: int) -> tuple[Fleet, Cursor]:
        """The state once all had arrived up to `at_ns`, that included, and the place of what came next.

        Before the beginning: what was known when it was begun. Raises: RecordingError.
        """
        number = max(0, bisect.bisect_right(self._places, at_ns, key=_at_ns) - 1)
        fleet = self._fleet_of(number)
        _, observations = self._member(number)
        line = 0
        for text in observations:
            seen_ns, observation = self._lines.seen(text)
            if seen_ns > at_ns:
                break
            fleet.apply(observation)
            line += 1
        return fleet, Cursor(number, line)

    def lines(self, cursor: Cursor) -> Iterator[Line]:
        """What follows, up to the last whole line of the file as of the last `refresh`. Raises: RecordingError."""
        number, line = cursor
        while number < len(self._places):
            # Asked anew for every line: a refresh may have added to it.
            while line < len(observations := self._member(number)[1]):
                seen_ns, observation = self._lines.seen(observations[line])
                anew = line == 0 and number > 0 and self._places[number].anew
                line += 1
                yield Line(seen_ns, observation, Cursor(number, line), anew)
            number, line = number + 1, 0

    def fleet_before(self, line: Line) -> Fleet:
        """The state that a line with `anew` is to be applied to. Raises: RecordingError."""
        return self._fleet_of(line.cursor.member)

    def advance(self, fleet: Fleet, cursor: Cursor, until_ns: int) -> tuple[Fleet, Cursor, int]:
        """Apply what follows up to `until_ns`, that included. Returns how many lines those were, too.

        The fleet is another than before where lines are missing. Raises: RecordingError.
        """
        count = 0
        for line in self.lines(cursor):
            if line.seen_ns > until_ns:
                break
            if line.anew:
                fleet = self.fleet_before(line)
            fleet.apply(line.observation)
            cursor = line.cursor
            count += 1
        return fleet, cursor, count

    def _fleet_of(self, number: int) -> Fleet:
        if not self._places:
            return Fleet(self.settings)
        first, _ = self._member(number)
        return Fleet(self.settings, self._lines.state(first[-1]))

    def _member(self, number: int) -> tuple[list[bytes], list[bytes]]:
        """The lines that a member begins with, and its observations."""
        if not self._places:
            return [], []
        is_last = number == len(self._places) - 1
        if is_last and self.cut_short and self._scan.open is not None:
            return self._scan.open.first, self._scan.open.lines
        if self._held[0] != number:
            end = self._ends_at if is_last else self._places[number + 1].at
            unpacker = Unpacker()
            lines = unpacker.lines(self._data.read(self._places[number].at, end))
            count = lines_before_observations(number)
            if not unpacker.ended or len(lines) < count:
                raise RecordingError(
                    f"{self._name} is damaged from {_words(self._places[number].at_ns)} on: "
                    "`patchdeck recording cut` can take out what is before it or after"
                )
            self._held = (number, (lines[:count], lines[count:]))
        return self._held[1]


def _at_ns(place: Place) -> int:
    return place.at_ns


def _words(at_ns: int) -> str:
    return f"{datetime.fromtimestamp(at_ns // 1_000_000_000, UTC):%Y-%m-%d %H:%M:%SZ}"

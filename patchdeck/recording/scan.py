"""Finding one's way in the bytes of a recording: by its index, or without one by the marks of its members.

A recording has no index if it was cut short, or while it is being written. Every member's first line tells what came
before it, so that only the last member has to be read.
"""

from __future__ import annotations

import mmap
import os
from typing import Final

from patchdeck.recording.landmarks import Landmarks
from patchdeck.recording.lines import Head, Index, Lines, Place, tail
from patchdeck.recording.members import Kind, Unpacker, first_lines, found, whole
from patchdeck.recording.values import Landmark

_TAIL_BYTES: Final = len(whole(Kind.TAIL, tail(0), compressed=False))
_HEAD_BYTES: Final = 1 << 17


class Bytes:
    """A file that may grow."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @property
    def size(self) -> int:
        return os.fstat(self._descriptor).st_size

    def read(self, begin: int, end: int) -> bytes:
        return os.pread(self._descriptor, max(0, end - begin), begin)

    def marks(self, kind: Kind, start: int) -> list[int]:
        """Where members begin, from `start` on."""
        if self.size == 0:
            return []
        with mmap.mmap(self._descriptor, 0, access=mmap.ACCESS_READ) as mapped:
            return list(found(mapped, kind, start))


def index_of(data: Bytes, lines: Lines) -> tuple[Index, int] | None:
    """The index and where it begins; None if the file does not end with one."""
    size = data.size
    last = data.read(max(0, size - _TAIL_BYTES), size)
    if not last.startswith(Kind.TAIL.mark):
        return None
    (line,) = first_lines(last, 1) or (b"",)
    at = lines.tail(line).index_at
    found_lines = first_lines(data.read(at, size), 1)
    return (lines.index(found_lines[0]), at) if found_lines else None


def lines_before_observations(number: int) -> int:
    """Of a member, by its place in the file: head and state, and before those of the first the header."""
    return 2 if number else 3


class OpenMember:
    """The last member of a file without an index: read as far as it goes, and further as it grows."""

    def __init__(self, data: Bytes, number: int, at: int) -> None:
        self._data = data
        self._unpacker = Unpacker()
        self._skip = lines_before_observations(number)
        self._read_to = at
        self.first: list[bytes] = []
        """Header, where it is the first, head and state."""
        self.lines: list[bytes] = []
        """Observations."""

    @property
    def state_line(self) -> bytes | None:
        """None as long as it is not whole."""
        return self.first[self._skip - 1] if len(self.first) == self._skip else None

    def grow(self, until: int) -> list[bytes]:
        """Read on up to this byte of the file. Returns the observations that are new."""
        lines = self._unpacker.lines(self._data.read(self._read_to, until))
        self._read_to = max(self._read_to, until)
        missing = self._skip - len(self.first)
        self.first += lines[:missing]
        fresh = lines[missing:]
        self.lines += fresh
        return fresh


class Scan:
    """What is known of a file without an index, and more of it at every `look`."""

    def __init__(self, data: Bytes, lines: Lines) -> None:
        self._data = data
        self._lines = lines
        self._searched_to = 0
        self._landmarks = Landmarks()
        self.places: list[Place] = []
        self.open: OpenMember | None = None
        self.ended_ns = 0

    @property
    def landmarks(self) -> tuple[Landmark, ...]:
        return self._landmarks.all()

    @property
    def count(self) -> int:
        """Observations."""
        return self.places[-1].lines_before + len(self.open.lines) if self.places and self.open else 0

    def look(self) -> bool:
        """Take in what has come. Returns whether there was anything to read. Raises: RecordingError."""
        size = self._data.size
        known = (len(self.places), self.count)
        begun, opened = self._begun(size)
        self._read_open(begun[0].at if begun else size)
        if begun and opened is not None:
            if not self.places:
                self._landmarks.learn((), _offsets_ns(self._lines, opened))
            self.places += begun
            self.open, self.ended_ns, self._searched_to = opened, begun[-1].at_ns, begun[-1].at + 1
            self._note(opened.lines)
        return (len(self.places), self.count) != known

    def _begun(self, size: int) -> tuple[list[Place], OpenMember | None]:
        """Members that have come since, up to the last whose state is whole, and that one."""
        begun: list[Place] = []
        opened: OpenMember | None = None
        heads: list[Head] = []
        for at in self._data.marks(Kind.LINES, self._searched_to):
            head = self._head(at, len(self.places) + len(begun))
            if head is None:
                break
            heads.append(head)
            begun.append(Place(at=at, at_ns=head.at_ns, lines_before=head.lines_before, anew=head.anew))
        while begun:
            opened = OpenMember(self._data, len(self.places) + len(begun) - 1, begun[-1].at)
            opened.grow(size)
            if opened.state_line is not None:
                break
            begun.pop()
        for head in heads[: len(begun)]:
            self._landmarks.learn(head.landmarks)
        return begun, opened

    def _head(self, at: int, number: int) -> Head | None:
        position = lines_before_observations(number) - 2
        lines = first_lines(self._data.read(at, at + _HEAD_BYTES), position + 1)
        return self._lines.head(lines[position]) if len(lines) > position else None

    def _read_open(self, until: int) -> None:
        if self.open is not None:
            self._note(self.open.grow(until))

    def _note(self, lines: list[bytes]) -> None:
        for line in lines:
            seen_ns, observation = self._lines.seen(line)
            self._landmarks.note(seen_ns, observation)
            self.ended_ns = seen_ns


def _offsets_ns(lines: Lines, opened: OpenMember) -> dict[str, int]:
    """What the engines' clocks are ahead, as of the member's state."""
    if opened.state_line is None:
        return {}
    return {
        engine.name: round(engine.described.clock_offset_s * 1e9)
        for engine in lines.state(opened.state_line).engines
        if engine.described is not None
    }

"""Gzip members: how they are written piece by piece, found in a file, and read though their end be missing.

A file of members one after the other is a gzip file. Each begins with the same twenty bytes, an extra field of the
format's own among them, which can not stand anywhere in JSON text: so members are found without reading them.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from enum import Enum
from typing import Final, Protocol

_LEVEL: Final = 6
_RAW, _GZIP = -15, 31
_CHUNK: Final = 65_536


class Kind(Enum):
    """What a member holds, as its extra field says."""

    LINES = b"LINE"
    INDEX = b"INDX"
    TAIL = b"TAIL"

    @property
    def mark(self) -> bytes:
        """The bytes that a member of this kind begins with: gzip, deflate, an extra field, no time, any system."""
        return b"\x1f\x8b\x08\x04\0\0\0\0\0\xff" + struct.pack("<H2sH4s", 8, b"PD", 4, self.value)


class Member:
    """A member in the making. Every method returns the bytes that are ready to be written."""

    def __init__(self, *, compressed: bool = True) -> None:
        self._deflate = zlib.compressobj(_LEVEL if compressed else 0, zlib.DEFLATED, _RAW)
        self._crc = 0
        self._size = 0

    def begin(self, kind: Kind) -> bytes:
        return kind.mark

    def add(self, text: bytes) -> bytes:
        self._crc = zlib.crc32(text, self._crc)
        self._size += len(text)
        return self._deflate.compress(text)

    def flush(self) -> bytes:
        """All that was added can be read from what was returned until now."""
        return self._deflate.flush(zlib.Z_SYNC_FLUSH)

    def finish(self) -> bytes:
        return self._deflate.flush() + struct.pack("<II", self._crc, self._size & 0xFFFF_FFFF)


def whole(kind: Kind, text: bytes, *, compressed: bool = True) -> bytes:
    """A member of its own."""
    member = Member(compressed=compressed)
    return member.begin(kind) + member.add(text) + member.finish()


class Unpacker:
    """The text of one member, as far as its bytes go."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(_GZIP)
        self._rest = b""
        self.spoilt = False
        """What came after the last text makes no sense."""

    @property
    def ended(self) -> bool:
        return self._inflate.eof

    def lines(self, data: bytes) -> list[bytes]:
        """The lines that are whole with these bytes."""
        pieces = [self._rest]
        for start in range(0, len(data), _CHUNK):
            if self.spoilt or self.ended:
                break
            try:
                pieces.append(self._inflate.decompress(data[start : start + _CHUNK]))
            except zlib.error:
                self.spoilt = True
        *lines, self._rest = b"".join(pieces).split(b"\n")
        return lines


def first_lines(data: bytes, count: int) -> list[bytes]:
    """As many lines of the member that `data` begins with, without reading more of it; fewer if it has not as many."""
    unpacker = Unpacker()
    lines: list[bytes] = []
    for start in range(0, len(data), _CHUNK):
        lines += unpacker.lines(data[start : start + _CHUNK])
        if len(lines) >= count or unpacker.ended or unpacker.spoilt:
            break
    return lines[:count]


class Searchable(Protocol):
    """Bytes, or a file mapped into memory."""

    def find(self, sub: bytes, start: int = ..., /) -> int: ...


def found(data: Searchable, kind: Kind, start: int = 0) -> Iterator[int]:
    """Where members of this kind begin."""
    mark = kind.mark
    at = data.find(mark, start)
    while at >= 0:
        yield at
        at = data.find(mark, at + len(mark))

"""The lines of a recording, to and from JSON; docs/recording-format.md says the same in prose.

A line of an older format is brought up to date, one version after the other, before it is decoded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec

from patchdeck.fleet import FullState
from patchdeck.model import AnyObservation
from patchdeck.model.facts import Value
from patchdeck.recording.values import VERSION, Header, Landmark, RecordingError

T = TypeVar("T")

UPGRADES: Final[dict[int, Callable[[Any], Any]]] = {}
"""By version: makes a line of it, as plain JSON values, one of the next version."""

_OF_ITS_TIME = "update Patchdeck, or read it with the version that wrote it"


class Head(Value, frozen=True, kw_only=True, tag_field="line", tag="member"):
    """The first line of a member, after which comes its state."""

    number: int
    at_ns: int
    """The state is of this moment: all that arrived before."""
    lines_before: int = 0
    """Observations in all members before."""
    landmarks: tuple[Landmark, ...] = ()
    """Those of the members before that no head has told yet, or has told otherwise."""
    anew: bool = False
    """Observations are missing before it, or its state holds more than the observations before it made."""


class StateLine(Value, frozen=True, kw_only=True, tag_field="line", tag="state"):
    state: FullState


class Place(Value, frozen=True, kw_only=True):
    """Where a member is, and of when."""

    at: int
    """Bytes from the beginning of the file."""
    at_ns: int
    lines_before: int
    anew: bool = False


class Index(Value, frozen=True, kw_only=True, tag_field="line", tag="index"):
    """The last line but one."""

    members: tuple[Place, ...]
    lines: int
    """Observations in all."""
    ended_ns: int
    landmarks: tuple[Landmark, ...] = ()


class Tail(Value, frozen=True, kw_only=True, tag_field="line", tag="tail"):
    """The last line."""

    index_at: int


class _Known(msgspec.Struct):
    """As much of a header as every version has."""

    patchdeck: str
    version: int


def encode(line: Head | StateLine | Index | Header) -> bytes:
    """A line that is no observation's."""
    return _ENCODER.encode(line) + b"\n"


def tail(index_at: int) -> bytes:
    """Of the same length whatever the number, so that it is found from the end."""
    return f'{{"line":"tail","index_at":{index_at:<20}}}\n'.encode()


def encode_seen(seen_ns: int, observation: AnyObservation) -> bytes:
    """An observation's line: when it arrived, and what it is."""
    return _ENCODER.encode((seen_ns, observation)) + b"\n"


_ENCODER = msgspec.json.Encoder()


def decode_header(line: bytes, *, name: str) -> Header:
    """`name` is the file's, for what is said of it. Raises: RecordingError."""
    try:
        known = msgspec.json.decode(line, type=_Known)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        known = _Known(patchdeck="", version=0)
    if known.patchdeck != "recording":
        raise RecordingError(f"{name} is no recording: name a file that `patchdeck record` wrote")
    if known.version > VERSION:
        raise RecordingError(
            f"{name} is of format {known.version}, and this Patchdeck reads formats up to {VERSION}: {_OF_ITS_TIME}"
        )
    return Lines(known.version, name=name).header(line)


class Lines:
    """Decodes the lines of a recording of one version. Everything raises RecordingError for what is no such line."""

    def __init__(self, version: int, *, name: str) -> None:
        self._name = name
        self._upgrades = [self._upgrade(number) for number in range(version, VERSION)]

    def _upgrade(self, version: int) -> Callable[[Any], Any]:
        if version not in UPGRADES:
            raise RecordingError(
                f"{self._name} is of format {version}, which this Patchdeck does not read: {_OF_ITS_TIME}"
            )
        return UPGRADES[version]

    def header(self, line: bytes) -> Header:
        return self._decode(line, _HEADER)

    def head(self, line: bytes) -> Head:
        return self._decode(line, _HEAD)

    def state(self, line: bytes) -> FullState:
        return self._decode(line, _STATE).state

    def index(self, line: bytes) -> Index:
        return self._decode(line, _INDEX)

    def tail(self, line: bytes) -> Tail:
        return self._decode(line, _TAIL)

    def seen(self, line: bytes) -> tuple[int, AnyObservation]:
        return self._decode(line, _SEEN)

    def _decode(self, line: bytes, decoder: msgspec.json.Decoder[T]) -> T:
        try:
            if self._upgrades:
                return msgspec.convert(self._upgraded(line), decoder.type)
            return decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise RecordingError(
                f"{self._name} has a line that is none of its format ({error}): it was changed after it was written"
            ) from error

    def _upgraded(self, line: bytes) -> Any:
        value = msgspec.json.decode(line)
        for upgrade in self._upgrades:
            value = upgrade(value)
        return value


_HEADER = msgspec.json.Decoder(Header)
_HEAD = msgspec.json.Decoder(Head)
_STATE = msgspec.json.Decoder(StateLine)
_INDEX = msgspec.json.Decoder(Index)
_TAIL = msgspec.json.Decoder(Tail)
_SEEN = msgspec.json.Decoder(tuple[int, AnyObservation])

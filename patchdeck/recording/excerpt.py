"""New recordings from others: a part of one, or two engines' by time."""

from __future__ import annotations

import contextlib
import heapq
from collections.abc import Iterator
from pathlib import Path

import msgspec

from patchdeck.engine_files import is_newer
from patchdeck.fleet import FullState
from patchdeck.model import EngineDescribed
from patchdeck.recording.kept_settings import kept_of
from patchdeck.recording.output import Output
from patchdeck.recording.reader import Recording
from patchdeck.recording.scrub_state import scrubbed
from patchdeck.recording.values import Cursor, Landmark, LandmarkKind, Line, RecordingError
from patchdeck.recording.writer import Writer, scrubber_of
from patchdeck.rollout.stories import FullStories
from patchdeck.settings import Settings


def cut(
    recording: Recording,
    path: Path,
    *,
    from_ns: int,
    to_ns: int,
    settings: Settings,
    overwrite: bool = False,
) -> int:
    """Write what arrived from `from_ns` to `to_ns`, both included, to a new file. Returns how many lines those are.

    What was known before goes with it, as the first full state. `settings` decides what is hidden.
    Raises: RecordingError.
    """
    from_ns = max(from_ns, recording.began_ns)
    if from_ns > to_ns or from_ns > recording.ended_ns:
        raise RecordingError(
            "nothing of the recording lies between these times: `patchdeck recording info` tells its own"
        )
    fleet, cursor = recording.fleet_at(from_ns - 1)
    fleet.settle()
    hiding = _with_hiding(recording, settings)
    writer = Writer(
        hiding,
        began_ns=from_ns,
        engines=recording.header.engines,
        simulated=recording.header.simulated,
        state=scrubbed(fleet.state(), scrubber_of(hiding)),
    )
    for hole in _holes(recording):
        if hole.at_ns <= to_ns and (hole.ended_ns or hole.at_ns) >= from_ns:
            writer.tell(hole)
    with _new(path, overwrite=overwrite) as output:
        output.put(writer.begin())
        for line in recording.lines(cursor):
            if line.seen_ns > to_ns:
                break
            if line.anew:
                output.put(writer.replace_state(_settled(recording, line)))
            output.put(writer.add(line.seen_ns, line.observation))
            output.drain()
        output.put(writer.finish())
        output.drain()
    return writer.lines


def merge(
    one: Recording, other: Recording, path: Path, *, settings: Settings, overwrite: bool = False
) -> int:
    """Write both, by their times of arrival, to a new file. Returns how many lines those are.

    Raises: RecordingError, also where they can not be told apart, or were recorded by different settings.
    """
    _check_apart(one, other)
    _check_alike(one, other)
    first, second = sorted((one, other), key=lambda recording: recording.began_ns)
    states = {number: recording.fleet_at(0)[0].state() for number, recording in enumerate((first, second))}
    writer = Writer(
        _with_hiding(first, settings),
        began_ns=first.began_ns,
        engines=(*first.header.engines, *second.header.engines),
        simulated=first.header.simulated or second.header.simulated,
        state=states[0],
    )
    for hole in (*_holes(first), *_holes(second)):
        writer.tell(hole)
    both = (first, second)
    with _new(path, overwrite=overwrite) as output:
        output.put(writer.begin())
        lines = heapq.merge(_numbered(first, 0), _numbered(second, 1), key=lambda pair: pair[1].seen_ns)
        begun = states[1] == FullState()
        for number, line in lines:
            if number == 1 and not begun:
                output.put(writer.replace_state(together(writer.state(), states[1])))
                begun = True
            if line.anew:
                output.put(writer.replace_state(together(writer.state(), _settled(both[number], line))))
            output.put(writer.add(line.seen_ns, line.observation))
            output.drain()
        output.put(writer.finish())
        output.drain()
    return writer.lines


def together(known: FullState, told: FullState) -> FullState:
    """What is known with what is told of other engines, or anew of the same."""
    besides = {one.source: one for one in known.besides}
    for one in told.besides:
        if one.source not in besides or is_newer(one, besides[one.source]):
            besides[one.source] = one
    anew = {engine.name for engine in told.engines}
    marks = dict.fromkeys((*known.marks, *told.marks))
    rollouts = FullStories(
        entries=(*known.rollouts.entries, *told.rollouts.entries),
        workers=(*known.rollouts.workers, *told.rollouts.workers),
    )
    return msgspec.structs.replace(
        told,
        host_ns=max(known.host_ns, told.host_ns),
        engine_ns={**known.engine_ns, **told.engine_ns},
        besides=tuple(besides.values()),
        marks=tuple(marks),
        rollouts=rollouts,
        engines=(*(engine for engine in known.engines if engine.name not in anew), *told.engines),
    )


def engines_of(recording: Recording) -> dict[str, EngineDescribed | None]:
    """The engines that it tells of, as they described themselves; None for one that was never reached."""
    fleet, _ = recording.fleet_at(recording.ended_ns)
    seen = {engine.name: engine.described for engine in fleet.snapshot().engines}
    return dict.fromkeys(recording.header.engines) | seen


def _check_apart(one: Recording, other: Recording) -> None:
    both = engines_of(one).keys() & engines_of(other).keys()
    if both:
        raise RecordingError(
            f"both recordings tell of an engine {min(both)!r}, and nobody could tell which was which: "
            "record them under names of their own ([[engines]] in the configuration)"
        )


def _check_alike(one: Recording, other: Recording) -> None:
    mine, theirs = kept_of(one.settings), kept_of(other.settings)
    differing = [name for name in mine if mine[name] != theirs[name]]
    if differing:
        raise RecordingError(
            f"they were recorded by different settings ([{differing[0]}]), and one file has only one: "
            "record them by the same configuration"
        )


def _holes(recording: Recording) -> list[Landmark]:
    """What a recording itself has missed is told by no observation."""
    return [one for one in recording.landmarks if one.kind is LandmarkKind.GAP and not one.engine]


def _numbered(recording: Recording, number: int) -> Iterator[tuple[int, Line]]:
    return ((number, line) for line in recording.lines(Cursor(0, 0)))


def _settled(recording: Recording, line: Line) -> FullState:
    fleet = recording.fleet_before(line)
    fleet.settle()
    return fleet.state()


def _with_hiding(recording: Recording, settings: Settings) -> Settings:
    return msgspec.structs.replace(recording.settings, recording=settings.recording)


@contextlib.contextmanager
def _new(path: Path, *, overwrite: bool) -> Iterator[Output]:
    """A file that is there if all of it is, and otherwise is not."""
    output = Output(path, overwrite=overwrite)
    try:
        yield output
        output.close()
    except BaseException as error:
        with contextlib.suppress(OSError):
            output.close()
        path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise RecordingError(f"{path} can not be written: {error.strerror or error}") from error
        raise

"""Plays a recording: which of its lines are due, by arithmetic of time alone. The clock is handed in."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Final, Protocol

from patchdeck.fleet import Fleet
from patchdeck.model import (
    EngineAnswered,
    HostSampled,
    IndicatorRead,
    Snapshot,
    Ticked,
)
from patchdeck.recording.values import Cursor, Landmark, Line
from patchdeck.replay.position import Position, ReplayState

ROUND_S: Final = 0.05
"""Most that one `advance` or `step` takes. What is not done by then is done by the next one; a speed that can not be
kept is not kept, and no jump follows."""
NEAR_NS: Final = 5_000_000_000
"""So far ahead a seek goes on from the state at hand; farther, from the nearest full state in the file."""
IDLE_NS: Final = 3_000_000_000
"""A stretch in which nothing happens for this long is idle."""
LEAD_NS: Final = 1_000_000_000
"""Skipping an idle stretch ends so long before something happens."""
LOOK_AHEAD: Final = 2_000
"""Most lines that are looked at to find out whether a stretch is idle."""
POLL_S: Final = 0.5
"""Between two looks at a file that is still being written."""
GROWS_S: Final = 10.0
"""A file without an end that has grown within this time is taken to be still written."""

_ROUTINE: Final = (Ticked, HostSampled, EngineAnswered, IndicatorRead)
"""Observations that come whether anything happens or not."""


class Tape(Protocol):
    """What is played; `patchdeck.recording.reader.Recording` is one."""

    began_ns: int
    ended_ns: int
    landmarks: tuple[Landmark, ...]
    cut_short: bool

    def fleet_at(self, at_ns: int) -> tuple[Fleet, Cursor]: ...

    def fleet_before(self, line: Line) -> Fleet: ...

    def lines(self, cursor: Cursor) -> Iterator[Line]: ...

    def advance(self, fleet: Fleet, cursor: Cursor, until_ns: int) -> tuple[Fleet, Cursor, int]: ...

    def refresh(self) -> bool: ...


class Player:
    """Begins paused at the beginning. `clock` tells seconds that only ever grow.

    Every method may raise RecordingError, when the file can not be read.
    """

    def __init__(self, tape: Tape, clock: Callable[[], float]) -> None:
        self._tape = tape
        self._clock = clock
        self._at_ns = tape.began_ns
        self._since_s: float | None = None
        """When the replay was at `_at_ns`, by the clock; None while it is not playing."""
        self._following = False
        self._grew_s = clock()
        self._speed = 1.0
        self._skipping_idle = False
        self._fleet, self._cursor = tape.fleet_at(tape.began_ns)
        self._applied_ns = tape.began_ns
        """The state is of this moment: no line before it is missing, and none after it is in."""
        self._ahead: deque[Line] = deque()
        """Read and not applied."""
        self._unread: Iterator[Line] | None = None

    # Where it is

    @property
    def position(self) -> Position:
        return Position(
            at_ns=self._due_ns(),
            began_ns=self._tape.began_ns,
            ended_ns=self._tape.ended_ns,
            state=self._state(),
            speed=self._speed,
            skipping_idle=self._skipping_idle,
            cut_short=self._tape.cut_short,
            landmarks=self._tape.landmarks,
        )

    def snapshot(self) -> Snapshot:
        return self._fleet.snapshot()

    @property
    def due_s(self) -> float | None:
        """Seconds until there is something to do for `advance`; None if there will be nothing."""
        if self._following:
            return POLL_S
        if self._since_s is None:
            return None
        line = self._peek()
        left_ns = (line.seen_ns if line else self._tape.ended_ns) - self._due_ns()
        return max(left_ns / 1e9 / self._speed, 0.0)

    def _state(self) -> ReplayState:
        if self._following and self._clock() - self._grew_s < GROWS_S:
            return ReplayState.FOLLOWING
        if self._since_s is not None:
            return ReplayState.PLAYING
        return ReplayState.ENDED if self._at_ns >= self._tape.ended_ns else ReplayState.PAUSED

    def _due_ns(self) -> int:
        """Where it is by now."""
        if self._since_s is None:
            return self._at_ns
        passed_ns = round((self._clock() - self._since_s) * self._speed * 1e9)
        return min(self._at_ns + passed_ns, max(self._tape.ended_ns, self._at_ns))

    # What may be asked for

    def play(self) -> None:
        """Go on; from the beginning if it is at the end of a recording to which nothing is added any more."""
        if self._state() is ReplayState.ENDED and not self._refresh():
            self.seek(self._tape.began_ns)
        self._go_on_from(self._due_ns(), playing=True)

    def pause(self) -> None:
        self._following = False
        self._go_on_from(self._due_ns(), playing=False)
        if not self._apply_until(self._at_ns):
            self._at_ns = self._applied_ns

    def halt(self) -> None:
        """After a RecordingError: be paused where it came to. A seek may lead to where it can be read."""
        self._following = False
        self._forget_ahead()
        self._go_on_from(self._applied_ns, playing=False)

    def set_speed(self, speed: float) -> None:
        self._go_on_from(self._due_ns(), playing=self._since_s is not None)
        self._speed = speed

    def skip_idle(self, skipping: bool) -> None:  # noqa: FBT001 - what is set is the name
        self._skipping_idle = skipping

    def seek(self, at_ns: int) -> None:
        """Be at this moment, or at the nearest that was recorded, and play on if it was playing.

        At the end of a file that is still being written it follows that.
        """
        playing = self._since_s is not None or self._following
        if at_ns >= self._tape.ended_ns:
            self._refresh()
            at_ns = self._tape.ended_ns
        at_ns = max(at_ns, self._tape.began_ns)
        if self._applied_ns <= at_ns <= self._applied_ns + NEAR_NS:
            self._fleet, self._cursor, _ = self._tape.advance(self._fleet, self._cursor, at_ns)
        else:
            self._fleet, self._cursor = self._tape.fleet_at(at_ns)
        self._applied_ns = at_ns
        self._forget_ahead()
        self._following = False
        self._go_on_from(at_ns, playing=playing)
        if at_ns >= self._tape.ended_ns:
            self._end()

    def advance(self) -> bool:
        """Apply what is due by now. Returns whether anything was applied."""
        if self._following:
            return self._follow()
        if self._since_s is None:
            return False
        until_ns = self._due_ns()
        if self._skipping_idle:
            until_ns = self._past_idle(until_ns)
        before_ns = self._applied_ns
        if not self._apply_until(until_ns):
            # It can not keep this speed: what was not reached is not skipped.
            self._go_on_from(max(self._applied_ns, self._at_ns), playing=True)
        if self._peek() is None and self._due_ns() >= self._tape.ended_ns and not self._refresh():
            self._end()
        return self._applied_ns > before_ns

    def step(self) -> bool:
        """Pause, and go on to the next observation that shows, ticks and samples aside.

        Returns False where there was not enough time to find it; then it goes on from where it is when asked again.
        """
        self.pause()
        ends_s = self._clock() + ROUND_S
        before = _sight(self.snapshot())
        while (line := self._take()) is not None:
            self._apply(line)
            self._at_ns = self._applied_ns
            if not isinstance(line.observation, _ROUTINE) and _sight(self.snapshot()) != before:
                return True
            if self._clock() > ends_s:
                return False
        self._at_ns = self._tape.ended_ns
        return True

    # Time

    def _go_on_from(self, at_ns: int, *, playing: bool) -> None:
        self._at_ns = at_ns
        self._since_s = self._clock() if playing else None

    def _past_idle(self, until_ns: int) -> int:
        """Shortly before the next thing that happens, where nothing does within `IDLE_NS`."""
        event_ns = self._next_event_ns()
        if event_ns is not None and event_ns <= until_ns + IDLE_NS:
            return until_ns
        if event_ns is None:
            # Nothing within what was looked at: on to where that ends.
            event_ns = (self._ahead[-1].seen_ns if self._ahead else self._tape.ended_ns) + LEAD_NS
        until_ns = max(until_ns, event_ns - LEAD_NS)
        self._go_on_from(until_ns, playing=True)
        return until_ns

    def _next_event_ns(self) -> int | None:
        for line in self._ahead:
            if not isinstance(line.observation, _ROUTINE):
                return line.seen_ns
        while len(self._ahead) < LOOK_AHEAD and (read := self._read()) is not None:
            self._ahead.append(read)
            if not isinstance(read.observation, _ROUTINE):
                return read.seen_ns
        return None

    # Lines

    def _apply_until(self, until_ns: int) -> bool:
        """Returns whether there was time for all of it."""
        ends_s = self._clock() + ROUND_S
        while (line := self._peek()) is not None and line.seen_ns <= until_ns:
            if self._clock() > ends_s:
                return False
            self._apply(self._ahead.popleft())
        return True

    def _apply(self, line: Line) -> None:
        if line.anew:
            self._fleet = self._tape.fleet_before(line)
        self._fleet.apply(line.observation)
        self._cursor = line.cursor
        self._applied_ns = line.seen_ns

    def _peek(self) -> Line | None:
        if not self._ahead and (line := self._read()) is not None:
            self._ahead.append(line)
        return self._ahead[0] if self._ahead else None

    def _take(self) -> Line | None:
        return self._ahead.popleft() if self._peek() else None

    def _read(self) -> Line | None:
        if self._unread is None:
            self._unread = self._tape.lines(self._ahead[-1].cursor if self._ahead else self._cursor)
        return next(self._unread, None)

    def _forget_ahead(self) -> None:
        self._ahead.clear()
        self._unread = None

    # The end

    def _end(self) -> None:
        self._go_on_from(self._tape.ended_ns, playing=False)
        self._following = self._tape.cut_short
        self._grew_s = self._clock() if self._following else self._grew_s

    def _follow(self) -> bool:
        """What came since, however fast it came."""
        grew = self._refresh()
        self._following = grew or self._tape.cut_short
        self._apply_until(self._tape.ended_ns)
        moved = self._applied_ns > self._at_ns
        self._go_on_from(max(self._applied_ns, self._at_ns), playing=False)
        return moved

    def _refresh(self) -> bool:
        if not (self._tape.cut_short and self._tape.refresh()):
            return False
        self._grew_s = self._clock()
        # The iterator stopped at what was then the end.
        self._unread = None
        return True


def _sight(snapshot: Snapshot) -> tuple[object, ...]:
    """What of a snapshot does not change by the mere passing of time."""
    return (
        [(one.name, one.state, one.containers, one.running, one.in_flight) for one in snapshot.engines],
        snapshot.services,
        snapshot.startups,
        snapshot.containers,
        snapshot.feed,
        snapshot.gaps,
        snapshot.marks,
        snapshot.rollouts,
    )

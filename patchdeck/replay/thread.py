"""The replay as the screen has it: in place of a watch, on a thread of its own."""

from __future__ import annotations

import concurrent.futures
import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from patchdeck.mailbox import Mailbox
from patchdeck.model import Snapshot
from patchdeck.recording.values import RecordingError
from patchdeck.replay.player import Player, Tape
from patchdeck.replay.position import Position, ReplayState
from patchdeck.sources.errors import LogsUnavailable

if TYPE_CHECKING:
    from patchdeck.doctor import Report

SHARE: Final = 0.3
"""Of the thread's time that making snapshots may take while it plays."""
ROUND_S: Final = 0.03
"""Lines that are due within this time are applied together."""
AT_LEAST_S: Final = 1.0
"""While it plays the position is told this often, also where nothing was recorded."""

THE_END_NS: Final = 2**63 - 1

_log = logging.getLogger(__name__)


class ReplayThread:
    """Plays a recording into a mailbox. It has what the screen needs of a `patchdeck.watch.WatchThread`.

    What is asked for returns at once. Of several seeks that were asked for while one is under way, only the last is
    done. Where the recording can not be read, `position.trouble` says why, and what was shown stays until
    another moment is asked for.
    """

    def __init__(
        self,
        tape: Tape,
        *,
        at_ns: int | None = None,
        speed: float = 1.0,
        playing: bool = True,
        snapshots_per_s: float = 4.0,
    ) -> None:
        self.mailbox: Mailbox[Snapshot] = Mailbox()
        self.failure: BaseException | None = None
        self._tape = tape
        self._least_s = 1 / snapshots_per_s
        self._latest = Snapshot()
        self._wake = threading.Condition()
        self._asked: list[Callable[[Player], object]] = []
        self._target_ns: int | None = None
        """Where the newest seek goes, until it is there."""
        self._steps = 0
        self._stopping = False
        self._trouble = ""
        self._position = Position(
            at_ns=tape.began_ns,
            began_ns=tape.began_ns,
            ended_ns=tape.ended_ns,
            state=ReplayState.PAUSED,
            landmarks=tape.landmarks,
        )
        self._thread = threading.Thread(target=self._main, name="replay", daemon=True)
        self._ask(lambda player: player.set_speed(speed))
        if at_ns is not None:
            self.seek(at_ns)
        if playing:
            self._ask(Player.play)

    # As a watch

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> bool:
        """End the replay. False if it has not ended in time; safe to call again."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def logs(
        self, engine: str, container_id: str, lines: int = 100
    ) -> concurrent.futures.Future[tuple[str, ...]]:
        """Fails with LogsUnavailable: a recording holds no logs."""
        return _failed(
            LogsUnavailable("a recording holds no logs: look at the engine itself while it keeps them")
        )

    def examine(self) -> concurrent.futures.Future[Report]:
        """Fails with LogsUnavailable: there is no engine behind a recording."""
        return _failed(LogsUnavailable("there is no engine behind a recording"))

    # What may be asked for

    @property
    def position(self) -> Position:
        """Where it is; where it is on its way to while it seeks."""
        with self._wake:
            if self._target_ns is None:
                return self._position
            on_its_way_ns = max(min(self._target_ns, self._position.ended_ns), self._position.began_ns)
            return msgspec.structs.replace(self._position, at_ns=on_its_way_ns)

    def play(self) -> None:
        self._ask(Player.play)

    def pause(self) -> None:
        self._ask(Player.pause)

    def set_speed(self, speed: float) -> None:
        self._ask(lambda player: player.set_speed(speed))

    def skip_idle(self, *, skipping: bool) -> None:
        self._ask(lambda player: player.skip_idle(skipping))

    def seek(self, at_ns: int) -> None:
        """Be at this moment, or at the nearest that was recorded."""
        with self._wake:
            # The end is wherever it will be by then: the file may be growing.
            self._target_ns = THE_END_NS if at_ns >= self._position.ended_ns else at_ns
            self._steps = 0
            self._wake.notify()

    def step(self) -> None:
        """Pause, and go on to the next observation that shows."""
        with self._wake:
            self._steps += 1
            self._wake.notify()

    def _ask(self, request: Callable[[Player], object]) -> None:
        with self._wake:
            self._asked.append(request)
            self._wake.notify()

    # The thread

    def _main(self) -> None:
        try:
            self._play(Player(self._tape, time.monotonic))
        except RecordingError as error:
            self._fail(error, str(error))
        except Exception as error:  # noqa: BLE001 - a thread has no one above it: told on screen instead
            _log.error("the replay ended", exc_info=error)
            self._fail(error, f"a fault in Patchdeck itself: {type(error).__name__}: {error}")

    def _play(self, player: Player) -> None:
        told_s = rest_s = 0.0
        changed = False
        while not self._stopping:
            asked, advanced = self._turn(player)
            changed = advanced or changed or player.position.state is not self._position.state
            passed_s = time.monotonic() - told_s
            if asked or passed_s >= (rest_s if changed else AT_LEAST_S):
                told_s = time.monotonic()
                position = msgspec.structs.replace(player.position, trouble=self._trouble)
                self._tell(player.snapshot() if asked or changed else self._latest, position)
                rest_s = max(self._least_s, (time.monotonic() - told_s) / SHARE)
                changed = False
            self._wait(player, told_s + rest_s - time.monotonic() if changed else None)

    def _turn(self, player: Player) -> tuple[bool, bool]:
        """Returns whether anything was asked for, and whether the replay went on."""
        try:
            asked = self._do_what_was_asked(player)
            if asked:
                self._trouble = ""
            return asked, player.advance()
        except RecordingError as error:
            # There is more in the file than what can not be read: it can be gone to.
            self._trouble = str(error)
            with self._wake:
                self._target_ns, self._steps = None, 0
            player.halt()
            return True, False

    def _wait(self, player: Player, tell_in_s: float | None) -> None:
        """Until something is asked for, is due, or is to be told."""
        due_s = player.due_s
        waits = [] if tell_in_s is None else [tell_in_s]
        if due_s is not None:
            waits.append(min(max(due_s, ROUND_S), AT_LEAST_S))
        with self._wake:
            self._wake.wait_for(
                lambda: self._stopping or self._asked or self._steps or self._target_ns is not None,
                max(min(waits), 0.0) if waits else None,
            )

    def _do_what_was_asked(self, player: Player) -> bool:
        """Returns whether anything was."""
        with self._wake:
            asked, self._asked = self._asked, []
            target_ns, steps = self._target_ns, self._steps
        for request in asked:
            request(player)
        if target_ns is not None:
            player.seek(target_ns)
            with self._wake:
                self._position = player.position
                if self._target_ns == target_ns:
                    self._target_ns = None
        elif steps and player.step():
            with self._wake:
                self._steps = max(self._steps - 1, 0)
        return bool(asked or target_ns is not None or steps)

    def _tell(self, snapshot: Snapshot, position: Position) -> None:
        self._latest = snapshot
        with self._wake:
            self._position = position
        self.mailbox.put(snapshot)

    def _fail(self, error: BaseException, words: str) -> None:
        self.failure = error
        position = msgspec.structs.replace(self._position, state=ReplayState.PAUSED, trouble=words)
        with self._wake:
            self._target_ns = None
        self._tell(self._latest, position)


def _failed(error: Exception) -> concurrent.futures.Future[Any]:
    future: concurrent.futures.Future[Any] = concurrent.futures.Future()
    future.set_exception(error)
    return future

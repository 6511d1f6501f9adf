"""Runs the console in this terminal: what it is made of here, and how it ends however it is ended."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from msgspec import structs

from patchdeck.recording.switch import Switch
from patchdeck.recording.values import RecordingError
from patchdeck.settings import Settings
from themes.ramps import ASCII, UNICODE, Glyphs
from tui import terminal
from tui.app import PatchdeckApp
from tui.bridge import Watch
from tui.keymap import Keymap, KeymapError
from tui.precedence import precedence

if TYPE_CHECKING:
    from patchdeck.recording.reader import Recording
    from patchdeck.simulator.scenarios.lessons import Guide
    from patchdeck.sources.targets import Target

_SCREEN = sys.__stderr__ or sys.stderr
"""Where Textual draws."""
_SWITCH_S = 0.001
"""How long a thread that computes keeps the others waiting."""
_GRACE_S = 2.0
"""For the screen to end by itself after a signal; a terminal that does not read holds it up for ever."""
_RESTORE = (
    b"\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?2004l\x1b[<u\x1b[0m"
)
"""Leaves the other screen; cursor on; mouse, bracketed paste and the keyboard protocol off; colours as they were."""


def run(
    settings: Settings,
    hosts: Sequence[str] = (),
    *,
    mine: Sequence[Target] = (),
    record: Path | None = None,
    armed: str | None = None,
    guide: Guide | None = None,
) -> int:
    """Open the console on `hosts`, or on the engines of the settings, until it is left.

    `mine` are engines that the caller started: they are watched, and none else. `record` is the file into which
    everything goes that is observed. `armed` is the reason to begin armed, if it does. `guide` leads a newcomer through
    it. Returns the exit status: 0 left by its user, 1 failed, 2 a mistake in what was asked for, 128 + the signal.
    """
    from patchdeck.sources.targets import TargetError, asked_for, choose  # noqa: PLC0415

    settings = structs.replace(settings, engines=asked_for(hosts, settings.engines))
    try:
        Keymap(settings.screen.keys)
        targets = mine or choose(settings.engines, os.environ, Path.home())
    except (KeymapError, TargetError) as error:
        sys.stderr.write(f"patchdeck: {error}\n")
        return 2
    if not _on_a_terminal():
        return 2
    switch = Switch(settings, [target.name for target in targets])
    if record is not None:
        try:
            switch.begin(record)
        except RecordingError as error:
            sys.stderr.write(f"patchdeck: --record: {error}\n")
            return 2
    make_watch = _watch_maker(settings, mine, switch)
    kind = PatchdeckApp if guide is None else _guided_by(guide)
    try:
        return _show(
            kind(
                settings,
                make_watch,
                switch=switch,
                glyphs=glyphs_for(settings),
                theme=theme_for(settings),
                armed=armed,
            )
        )
    finally:
        _end_recording(switch)


def _guided_by(guide: Guide) -> Callable[..., PatchdeckApp]:
    from tui.guided import GuidedApp  # noqa: PLC0415

    return partial(GuidedApp, guide)


def _end_recording(switch: Switch) -> None:
    """What was recorded is told where it can be read once the screen is gone."""
    status = switch.end()
    if status is not None:
        from tui.recording import outcome  # noqa: PLC0415

        sys.stderr.write(f"patchdeck: {outcome(status)}\n")


def run_replay(
    settings: Settings, recording: Recording, *, at_ns: int | None = None, speed: float = 1.0
) -> int:
    """Open the console on a recording, until it is left; returns as `run` does. From the beginning without `at_ns`."""
    from patchdeck.replay.thread import ReplayThread  # noqa: PLC0415
    from tui.replay import ReplayApp  # noqa: PLC0415

    try:
        Keymap(settings.screen.keys)
    except KeymapError as error:
        sys.stderr.write(f"patchdeck: {error}\n")
        return 2
    if not _on_a_terminal():
        return 2
    _log_to_file()
    rate = settings.watch.snapshots_per_s
    replay = ReplayThread(recording, at_ns=at_ns, speed=speed, snapshots_per_s=rate)
    return _show(ReplayApp(settings, replay, glyphs=glyphs_for(settings), theme=theme_for(settings)))


def _on_a_terminal() -> bool:
    if sys.stdin.isatty() and _SCREEN.isatty():
        return True
    sys.stderr.write("patchdeck: the console needs a terminal; try patchdeck startups, services or doctor\n")
    return False


def _show(app: PatchdeckApp) -> int:
    # A key passes through three threads on its way to the screen, and may wait this long for the watch in each.
    sys.setswitchinterval(_SWITCH_S)
    with _ended_by_signals(app), precedence():
        status = app.run()
    return app.return_code or (status if status is not None else 0)


def _watch_maker(settings: Settings, mine: Sequence[Target], switch: Switch) -> Callable[[], Watch]:
    def make() -> Watch:
        from patchdeck.sources.targets import choose  # noqa: PLC0415
        from patchdeck.watch import WatchThread  # noqa: PLC0415

        _log_to_file()
        targets = mine or choose(settings.engines, os.environ, Path.home())
        watch = WatchThread(settings, targets, on_observation=switch.note)
        switch.watching = watch
        return watch

    return make


def glyphs_for(settings: Settings) -> Glyphs:
    """By the setting, else by the locale."""
    ascii_only = settings.screen.ascii
    if ascii_only is None:
        ascii_only = not terminal.speaks_utf8(os.environ)
    return ASCII if ascii_only else UNICODE


def theme_for(settings: Settings) -> str:
    """By the setting, else by how many colours the terminal says it has."""
    if settings.screen.theme:
        return settings.screen.theme
    return "dark" if terminal.colour_system(os.environ) in ("24 bit", "256 colours") else "ansi"


def log_path() -> Path:
    """Where what went wrong is written down."""
    from platformdirs import user_state_path  # noqa: PLC0415

    return user_state_path("patchdeck", appauthor=False) / "patchdeck.log"


def _log_to_file() -> None:
    """Warnings and worse; where the folder can not be written the screen alone tells them."""
    root = logging.getLogger("patchdeck")
    if root.handlers:
        return
    try:
        path = log_path()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
        handler: logging.Handler = logging.FileHandler(path, encoding="utf-8", errors="backslashreplace")
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    root.propagate = False


@contextmanager
def _ended_by_signals(app: PatchdeckApp) -> Iterator[None]:
    """SIGTERM and SIGHUP leave as `q` does, and within `_GRACE_S` also where the terminal no longer reads."""
    # The handler runs between two steps of the main thread even while that waits for the terminal.
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    attributes = _terminal_attributes()

    def end(number: int, _frame: FrameType | None) -> None:
        app.call_later(app.exit, None, 128 + number)
        last = threading.Timer(_GRACE_S, _end_hard, (128 + number, attributes))
        last.daemon = True
        last.start()

    for number in before:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _terminal_attributes() -> list[object] | None:
    import termios  # noqa: PLC0415

    try:
        return termios.tcgetattr(sys.stdin.fileno())
    except termios.error:
        return None


def _end_hard(status: int, attributes: list[object] | None) -> None:
    """Give the terminal back without waiting for it, and be gone: there is nothing of ours that could be lost."""
    import termios  # noqa: PLC0415

    if attributes is not None:
        try:
            termios.tcsetattr(sys.stdin.fileno(), termios.TCSANOW, attributes)  # type: ignore[arg-type]
            termios.tcflush(_SCREEN.fileno(), termios.TCOFLUSH)
            os.set_blocking(_SCREEN.fileno(), False)
            os.write(_SCREEN.fileno(), _RESTORE)
        except (OSError, termios.error):
            pass
    os._exit(status)

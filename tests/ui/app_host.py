"""Runs the console without a terminal, on a state made by hand, and reads what it has drawn."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterable
from concurrent.futures import Future
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path
from unittest import mock

from msgspec.structs import replace
from rich.cells import cell_len
from rich.color import ColorSystem
from rich.style import Style
from textual.app import App
from textual.pilot import Pilot
from textual.strip import Strip

from patchdeck.doctor import Finding, Report
from patchdeck.mailbox import Mailbox
from patchdeck.model import Snapshot
from patchdeck.settings import ScreenSettings, Settings
from patchdeck.sources.attempts import Attempt
from tests.ui import sample
from themes.ramps import UNICODE, Glyphs
from tui import clock
from tui.app import PatchdeckApp
from tui.screens.base import ConsoleScreen

SNAPSHOTS = Path(__file__).parent / "snapshots"
CLOCK = "00:01:07 UTC"
LOG = ("starting", *sample.HOSTILE)


class FakeWatch:
    """Puts what it is given into the mailbox."""

    def __init__(self, first: Snapshot | None = None, attempts: Iterable[Attempt] = ()) -> None:
        self.mailbox: Mailbox[Snapshot] = Mailbox()
        self.attempts = tuple(attempts)
        self.examined = 0
        self.log: Future[tuple[str, ...]] = Future()
        self.log.set_result(LOG)
        self.logs_asked: list[tuple[str, str, int]] = []
        self.started = self.stopped = False
        self._first = first

    def start(self) -> None:
        self.started = True
        if self._first is not None:
            self.mailbox.put(self._first)

    def stop(self) -> bool:
        self.stopped = True
        return True

    def logs(self, engine: str, container_id: str, lines: int) -> Future[tuple[str, ...]]:
        self.logs_asked.append((engine, container_id, lines))
        return self.log

    def examine(self) -> Future[Report]:
        self.examined += 1
        future: Future[Report] = Future()
        missing = Finding(name="prometheus", available=False)
        future.set_result(Report(attempts=self.attempts, engines=(), prometheus=missing))
        return future


@asynccontextmanager
async def console(
    watch: FakeWatch | None = None,
    *,
    size: tuple[int, int] = (120, 40),
    theme: str = "dark",
    glyphs: Glyphs = UNICODE,
    keys: dict[str, str] | None = None,
    notifications: bool = False,
    settings: Settings | None = None,
    armed: str | None = None,
) -> AsyncIterator[tuple[PatchdeckApp, Pilot[int]]]:
    """The console with its first snapshot drawn and its clock stopped."""
    watch = watch or FakeWatch(sample.snapshot())
    settings = replace(settings or Settings(), screen=ScreenSettings(utc=True, keys=keys or {}))
    app = PatchdeckApp(settings, lambda: watch, glyphs=glyphs, theme=theme, armed=armed)
    with stopped_clock():
        async with app.run_test(size=size, notifications=notifications) as pilot:
            await settle(pilot)
            yield app, pilot


def stopped_clock() -> AbstractContextManager[object]:
    return mock.patch.object(clock, "reading", return_value=CLOCK)


async def settle(pilot: Pilot[int]) -> None:
    """Until something is drawn and stays as it is."""
    same, before = 0, ""
    for _ in range(200):
        await pilot.pause(0.01)
        now = text(pilot.app)
        same = same + 1 if now == before and not now.isspace() else 0
        if same == 3:
            return
        before = now


async def show(pilot: Pilot[int], watch: FakeWatch, snapshot: Snapshot) -> None:
    """Put this into the mailbox, until it is drawn: after a slow drawing the console rests before it takes more."""
    app = pilot.app
    assert isinstance(app, PatchdeckApp)
    watch.mailbox.put(snapshot)
    while app.snapshot is not snapshot:
        await pilot.pause(0.01)
    await settle(pilot)


async def press(pilot: Pilot[int], *keys: str) -> None:
    await pilot.press(*keys)
    await settle(pilot)


def strips(app: App[int]) -> list[Strip]:
    return app.screen._compositor.render_strips()


def lines(app: App[int]) -> list[str]:
    """What is on the screen, line by line, with its blanks."""
    return [strip.text for strip in strips(app)]


def text(app: App[int]) -> str:
    return "\n".join(lines(app))


def width(line: str) -> int:
    return cell_len(line)


_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789#$%&*+=?@"


def picture(app: App[int], colours: ColorSystem) -> str:
    """The screen as text; beneath it the same with a letter for each look; then what the letters stand for.

    A look is what would be written to a terminal of that many colours.
    """
    looks: dict[str, str] = {}
    rows: list[str] = []
    for strip in strips(app):
        row = ""
        for segment in strip:
            look = _look(segment.style, colours)
            letter = looks.setdefault(look, _LETTERS[len(looks)])
            row += letter * cell_len(segment.text)
        rows.append(row)
    legend = [f"{letter} {look}" for look, letter in looks.items()]
    return "\n".join([*(line.rstrip() for line in lines(app)), "", *rows, "", *legend, ""])


def _look(style: Style | None, colours: ColorSystem) -> str:
    """The SGR codes of a style on a terminal of that many colours, less what shows nothing."""
    if style is None:
        return ""
    names = ("bold", "dim", "italic", "underline", "reverse", "blink")
    codes = [name for name in names if getattr(style, name)]
    for color, foreground in ((style.color, True), (style.bgcolor, False)):
        if color is not None:
            codes += color.downgrade(colours).get_ansi_codes(foreground=foreground)
    return ";".join(codes)


def same_as_stored(name: str, now: str) -> bool:
    """Whether this is the stored picture. `PATCHDECK_SNAPSHOTS=write` stores it instead; look at the difference."""
    path = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("PATCHDECK_SNAPSHOTS") == "write":
        SNAPSHOTS.mkdir(exist_ok=True)
        path.write_text(now, encoding="utf-8", errors="backslashreplace")
        return True
    stored = path.read_text(encoding="utf-8") if path.exists() else ""
    if stored != now:
        path.with_suffix(".now.txt").write_text(now, encoding="utf-8", errors="backslashreplace")
    return stored == now


def screen(app: App[int]) -> str:
    """The keymap's name of the screen in front."""
    assert isinstance(app.screen, ConsoleScreen)
    return app.screen.NAME

"""What all screens of the console have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widget import Widget

from patchdeck.model import Snapshot
from themes.ramps import Glyphs
from tui import keymap
from tui.clock import Clock
from tui.footer import Footer
from tui.shown import Shown
from widgets import rollout_words, units
from widgets.notice import Notice
from widgets.status_bar import StatusBar

if TYPE_CHECKING:
    from tui.app import PatchdeckApp

WIDE = 160
"""Columns from which panels stand side by side that else stand one beneath the other."""
_NEVER = -1
"""Textual's count of its style sheets, in a screen that it has not counted for."""
SMALLEST = (80, 24)
"""Columns and rows below which nothing can be told truthfully."""


class ConsoleScreen(Screen[None], inherit_bindings=False):
    """A status line, a body that a subclass composes, and the keys.

    A screen is given the newest `Shown` when it comes to the front and whenever that changes while it is there; what is
    beneath another screen is not drawn.
    """

    NAME: ClassVar[str]
    """Its name in the keymap."""
    HORIZONTAL_BREAKPOINTS: ClassVar[list[tuple[int, str]] | None] = [  # type: ignore[misc] # as it is in Textual
        (0, "-narrow"),
        (104, "-normal"),
        (WIDE, "-wide"),
    ]
    VERTICAL_BREAKPOINTS: ClassVar[list[tuple[int, str]] | None] = [  # type: ignore[misc]
        (0, "-short"),
        (32, "-tall"),
    ]
    DEFAULT_CSS = """
    ConsoleScreen {
        background: $background; color: $foreground;
        & > .status { height: 1; }
        & > Notice { display: none; }
        &.-too-small > Notice { display: block; }
        &.-too-small > .body, &.-too-small > .status, &.-too-small > .extra { display: none; }
        &.-too-small > Footer { display: none; }
    }
    """

    @property
    def patchdeck(self) -> PatchdeckApp:
        return cast("PatchdeckApp", self.app)

    @property
    def glyphs(self) -> Glyphs:
        return self.patchdeck.glyphs

    @property
    def utc(self) -> bool:
        return self.patchdeck.settings.screen.utc

    def compose(self) -> ComposeResult:
        with Horizontal(classes="status"):
            yield StatusBar(glyphs=self.glyphs)
            yield Clock(utc=self.utc, glyphs=self.glyphs)
        yield from self.compose_body()
        yield Notice(glyphs=self.glyphs)
        yield from self.patchdeck.extra_lines()
        yield Footer(self.NAME, self.patchdeck.keymap, glyphs=self.glyphs)

    @property
    def is_there(self) -> bool:
        """Its widgets are: not yet while it is being opened, and never where it was left before that."""
        return self.is_mounted and bool(self.children)

    @property
    def rollout_in_view(self) -> str:
        """The rollout that keys act on here; empty where there is none."""
        return ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A read-only console has no actions that act, and a replay none of a live console's.

        A key that is pressed again and again can come before its screen's widgets do: then it has none at all.
        """
        if not self.is_there:
            return False
        read_only, on = self.patchdeck.keymap.read_only, self.patchdeck.ON
        absent = any(
            (one.acts and read_only) or not one.works_when(on) for one in keymap.ACTIONS if one.id == action
        )
        return False if absent else super().check_action(action, parameters)

    def compose_body(self) -> Iterable[Widget]:
        """Widgets of the class `body`."""
        raise NotImplementedError

    def show(self, shown: Shown) -> None:
        """Draw this."""
        raise NotImplementedError

    def update_shown(self) -> None:
        """Draw what the app has now: its state if there is one yet, and the status line."""
        if not self.is_there:
            return
        self.show_status()
        self.patchdeck.show_besides(self)
        if self.patchdeck.shown is not None:
            self.show(self.patchdeck.shown)

    def show_status(self) -> None:
        """Draw the status line; on a screen that is being taken down there is none."""
        snapshot, shown = self.patchdeck.snapshot, self.patchdeck.shown
        replaying = self.patchdeck.ON == keymap.REPLAY
        status = self.patchdeck.recording
        for bar in self.query(StatusBar):
            bar.show(
                snapshot.engines if snapshot else (),
                now_ns=snapshot.at_ns if snapshot else 0,
                clock="",
                armed_label="" if replaying else self.patchdeck.armed_label,
                is_armed=not replaying and self.patchdeck.arming.armed,
                notice=self.patchdeck.notice,
                simulated=shown is not None and shown.simulated,
                replaying=replaying,
                calls="" if snapshot is None else self._calls(snapshot),
                recording="" if status is None else units.size(status.size_bytes),
                recording_failed=status is not None and bool(status.detail),
            )

    def _calls(self, snapshot: Snapshot) -> str:
        """Rollouts that wait for a person are seen whatever one looks at."""
        calling = [one for one in snapshot.rollouts if rollout_words.calls(one)]
        if len(calling) > 1:
            return f"{self.glyphs.warning} {len(calling)} rollouts wait"
        return "".join(rollout_words.state_span(one, self.glyphs)[0] for one in calling)

    def on_mount(self) -> None:
        if self.children:
            self.opened()

    def opened(self) -> None:
        """Its widgets are there for the first time; they are drawn once it comes to the front."""

    def action_back(self) -> None:
        if self.is_active:  # its key may be pressed again before it is gone
            self.patchdeck.pop_screen()

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.ScreenResume):
            # Textual styles every widget anew whenever a screen comes to the front, and with that goes what the panels
            # keep drawn. It is styled when it is made; after that only a theme that changed meanwhile asks for it.
            now = self.app._css_update_count  # noqa: SLF001 - Textual has no other way
            event.refresh_styles = self._css_update_count not in (_NEVER, now)
            self._css_update_count = now
        await super().on_event(event)

    def on_screen_resume(self) -> None:
        self.update_shown()

    def on_resize(self, event: events.Resize) -> None:
        columns, rows = event.size
        too_small = columns < SMALLEST[0] or rows < SMALLEST[1]
        self.set_class(too_small, "-too-small")
        for notice in self.query(Notice) if too_small else ():
            notice.show(
                "This terminal is too small",
                (
                    f"It has {columns} columns and {rows} rows;",
                    f"Patchdeck needs {SMALLEST[0]} by {SMALLEST[1]}.",
                ),
                "Watching goes on meanwhile.",
            )

"""The console: one app, fed with snapshots, that only draws."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.console import RenderableType
from textual import work
from textual.app import App
from textual.binding import BindingsMap, BindingType
from textual.command import Provider
from textual.driver import Driver
from textual.widget import Widget

from patchdeck.model import HeatColumn, Snapshot, SourceState, Startup
from patchdeck.settings import Settings
from themes.palettes import BY_SETTING, THEMES, VARIABLE_DEFAULTS
from themes.ramps import UNICODE, Glyphs
from tui import keymap
from tui.ahead import make_views
from tui.armed import ArmedKeys
from tui.bridge import Bridge, Watch
from tui.driver import ConsoleDriver
from tui.keymap import Keymap
from tui.looking import Looking
from tui.matching import Matcher
from tui.screens.base import ConsoleScreen
from tui.screens.deck import DeckScreen
from tui.screens.views import View
from tui.shown import Memory, Shown

if TYPE_CHECKING:
    from pathlib import Path

    from patchdeck.recording.switch import Switch

WatchMaker = Callable[[], Watch]

REST = 3.0
"""How much longer than it took to draw a snapshot the loop is left to keys."""


def _startups() -> View:
    from tui.screens.startups import StartupsScreen  # noqa: PLC0415 - only the first view is imported with the app

    return StartupsScreen()


def _rollouts() -> View:
    from tui.screens.rollouts import RolloutsScreen  # noqa: PLC0415 - as above

    return RolloutsScreen()


def _contention() -> View:
    from tui.screens.contention import ContentionScreen  # noqa: PLC0415 - as above

    return ContentionScreen()


class PatchdeckApp(ArmedKeys, inherit_bindings=False):
    """Shows what a watch sees. Nothing in it acts on an engine.

    `make_watch` is called after the first frame, so that what it imports does not delay it.
    """

    TITLE = "Patchdeck"
    MODES = {  # noqa: RUF012 - as Textual has it
        keymap.DECK: DeckScreen,
        keymap.STARTUPS: _startups,
        keymap.CONTENTION: _contention,
        keymap.ROLLOUTS: _rollouts,
    }
    DEFAULT_MODE = keymap.DECK
    BINDINGS: ClassVar[list[BindingType]] = [*keymap.bindings()]
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = set()
    ENABLE_COMMAND_PALETTE = False
    """Textual's key for it; `action_commands` opens the palette with commands from the keymap."""
    ALLOW_SELECT = False
    ON: ClassVar[str] = keymap.LIVE
    """What it is on, for the keys."""

    def __init__(
        self,
        settings: Settings,
        make_watch: WatchMaker,
        *,
        switch: Switch | None = None,
        glyphs: Glyphs = UNICODE,
        theme: str = "dark",
        armed: str | None = None,
    ) -> None:
        super().__init__(settings, switch, armed=armed)
        self.animation_level = "none"
        read_only = settings.arming.read_only
        self.keymap = Keymap(settings.screen.keys, self.ON, read_only=read_only)
        if read_only:
            self._bindings = BindingsMap(keymap.bindings(on=self.ON, read_only=True))
        self.glyphs = glyphs
        self.watch_object: Watch | None = None
        self.shown: Shown | None = None
        self.looking = Looking(window_s=settings.screen.window_s)
        self._make_watch = make_watch
        self._matcher = Matcher("")
        self._memory = Memory()
        self._bridge: Bridge | None = None
        self._leaving = False
        """Snapshots still arrive while the screens are being taken down."""
        for one in THEMES:
            self.register_theme(one)
        self.theme = BY_SETTING[theme].name
        self.set_keymap(self.keymap.for_textual)

    # Textual

    def get_driver_class(self) -> type[Driver]:
        return ConsoleDriver

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return VARIABLE_DEFAULTS

    def delay_update(self, delay: float = 0.05) -> None:
        """Textual hides a switch of views for so long and then draws it once more. The views are kept and draw at
        once: there is nothing to hide, and a key would wait for it.
        """

    def exit(
        self, result: int | None = None, return_code: int = 0, message: RenderableType | None = None
    ) -> None:
        self._leaving = True
        super().exit(result, return_code, message)

    def on_mount(self) -> None:
        self.call_after_refresh(self.open_watch)
        self.app_resume_signal.subscribe(self, self._show_again)

    def _show_again(self, _: App[object]) -> None:
        # A terminal that others had meanwhile shows what they left on it.
        self.screen.refresh()

    def on_unmount(self) -> None:
        self.close_watch()

    # The watch

    def open_watch(self) -> None:
        """Begin to watch; anew if a watch is open."""
        self.close_watch()
        self.watch_object = self._make_watch()
        self._bridge = Bridge(self.watch_object, self._arrived)
        self._bridge.open()
        self.watch_object.start()

    def close_watch(self) -> None:
        if self._bridge is not None:
            self._bridge.close()
        if self.watch_object is not None:
            self.watch_object.stop()

    def _arrived(self, snapshot: Snapshot) -> None:
        # Through the app's queue, so that an error while drawing ends the app with its story, not in the loop's log.
        self.call_next(self.receive, snapshot)

    @property
    def _is_left(self) -> bool:
        return self._leaving or not self.is_running or not self.screen_stack

    def receive(self, snapshot: Snapshot) -> None:
        """Take a snapshot and draw what of it differs; one that comes while the screens are taken down is dropped."""
        if self._is_left:
            return
        began = time.perf_counter()
        if self.snapshot is None:
            self.run_worker(make_views(self), group="ahead")
        self.snapshot = snapshot
        self.heard()
        self.hear_answers(snapshot)
        self.tell_news(snapshot)
        self.hear_of_journal(snapshot)
        self._draw()
        if self._bridge is not None:
            self._bridge.rest(REST * (time.perf_counter() - began))

    @property
    def notice(self) -> str:
        """What keeps a recording or the screen from holding everything, as a filter does; else the change window."""
        status = self.recording
        if status is not None and status.detail:
            return f"recording: {status.detail}"
        if self.snapshot is not None and self.snapshot.journal_trouble:
            return self.snapshot.journal_trouble
        if self.looking.words:
            return f"filter: {self.looking.words}"
        engines = self.snapshot.engines if self.snapshot else ()
        troubled = (one.detail for one in engines if one.state is not SourceState.LIVE and one.detail)
        return next(troubled, self.window_words)

    # What a replay has besides

    def extra_lines(self) -> Iterable[Widget]:
        """Lines of the class `extra` that every screen has above its keys."""
        return ()

    def show_besides(self, screen: ConsoleScreen) -> None:
        """Show on a screen what does not come from the snapshot."""

    # Looking

    def look(self, looking: Looking) -> None:
        """Look at the state in another way, from now on and in every view."""
        if looking == self.looking:
            return
        if looking.words != self.looking.words:
            self._matcher = Matcher(looking.words)
        self.looking = looking
        self._draw()

    def redraw(self) -> None:
        self._draw()

    def _draw(self) -> None:
        if self.snapshot is None or self._is_left:
            return
        self.shown = Shown(self.snapshot, self.looking, self._matcher, self._memory)
        with self.batch_update():
            self._search_or_show(self.snapshot)
            if isinstance(self.screen, ConsoleScreen):
                self.screen.update_shown()

    # Screens

    def _search_or_show(self, snapshot: Snapshot) -> None:
        """The page for want of an engine comes when none was ever reached, and goes when one is."""
        searching = any(screen.id == keymap.SEARCHING for screen in self.screen_stack)
        if any(engine.described is not None for engine in snapshot.engines):
            if searching:
                self.go_to(keymap.DECK)
        elif (
            not searching and snapshot.engines and all(_given_up(engine.state) for engine in snapshot.engines)
        ):
            from tui.screens.searching import SearchingScreen  # noqa: PLC0415

            self.push_screen(SearchingScreen(id=keymap.SEARCHING))

    def go_to(self, name: str) -> None:
        """Show a view, leaving every page that is open. Views are kept, with their cursors and scroll positions."""
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self.switch_mode(name)

    async def make_view(self, name: str) -> None:
        """Make a view, without showing it, if it was not shown yet."""
        if self._is_left or self._screen_stacks.get(name):
            return
        await self._init_mode(name)

    def settle_styles(self) -> None:
        """What a view brings in styles makes Textual style every other one anew when it comes to the front: sooner."""
        for view, *_ in filter(None, self._screen_stacks.values()):
            if view._css_update_count != self._css_update_count:  # noqa: SLF001 - Textual has no other way
                self.stylesheet.update(view)
                view._css_update_count = self._css_update_count  # noqa: SLF001

    def open_container(self, container_id: str) -> None:
        """Open the page of a container; nothing happens if the state no longer knows it."""
        container = self.snapshot.containers.get(container_id) if self.snapshot else None
        if container is None:
            if container_id:
                self.notify(
                    "This container is gone and nothing is kept of it.", severity="warning", markup=False
                )
            return
        from tui.screens.container import ContainerScreen  # noqa: PLC0415

        self.push_screen(ContainerScreen(container))

    def open_service(self, key: str) -> None:
        from tui.screens.service import ServiceScreen  # noqa: PLC0415

        self.push_screen(ServiceScreen(key))

    def compose_rollout(self, key: str) -> None:
        """Open the composer for a service. Composing reads; only what is confirmed there begins anything."""
        shown = self.shown
        service = shown.service(key) if shown is not None else None
        if service is None:
            self.notify("Choose a service first.", severity="warning", markup=False)
            return
        from tui.screens.composer import ComposerScreen  # noqa: PLC0415

        self.push_screen(ComposerScreen(service, self.settings, self.arming.reason))

    def open_cell(self, startups: Sequence[Startup], column: HeatColumn) -> None:
        """List the startups behind a cell of the heatmap."""
        from tui.screens.cell import CellScreen  # noqa: PLC0415

        self.push_screen(CellScreen(startups, column))

    # Actions

    def action_deck(self) -> None:
        self.go_to(keymap.DECK)

    def action_startups(self) -> None:
        self.go_to(keymap.STARTUPS)

    def action_contention(self) -> None:
        self.go_to(keymap.CONTENTION)

    def action_rollouts(self) -> None:
        self.go_to(keymap.ROLLOUTS)

    def action_next_panel(self) -> None:
        self.screen.focus_next()

    def action_previous_panel(self) -> None:
        self.screen.focus_previous()

    def action_theme(self) -> None:
        names = [one.name for one in THEMES]
        self.theme = names[(names.index(self.theme) + 1) % len(names)]

    def action_commands(self) -> None:
        from tui.palette import Palette  # noqa: PLC0415

        if isinstance(self.screen, ConsoleScreen):
            self.push_screen(Palette(self.screen, self.screen.NAME, self.keymap))

    def action_help(self) -> None:
        from tui.screens.help import HelpScreen  # noqa: PLC0415

        if isinstance(self.screen, ConsoleScreen) and not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.screen.NAME))

    async def action_quit(self) -> None:
        self._quit()

    @work(group="quit", exclusive=True)
    async def _quit(self) -> None:
        if await self.leave_or_stay():
            self.exit(0)

    def action_leave(self) -> None:
        self.exit(0)


def _given_up(state: SourceState) -> bool:
    return state in (SourceState.LOST, SourceState.ABSENT)


def run_console(
    settings: Settings, hosts: Sequence[str] = (), *, record: Path | None = None, armed: str | None = None
) -> int:
    """Open the console and return its exit status; see `tui.console`."""
    from tui.console import run  # noqa: PLC0415

    return run(settings, hosts, record=record, armed=armed)

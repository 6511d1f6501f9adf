"""The page of one container: what it is, how it started, what happened to it, and what it wrote last."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Grid

from patchdeck.model import Container, Severity
from patchdeck.sources.errors import LogsUnavailable
from patchdeck.startup import PHASES
from tui import keymap
from tui.screens.base import ConsoleScreen
from tui.screens.container_facts import facts, story
from tui.shown import Shown
from widgets.details import Detail, Details, Section
from widgets.startup_list import StartupList

LOG_LINES = 100


class ContainerScreen(ConsoleScreen, inherit_bindings=False):
    """Follows the container while it is known, and keeps what was known when it is gone."""

    NAME = keymap.CONTAINER
    BINDINGS: ClassVar[list[BindingType]] = [*keymap.bindings(keymap.CONTAINER)]
    AUTO_FOCUS = "#facts"
    DEFAULT_CSS = """
    ContainerScreen {
        & > .body { grid-size: 2; grid-columns: 1fr 1fr; grid-rows: 6 1fr 1fr; }
        & StartupList, & #log { column-span: 2; }
        &.-narrow > .body { grid-size: 1; grid-columns: 1fr; grid-rows: 5 1fr 1fr 1fr; }
        &.-narrow StartupList, &.-narrow #log { column-span: 1; }
    }
    """

    def __init__(self, container: Container) -> None:
        super().__init__()
        self._container = container

    def compose_body(self) -> ComposeResult:
        glyphs, utc = self.glyphs, self.utc
        with Grid(classes="body"):
            yield StartupList(phases=tuple(PHASES), glyphs=glyphs, utc=utc)
            yield Details(id="facts", glyphs=glyphs, utc=utc)
            yield Details(id="story", glyphs=glyphs, utc=utc)
            yield Details(id="log", glyphs=glyphs, utc=utc)

    def opened(self) -> None:
        self.action_logs()

    def show(self, shown: Shown) -> None:
        facts_before = self._container.facts
        container = shown.snapshot.containers.get(facts_before.container_id)
        if container is not None:
            self._container = container
        container = self._container
        gone = container.gone or facts_before.container_id not in shown.snapshot.containers
        heading = f"{container.facts.name} {self.glyphs.dot} {container.service}"
        self.query_one(StartupList).show(
            container.startups,
            title=f"{heading} {self.glyphs.dot} gone" if gone else heading,
            stale=shown.stale,
            empty="no startup of it was seen",
        )
        self.query_one("#facts", Details).show("Container", facts(container, utc=self.utc))
        self.query_one("#story", Details).show("What happened", story(container))

    def action_logs(self) -> None:
        self._show_log([Section(title="", empty="fetching the last lines")])
        self.run_worker(self._fetch_log(), exclusive=True)

    async def _fetch_log(self) -> None:
        watch, container = self.patchdeck.watch_object, self._container
        if watch is None:
            return
        try:
            lines = await asyncio.wrap_future(
                watch.logs(container.engine, container.facts.container_id, LOG_LINES)
            )
        except LogsUnavailable as error:
            failure = Detail(text=str(error), severity=Severity.FAILURE)
            self._show_log([Section(title="", details=[failure])])
            return
        details = [Detail(text=line) for line in lines]
        self._show_log([Section(title="", details=details, empty="it has written nothing")])
        self.query_one("#log", Details).action_edge("bottom")

    def _show_log(self, sections: list[Section]) -> None:
        self.query_one("#log", Details).show(
            f"Last log lines {self.glyphs.dot} at most {LOG_LINES}", sections
        )

    @on(StartupList.Opened)
    def _opened(self, event: StartupList.Opened) -> None:
        """This is its page already."""
        event.stop()

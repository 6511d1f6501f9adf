"""The page for want of an engine: what was tried, why each failed, and what to do about it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from patchdeck.model import Severity
from patchdeck.sources.attempts import Attempt, Outcome
from tui import keymap
from tui.screens.base import ConsoleScreen
from tui.shown import Shown
from widgets.details import Detail, Details, Section

AGAIN_S = 5.0
"""Between two looks."""

_TITLE = "No engine answers"


class SearchingScreen(ConsoleScreen, inherit_bindings=False):
    """Looks again by itself; the app takes it away when an engine answers the watch."""

    NAME = keymap.SEARCHING
    BINDINGS: ClassVar[list[BindingType]] = [*keymap.bindings(keymap.SEARCHING)]

    def compose_body(self) -> ComposeResult:
        yield Details(glyphs=self.glyphs, utc=self.utc, classes="body")

    def opened(self) -> None:
        self._show([Section(title="Looking for an engine", empty="asking every address")])
        self.action_retry()
        self.set_interval(AGAIN_S, self.action_retry)

    def show(self, shown: Shown) -> None:
        """What the page says comes from looking, not from the state, which is empty."""

    def _show(self, sections: Sequence[Section]) -> None:
        self.query_one(Details).show(_TITLE, sections)

    def action_retry(self) -> None:
        if not any(worker.is_running for worker in self.workers if worker.node is self):
            self.run_worker(self._look())

    async def _look(self) -> None:
        watch = self.patchdeck.watch_object
        if watch is None:
            return
        try:
            report = await asyncio.wrap_future(watch.examine())
        except Exception as error:  # noqa: BLE001 - a fault of ours: told here, and tried again
            self._show([Section(title=f"Looking failed: {type(error).__name__}: {error}")])
            return
        again = f"Patchdeck looks again every {AGAIN_S:.0f} s and opens the deck by itself."
        self._show([*map(section_of, report.attempts), Section(title="", empty=again)])
        if report.engines:
            # It may be another address than the one that is being watched, or the watch is waiting to try again.
            self.patchdeck.open_watch()


def section_of(attempt: Attempt) -> Section:
    """One address: which rule named it, what happened, what to do."""
    failed = attempt.outcome is not Outcome.OK
    details = [
        Detail(key="named by", text=attempt.chosen),
        Detail(
            key=attempt.outcome.value,
            text=attempt.detail,
            severity=Severity.FAILURE if failed else Severity.INFO,
        ),
    ]
    if attempt.advice:
        details.append(Detail(key="do this", text=attempt.advice))
    return Section(title=attempt.host, details=details)

"""View 1: heatmap, versions, contention and events on one screen."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Grid

from patchdeck.model import Snapshot
from tui import keymap
from tui.screens.base import WIDE
from tui.screens.views import View
from tui.shown import Shown
from widgets import rollout_words
from widgets.contention_panel import ContentionPanel
from widgets.contention_strip import ContentionStrip
from widgets.event_feed import EventFeed
from widgets.heatmap import Heatmap
from widgets.rollout_panel import RolloutPanel
from widgets.version_columns import Column
from widgets.version_table import VersionTable

MOST_ROLLOUTS = 4
"""Rollouts that are in view at once; the others are scrolled to."""


class DeckScreen(View, inherit_bindings=False):
    """Everything at a glance. What does not fit a small terminal is a key away."""

    NAME = keymap.DECK
    BINDINGS: ClassVar[list[BindingType]] = [*keymap.bindings(keymap.DECK)]
    AUTO_FOCUS = "VersionTable"
    DEFAULT_CSS = """
    DeckScreen {
        & > .body { grid-size: 2 3; grid-columns: 1fr 38; grid-rows: 3fr 2fr 9; }
        & VersionTable, & EventFeed { column-span: 2; }
        & ContentionStrip { display: none; }

        & > RolloutPanel { display: none; height: auto; }
        &.-rolling > RolloutPanel { display: block; }
        &.-too-small > RolloutPanel { display: none; }

        &.-short > .body { grid-size: 2 2; grid-rows: 3fr 2fr; }
        &.-short EventFeed { display: none; }
        & VersionTable.-away { display: none; }
        & EventFeed.-instead { display: block; row-span: 2; }
        &.-short EventFeed.-instead { row-span: 1; }

        &.-wide > .body { grid-size: 2 3; grid-columns: 1fr 62; grid-rows: 14 1fr 1fr; }
        &.-wide Heatmap, &.-wide EventFeed { row-span: 2; }
        &.-wide VersionTable, &.-wide EventFeed { column-span: 1; }
        &.-wide EventFeed, &.-wide VersionTable.-away { display: block; }
        &.-wide.-short EventFeed.-instead { row-span: 2; }

        &.-narrow > .body { grid-size: 1 3; grid-columns: 1fr; grid-rows: 4fr 1 3fr; }
        &.-narrow.-tall > .body { grid-size: 1 4; grid-rows: 4fr 1 3fr 8; }
        &.-narrow VersionTable, &.-narrow EventFeed { column-span: 1; }
        &.-narrow ContentionPanel { display: none; }
        &.-narrow ContentionStrip { display: block; }
    }
    """

    def compose_body(self) -> ComposeResult:
        glyphs, utc = self.glyphs, self.utc
        with Grid(classes="body"):
            yield Heatmap(glyphs=glyphs, utc=utc)
            yield ContentionPanel(glyphs=glyphs)
            yield ContentionStrip(glyphs=glyphs)
            yield VersionTable(glyphs=glyphs)
            yield EventFeed(glyphs=glyphs, utc=utc)
        yield RolloutPanel(glyphs=glyphs, classes="extra")

    def on_resize(self, event: events.Resize) -> None:
        if not self.is_there:
            return
        # Where there is room for it the feed stands beneath the contention panel, which comes before the versions.
        feed, versions = self.query_one(EventFeed), self.query_one(VersionTable)
        body = self.query_one(".body")
        wide = event.size.width >= WIDE
        if wide == (body.children.index(feed) > body.children.index(versions)):
            first, second = (feed, versions) if wide else (versions, feed)
            body.move_child(first, before=second)

    def opened(self) -> None:
        # What needs a look comes first; a key sorts otherwise.
        self.query_one(VersionTable).sort_by(Column.STATE, descending=True)

    def give_focus(self) -> None:
        self.query_one(VersionTable).focus()

    def show(self, shown: Shown) -> None:
        snapshot = shown.snapshot
        several, stale = shown.several_engines, shown.stale
        self._show_heatmap(shown)
        self.query_one(VersionTable).show(
            shown.services,
            measure=shown.looking.measure,
            with_engine=several,
            stale=stale,
            empty=shown.empty("containers"),
            total=len(snapshot.services),
            rolling={
                f"{one.engine}/{one.service}": rollout_words.state_text(one)
                for one in snapshot.rollouts
                if one.open
            },
        )
        self._show_rollouts(snapshot)
        self.query_one(ContentionPanel).show(snapshot.engines)
        self.query_one(ContentionStrip).show(snapshot.engines)
        self.query_one(EventFeed).show(
            shown.feed, with_engine=several, stale=stale, empty=shown.empty("events")
        )

    def _show_rollouts(self, snapshot: Snapshot) -> None:
        app = self.patchdeck
        still = [one for one in snapshot.rollouts if rollout_words.matters(one, snapshot.at_ns)]
        self.set_class(bool(still), "-rolling")
        panel = self.query_one(RolloutPanel)
        panel.styles.height = min(len(still), MOST_ROLLOUTS) + 2
        panel.show(still, now_ns=snapshot.at_ns, keys=app.rollout_keys, submitted=app.submitted_words)

    @property
    def rollout_in_view(self) -> str:
        selected = self.query_one(RolloutPanel).selected
        return selected.id if selected else ""

    @on(RolloutPanel.Opened)
    def _rollout_opened(self, event: RolloutPanel.Opened) -> None:
        self.patchdeck.open_rollout(event.rollout)

    def _show_heatmap(self, shown: Shown) -> None:
        heatmap = self.query_one(Heatmap)
        columns, rows = heatmap.capacity_for(shown.looking.mode)
        if columns and rows:
            heatmap.show(
                shown.grid(columns, rows),
                stale=shown.all_stale,
                steps_ns=[
                    at_ns for one in shown.rollouts for at_ns, _ in rollout_words.step_times(one).values()
                ],
            )

    @on(Heatmap.Resized)
    def _resized(self) -> None:
        if self.patchdeck.shown is not None:
            self._show_heatmap(self.patchdeck.shown)

    @on(Heatmap.CellOpened)
    def _cell_opened(self, event: Heatmap.CellOpened) -> None:
        shown, grid = self.patchdeck.shown, event.heatmap.grid
        if shown is not None and grid is not None:
            self.patchdeck.open_cell(shown.of_cell(grid, event.column, event.row), grid.columns[event.column])

    @on(VersionTable.Opened)
    def _service_opened(self, event: VersionTable.Opened) -> None:
        self.patchdeck.open_service(event.key)

    @on(EventFeed.Opened)
    def _entry_opened(self, event: EventFeed.Opened) -> None:
        self.patchdeck.open_container(event.entry.container_id)

    def action_roll_out(self) -> None:
        service = self.query_one(VersionTable).selected
        self.patchdeck.compose_rollout(service.key if service else "")

    def action_mode(self) -> None:
        self.patchdeck.look(self.patchdeck.looking.next_mode())

    def action_measure(self) -> None:
        self.patchdeck.look(self.patchdeck.looking.next_measure())

    def action_sort(self) -> None:
        self.query_one(VersionTable).action_sort_next()

    def action_reverse(self) -> None:
        self.query_one(VersionTable).action_sort_reverse()

    def action_events(self) -> None:
        # What stands above them keeps its height, so that it need not be drawn anew.
        feed, versions = self.query_one(EventFeed), self.query_one(VersionTable)
        versions.set_class(not versions.has_class("-away"), "-away")
        feed.set_class(versions.has_class("-away"), "-instead")
        (feed if feed.has_class("-instead") else versions).focus()

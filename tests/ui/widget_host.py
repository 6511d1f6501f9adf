"""A bare app around the widgets under test, and what they drew as text."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from msgspec.structs import replace
from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot
from textual.widget import Widget

from patchdeck import heat
from patchdeck.model import HeatGrid, HeatMode, LayerProgress, Refusal, Severity
from patchdeck.startup import PHASES
from tests.ui import rollouts, sample
from themes.palettes import THEMES, VARIABLE_DEFAULTS
from themes.ramps import UNICODE, Glyphs
from widgets.contention_chart import ContentionChart
from widgets.contention_panel import ContentionPanel
from widgets.contention_strip import ContentionStrip
from widgets.details import Detail, Details, Section
from widgets.event_feed import EventFeed
from widgets.heatmap import Heatmap
from widgets.journal_list import JournalLine, JournalList
from widgets.knee_chart import KneeChart
from widgets.notice import Notice
from widgets.panel import Panel
from widgets.plan_line import PlanLine
from widgets.pull_bars import PullBars
from widgets.question import Question
from widgets.rollout_head import RolloutHead
from widgets.rollout_list import RolloutList
from widgets.rollout_panel import RolloutPanel
from widgets.rollout_tree import RolloutTree
from widgets.startup_list import StartupList
from widgets.status_bar import StatusBar
from widgets.version_table import VersionTable


class Host(App[None]):
    """Holds widgets and remembers their messages."""

    ENABLE_COMMAND_PALETTE = False
    CSS = "Screen { overflow: hidden; }"
    """A widget that is higher than the screen loses its last lines, not columns to a scroll bar."""

    def __init__(self, *widgets: Widget, theme: str = "patchdeck-dark") -> None:
        super().__init__()
        self.widgets = widgets
        self.messages: list[Message] = []
        for one in THEMES:
            self.register_theme(one)
        self.theme = theme

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return VARIABLE_DEFAULTS

    def compose(self) -> ComposeResult:
        yield from self.widgets

    def of(self, kind: type[Message]) -> list[Message]:
        """The messages of exactly this kind, oldest first."""
        # The hook hears a message once for each node that it passes on its way up.
        once = {id(message): message for message in self.messages if type(message) is kind}
        return list(once.values())


@asynccontextmanager
async def shown(
    *widgets: Widget, size: tuple[int, int] = (80, 24), theme: str = "patchdeck-dark"
) -> AsyncIterator[tuple[Host, Pilot[None]]]:
    """The widgets on a screen of this size, with every message they post kept in `host.messages`."""
    host = Host(*widgets, theme=theme)
    async with host.run_test(size=size, message_hook=host.messages.append) as pilot:
        await pilot.pause()
        yield host, pilot


def lines(widget: Widget) -> list[str]:
    """What the widget draws, line by line."""
    return [widget.render_line(y).text for y in range(widget.size.height)]


def grid(columns: int, rows: int, mode: HeatMode = HeatMode.ALL, **options: int) -> HeatGrid:
    """The sample's heatmap for a capacity."""
    state = sample.snapshot()
    return heat.grid(
        state.startups,
        now_ns=options.get("now_ns", state.at_ns),
        window_s=900.0,
        columns=max(columns, 1),
        rows=max(rows, 1),
        mode=mode,
        gaps=state.gaps,
    )


class GriddedHeatmap(Heatmap):
    """Asks for the sample's grid as a screen would."""

    mode = HeatMode.ALL

    def on_heatmap_resized(self, message: Heatmap.Resized) -> None:
        self.show(grid(message.columns, message.rows, self.mode))


def _heatmap(glyphs: Glyphs) -> Heatmap:
    return GriddedHeatmap(glyphs=glyphs, utc=True)


def _heatmap_by_service(glyphs: Glyphs) -> Heatmap:
    heatmap = GriddedHeatmap(glyphs=glyphs, utc=True)
    heatmap.mode = HeatMode.SERVICE
    return heatmap


def _versions(glyphs: Glyphs) -> VersionTable:
    table = VersionTable(glyphs=glyphs)
    table.show(sample.snapshot().services, with_engine=True, stale=frozenset({"prod-b"}))
    return table


def _contention(glyphs: Glyphs) -> ContentionPanel:
    panel = ContentionPanel(glyphs=glyphs)
    panel.show(sample.engines())
    return panel


def _feed(glyphs: Glyphs) -> EventFeed:
    feed = EventFeed(glyphs=glyphs, utc=True)
    feed.show(sample.feed(), with_engine=True)
    return feed


def _startups(glyphs: Glyphs) -> StartupList:
    startups = StartupList(glyphs=glyphs, utc=True, phases=tuple(PHASES))
    startups.show(sample.startups(), with_engine=True)
    return startups


def _status(glyphs: Glyphs) -> StatusBar:
    bar = StatusBar(glyphs=glyphs)
    engines = sample.engines()
    bar.show(
        engines, now_ns=sample.NOW_NS, clock="23:41:07", armed_label="DISARMED", notice=sample.HOSTILE[0]
    )
    return bar


def _notice(glyphs: Glyphs) -> Notice:
    notice = Notice(glyphs=glyphs)
    notice.show("No engine answered", sample.HOSTILE, "n looks again now   q leaves")
    return notice


def _details(glyphs: Glyphs) -> Details:
    details = Details(glyphs=glyphs, utc=True)
    hostile = [Detail(key=text, text=text, at_ns=sample.NOW_NS) for text in sample.HOSTILE]
    details.show(
        sample.HOSTILE[2], [Section(title=sample.HOSTILE[3], details=hostile), Section(title="Mounts")]
    )
    return details


def _knee(glyphs: Glyphs) -> KneeChart:
    chart = KneeChart(glyphs=glyphs)
    knee = sample.knee()
    chart.show(replace(knee, engine=sample.HOSTILE[0], reason=sample.HOSTILE[2]), 3)
    return chart


def _chart(glyphs: Glyphs) -> ContentionChart:
    chart = ContentionChart(glyphs=glyphs, utc=True)
    chart.styles.min_height = 1
    chart.show(sample.engines()[0], now_ns=sample.NOW_NS, window_s=900.0)
    return chart


def _strip(glyphs: Glyphs) -> ContentionStrip:
    strip = ContentionStrip(glyphs=glyphs)
    strip.show(sample.engines())
    return strip


KEYS = {"pause_rollout": "space", "promote_rollout": "p", "abort_rollout": "a", "undo_rollout": "b"}


def _rollout_panel(glyphs: Glyphs) -> RolloutPanel:
    panel = RolloutPanel(glyphs=glyphs)
    many = rollouts.rolling("22222222", rollouts.plan("shop/many", (1,) * 20))
    every = [rollouts.hostile(), rollouts.holding("11111111"), many, rollouts.lost("33333333")]
    panel.show(every, now_ns=sample.NOW_NS, keys=KEYS, submitted={"11111111": "promote"})
    return panel


def _rollout_tree(glyphs: Glyphs) -> RolloutTree:
    tree = RolloutTree(glyphs=glyphs, utc=True)
    tree.show(rollouts.hostile())
    return tree


def _rollout_head(glyphs: Glyphs) -> RolloutHead:
    head = RolloutHead(glyphs=glyphs, utc=True)
    head.show(rollouts.hostile(), sample.engines()[0], now_ns=sample.NOW_NS, keys=KEYS)
    return head


def _rollout_list(glyphs: Glyphs) -> RolloutList:
    every = RolloutList(glyphs=glyphs, utc=True)
    every.show([rollouts.hostile(), rollouts.committed(), rollouts.needs_person()], now_ns=sample.NOW_NS)
    return every


def _pull_bars(glyphs: Glyphs) -> PullBars:
    bars = PullBars(glyphs=glyphs)
    hostile = [LayerProgress(layer=text, done_bytes=1, total_bytes=3) for text in sample.HOSTILE]
    bars.show([*rollouts.pulling().layers, *hostile])
    return bars


def _journal(glyphs: Glyphs) -> JournalList:
    journal = JournalList(glyphs=glyphs, utc=True)
    journal.show([JournalLine(n, sample.NOW_NS, text) for n, text in enumerate(sample.HOSTILE)])
    return journal


def _question(glyphs: Glyphs) -> Question:
    lines = [(text, Severity.WARNING) for text in sample.HOSTILE]
    return Question(sample.HOSTILE[3], lines, "do it", "leave it", glyphs=glyphs)


def _plan_line(glyphs: Glyphs) -> PlanLine:
    line = PlanLine(glyphs=glyphs)
    refused = [Refusal(rule=text, text=text * 9) for text in sample.HOSTILE]
    line.show(rollouts.plan(texts=sample.HOSTILE), refused, "")
    return line


EVERY: dict[str, Callable[[Glyphs], Panel]] = {
    "heatmap": _heatmap,
    "heatmap by service": _heatmap_by_service,
    "versions": _versions,
    "contention": _contention,
    "feed": _feed,
    "startups": _startups,
    "status": _status,
    "notice": _notice,
    "details": _details,
    "knee": _knee,
    "contention chart": _chart,
    "contention strip": _strip,
    "rollout panel": _rollout_panel,
    "rollout tree": _rollout_tree,
    "rollout head": _rollout_head,
    "rollout list": _rollout_list,
    "pull bars": _pull_bars,
    "journal": _journal,
    "question": _question,
    "plan line": _plan_line,
}
"""Each widget filled with the sample, hostile texts included."""


def make(name: str, glyphs: Glyphs = UNICODE) -> Panel:
    return EVERY[name](glyphs)

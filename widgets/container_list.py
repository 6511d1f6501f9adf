"""The containers of a service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.message import Message

from patchdeck.model import Container, ContainerFacts
from themes.ramps import Glyphs
from widgets import units
from widgets.ink import Ink
from widgets.line import Spans
from widgets.rows import RowPanel

_STATE_CELLS = 22
_VERSION_CELLS = 20
_STARTED_CELLS = 19


class ContainerList(RowPanel[Container]):
    """One row a container, with its version and its state."""

    @dataclass
    class Opened(Message):
        """This container was asked for."""

        containers: ContainerList
        container_id: str

        @property
        def control(self) -> ContainerList:
            return self.containers

    def __init__(self, *, utc: bool = False, glyphs: Glyphs, joined: bool = False) -> None:
        super().__init__(title="Containers", empty="no containers", glyphs=glyphs, joined=joined)
        self._utc = utc

    def show(self, containers: Sequence[Container]) -> None:
        """Show these, in this order."""
        self.set_rows(containers)

    def row_key(self, row: Container) -> str:
        return row.facts.container_id

    def opened(self, row: Container) -> None:
        self.post_message(self.Opened(self, row.facts.container_id))

    def header(self, width: int) -> Sequence[Spans]:
        line = self.line(width).gap(1).value("container", self._name_cells(width), Ink.MUTED)
        line.gap(1).value("version", _VERSION_CELLS, Ink.MUTED).gap(1).value("state", _STATE_CELLS, Ink.MUTED)
        return (line.gap(1).value("started", _STARTED_CELLS, Ink.MUTED).spans(),)

    def draw_row(self, row: Container, width: int, *, selected: bool) -> Spans:
        over = self.cursor_ink(selected=selected)
        facts = row.facts
        words, ink = state_of(facts)
        line = self.line(width).put(self.glyphs.cursor if selected else " ", Ink.ACCENT)
        line.value(facts.name, self._name_cells(width), cut="middle").gap(1)
        line.value(row.version, _VERSION_CELLS, Ink.MUTED, cut="middle").gap(1)
        line.value(words, _STATE_CELLS, ink).gap(1)
        line.value(units.date_and_clock(facts.started_ns, utc=self._utc), _STARTED_CELLS + 1, Ink.MUTED)
        return line.spans(over)

    @staticmethod
    def _name_cells(width: int) -> int:
        return max(width - _VERSION_CELLS - _STATE_CELLS - _STARTED_CELLS - 6, 8)


def state_of(facts: ContainerFacts) -> tuple[str, str]:
    """In words, and in which ink."""
    health = facts.health.status if facts.health is not None else "none"
    if facts.status == "running" and health == "unhealthy":
        return "running, unhealthy", Ink.FAILED
    if facts.status == "running":
        return ("running" if health == "none" else f"running, {health}"), Ink.TEXT
    if facts.status in ("exited", "dead"):
        code = "" if facts.exit_code is None else f", code {facts.exit_code}"
        return f"{facts.status}{code}", Ink.FAILED if facts.exit_code else Ink.MUTED
    return facts.status, Ink.BUSY if facts.status == "restarting" else Ink.MUTED

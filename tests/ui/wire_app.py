"""A heatmap alone on a screen of 40×120, for counting what its updates cost on the wire.

Keys: `a` one more startup in the newest column, `b` the next column begins, `c` the same grid again.
"""

from __future__ import annotations

import random

from msgspec.structs import replace
from textual.app import App, ComposeResult

from patchdeck.model import HeatColumn, HeatGrid, HeatMode, Measure, Quantiles
from themes.palettes import THEMES, VARIABLE_DEFAULTS
from widgets.heatmap import Heatmap

_COLUMNS, _ROWS = 110, 35
_COLUMN_S = 10
_BEGAN_NS = 1_767_268_800_000_000_000


def column(number: int) -> HeatColumn:
    """A busy column: a blur of startups around a latency that wanders."""
    chance = random.Random(number)
    middle = 15 + 8 * ((number // 9) % 2) + chance.randrange(-2, 3)
    levels = tuple(max(0, 12 - abs(row - middle) * 2 - chance.randrange(3)) for row in range(_ROWS))
    began_ns = _BEGAN_NS + number * _COLUMN_S * 1_000_000_000
    return HeatColumn(began_ns=began_ns, levels=levels, counts=levels, in_flight=chance.randrange(9))


class Wire(App[None]):
    ENABLE_COMMAND_PALETTE = False

    def __init__(self) -> None:
        super().__init__()
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = THEMES[0].name
        self.newest = _COLUMNS - 1
        self.columns = [column(number) for number in range(_COLUMNS)]
        self.count = 0

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return VARIABLE_DEFAULTS

    def compose(self) -> ComposeResult:
        yield Heatmap(utc=True)

    def on_mount(self) -> None:
        self.show()

    def show(self) -> None:
        self.query_one(Heatmap).show(
            HeatGrid(
                mode=HeatMode.ALL,
                measure=Measure.STARTED,
                columns=tuple(self.columns),
                row_labels=("",) * _ROWS,
                edges_s=tuple(0.05 * 1.2**row for row in range(_ROWS + 1)),
                column_s=float(_COLUMN_S),
                window_s=_COLUMN_S * _COLUMNS,
                peak=12,
                peak_in_flight=9,
                quantiles=Quantiles(n=self.count),
            )
        )

    def key_a(self) -> None:
        self.count += 1
        last = self.columns[-1]
        counts = list(last.counts)
        counts[18] += 1
        levels = tuple(min(count, 12) for count in counts)
        self.columns[-1] = replace(last, counts=tuple(counts), levels=levels)
        self.show()

    def key_b(self) -> None:
        self.count += 1
        self.newest += 1
        self.columns = [*self.columns[1:], column(self.newest)]
        self.show()

    def key_c(self) -> None:
        self.show()


if __name__ == "__main__":
    Wire().run()

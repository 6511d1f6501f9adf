"""The pull of an image, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence

from patchdeck.model import LayerProgress
from themes.ramps import UNICODE, Glyphs
from widgets import units
from widgets.ink import Ink
from widgets.line import Span, Spans
from widgets.panel import Panel

_LAYER_CELLS = 12
_SIZE_CELLS = 18


class PullBars(Panel):
    """One line a layer; those that are not done yet come first where there is no room for all."""

    def __init__(
        self,
        *,
        glyphs: Glyphs = UNICODE,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(title="Pull", glyphs=glyphs, name=name, id=id, classes=classes)
        self._layers: Sequence[LayerProgress] = ()

    def show(self, layers: Sequence[LayerProgress]) -> None:
        self._layers = layers
        self.redraw()

    def note(self) -> Sequence[Span]:
        done = sum(layer.done_bytes for layer in self._layers)
        known = [layer.total_bytes for layer in self._layers]
        total = (
            units.size(sum(one for one in known if one is not None)) if known and None not in known else "?"
        )
        return ((f"{units.size(done)} of {total}", Ink.TEXT, ""),)

    def draw(self, width: int, height: int) -> Sequence[Spans]:
        if len(self._layers) <= height:
            return [self._row(layer, width) for layer in self._layers]
        under_way = [layer for layer in self._layers if not _is_done(layer)]
        shown = (under_way + [layer for layer in self._layers if _is_done(layer)])[: max(height - 1, 0)]
        more = self.line(width).put(f"and {len(self._layers) - len(shown)} more layers", Ink.MUTED)
        return [*(self._row(layer, width) for layer in shown), more.spans()]

    def _row(self, layer: LayerProgress, width: int) -> Spans:
        glyphs = self.glyphs
        line = self.line(width).value(layer.layer, _LAYER_CELLS, Ink.MUTED).gap(1)
        bar = line.room - _SIZE_CELLS - 1
        if layer.total_bytes is None:
            text = f"{units.size(layer.done_bytes)} of ?"
            line.put(glyphs.uncertain * max(bar, 0), Ink.MUTED)
        else:
            text = f"{units.size(layer.done_bytes)} of {units.size(layer.total_bytes)}"
            filled = round(max(bar, 0) * min(layer.done_bytes / max(layer.total_bytes, 1), 1.0))
            line.put(glyphs.share_old * filled, Ink.CALM if _is_done(layer) else Ink.NEW)
            line.put(glyphs.dot * (max(bar, 0) - filled), Ink.FRAME)
        return line.gap(1).value(text, _SIZE_CELLS, Ink.TEXT, align="right").spans()


def _is_done(layer: LayerProgress) -> bool:
    return layer.total_bytes is not None and layer.done_bytes >= layer.total_bytes

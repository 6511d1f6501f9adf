"""One startup as a bar of phases on an axis that all rows share."""

from __future__ import annotations

from collections.abc import Sequence

from patchdeck.model import Startup, StartupOutcome
from themes.ramps import Glyphs
from widgets.ink import PHASES, Ink
from widgets.line import Span, merged

_SCALES_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)
_COVERED = 0.95
READY = "ready"


def total_s(startup: Startup) -> float | None:
    """How long a startup took as far as it is known; None if nothing is."""
    length = sum(phase.seconds for phase in startup.phases)
    if length > 0:
        return length
    return startup.ready_s if startup.ready_s is not None else startup.latency_s


def scale_s(startups: Sequence[Startup]) -> float:
    """The length of the shared axis: round, and long enough for nearly all; the longest few run past its end.

    Were it the longest, one startup that took minutes would squash all the others.
    """
    lengths = sorted(length for startup in startups if (length := total_s(startup)) is not None)
    if not lengths:
        return _SCALES_S[3]
    covered = lengths[min(int(len(lengths) * _COVERED), len(lengths) - 1)]
    return next((scale for scale in _SCALES_S if scale >= covered), covered)


class PhaseKey:
    """Which glyph and ink a phase has. The known ones come first, so that they keep theirs; others as they turn up."""

    def __init__(self, names: Sequence[str], glyphs: Glyphs) -> None:
        self._places = {name: place for place, name in enumerate(names)}
        self._glyphs = glyphs

    def look(self, name: str) -> tuple[str, str]:
        """Glyph and ink."""
        place = self._places.setdefault(name, len(self._places))
        fillings = self._glyphs.phases
        return fillings[place % len(fillings)], PHASES[place % len(PHASES)]


def bar(startup: Startup, cells: int, axis_s: float, key: PhaseKey, glyphs: Glyphs) -> tuple[Span, ...]:
    """The phases in exactly `cells` cells, `axis_s` seconds wide.

    Boundaries are rounded, not lengths, so that phases add up on the screen too. The last stretch before ready, by
    as much as its moment is uncertain, is drawn as an error bar; what runs past the axis ends with a mark.
    """
    if cells <= 0 or axis_s <= 0:
        return ()
    drawn: list[Span] = []
    at_s, at = 0.0, 0
    longest = max(startup.phases, key=lambda phase: phase.seconds, default=None)
    if longest is not None and round(sum(phase.seconds for phase in startup.phases) / axis_s * cells) == 0:
        glyph, ink = key.look(longest.name)
        drawn.append((glyph, ink, ""))
        at = 1
    for phase in startup.phases:
        at_s += max(phase.seconds, 0.0)
        end = min(round(at_s / axis_s * cells), cells)
        if end > at:
            glyph, ink = key.look(phase.name)
            unsure = _unsure_cells(startup, end - at, cells, axis_s) if phase.name == READY else 0
            drawn.append((glyph * (end - at - unsure), ink, ""))
            drawn.append((glyphs.uncertain * unsure, ink, ""))
            at = end
    if at_s > axis_s:
        drawn = _cut_last(drawn, glyphs.beyond)
    elif startup.outcome is StartupOutcome.READY and at < cells:
        drawn.append((glyphs.ready, Ink.CALM, ""))
        at += 1
    elif startup.outcome is StartupOutcome.FAILED and at < cells:
        drawn.append((glyphs.failure, Ink.FAILED, ""))
        at += 1
    elif startup.outcome is StartupOutcome.STARTING and at < cells:
        drawn.append((glyphs.ellipsis, Ink.MUTED, ""))
        at += 1
    drawn.append((" " * (cells - at), Ink.TEXT, ""))
    return merged(drawn)


def _unsure_cells(startup: Startup, most: int, cells: int, axis_s: float) -> int:
    return min(round(startup.ready_error_s / axis_s * cells), most)


def _cut_last(drawn: list[Span], mark: str) -> list[Span]:
    text = "".join(span[0] for span in drawn[-1:])
    while drawn and not text:
        drawn.pop()
        text = "".join(span[0] for span in drawn[-1:])
    if not drawn:
        return [(mark, Ink.STRONG, "")]
    return [*drawn[:-1], (text[:-1], drawn[-1][1], ""), (mark, Ink.STRONG, "")]

"""What each column of the version table says of a service, and by what it sorts."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec
from rich.cells import cell_len

from patchdeck.model import Measure, Quantiles, Service, Version
from themes.ramps import Glyphs
from widgets import units
from widgets.cells import fit, short
from widgets.ink import Ink
from widgets.line import Span

_BAR_CELLS = 12
_SHORTEST_BAR = 4


class Column(StrEnum):
    ENGINE = "engine"
    SERVICE = "service"
    VERSIONS = "versions"
    REPLICAS = "replicas"
    P50 = "p50"
    P95 = "p95"
    LAYERS = "layers"
    STATE = "state"


class Width(msgspec.Struct, frozen=True):
    """How wide a column is, and how it shares what room is left over."""

    least: int
    most: int
    share: int = 0


WIDTHS = {
    Column.ENGINE: Width(6, 16, 1),
    Column.SERVICE: Width(14, 40, 3),
    Column.VERSIONS: Width(16, 44, 3),
    Column.REPLICAS: Width(9, 9),
    Column.P50: Width(5, 5),
    Column.P95: Width(5, 5),
    Column.LAYERS: Width(11, 11),
    Column.STATE: Width(14, 36, 3),
}
RIGHT_ALIGNED = frozenset({Column.P50, Column.P95})
_DROPPED_FIRST = (Column.LAYERS, Column.P50, Column.ENGINE, Column.REPLICAS, Column.P95)
"""With several engines the engine tells services of one name apart: at 80 columns it is still there."""
GAP_CELLS = 2


def layout(width: int, *, with_engine: bool) -> dict[Column, int]:
    """The columns that there is room for, in order, with their widths in cells."""
    columns = [column for column in Column if with_engine or column is not Column.ENGINE]
    for dropped in _DROPPED_FIRST:
        if _least(columns) <= width:
            break
        if dropped in columns:
            columns.remove(dropped)
    widths = {column: WIDTHS[column].least for column in columns}
    room = width - _least(columns)
    while room > 0:
        growing = [
            column for column in columns if WIDTHS[column].share and widths[column] < WIDTHS[column].most
        ]
        if not growing:
            break
        for column in growing:
            given = min(WIDTHS[column].share, WIDTHS[column].most - widths[column], room)
            widths[column] += given
            room -= given
    if room < 0:
        widths[Column.SERVICE] = max(widths[Column.SERVICE] + room, 1)
    return widths


def _least(columns: Sequence[Column]) -> int:
    return sum(WIDTHS[column].least for column in columns) + GAP_CELLS * (len(columns) - 1)


def quantiles(service: Service, measure: Measure) -> Quantiles:
    """Of its first starts, by what is being measured."""
    return service.ready if measure is Measure.READY else service.starts


def live_versions(service: Service) -> tuple[Version, ...]:
    """Oldest first; where none is live, the newest there was."""
    return tuple(version for version in service.versions if version.live) or service.versions[-1:]


def sort_key(column: Column, service: Service, measure: Measure) -> tuple[object, ...]:
    """Ascending; what is not known comes first, so that the other way round it comes last."""
    name = (service.name, service.engine)
    values = quantiles(service, measure)
    match column:
        case Column.ENGINE:
            return (service.engine, *name)
        case Column.SERVICE:
            return name
        case Column.VERSIONS:
            return (len(live_versions(service)), tuple(v.label for v in live_versions(service)), *name)
        case Column.REPLICAS:
            return (service.live, *name)
        case Column.P50:
            return (-1.0 if values.p50_s is None else values.p50_s, *name)
        case Column.P95:
            return (-1.0 if values.p95_s is None else values.p95_s, *name)
        case Column.LAYERS:
            return (layers(service)[1] or -1, *name)
        case Column.STATE:
            return (trouble(service), *name)


def trouble(service: Service) -> tuple[int, ...]:
    """Comparable: more and worse trouble is greater."""
    return (
        service.failed,
        service.unhealthy,
        service.restarting,
        service.starting,
        int(service.in_flight),
        int(service.live > 0),
    )


def versions(service: Service, width: int, glyphs: Glyphs) -> tuple[Span, ...]:
    """`1.4.2 ━━━━╺━━ 1.4.3`, the lengths by live replicas; one version is just its label."""
    shown = live_versions(service)
    if not shown:
        return ((fit(glyphs.missing, width), Ink.MUTED, ""),)
    if len(shown) == 1:
        return ((_fit(shown[0].label, width, glyphs), Ink.TEXT, ""),)
    old, new = shown[0], shown[-1]
    more = f" +{len(shown) - 2}" if len(shown) > 2 else ""
    old_cells, new_cells = _cells(old.label, width, glyphs), _cells(new.label, width, glyphs)
    room = width - len(more) - 2
    bar = min(max(room - old_cells - new_cells, _SHORTEST_BAR), _BAR_CELLS)
    names = room - bar
    if names < 4:
        return ((_fit(f"{old.label} {glyphs.arrow} {new.label}", width, glyphs), Ink.TEXT, ""),)
    old_width = min(old_cells, max(names - new_cells, names // 2))
    new_width = min(new_cells, names - old_width)
    new_share = new.live / max(sum(version.live for version in shown), 1)
    filled = min(max(round(bar * new_share), 2), bar - 1)
    spans = (
        (_fit(old.label, old_width, glyphs) + " ", Ink.OLD, ""),
        (glyphs.share_old * (bar - filled), Ink.OLD, ""),
        (glyphs.share_turn + glyphs.share_new * (filled - 1), Ink.NEW, ""),
        (" " + _fit(new.label, new_width, glyphs), Ink.NEW, ""),
        (more, Ink.MUTED, ""),
    )
    taken = old_width + new_width + bar + 2 + len(more)
    return (*spans, (" " * (width - taken), Ink.TEXT, ""))


def _cells(label: str, most: int, glyphs: Glyphs) -> int:
    """How many cells a label takes when it is shown, up to `most`."""
    return max(cell_len(short(label, most, ascii_only=glyphs.ascii)), 1)


def _fit(text: str, width: int, glyphs: Glyphs) -> str:
    return fit(text, width, cut="middle", ellipsis=glyphs.ellipsis, ascii_only=glyphs.ascii)


def replicas(service: Service, width: int) -> tuple[Span, ...]:
    """`24 + 8`, the old and the new; where there are more than two versions, the middle ones too."""
    shown = live_versions(service)
    if len(shown) < 2:
        return ((units.count(service.live), Ink.TEXT if service.live else Ink.MUTED, ""),)
    numbers = sum(len(units.count(version.live)) for version in shown)
    plus = " + " if numbers + 3 * (len(shown) - 1) <= width else "+"
    spans: list[Span] = []
    for index, version in enumerate(shown):
        if index:
            spans.append((plus, Ink.MUTED, ""))
        ink = Ink.NEW if index == len(shown) - 1 else Ink.OLD
        spans.append((units.count(version.live), ink, ""))
    return tuple(spans)


def layers(service: Service) -> tuple[int, int | None]:
    """Layers of the newest version that the oldest does not have, and their bytes; of a single version, all.

    The bytes are None where the size of a layer, or what the layers are, is not known.
    """
    shown = live_versions(service)
    if not shown:
        return 0, None
    newest = shown[-1]
    if len(shown) == 1:
        return len(newest.layers), newest.size_bytes
    if not (shown[0].layers and newest.layers):
        return 0, None
    shared = {layer.diff_id for layer in shown[0].layers}
    added = [layer for layer in newest.layers if layer.diff_id not in shared]
    sizes = [layer.size_bytes for layer in added if layer.size_bytes is not None]
    return len(added), sum(sizes) if len(sizes) == len(added) else None


def layers_text(service: Service) -> tuple[Span, ...]:
    """`+2  41 MB` for what the new version adds; quietly `5  41 MB` for what a single one is."""
    number, size_bytes = layers(service)
    changing = len(live_versions(service)) > 1
    if not number and size_bytes is None:
        return ((units.MISSING, Ink.MUTED, ""),)
    known = f"{'+' if changing else ''}{number}" if service.versions[-1].layers else ""
    text = known.ljust(4) + units.size(size_bytes).rjust(7)
    return ((text, Ink.TEXT if changing else Ink.MUTED, ""),)


def state(service: Service, glyphs: Glyphs, rolling: str = "") -> tuple[Span, ...]:
    """Worst first, each with its glyph; `steady` where there is nothing to say.

    `rolling` is how its open rollout stands, which says more than that two versions are in flight.
    """
    parts: list[tuple[str, str]] = []
    if service.failed:
        parts.append((f"{glyphs.failure} {units.count(service.failed)} failed", Ink.FAILED))
    if rolling:
        parts.append((rolling, Ink.NEW))
    if service.unhealthy:
        mark = "" if parts else f"{glyphs.failure} "
        parts.append((f"{mark}unhealthy {units.count(service.unhealthy)}", Ink.FAILED))
    if service.restarting:
        parts.append((f"{glyphs.warning} restarting {units.count(service.restarting)}", Ink.BUSY))
    if service.starting and not rolling:
        parts.append((f"starting {units.count(service.starting)}", Ink.NEW))
    if service.in_flight and not rolling:
        parts.append(("in flight", Ink.NEW))
    if not parts:
        return (("steady", Ink.MUTED, ""),) if service.live else (("none live", Ink.MUTED, ""),)
    return tuple(
        (text + (", " if index < len(parts) - 1 else ""), ink, "") for index, (text, ink) in enumerate(parts)
    )

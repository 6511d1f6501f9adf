"""The heatmap."""

from __future__ import annotations

from enum import StrEnum

from patchdeck.model.facts import Value
from patchdeck.model.startups import Quantiles


class HeatMode(StrEnum):
    """What the rows of a heatmap are."""

    ALL = "all"
    """Latency, on a log scale; a cell is darker the more startups fall into it."""
    SERVICE = "service"
    """One service a row; a cell is darker the longer its median startup took."""
    PHASE = "phase"
    """One phase a row; a cell is darker the longer its median took."""


class Measure(StrEnum):
    """What is measured of a startup."""

    STARTED = "started"
    """Began to started: `latency_s`."""
    READY = "ready"
    """Began to ready: `ready_s`."""


HEAT_LEVELS = 12
"""Shades of a heatmap cell above empty."""


class HeatColumn(Value, frozen=True, kw_only=True):
    """One stretch of time. `levels`, `counts` and `median_s` have one entry a row, bottom row first."""

    began_ns: int
    levels: tuple[int, ...]
    """0 is empty, 1…HEAT_LEVELS are shades."""
    counts: tuple[int, ...]
    median_s: tuple[float | None, ...] = ()
    """Only in the modes SERVICE and PHASE."""
    failed: int = 0
    """Failed or never ready."""
    starting: int = 0
    """Still starting."""
    in_flight: int = 0
    """Most starts in flight at once during it."""
    gap: bool = False
    """Observations may be missing."""


class HeatGrid(Value, frozen=True, kw_only=True):
    """Startups by time and row. Columns are aligned to multiples of `column_s`, so that they do not shimmer."""

    mode: HeatMode
    measure: Measure
    columns: tuple[HeatColumn, ...]
    """Oldest first, all of one width; the newest is the one that is still filling."""
    row_labels: tuple[str, ...]
    """Bottom row first; empty where a row has no label of its own."""
    edges_s: tuple[float, ...]
    """Mode ALL: the bounds of the rows, ascending, one more than there are rows; the outer rows are open."""
    column_s: float
    window_s: float
    peak: int
    """The largest count in a cell."""
    peak_in_flight: int
    quantiles: Quantiles
    """Over the whole window."""

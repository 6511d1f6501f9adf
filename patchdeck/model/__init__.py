"""The frozen value types that every part of Patchdeck shares.

Two families live here. *Observations* are the timestamped facts that sources emit; they are the only thing that
changes the state. *Views* are what a `Snapshot` of that state is made of; the screen and the headless commands draw
them and nothing else.

Times are integers in nanoseconds since the epoch, UTC (`_ns`); those of an engine are by that engine host's clock.
Durations are floats in seconds (`_s`), sizes are integers in bytes (`_bytes`). Text that came from an engine is kept
exactly as it came; whoever draws it makes it harmless (`widgets.cells`).
"""

from __future__ import annotations

from patchdeck.model.contention import (
    Attribution,
    BusyIndicator,
    GrownPhase,
    Indicator,
    Knee,
    KneePoint,
    Sample,
    ServiceReading,
)
from patchdeck.model.facts import (
    ContainerFacts,
    Health,
    Healthcheck,
    ImageFacts,
    Layer,
    Limits,
    Mount,
    Probe,
    Value,
)
from patchdeck.model.heat import (
    HEAT_LEVELS,
    HeatColumn,
    HeatGrid,
    HeatMode,
    Measure,
)
from patchdeck.model.observations import (
    AnyObservation,
    ContainerEvent,
    ContainerInspected,
    ContainersListed,
    ContainerVanished,
    EngineAnswered,
    EngineDescribed,
    GapSeen,
    HostSampled,
    ImageEvent,
    ImageInspected,
    IndicatorRead,
    Observation,
    SourceChanged,
    Ticked,
)
from patchdeck.model.services import (
    Service,
    Version,
)
from patchdeck.model.snapshot import (
    Container,
    Engine,
    FeedEntry,
    Gap,
    Snapshot,
)
from patchdeck.model.startups import (
    NEVER,
    Phase,
    Quantiles,
    Startup,
)
from patchdeck.model.words import (
    Evidence,
    Grouping,
    Level,
    Role,
    Severity,
    SourceState,
    StartupKind,
    StartupOutcome,
)

__all__ = [
    "HEAT_LEVELS",
    "NEVER",
    "AnyObservation",
    "Attribution",
    "BusyIndicator",
    "Container",
    "ContainerEvent",
    "ContainerFacts",
    "ContainerInspected",
    "ContainerVanished",
    "ContainersListed",
    "Engine",
    "EngineAnswered",
    "EngineDescribed",
    "Evidence",
    "FeedEntry",
    "Gap",
    "GapSeen",
    "Grouping",
    "GrownPhase",
    "Health",
    "Healthcheck",
    "HeatColumn",
    "HeatGrid",
    "HeatMode",
    "HostSampled",
    "ImageEvent",
    "ImageFacts",
    "ImageInspected",
    "Indicator",
    "IndicatorRead",
    "Knee",
    "KneePoint",
    "Layer",
    "Level",
    "Limits",
    "Measure",
    "Mount",
    "Observation",
    "Phase",
    "Probe",
    "Quantiles",
    "Role",
    "Sample",
    "Service",
    "ServiceReading",
    "Severity",
    "Snapshot",
    "SourceChanged",
    "SourceState",
    "Startup",
    "StartupKind",
    "StartupOutcome",
    "Ticked",
    "Value",
    "Version",
]

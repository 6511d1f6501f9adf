"""What the indicators are made of, and who may tell of each part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple


class Made(NamedTuple):
    """An indicator: value and history of its first part that is known, and the highest level of all parts."""

    name: str
    parts: tuple[str, ...]
    unit: str
    absent: str
    """Why nothing is known of it, where no source has said so itself."""


PSI, STAT, PING, EVENTS = "/proc/pressure", "/proc/stat", "/_ping", "events"
SOURCES: Final = (PSI, PING, EVENTS, "prometheus", "stats", STAT)
"""The best first, among those that tell the same kind of thing."""

_NO_PRESSURE = "the engine is not on this host, or not known to be"

BEFORE_PULLS: Final = (
    Made("cpu", ("cpu",), "share", _NO_PRESSURE),
    Made("memory", ("memory", "limits", "oom"), "share", _NO_PRESSURE),
    Made("io", ("io",), "share", _NO_PRESSURE),
    Made("network", ("network", "drops"), "share", "only Prometheus tells it"),
    Made("throttling", ("throttling",), "share", "no container with a processor limit was sampled yet"),
    Made("engine", ("engine", "allocation", "events"), "s", "the engine has not answered yet"),
)
"""Always there, in the order of the panel; after them come pulls and starts, and then users' own."""

RECEIVED: Final = "received"
"""What the host's wires bring in, told along with pulls."""


def rank(source: str) -> int:
    """The lower, the better."""
    return SOURCES.index(source) if source in SOURCES else len(SOURCES)


def listed(texts: Sequence[str]) -> str:
    """Those that say something, in one line."""
    return "; ".join(text for text in texts if text)

"""A document reduced to what is the same on every engine: which keys it has, and of which types."""

from __future__ import annotations

import json
from typing import Any, Final

MAPS: Final = frozenset(
    ("Actor.Attributes", "Containers", "Data", "Driver", "DriverStatus", "ExposedPorts", "IndexConfigs", "Labels",
     "Networks", "Options", "PortBindings", "Ports", "Runtimes", "Volumes", "networks")
)  # fmt: skip
"""Keys whose values are keyed by names, of which any one stands for all."""
OPAQUE: Final = frozenset(
    ("Config.Env", "Container", "Data", "DriverStatus", "Labels", "MaskedPaths", "Options", "Parent", "Plugins",
     "ReadonlyPaths", "RepoTags", "Runtimes", "SecurityOptions", "Warnings", "blkio_stats", "percpu_usage", "stats")
)  # fmt: skip
"""What the kernel, the storage driver or the image decide, and not the engine: only that it is there."""


def shape(document: Any, key: str = "") -> Any:
    """Types by name in place of values; of a list one shape for each kind of entry."""
    if key in OPAQUE:
        return "…"
    if isinstance(document, dict):
        if key in MAPS:
            return {"*": shape(next(iter(document.values())))} if document else {}
        return {name: shape(value, name) for name, value in sorted(document.items())}
    if isinstance(document, list):
        found: list[Any] = []
        for entry in document:
            if (one := shape(entry)) not in found:
                found.append(one)
        # Lists of mounts and networks come in any order.
        return sorted(found, key=json.dumps)
    return "null" if document is None else type(document).__name__

"""Services and their versions."""

from __future__ import annotations

from patchdeck.model.facts import Layer, Value
from patchdeck.model.startups import Quantiles
from patchdeck.model.words import Grouping


class Version(Value, frozen=True, kw_only=True):
    """One image of a service."""

    image_id: str
    name: str
    """OCI version label, else tag, else short ID."""
    label: str
    """The name, and the short image ID too where another version of the service has the same name."""
    images: tuple[str, ...] = ()
    """The strings its containers were created from."""
    created_ns: int | None = None
    since_ns: int | None = None
    """When the earliest of its containers that still exist was created."""
    live: int = 0
    running: int = 0
    starting: int = 0
    restarting: int = 0
    unhealthy: int = 0
    starts: Quantiles = Quantiles()
    """Latency of first starts in the window."""
    ready: Quantiles = Quantiles()
    """Time to ready of first starts in the window."""
    restarts: Quantiles = Quantiles()
    failed: int = 0
    """Startups that failed in the window."""
    size_bytes: int | None = None
    layers: tuple[Layer, ...] = ()


class Service(Value, frozen=True, kw_only=True):
    """Containers that are replicas of one thing."""

    engine: str
    name: str
    grouping: Grouping
    versions: tuple[Version, ...]
    """Oldest first, those with live containers only, unless there is none."""
    live: int
    running: int
    starting: int
    restarting: int
    unhealthy: int
    failed: int
    starts: Quantiles
    ready: Quantiles
    restarts: Quantiles
    last_start_ns: int | None = None
    container_ids: tuple[str, ...] = ()
    one_offs: int = 0

    @property
    def in_flight(self) -> bool:
        """More than one version among its live containers."""
        return sum(1 for version in self.versions if version.live) > 1

    @property
    def key(self) -> str:
        return f"{self.engine}/{self.name}"

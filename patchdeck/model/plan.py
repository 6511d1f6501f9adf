"""Plans: what a rollout will do, container by container, before it does it.

A plan is data. It is stable for the same input, holds no secret, and carries the ID and the StartedAt of every
container that it is about, so that running it can tell whether the world has moved.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from patchdeck.model.facts import Value


class Order(StrEnum):
    """Which of the two runs first."""

    START_FIRST = "start-first"
    STOP_FIRST = "stop-first"


class Amount(Value, frozen=True, kw_only=True):
    """So many, or such a share, of a service's replicas: `3` or `25%`. Exactly one of the two is set."""

    count: int | None = None
    share: float | None = None
    """0…1"""

    def of(self, whole: int) -> int:
        """At least one, at most all."""
        wanted = self.count if self.count is not None else round((self.share or 0.0) * whole)
        return max(1, min(whole, wanted))

    def __str__(self) -> str:
        return str(self.count) if self.count is not None else f"{(self.share or 0.0) * 100:g}%"


class Strategy(Value, frozen=True, kw_only=True):
    """How a rollout goes about it. None is auto: found out by the plan or while it runs."""

    canary: Amount | None = None
    """Auto: one, or 5 % of a large service."""
    batch: Amount | None = None
    """Auto: batches grow as long as gates pass."""
    order: Order | None = None
    """Auto: start-first where a container allows it."""
    max_unavailable: Amount | None = None
    """Auto: none where every unit goes start-first, else one."""
    pace: int | None = None
    """Starts at once. Auto: found by the controller."""
    bake_s: float = 10.0
    """After a step, how long its gates must stay passed."""
    deadline_s: float = 300.0
    """For one container to be ready."""
    hold_timeout_s: float = 0.0
    """How long a gate that holds may wait for a person; 0 is for ever (a pipeline passes its own)."""
    gates: Mapping[str, str] = {}
    """Name to value, as given; see docs/rollouts.md."""
    pause_after: tuple[str, ...] = ()
    """canary, batch"""
    keep_image: bool = True
    """Commit leaves the old image on the engine."""


class ImageChoice(Value, frozen=True, kw_only=True):
    """One side of a rollout."""

    image: str
    """The reference as asked for, or as the containers were created from."""
    image_id: str = ""
    """Empty as long as it is not on the engine and the registry has told the digest only."""
    digest: str = ""
    """repository@sha256:…, where a registry knows it."""
    version: str = ""
    size_bytes: int | None = None


class Dependent(Value, frozen=True, kw_only=True):
    """A container of another service that goes along with a unit, because it cannot outlive it."""

    container: str
    container_id: str
    started_at: str
    service: str
    why: str
    """"shares the network of web-1", …"""
    recreate: bool = True
    """False: it is restarted only (Compose `depends_on` with `restart: true`)."""


class PlannedUnit(Value, frozen=True, kw_only=True):
    """One replica that is to be replaced."""

    index: int
    """From 0, in the order in which they go."""
    step: int
    container: str
    container_id: str
    started_at: str
    """State.StartedAt as the engine wrote it, for the check that it is still the same run."""
    order: Order
    reasons: tuple[str, ...] = ()
    """Why not start-first, and what else is particular about it."""
    dependents: tuple[Dependent, ...] = ()
    auto_remove: bool = False
    port_range: bool = False
    """It takes a host port out of a range, which containers that start at once would race for."""


class PlannedStep(Value, frozen=True, kw_only=True):
    index: int
    name: str
    """canary, batch 1, batch 2, …"""
    units: tuple[int, ...]

    @property
    def kind(self) -> str:
        """canary or batch, as in `Strategy.pause_after`."""
        return "canary" if self.name == "canary" else "batch"


class PlannedGate(Value, frozen=True, kw_only=True):
    name: str
    """health, ratio, contention, or that of a probe, an expression or a command from the config."""
    rule: str
    """In words: "p50 of startups at most 1.25 × the old version's, at equal starts in flight"."""
    source: str
    """Where its data come from, and whether that can be had now."""


class Refusal(Value, frozen=True, kw_only=True):
    rule: str
    """A short fixed word that a pipeline can compare: same-image, no-old-image, platform, …"""
    text: str
    """One sentence: what is wrong and what to do."""


class ConfigChange(Value, frozen=True, kw_only=True):
    """Something of a container's configuration that changes because the image does."""

    what: str
    """environment, command, entrypoint, label, healthcheck, user, port, volume, working directory, stop signal"""
    name: str = ""
    """The variable, label, port or volume. Values of environment variables are never told."""
    old: str = ""
    new: str = ""


class LayerPlan(Value, frozen=True, kw_only=True):
    shared: int | None = None
    """Of the new image's layers, those that the old one has too, from the base on. None: not known."""
    new: int | None = None
    """The rest of them. None: not known."""
    new_bytes: int | None = None
    """To be pulled, compressed where only the registry knows them; None: not known."""
    growth_bytes: int | None = None
    """The new image's size less the old one's."""


class Plan(Value, frozen=True, kw_only=True, rename={"origin": "from"}):
    """Everything that is decided before anything is done."""

    id: str | None = None
    """None until it is run."""
    service: str
    engine: str
    engine_id: str = ""
    host: str = ""
    """The engine's address, as the worker needs it."""
    origin: ImageChoice
    """`from` in JSON."""
    to: ImageChoice
    strategy: Strategy = Strategy()
    steps: tuple[PlannedStep, ...] = ()
    units: tuple[PlannedUnit, ...] = ()
    gates: tuple[PlannedGate, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    changes: tuple[ConfigChange, ...] = ()
    unclear: tuple[str, ...] = ()
    """Values that equal the old image's defaults and may or may not be the user's own."""
    layers: LayerPlan = LayerPlan()
    has_healthcheck: bool | None = None
    """Every new replica will have one: the service's own, or the new image's. None: not known before it is pulled."""
    predicted_s: float | None = None
    predicted_from: str = ""
    """What the prediction rests on, in words."""
    max_unavailable: int = 0
    """Replicas that may be missing at once: the strategy's, or what auto came to."""
    worst_capacity: int = 0
    """Ready replicas at the worst moment."""
    notes: tuple[str, ...] = ()
    """What a person should know besides, a sentence each: what could not be found out, what is left alone."""

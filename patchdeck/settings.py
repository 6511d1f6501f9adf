"""Typed settings with their defaults. `patchdeck.config` reads them from TOML; tests make them directly.

Durations are in seconds, shares in 0…1. In the file both are written with a unit ("15m", "20%") and the keys of
durations have no `_s`; see docs/config.example.toml. The bounds of a type hold for the file; who makes settings
directly is trusted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

SWARM_SERVICE = "com.docker.swarm.service.name"
COMPOSE_SERVICE = "com.docker.compose.project+com.docker.compose.service"

ORDERS = ("auto", "start-first", "stop-first")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
THEMES = ("dark", "light", "colour-blind", "ansi")

DURATION, SHARE = "duration", "share"
"""How a number is written in the file: `Meta(extra={"written": …})`. `words` there are names for values."""

Duration = Annotated[float, Meta(gt=0, le=7 * 86_400, extra={"written": DURATION})]
Share = Annotated[float, Meta(gt=0, le=1, extra={"written": SHARE})]


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all sections: an unknown key is an error."""


class EngineSettings(Section, frozen=True, kw_only=True):
    """One engine to watch. Without any, Docker's own rules choose one."""

    name: str = ""
    """Shown on screen; the host name of the engine's address if empty."""
    host: str = ""
    """unix://…, tcp://…, ssh://… or the name of a Docker context."""


class ServiceSettings(Section, frozen=True, kw_only=True):
    group_by: tuple[str, ...] = ("patchdeck.service", SWARM_SERVICE, COMPOSE_SERVICE)
    """Labels that make containers one service; the first that a container has decides. `a+b` joins two by a slash."""


class StartupSettings(Section, frozen=True, kw_only=True):
    keep_s: Duration = 6 * 3600.0
    """Startups, gaps and pressure samples older than this are forgotten."""
    late_s: Duration = 10.0
    """Observations may arrive this much later than younger ones and still count."""
    idle_s: Duration = 30.0
    """A container that is created and not started for this long was not asked to start: its start, if any comes,
    has a beginning of its own that is not known."""
    restart_s: Duration = 70.0
    """A start this long after a die is a restart by policy (whose back-off ends at 60 s), not a start by hand."""
    settle_s: Duration = 2.0
    """Without a healthcheck: an exit other than 0 within this time of started is a failed start."""
    ready_deadline_s: Duration = 300.0
    """With a healthcheck: not ready after this long counts as never ready."""
    keep_startups: Annotated[int, Meta(ge=100, le=1_000_000)] = 20_000
    """Most startups kept, whatever the window."""


class PressureLevels(Section, frozen=True, kw_only=True):
    """From which values on something is busy and saturated. Starting points; `patchdeck contention calibrate`
    proposes a host's own.
    """

    cpu_busy: Share = 0.20
    cpu_saturated: Share = 0.50
    memory_busy: Share = 0.01
    memory_saturated: Share = 0.10
    io_busy: Share = 0.05
    io_saturated: Share = 0.20
    limits_busy: Share = 0.95
    """Of its memory limit that a service needs; memory of its own pressure tells what is saturated."""
    network_busy: Share = 0.02
    """Of segments sent again, or of packets dropped."""
    network_saturated: Share = 0.10
    throttling_busy: Share = 0.10
    """Of the periods in which a processor limit was enforced."""
    throttling_saturated: Share = 0.25
    engine_busy_s: Duration = 0.100
    engine_saturated_s: Duration = 1.0
    allocation_busy_s: Duration = 0.250
    """To set up a container's network."""
    allocation_saturated_s: Duration = 2.0
    events_busy_s: Duration = 1.0
    """From an event's own time until it is read."""
    events_saturated_s: Duration = 10.0


class WatchSettings(Section, frozen=True, kw_only=True):
    snapshots_per_s: Annotated[float, Meta(gt=0, le=30)] = 4.0
    sample_s: Annotated[float, Meta(ge=0.2, le=60, extra={"written": DURATION})] = 2.0
    """Between two samples of pressure and of the engine's response time."""
    inspects_at_once: Annotated[int, Meta(ge=1, le=64)] = 8
    stats_per_sample: Annotated[int, Meta(ge=0, le=100)] = 6
    """Containers whose use is asked for in the time of one sample; 0: none."""
    feed_lines: Annotated[int, Meta(ge=10, le=100_000)] = 500


class ScreenSettings(Section, frozen=True, kw_only=True):
    theme: Annotated[str, Meta(extra={"words": {"auto": ""} | {name: name for name in THEMES}})] = ""
    """One of THEMES; empty, in the file "auto": by the terminal."""
    ascii: Annotated[bool | None, Meta(extra={"words": {"auto": None}})] = None
    """None, in the file "auto": by the locale."""
    window_s: Duration = 900.0
    utc: bool = False
    """Times on screen are local unless this is set."""
    bell: bool = True
    """Ring the terminal's bell when a rollout waits for a person, goes back or ends."""
    keys: Mapping[str, str] = {}
    """Action id to keys, as in `roll_out = "R,ctrl+r"`."""


AutoDuration = Annotated[float, Meta(ge=0, le=300, extra={"written": DURATION, "words": {"auto": 0.0}})]
"""Zero, in the file "auto": found out while it runs."""


class PrometheusSettings(Section, frozen=True, kw_only=True):
    """Without a URL there is no Prometheus."""

    url: str = ""
    user: str = ""
    """Basic authentication; the password is in a file or comes from a command."""
    password_file: str = ""
    password_command: str = ""
    token_file: str = ""
    """A bearer token, read again when it is refused."""
    token_command: str = ""
    ca_file: str = ""
    """PEM; without it the system's are trusted."""
    certificate_file: str = ""
    key_file: str = ""
    verify: bool = True
    """False trusts whoever answers; that is then on screen."""
    timeout_s: Annotated[float, Meta(ge=0.1, le=30, extra={"written": DURATION})] = 3.0
    refresh_s: AutoDuration = 0.0
    """Between two readings; "auto" is the scrape interval, within 2 and 15 s."""
    scrape_s: AutoDuration = 0.0
    """The scrape interval; "auto" is by the spacing of samples."""
    instances: Mapping[str, str] = {}
    """An engine's name to the instances that speak of it and its host, separated by commas."""
    expressions: Mapping[str, str] = {}
    """An indicator's name to the PromQL that takes the place of the built-in one."""


class IndicatorSettings(Section, frozen=True, kw_only=True):
    """An indicator of the user's own."""

    name: str = ""
    promql: str = ""
    """`$engines` stands for matchers of the instances, `$window` for a duration; it aggregates by (instance), or by
    (instance, service)."""
    unit: str = ""
    busy: float = 0.0
    saturated: float = 0.0
    per: Annotated[str, Meta(extra={"words": {"engine": "engine", "service": "service"}})] = "engine"


class RecordingSettings(Section, frozen=True, kw_only=True):
    secret_names: tuple[str, ...] = (
        "*password*",
        "*passwd*",
        "*passphrase*",
        "*secret*",
        "*token*",
        "*key*",
        "*credential*",
        "*authorization*",
        "*cookie*",
    )
    """Shell patterns, whatever the case: what is named like this in labels and texts is not recorded."""


class RolloutSettings(Section, frozen=True, kw_only=True):
    """The strategy of a rollout unless it is asked for another; the flags of `patchdeck rollout` go over it."""

    canary: str = "auto"
    """auto, a number of replicas or a share of them, as in 3 or 25%; the same below."""
    batch: str = "auto"
    order: Annotated[str, Meta(extra={"words": {word: word for word in ORDERS}})] = "auto"
    max_unavailable: str = "auto"
    pace: str = "auto"
    """auto, or starts at once."""
    bake_s: Annotated[float, Meta(ge=0, le=7 * 86_400, extra={"written": DURATION})] = 10.0
    deadline_s: Duration = 300.0
    hold_timeout_s: Annotated[
        float, Meta(ge=0, le=7 * 86_400, extra={"written": DURATION, "words": {"never": 0.0}})
    ] = 0.0
    """Zero, in the file "never": a gate that holds waits for a person for ever."""
    pause_after: tuple[str, ...] = ()
    """canary, batch"""
    keep_image: bool = True
    gates: Mapping[str, str] = {}


class GateSettings(Section, frozen=True, kw_only=True):
    """A gate of the user's own: exactly one of promql, http, tcp and command."""

    name: str = ""
    services: tuple[str, ...] = ("*",)
    """Shell patterns of the services that it is for."""
    promql: str = ""
    """Of $service, $engine and $containers, a regular expression of the new replicas' names."""
    compare: str = ""
    """What every series of the answer has to be, as in "< 0.01"."""
    http: str = ""
    """A URL; with {name}, {address} or {port:80} in it, one for each new replica."""
    tcp: str = ""
    """host:port, with the same placeholders."""
    command: tuple[str, ...] = ()
    """A program and its arguments; exit status 0 passes, 1 fails, all others hold."""
    timeout_s: Annotated[float, Meta(ge=0.1, le=600, extra={"written": DURATION})] = 5.0


class WindowSettings(Section, frozen=True, kw_only=True):
    """When rollouts may begin."""

    days: tuple[Annotated[str, Meta(extra={"words": {day: day for day in DAYS}})], ...] = ()
    """Of the week, on which it opens."""
    dates: tuple[str, ...] = ()
    """And dates, as in 2026-11-28."""
    except_dates: tuple[str, ...] = ()
    """On which it does not."""
    begins: str = "00:00"
    ends: str = "00:00"
    """At or before `begins`: on the day after."""
    zone: str = "UTC"
    """As in Europe/Berlin."""
    engines: tuple[str, ...] = ("*",)
    """Shell patterns of the engines that it is for."""


class FreezeSettings(Section, frozen=True, kw_only=True):
    """Days on which nothing is changed, whatever the windows say."""

    name: str = ""
    first_day: str = ""
    last_day: str = ""
    zone: str = "UTC"
    engines: tuple[str, ...] = ("*",)


_WHERE = {"never": "never", "production": "production", "always": "always"}


class PolicySettings(Section, frozen=True, kw_only=True):
    """What has to be true of a rollout before it may run."""

    production: tuple[str, ...] = ()
    """Shell patterns of the engines that are production."""
    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    """Who may roll out; without either, everyone who can."""
    images: tuple[str, ...] = ("*",)
    """Shell patterns of the names, registry included, that may be rolled out."""
    forbidden_tags: tuple[str, ...] = ()
    digest_required: bool = False
    healthcheck_required: bool = False
    most_growth: Annotated[float, Meta(ge=0, extra={"written": SHARE, "words": {"any": math.inf}})] = math.inf
    """Of the old image's size; infinite, in the file "any": as much as it likes."""
    required_gates: tuple[str, ...] = ()
    reason_required: Annotated[str, Meta(extra={"words": _WHERE})] = "never"
    type_name: Annotated[str, Meta(extra={"words": _WHERE})] = "production"
    """Where the confirmation asks for the service's name to be typed."""


class ArmingSettings(Section, frozen=True, kw_only=True):
    """What it takes to act from this console."""

    read_only: bool = False
    """There are no keys that act at all."""
    lasts_s: Duration = 900.0
    """After this long the console disarms itself."""
    reason_required: bool = True


class Settings(Section, frozen=True, kw_only=True):
    engines: tuple[EngineSettings, ...] = ()
    services: ServiceSettings = ServiceSettings()
    startups: StartupSettings = StartupSettings()
    pressure: PressureLevels = PressureLevels()
    prometheus: PrometheusSettings = PrometheusSettings()
    indicators: tuple[IndicatorSettings, ...] = ()
    watch: WatchSettings = WatchSettings()
    recording: RecordingSettings = RecordingSettings()
    rollout: RolloutSettings = RolloutSettings()
    gates: tuple[GateSettings, ...] = ()
    policy: PolicySettings = PolicySettings()
    windows: tuple[WindowSettings, ...] = ()
    freezes: tuple[FreezeSettings, ...] = ()
    arming: ArmingSettings = ArmingSettings()
    screen: ScreenSettings = ScreenSettings()

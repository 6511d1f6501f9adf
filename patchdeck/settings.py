"""Typed settings with their defaults. `patchdeck.config` reads them from TOML; tests make them directly.

Durations are in seconds. In the file they are written with a unit ("15m"); see docs/config.example.toml.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

SWARM_SERVICE = "com.docker.swarm.service.name"
COMPOSE_SERVICE = "com.docker.compose.project+com.docker.compose.service"


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all sections: an unknown key is an error."""


class EngineSettings(Section):
    """One engine to watch. Without any, Docker's own rules choose one."""

    name: str = ""
    """Shown on screen; the host name of the engine's address if empty."""
    host: str = ""
    """unix://…, tcp://…, ssh://… or the name of a Docker context."""


class ServiceSettings(Section):
    group_by: tuple[str, ...] = ("patchdeck.service", SWARM_SERVICE, COMPOSE_SERVICE)
    """Labels that make containers one service; the first that a container has decides. `a+b` joins two by a slash."""


class StartupSettings(Section):
    keep_s: float = 6 * 3600.0
    """Startups, gaps and pressure samples older than this are forgotten."""
    late_s: float = 10.0
    """Observations may arrive this much later than younger ones and still count."""
    idle_s: float = 30.0
    """A container that is created and not started for this long was not asked to start: its start, if any comes,
    has a beginning of its own that is not known."""
    restart_s: float = 70.0
    """A start this long after a die is a restart by policy (whose back-off ends at 60 s), not a start by hand."""
    settle_s: float = 2.0
    """Without a healthcheck: an exit other than 0 within this time of started is a failed start."""
    ready_deadline_s: float = 300.0
    """With a healthcheck: not ready after this long counts as never ready."""
    keep_startups: int = 20_000
    """Most startups kept, whatever the window."""


class PressureLevels(Section):
    """Shares (0…1) of time from which something is busy and saturated. Starting points; calibrate per host."""

    cpu_busy: float = 0.20
    cpu_saturated: float = 0.50
    memory_busy: float = 0.01
    memory_saturated: float = 0.10
    io_busy: float = 0.05
    io_saturated: float = 0.20
    engine_busy_s: float = 0.100
    engine_saturated_s: float = 1.0


class WatchSettings(Section):
    snapshots_per_s: float = 4.0
    sample_s: float = 2.0
    """Between two samples of pressure and of the engine's response time."""
    inspects_at_once: int = 8
    feed_lines: int = 500


class ScreenSettings(Section):
    theme: str = ""
    """dark, light, colour-blind, ansi; empty: by the terminal."""
    ascii: bool | None = None
    """None: by the locale."""
    window_s: float = 900.0
    utc: bool = False
    """Times on screen are local unless this is set."""
    keys: Mapping[str, str] = {}
    """Action id to keys, as in `roll_out = "R,ctrl+r"`."""


class Settings(Section):
    engines: tuple[EngineSettings, ...] = ()
    services: ServiceSettings = ServiceSettings()
    startups: StartupSettings = StartupSettings()
    pressure: PressureLevels = PressureLevels()
    watch: WatchSettings = WatchSettings()
    screen: ScreenSettings = ScreenSettings()

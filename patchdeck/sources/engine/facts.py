"""An engine's inspect of a container, to `ContainerFacts`.

What may hold a secret does not get past this file: of environment variables the names are kept, of commands and health
checks the program.
"""

from __future__ import annotations

import re
import shlex

import msgspec

from patchdeck.model import ContainerFacts, Health, Healthcheck, Limits, Mount, Probe
from patchdeck.sources.engine import wire
from patchdeck.sources.engine.times import parse_ns

OUTPUT_KEPT_CHARACTERS = 4_096
_DEFAULT_CPU_PERIOD_US = 100_000
_PLAIN_PROGRAM = re.compile(r"[\w./+@-]{1,200}")


def container_facts(body: bytes) -> ContainerFacts:
    """Decode GET /containers/{id}/json.

    Raises: ValueError (msgspec.ValidationError among them) for an answer that is not one.
    """
    seen = _DECODER.decode(body)
    state, config, host = seen.State, seen.Config, seen.HostConfig
    started_ns, finished_ns = parse_ns(state.StartedAt), parse_ns(state.FinishedAt)
    ended = not state.Running and (finished_ns is not None or state.ExitCode != 0 or bool(state.Error))
    networks = (seen.NetworkSettings.Networks or {}) if seen.NetworkSettings else {}
    return ContainerFacts(
        container_id=seen.Id,
        name=seen.Name.removeprefix("/"),
        image=config.Image,
        image_id=seen.Image,
        created_ns=parse_ns(seen.Created) or 0,
        status=state.Status,
        labels=config.Labels or {},
        started_ns=started_ns,
        finished_ns=finished_ns,
        exit_code=state.ExitCode if ended else None,
        error=state.Error,
        oom_killed=state.OOMKilled,
        restart_count=seen.RestartCount,
        restart_policy=host.RestartPolicy.Name or "no",
        auto_remove=host.AutoRemove,
        health=_health(state.Health),
        healthcheck=_healthcheck(config.Healthcheck),
        limits=_limits(host),
        networks=tuple(networks),
        network_mode=host.NetworkMode,
        mounts=tuple(
            Mount(
                type=mount.Type,
                source=mount.Name or mount.Source,
                destination=mount.Destination,
                read_write=mount.RW,
            )
            for mount in seen.Mounts or ()
        ),
        ports=_ports(
            (seen.NetworkSettings.Ports if seen.NetworkSettings else None) or host.PortBindings or {}
        ),
        environment_names=tuple(entry.partition("=")[0] for entry in config.Env or ()),
        program=seen.Path,
        argument_count=len(seen.Args or ()),
        user=config.User,
        host_name=config.Hostname,
        log_driver=host.LogConfig.Type if host.LogConfig else "",
        platform=seen.Platform,
    )


_DECODER = msgspec.json.Decoder(wire.Container)


def _health(seen: wire.Health | None) -> Health | None:
    if seen is None or seen.Status in ("", "none"):
        return None
    return Health(
        status=seen.Status,
        failing_streak=seen.FailingStreak,
        probes=tuple(
            Probe(
                began_ns=parse_ns(probe.Start) or 0,
                ended_ns=parse_ns(probe.End) or 0,
                exit_code=probe.ExitCode,
                output=probe.Output[:OUTPUT_KEPT_CHARACTERS],
            )
            for probe in seen.Log or ()
        ),
    )


def _healthcheck(seen: wire.Healthcheck | None) -> Healthcheck | None:
    """With the engine's own defaults in place of its zeros; None where there is no check."""
    if seen is None or not seen.Test or seen.Test[0] == "NONE":
        return None
    defaults = Healthcheck()
    return Healthcheck(
        test=_kind_and_program(seen.Test),
        interval_s=seen.Interval / 1e9 or defaults.interval_s,
        timeout_s=seen.Timeout / 1e9 or defaults.timeout_s,
        start_period_s=seen.StartPeriod / 1e9,
        start_interval_s=seen.StartInterval / 1e9 or defaults.start_interval_s,
        retries=seen.Retries or defaults.retries,
    )


def _kind_and_program(test: list[str]) -> str:
    """`CMD-SHELL curl` of a check; the kind alone where the program can not be told from its arguments."""
    kind, *words = test
    if kind == "CMD-SHELL" and words:
        try:
            words = [word for word in shlex.split(words[0]) if "=" not in word]
        except ValueError:  # an open quote
            words = []
    program = words[0] if words and _PLAIN_PROGRAM.fullmatch(words[0]) else ""
    return f"{kind} {program}".rstrip()


def _limits(host: wire.HostConfig) -> Limits:
    cpus = host.NanoCpus / 1e9 if host.NanoCpus > 0 else None
    if cpus is None and host.CpuQuota > 0:
        cpus = host.CpuQuota / (host.CpuPeriod or _DEFAULT_CPU_PERIOD_US)
    return Limits(
        cpus=cpus,
        cpu_shares=host.CpuShares or None,
        memory_bytes=host.Memory or None,
        memory_reservation_bytes=host.MemoryReservation or None,
        pids=host.PidsLimit if host.PidsLimit and host.PidsLimit > 0 else None,
    )


def _ports(bindings: dict[str, list[wire.PortBinding] | None]) -> tuple[str, ...]:
    """As `docker ps` writes them: `0.0.0.0:8080->80/tcp`, and `80/tcp` for one that is exposed only."""
    return tuple(
        f"{bound.HostIp}:{bound.HostPort}->{port}" if bound else port
        for port, bounds in bindings.items()
        for bound in bounds or (None,)
    )

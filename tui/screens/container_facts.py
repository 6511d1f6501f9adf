"""A container in words: sections for its page, from plain values."""

from __future__ import annotations

from collections.abc import Iterator

from patchdeck.model import Container, ContainerFacts, Severity
from widgets import units
from widgets.details import Detail, Section

MASKED = "********"
_NANO = 1e9


def facts(container: Container, *, utc: bool) -> list[Section]:
    """What it is."""
    known = container.facts
    return [
        Section(title="Identity", details=[*_identity(container, utc=utc)]),
        Section(title="Limits", details=[*_limits(known)]),
        Section(title="Health check", details=[*_healthcheck(known)], empty="it has none"),
        Section(title="Mounts", counted=True, details=[*_mounts(known)]),
        Section(title="Networks", counted=True, details=[Detail(text=name) for name in known.networks]),
        Section(title="Ports", counted=True, details=[Detail(text=port) for port in known.ports]),
        Section(
            title="Environment",
            counted=True,
            details=[Detail(key=name, text=MASKED) for name in known.environment_names],
        ),
        Section(
            title="Labels",
            counted=True,
            details=[Detail(key=key, text=value) for key, value in sorted(known.labels.items())],
        ),
    ]


def story(container: Container) -> list[Section]:
    """What happened to it, newest first, and what its health check said."""
    events = [
        Detail(
            at_ns=event.at_ns,
            key=event.action,
            text=event.detail or _exit(event.exit_code),
            severity=Severity.WARNING if event.action in ("die", "oom", "kill") else Severity.INFO,
        )
        for event in reversed(container.events)
    ]
    health = container.facts.health
    probes = [
        Detail(
            at_ns=probe.began_ns,
            key=f"exit {probe.exit_code}, {units.response((probe.ended_ns - probe.began_ns) / _NANO)}",
            text=probe.output,
            severity=Severity.INFO if probe.exit_code == 0 else Severity.WARNING,
        )
        for probe in reversed(health.probes if health else ())
    ]
    return [
        Section(
            title="Events", counted=True, details=events, empty="none was seen since Patchdeck was opened"
        ),
        Section(title="Health probes", counted=True, details=probes, empty="none"),
    ]


def _exit(code: int | None) -> str:
    return "" if code is None else f"exit code {code}"


def _identity(container: Container, *, utc: bool) -> Iterator[Detail]:
    known = container.facts
    yield Detail(key="state", text=_state(known, gone=container.gone), severity=_state_severity(known))
    yield Detail(key="image", text=known.image)
    yield Detail(key="version", text=container.version)
    yield Detail(key="image ID", text=known.image_id)
    yield Detail(key="container ID", text=known.container_id)
    yield Detail(key="engine", text=container.engine)
    yield Detail(key="service", text=f"{container.service} ({container.role.value})")
    yield Detail(key="created", text=units.date_and_clock(known.created_ns, utc=utc))
    yield Detail(key="started", text=units.date_and_clock(known.started_ns, utc=utc))
    if known.finished_ns:
        yield Detail(key="ended", text=units.date_and_clock(known.finished_ns, utc=utc))
    many = "argument" if known.argument_count == 1 else "arguments"
    arguments = f" and {known.argument_count} {many} (not shown)" if known.argument_count else ""
    yield Detail(key="runs", text=f"{known.program or units.MISSING}{arguments}")
    yield Detail(key="user", text=known.user or "root, or what the image says")
    yield Detail(key="host name", text=known.host_name or units.MISSING)
    restarts = f", restarted {known.restart_count} times" if known.restart_count else ""
    yield Detail(key="restart policy", text=known.restart_policy + restarts)
    if known.auto_remove:
        yield Detail(key="when it ends", text="it is removed")
    yield Detail(key="log driver", text=known.log_driver or units.MISSING)


def _state(known: ContainerFacts, *, gone: bool) -> str:
    """Of one that is gone, that and how it ended; what it was doing when it was last looked at is no longer so."""
    words = ["removed" if gone else known.status]
    if not gone and known.health is not None and known.health.status != "none":
        words.append(known.health.status)
    if known.oom_killed:
        words.append("out of memory")
    if known.exit_code is not None and not known.live and known.status != "created":
        words.append(f"exit code {known.exit_code}")
    if known.error:
        words.append(known.error)
    return ", ".join(words)


def _state_severity(known: ContainerFacts) -> Severity:
    if known.oom_killed or known.error or (not known.live and known.exit_code):
        return Severity.FAILURE
    if known.status == "restarting" or (known.health is not None and known.health.status == "unhealthy"):
        return Severity.WARNING
    return Severity.INFO


def _limits(known: ContainerFacts) -> Iterator[Detail]:
    limits = known.limits
    yield Detail(
        key="processors",
        text="no limit" if limits.cpus is None else f"{limits.cpus:g}",
        severity=Severity.WARNING if limits.cpus is None else Severity.INFO,
    )
    if limits.cpu_shares:
        yield Detail(key="processor shares", text=str(limits.cpu_shares))
    yield Detail(
        key="memory",
        text=units.size(limits.memory_bytes, missing="no limit"),
        severity=Severity.WARNING if limits.memory_bytes is None else Severity.INFO,
    )
    if limits.memory_reservation_bytes:
        yield Detail(key="memory reserved", text=units.size(limits.memory_reservation_bytes))
    yield Detail(key="processes", text="no limit" if limits.pids is None else str(limits.pids))


def _healthcheck(known: ContainerFacts) -> Iterator[Detail]:
    check = known.healthcheck
    if check is None:
        return
    yield Detail(key="test", text=f"{check.test} (arguments not shown)")
    yield Detail(key="every", text=f"{units.span(check.interval_s)}, given {units.span(check.timeout_s)}")
    yield Detail(key="unhealthy after", text=f"{check.retries} failures in a row")
    if check.start_period_s:
        text = f"{units.span(check.start_period_s)}, every {units.span(check.start_interval_s)}"
        yield Detail(key="start period", text=text)


def _mounts(known: ContainerFacts) -> Iterator[Detail]:
    for mount in known.mounts:
        mode = "" if mount.read_write else ", read-only"
        yield Detail(key=mount.destination, text=f"{mount.type} {mount.source}{mode}")

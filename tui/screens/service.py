"""The page of one service: its versions with their percentiles, and its containers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Grid

from patchdeck.model import Container, Quantiles, Severity, Version
from tui import keymap
from tui.screens.base import ConsoleScreen
from tui.shown import Shown
from widgets import units
from widgets.container_list import ContainerList
from widgets.details import Detail, Details, Section


class ServiceScreen(ConsoleScreen, inherit_bindings=False):
    """Enter on a container opens it."""

    NAME = keymap.SERVICE
    BINDINGS: ClassVar[list[BindingType]] = [*keymap.bindings(keymap.SERVICE)]
    AUTO_FOCUS = "ContainerList"
    DEFAULT_CSS = "ServiceScreen > .body { grid-size: 1; grid-rows: 1fr 1fr; }"

    def __init__(self, key: str) -> None:
        super().__init__()
        self._key = key

    def compose_body(self) -> ComposeResult:
        with Grid(classes="body"):
            yield Details(glyphs=self.glyphs, utc=self.utc)
            yield ContainerList(glyphs=self.glyphs, utc=self.utc)

    def show(self, shown: Shown) -> None:
        service = shown.service(self._key)
        dot, details = self.glyphs.dot, self.query_one(Details)
        if service is None:
            details.show("Service", [Section(title="", empty="nothing is known of it any more")])
            self.query_one(ContainerList).show(())
            return
        title = f" {dot} ".join((service.name, service.engine, f"last {units.span(shown.looking.window_s)}"))
        known = shown.snapshot.containers
        containers = [known[one] for one in service.container_ids if one in known and not known[one].gone]
        details.show(
            title,
            [
                *(version_section(version, utc=self.utc) for version in service.versions),
                limits_section(containers),
            ],
        )
        self.query_one(ContainerList).show(sorted(containers, key=lambda one: one.facts.name))

    def action_roll_out(self) -> None:
        self.patchdeck.compose_rollout(self._key)

    @on(ContainerList.Opened)
    def _opened(self, event: ContainerList.Opened) -> None:
        self.patchdeck.open_container(event.container_id)


def version_section(version: Version, *, utc: bool) -> Section:
    """One version: its containers, and its three populations of startups apart."""
    troubled = version.unhealthy or version.restarting
    details = [
        Detail(
            key="containers",
            text=_counts(version),
            severity=Severity.WARNING if troubled else Severity.INFO,
        ),
        Detail(key="first starts", text=words(version.starts)),
        Detail(key="until ready", text=words(version.ready)),
        Detail(key="restarts", text=words(version.restarts)),
    ]
    if version.failed:
        details.append(Detail(key="failed", text=f"{version.failed} startups", severity=Severity.FAILURE))
    details.append(Detail(key="image", text=", ".join(version.images) or version.image_id))
    size = f"{units.size(version.size_bytes)} in {len(version.layers)} layers" if version.layers else ""
    if size or version.size_bytes is not None:
        details.append(Detail(key="size", text=size or units.size(version.size_bytes)))
    if version.since_ns is not None:
        details.append(Detail(key="running since", text=units.date_and_clock(version.since_ns, utc=utc)))
    return Section(title=version.label, details=details)


def limits_section(containers: Sequence[Container]) -> Section:
    """What its containers may take at most, and how many of them may take all there is."""
    limits = [one.facts.limits for one in containers]
    processors = Counter("no limit" if one.cpus is None else f"{one.cpus:g}" for one in limits)
    memory = Counter(units.size(one.memory_bytes, missing="no limit") for one in limits)
    return Section(
        title="Limits of each container",
        details=[_limits("processors", processors), _limits("memory", memory)] if limits else (),
        empty="it has no containers",
    )


def _limits(key: str, counted: Counter[str]) -> Detail:
    several = len(counted) > 1
    text = ", ".join(f"{limit} ({count})" if several else limit for limit, count in sorted(counted.items()))
    return Detail(key=key, text=text, severity=Severity.WARNING if "no limit" in counted else Severity.INFO)


def _counts(version: Version) -> str:
    counts = {
        "live": version.live,
        "starting": version.starting,
        "restarting": version.restarting,
        "unhealthy": version.unhealthy,
    }
    said = [f"{count} {name}" for name, count in counts.items() if count or name == "live"]
    return ", ".join(said)


def words(values: Quantiles) -> str:
    """`p50 0.36s  p95  1.9s  p99  4.2s  n 412`, and how many of them were never ready."""
    if not values.n:
        return "none in this window"
    figures = (("p50", values.p50_s), ("p95", values.p95_s), ("p99", values.p99_s))
    text = "  ".join(f"{name} {units.latency(value):>5}" for name, value in figures)
    never = f", {values.censored} of them failed or never ready" if values.censored else ""
    return f"{text}  n {values.n}{never}"

"""The options that several commands share, and the settings that come of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from patchdeck import durations
from patchdeck.settings import THEMES

if TYPE_CHECKING:
    from patchdeck.settings import Settings
    from patchdeck.sources.targets import Target


class Unusable(click.ClickException):
    """What was asked for can not be used: a mistake in the configuration, an address, a context. One line tells all."""

    exit_code = 2


class Duration(click.ParamType[float]):
    """Seconds, from a number with its unit."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        try:
            seconds = durations.parse(value)
        except ValueError as error:
            self.fail(f"{error}, found {value!r}", param, ctx)
        if seconds <= 0:
            self.fail(f"expected more than 0, found {value!r}", param, ctx)
        return seconds


host = click.option(
    "--host",
    "hosts",
    metavar="URL|CONTEXT",
    multiple=True,
    envvar="PATCHDECK_HOST",
    show_envvar=True,
    help="An engine: its name in the configuration, its address (unix://, tcp://, ssh://) or a Docker context. May be "
    "given several times. "
    "Without it: the engines of the configuration file, else the one that Docker's own rules select.",
)

config = click.option(
    "--config",
    metavar="FILE",
    type=click.Path(path_type=Path),
    envvar="PATCHDECK_CONFIG",
    show_envvar=True,
    help="The configuration file. Without it: config.toml in the folder that `patchdeck doctor` tells, if it is there.",
)

prometheus = click.option(
    "--prometheus",
    metavar="URL",
    envvar="PATCHDECK_PROMETHEUS",
    show_envvar=True,
    help="Prometheus's address, for the pressure on hosts and services. Without it: that of the configuration file.",
)

theme = click.option(
    "--theme",
    type=click.Choice(["auto", *THEMES]),
    envvar="PATCHDECK_THEME",
    show_envvar=True,
    help="auto: by the terminal.",
)

utc = click.option(
    "--utc",
    is_flag=True,
    default=None,
    envvar="PATCHDECK_UTC",
    show_envvar=True,
    help="Times in UTC, not local.",
)


def settings_from(
    config: Path | None,
    hosts: tuple[str, ...],
    *,
    prometheus: str | None = None,
    theme: str | None = None,
    utc: bool | None = None,
) -> Settings:
    """Flags over environment over file over defaults.

    Raises: Unusable for a mistake in the file, or in Prometheus's address.
    """
    from msgspec.structs import replace

    from patchdeck.config import ConfigError, load
    from patchdeck.sources.targets import asked_for

    try:
        settings = load(config)
    except ConfigError as error:
        raise Unusable(str(error)) from error
    settings = replace(settings, engines=asked_for(hosts, settings.engines))
    if prometheus is not None:
        settings = _with_prometheus(settings, prometheus)
    screen = settings.screen
    if theme is not None:
        screen = replace(screen, theme="" if theme == "auto" else theme)
    if utc is not None:
        screen = replace(screen, utc=utc)
    return replace(settings, screen=screen)


def _with_prometheus(settings: Settings, url: str) -> Settings:
    from msgspec.structs import replace

    from patchdeck.sources.prometheus.address import AddressError, checked

    try:
        return replace(settings, prometheus=replace(settings.prometheus, url=checked(url)))
    except AddressError as error:
        raise Unusable(f"--prometheus: {error}") from error


def targets_of(settings: Settings) -> tuple[Target, ...]:
    """The engines to watch.

    Raises: Unusable for an address or a context that can not be used.
    """
    import os

    from patchdeck.sources.targets import TargetError, choose

    try:
        return choose(settings.engines, os.environ, Path.home())
    except TargetError as error:
        raise Unusable(str(error)) from error

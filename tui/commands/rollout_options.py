"""The options of a rollout's strategy, for `plan` and for `run`. What is not given is as the configuration says."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import click
from msgspec.structs import replace

from patchdeck.model import Strategy
from patchdeck.registry.reference import InvalidReference, is_image_id, parse
from patchdeck.rollout.planning import strategy
from patchdeck.settings import ORDERS, RolloutSettings
from tui.commands import options

Command = TypeVar("Command", bound=Callable[..., Any])


class ImageName(click.ParamType[str]):
    """A reference, or the ID of an image that is on the engine."""

    name = "image"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value)
        try:
            if not is_image_id(text):
                parse(text)
        except InvalidReference as error:
            self.fail(str(error), param, ctx)
        return text


class Written(click.ParamType[str]):
    """A text that the configuration file may say as well, checked by the same function and kept as it is."""

    name = "text"

    def __init__(self, check: Callable[[str], object]) -> None:
        self._check = check

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value)
        try:
            self._check(text)
        except ValueError as error:
            self.fail(f"{error}, found {text!r}", param, ctx)
        return text


class Gate(click.ParamType[tuple[str, str]]):
    """NAME=VALUE."""

    name = "gate"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        try:
            return strategy.gate(str(value))
        except ValueError as error:
            self.fail(f"{error}, found {value!r}", param, ctx)


class Wait(options.Duration):
    """A duration that may be none at all."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        return 0.0 if value in ("0", "0s") else super().convert(value, param, ctx)


_OPTIONS = (
    click.option(
        "--canary",
        type=Written(strategy.amount),
        metavar="N|P%",
        help="Replicas that go first (auto: one, or 5% of a large service).",
    ),
    click.option(
        "--batch",
        type=Written(strategy.amount),
        metavar="N|P%",
        help="Replicas in each batch after that (auto: growing batches).",
    ),
    click.option(
        "--order",
        type=click.Choice(ORDERS),
        help="Which of the two runs first (auto: start-first where a container allows it).",
    ),
    click.option(
        "--max-unavailable",
        type=Written(partial(strategy.amount, least=0)),
        metavar="N|P%",
        help="Replicas that may be missing at once (auto: none where all go start-first, else one).",
    ),
    click.option(
        "--pace",
        type=Written(strategy.pace),
        metavar="auto|N",
        help="Starts at once (auto: found while it runs).",
    ),
    click.option(
        "--bake",
        "bake_s",
        type=Wait(),
        metavar="DURATION",
        help="After a step, how long its gates must stay passed.",
    ),
    click.option(
        "--deadline",
        "deadline_s",
        type=options.Duration(),
        metavar="DURATION",
        help="How long one container may take to be ready.",
    ),
    click.option(
        "--hold-timeout",
        "hold_timeout_s",
        type=Wait(),
        metavar="DURATION",
        help="How long a gate that holds may wait for a person; 0s: for ever.",
    ),
    click.option(
        "--gate",
        "gates",
        type=Gate(),
        metavar="NAME=VALUE",
        multiple=True,
        help="A gate and its value. May be given several times.",
    ),
    click.option(
        "--pause-after",
        type=click.Choice(strategy.PAUSES),
        multiple=True,
        help="Wait for a person after the canary, or after each batch.",
    ),
)


def strategy_options(command: Command) -> Command:
    """The options; the command hands what it gets of them to `strategy_from`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def strategy_from(settings: RolloutSettings, given: dict[str, Any]) -> Strategy:
    """Flags over the configuration. `given` has the parameters that `strategy_options` adds to a command.

    Raises: click.UsageError for a gate that was given twice.
    """
    gates: dict[str, str] = {}
    for name, value in given["gates"]:
        if name in gates:
            raise click.UsageError(f"--gate {name} was given twice: {gates[name]!r} and {value!r}")
        gates[name] = value
    said = {name: value for name, value in given.items() if value not in (None, ())}
    return strategy.from_settings(replace(settings, **said | {"gates": {**settings.gates, **gates}}))

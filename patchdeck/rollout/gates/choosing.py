"""Which gates a rollout has: the built-in ones, and those of the configuration that are about its service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from patchdeck.model import PlannedGate
from patchdeck.rollout.gates.expression import Expression
from patchdeck.rollout.gates.gate import Gate
from patchdeck.rollout.gates.pressure import Contention
from patchdeck.rollout.gates.probe import HttpProbe, TcpProbe
from patchdeck.rollout.gates.program import Program
from patchdeck.rollout.gates.ratio_value import OFF, ON, ratio_value
from patchdeck.rollout.gates.startups import StartupRatio
from patchdeck.settings import GateSettings, Settings

HEALTH = "health"
"""The hard stops, which need no statistics and can not be turned off: the worker's own."""


class GateError(ValueError):
    """A gate that does not exist, or a value that it does not take; the text says what it takes."""


def chosen(settings: Settings, service: str, values: Mapping[str, str]) -> tuple[Gate, ...]:
    """In the order in which they judge: what needs nobody else first. `values` are those of `--gate NAME=VALUE`.

    Raises: GateError.
    """
    own = [one for one in settings.gates if _is_about(one, service)]
    _known(values, settings.gates)
    made: list[Gate | None] = [
        _contention(values.get("contention", ON)),
        _ratio(values.get("ratio", "")),
        *(_own(one, settings) for one in own if _is_on(one.name, values.get(one.name, ON))),
    ]
    return tuple(gate for gate in made if gate is not None)


def planned(gates: Sequence[Gate]) -> tuple[PlannedGate, ...]:
    """The same in words, for a plan."""
    return tuple(PlannedGate(name=gate.name, rule=gate.rule, source=gate.source) for gate in gates)


def _known(values: Mapping[str, str], own: Sequence[GateSettings]) -> None:
    names = ("contention", "ratio", *(one.name for one in own))
    for name in values:
        if name == HEALTH:
            raise GateError("the gate health is always on: a replica that does not run is no patched replica")
        if name not in names:
            raise GateError(f"there is no gate {name!r}: there are {', '.join(names)}")


def _is_about(gate: GateSettings, service: str) -> bool:
    return any(fnmatchcase(service, pattern) for pattern in gate.services)


def _is_on(name: str, value: str) -> bool:
    if value not in (ON, OFF):
        raise GateError(f"--gate {name}={value}: it takes on or off")
    return value == ON


def _contention(value: str) -> Gate | None:
    return Contention() if _is_on("contention", value) else None


def _ratio(value: str) -> Gate | None:
    try:
        asked = ratio_value(value)
    except ValueError as error:
        raise GateError(f"--gate {error}") from error
    return None if asked is None else StartupRatio(pass_below=asked.pass_below, required=asked.required)


def _own(gate: GateSettings, settings: Settings) -> Gate:
    """Of the four kinds it has exactly one: the configuration has been checked."""
    if gate.promql:
        return Expression(gate.name, gate.promql, gate.compare, settings.prometheus)
    if gate.http:
        return HttpProbe(gate.name, gate.http, gate.timeout_s)
    if gate.tcp:
        return TcpProbe(gate.name, gate.tcp, gate.timeout_s)
    return Program(gate.name, gate.command, gate.timeout_s)

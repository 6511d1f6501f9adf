"""Taking out of an observation what may hold a secret, before it is written anywhere.

Environment values and command arguments do not get as far as an observation. What is left are texts that somebody else
wrote: label values, what health checks print, what engines and programs say of an error, addresses.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final

from msgspec.structs import replace

from patchdeck.model import (
    AnyObservation,
    ContainerEvent,
    ContainerFacts,
    ContainerInspected,
    EngineDescribed,
    GapSeen,
    ImageInspected,
    IndicatorRead,
    JournalEntered,
    Planned,
    SourceChanged,
)
from patchdeck.model.journal import AnyEntry
from patchdeck.model.plan import ConfigChange, Plan

HIDDEN: Final = "***"

_USER_INFO = re.compile(r"(?P<scheme>\b[a-zA-Z][a-zA-Z0-9+.-]*://)(?P<user>[^/\s@\"']*)@")
_AUTHORIZATION = re.compile(r"(?i)\b(bearer|basic|digest|negotiate)\s+[\w.~+/=-]{4,}")
_ASSIGNED = re.compile(
    r"""(?x) (?P<name> [\w.-]+ ) (?P<equals> ["']? \s* [=:] \s* ) (?P<value> "[^"]*" | '[^']*' | [^\s,;&]+ )"""
)
_QUOTED = re.compile(r'"([^"]*)"')
_FLAG = re.compile(r"(?P<flag>(?<!\S)--?(?P<name>[\w.-]+))\s+(?P<value>[^\s-]\S*)")
_TEXTS: Final = ("text", "detail", "reason", "evidence", "answer", "why")
"""Fields of the journal's entries that hold sentences."""
_OF_COMMANDS = frozenset(("command", "entrypoint", "healthcheck"))


class Scrubber:
    """`patterns` are shell patterns of names whose values are hidden, in whatever case.

    Values of `kept_labels` stay: they are the names of services.
    """

    def __init__(self, patterns: Iterable[str], kept_labels: Iterable[str] = ()) -> None:
        self._patterns = tuple(pattern.lower() for pattern in patterns)
        self._kept = frozenset(kept_labels)
        self._is_secret = lru_cache(4_096)(self._matches)
        # Facts of a container come again and again with the same labels.
        self._cleaned = lru_cache(4_096)(self._clean)

    def __call__(self, observation: AnyObservation) -> AnyObservation:
        """The same observation where nothing is to be hidden."""
        match observation:
            case ContainerEvent() if observation.labels:
                return replace(observation, labels=self.labels(observation.labels))
            case ContainerInspected():
                return replace(observation, container=self.facts(observation.container))
            case ImageInspected():
                labels = self.labels(observation.image.labels)
                return replace(observation, image=replace(observation.image, labels=labels))
            case EngineDescribed():
                return replace(observation, host=self.text(observation.host))
            case SourceChanged():
                return replace(observation, detail=self.text(observation.detail))
            case GapSeen():
                return replace(observation, reason=self.text(observation.reason))
            case JournalEntered():
                return replace(observation, entry=self.entry(observation.entry))
            case IndicatorRead(sustained=float(sustained)) if not math.isfinite(sustained):
                # JSON has no word for it.
                return replace(observation, sustained=None)
        return observation

    def facts(self, facts: ContainerFacts) -> ContainerFacts:
        """What health checks print is left out altogether: nobody knows what it is."""
        health = facts.health
        if health is not None and any(probe.output for probe in health.probes):
            probes = tuple(replace(probe, output="") for probe in health.probes)
            facts = replace(facts, health=replace(health, probes=probes))
        return replace(
            facts,
            labels=self.labels(facts.labels),
            error=self.error(facts.error),
            program=_program(facts.program),
        )

    def labels(self, labels: Mapping[str, str]) -> Mapping[str, str]:
        return {name: self._label(name, value) for name, value in labels.items()}

    def _label(self, name: str, value: str) -> str:
        if name in self._kept:
            return value
        return HIDDEN if self._is_secret(name) else self.text(value)

    def entry(self, entry: AnyEntry) -> AnyEntry:
        """Of an entry of the journal what people, engines and probes wrote, and what a plan says of changes."""
        texts = {name: self.error(getattr(entry, name)) for name in _TEXTS if hasattr(entry, name)}
        if isinstance(entry, Planned):
            return replace(entry, plan=self.plan(entry.plan), **texts)
        return replace(entry, **texts)

    def plan(self, plan: Plan) -> Plan:
        gates = {name: self.error(value) for name, value in plan.strategy.gates.items()}
        return replace(
            plan,
            host=self.text(plan.host),
            strategy=replace(plan.strategy, gates=gates),
            gates=tuple(
                replace(gate, rule=self.error(gate.rule), source=self.error(gate.source))
                for gate in plan.gates
            ),
            refusals=tuple(replace(refusal, text=self.error(refusal.text)) for refusal in plan.refusals),
            changes=tuple(self.change(change) for change in plan.changes),
            unclear=tuple(self.error(one) for one in plan.unclear),
        )

    def change(self, change: ConfigChange) -> ConfigChange:
        """Of a command the program is kept; of a label what its name allows."""
        if change.what in _OF_COMMANDS:
            return replace(change, old=_first_word(change.old), new=_first_word(change.new))
        if change.what == "label":
            return replace(
                change, old=self._label(change.name, change.old), new=self._label(change.name, change.new)
            )
        return replace(change, old=self.text(change.old), new=self.text(change.new))

    def error(self, text: str) -> str:
        """As `text`; and runtimes quote what they were to run: of that the program stays, if it is one."""
        return self.text(_QUOTED.sub(lambda quoted: f'"{_program(quoted[1])}"', text)) if text else text

    def text(self, text: str) -> str:
        """Without user info of addresses, without credentials, without values of what is named like a secret."""
        return self._cleaned(text) if text else text

    def _clean(self, text: str) -> str:
        text = _USER_INFO.sub(_without_user, text)
        text = _AUTHORIZATION.sub(lambda found: f"{found[1]} {HIDDEN}", text)
        text = _ASSIGNED.sub(self._without_value, text)
        return _FLAG.sub(self._without_argument, text)

    def _without_value(self, found: re.Match[str]) -> str:
        secret = self._is_secret(found["name"]) and not found["value"].startswith("//")
        return f"{found['name']}{found['equals']}{HIDDEN}" if secret else found[0]

    def _without_argument(self, found: re.Match[str]) -> str:
        return f"{found['flag']} {HIDDEN}" if self._is_secret(found["name"]) else found[0]

    def _matches(self, name: str) -> bool:
        lowered = name.lower()
        return any(fnmatchcase(lowered, pattern) for pattern in self._patterns)


def _without_user(found: re.Match[str]) -> str:
    """Who logs in by SSH is no secret, and tells engines apart; a password is, and so is a token in its place."""
    user, scheme = found["user"], found["scheme"]
    if scheme.lower() == "ssh://" and ":" not in user:
        return found[0]
    return f"{scheme}{HIDDEN}@"


def _program(path: str) -> str:
    """A path and no more: an image's whole command line may stand in its place."""
    word = _first_word(path)
    return word if "=" not in word else HIDDEN


def _first_word(text: str) -> str:
    first, *rest = text.split(None, 1) or [""]
    return f"{first} {HIDDEN}" if rest else first

"""What one value alone does not show: settings that contradict each other, and texts with a grammar of their own."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

from patchdeck import durations
from patchdeck.config_values import Mistake, Path, found, unlike
from patchdeck.rollout.gates.compared import COMPARISON
from patchdeck.rollout.gates.ratio_value import ratio_value
from patchdeck.rollout.planning import strategy
from patchdeck.settings import (
    EngineSettings,
    FreezeSettings,
    GateSettings,
    IndicatorSettings,
    PressureLevels,
    PrometheusSettings,
    RolloutSettings,
    Settings,
    WindowSettings,
)
from patchdeck.sources.prometheus import address
from patchdeck.sources.prometheus.expressions import INDICATORS
from patchdeck.sources.targets import TargetError, checked

_ENGINE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,39}")
_CONTEXT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]*")
_LABEL = re.compile(r"[^\s+]+")
_TIME_OF_DAY = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_INDICATOR_NAME = re.compile(r"[a-z][a-z0-9_-]{0,19}")


def check(settings: Settings) -> None:
    """Raises: Mistake."""
    _engines(settings.engines)
    _group_by(settings.services.group_by)
    _pressure(settings.pressure)
    _prometheus(settings.prometheus)
    _indicators(settings.indicators)
    _startups(settings)
    _rollout(settings.rollout)
    _gates(settings.gates)
    _required_gates(settings)
    _windows(settings.windows)
    _freezes(settings.freezes)
    for action, keys in settings.screen.keys.items():
        if not keys.strip(", "):
            raise unlike(
                ("screen", "keys", action), 'keys separated by commas, as in "R,ctrl+r"', found(keys)
            )


def _engines(engines: Sequence[EngineSettings]) -> None:
    names: dict[str, int] = {}
    for index, engine in enumerate(engines):
        where = ("engines", index)
        if not engine.host:
            raise unlike(where, "a host, which is an address or the name of a Docker context", "none")
        if "://" in engine.host:
            try:
                checked(engine.host)
            except TargetError as error:
                raise Mistake((*where, "host"), str(error)) from error
        elif not _CONTEXT_NAME.fullmatch(engine.host):
            expected = "unix://, tcp:// or ssh:// and an address, or the name of a Docker context"
            raise unlike((*where, "host"), expected, found(engine.host))
        if not engine.name:
            continue
        if not _ENGINE_NAME.fullmatch(engine.name):
            raise unlike((*where, "name"), "at most 40 letters, digits and _ . @ -", found(engine.name))
        if engine.name in names:
            expected = f"a name that engines[{names[engine.name]}] does not have"
            raise unlike((*where, "name"), expected, found(engine.name))
        names[engine.name] = index


def _group_by(rules: Sequence[str]) -> None:
    for index, rule in enumerate(rules):
        where = ("services", "group_by", index)
        if not all(_LABEL.fullmatch(label) for label in rule.split("+")):
            raise unlike(where, 'a label, or several joined by "+"', found(rule))
        if rule in rules[:index]:
            raise unlike(where, "each rule once", f"{found(rule)} again")


def _pressure(levels: PressureLevels) -> None:
    for what in ("cpu", "memory", "io", "network", "throttling"):
        busy, saturated = getattr(levels, f"{what}_busy"), getattr(levels, f"{what}_saturated")
        if busy >= saturated:
            raise unlike(
                ("pressure", f"{what}_busy"),
                f"less than {what}_saturated ({saturated * 100:g}%)",
                f"{busy * 100:g}%",
            )
    for what in ("engine", "allocation", "events"):
        busy, saturated = getattr(levels, f"{what}_busy_s"), getattr(levels, f"{what}_saturated_s")
        if busy >= saturated:
            raise unlike(
                ("pressure", f"{what}_busy"),
                f"less than {what}_saturated ({durations.written(saturated)})",
                durations.written(busy),
            )


def _prometheus(settings: PrometheusSettings) -> None:
    if settings.url:
        try:
            address.checked(settings.url)
        except address.AddressError as error:
            raise Mistake(("prometheus", "url"), str(error)) from error
    _secrets(settings)
    if settings.key_file and not settings.certificate_file:
        raise unlike(("prometheus", "key_file"), "certificate_file with it", "none")
    for engine, instances in settings.instances.items():
        if not instances.strip(", "):
            expected = 'instances separated by commas, as in "prod-a:9100, prod-a:8080"'
            raise unlike(("prometheus", "instances", engine), expected, found(instances))
    for indicator, promql in settings.expressions.items():
        where = ("prometheus", "expressions", indicator)
        if indicator not in INDICATORS:
            raise unlike(where, f"one of {', '.join(sorted(INDICATORS))}", found(indicator))
        if not promql.strip():
            raise unlike(where, "PromQL", "none")


def _secrets(settings: PrometheusSettings) -> None:
    for what, alone in (("password", not settings.user), ("token", bool(settings.user))):
        keys = [f"{what}_{way}" for way in ("file", "command") if getattr(settings, f"{what}_{way}")]
        if len(keys) > 1:
            raise unlike(("prometheus", keys[1]), f"either {keys[0]} or {keys[1]}", "both")
        if keys and alone:
            expected = "prometheus.user with it" if what == "password" else "either user or a token"
            raise unlike(("prometheus", keys[0]), expected, "none" if what == "password" else "both")
    if settings.user and not (settings.password_file or settings.password_command):
        raise unlike(("prometheus", "user"), "password_file or password_command with it", "neither")
    if ":" in settings.user or not settings.user.isprintable():
        raise unlike(("prometheus", "user"), "a name without a colon", found(settings.user))


def _indicators(indicators: Sequence[IndicatorSettings]) -> None:
    taken = INDICATORS | {"engine", "events", "limits", "pulls", "starts"}
    for index, indicator in enumerate(indicators):
        where = ("indicators", index)
        if not _INDICATOR_NAME.fullmatch(indicator.name):
            expected = "a name of at most 20 small letters, digits, _ and -"
            raise unlike((*where, "name"), expected, found(indicator.name))
        if indicator.name in taken:
            raise unlike((*where, "name"), "a name that no other indicator has", found(indicator.name))
        if not indicator.promql.strip():
            raise unlike(where, "promql", "none")
        if len(indicator.unit) > 12 or not indicator.unit.isprintable():
            raise unlike((*where, "unit"), "at most 12 characters", found(indicator.unit))
        if indicator.busy >= indicator.saturated:
            raise unlike(
                (*where, "busy"), f"less than saturated ({indicator.saturated:g})", f"{indicator.busy:g}"
            )
        taken |= {indicator.name}


def _startups(settings: Settings) -> None:
    startups = settings.startups
    kept = f"at most startups.keep ({durations.written(startups.keep_s)})"
    if startups.late_s > startups.keep_s:
        raise unlike(("startups", "late"), kept, durations.written(startups.late_s))
    if startups.ready_deadline_s > startups.keep_s:
        raise unlike(("startups", "ready_deadline"), kept, durations.written(startups.ready_deadline_s))
    if settings.screen.window_s > startups.keep_s:
        raise unlike(("screen", "window"), kept, durations.written(settings.screen.window_s))


def _rollout(settings: RolloutSettings) -> None:
    texts: dict[str, Callable[[str], object]] = {
        "canary": strategy.amount,
        "batch": strategy.amount,
        "max_unavailable": lambda text: strategy.amount(text, least=0),
        "pace": strategy.pace,
    }
    for key, parse in texts.items():
        text = getattr(settings, key)
        try:
            parse(text)
        except ValueError as error:
            raise Mistake(("rollout", key), f"{error}, found {found(text)}") from error
    for index, word in enumerate(settings.pause_after):
        if word not in strategy.PAUSES:
            raise unlike(("rollout", "pause_after", index), '"canary" or "batch"', found(word))
    for name, value in settings.gates.items():
        try:
            strategy.gate(f"{name}={value}")
        except ValueError as error:
            raise unlike(("rollout", "gates", name), "a gate's name and its value", found(value)) from error
    try:
        ratio_value(settings.gates.get("ratio", ""))
    except ValueError as error:
        raise Mistake(("rollout", "gates", "ratio"), str(error)) from error


def _gates(gates: Sequence[GateSettings]) -> None:
    names: set[str] = set()
    for index, gate in enumerate(gates):
        where = ("gates", index)
        if not _INDICATOR_NAME.fullmatch(gate.name):
            raise unlike((*where, "name"), "up to 20 small letters, digits, _ and -", found(gate.name))
        if gate.name in {*names, "health", "ratio", "contention"}:
            raise unlike((*where, "name"), "a name that no other gate has", f"{found(gate.name)} again")
        names.add(gate.name)
        kinds = [kind for kind in ("promql", "http", "tcp", "command") if getattr(gate, kind)]
        if len(kinds) != 1:
            raise unlike(where, "one of promql, http, tcp and command", " and ".join(kinds) or "none")
        if gate.promql and not COMPARISON.fullmatch(gate.compare):
            raise unlike((*where, "compare"), 'a comparison, as in "< 0.01"', found(gate.compare))
        if gate.http and not gate.http.startswith(("http://", "https://")):
            raise unlike((*where, "http"), "a URL that begins with http:// or https://", found(gate.http))


def _required_gates(settings: Settings) -> None:
    there = ("health", "ratio", "contention", *(gate.name for gate in settings.gates))
    for index, name in enumerate(settings.policy.required_gates):
        if name not in there:
            where = ("policy", "required_gates", index)
            raise unlike(where, f"a gate that there is ({', '.join(there)})", found(name))


def _windows(windows: Sequence[WindowSettings]) -> None:
    for index, window in enumerate(windows):
        where = ("windows", index)
        if not window.days and not window.dates:
            raise unlike(where, "days or dates on which it opens", "neither")
        for key in ("dates", "except_dates"):
            for number, date in enumerate(getattr(window, key)):
                _date((*where, key, number), date)
        for key in ("begins", "ends"):
            _time((*where, key), getattr(window, key))
        _zone((*where, "zone"), window.zone)


def _freezes(freezes: Sequence[FreezeSettings]) -> None:
    for index, freeze in enumerate(freezes):
        where = ("freezes", index)
        if not freeze.name.strip():
            raise unlike((*where, "name"), "a name, which is told to those it stops", "none")
        first, last = (_date((*where, key), getattr(freeze, key)) for key in ("first_day", "last_day"))
        if last < first:
            raise unlike((*where, "last_day"), f"{first} or a later day", found(freeze.last_day))
        _zone((*where, "zone"), freeze.zone)


def _date(where: Path, text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise unlike(where, "a date in quotes, as in 2026-11-28", found(text)) from error


def _time(where: Path, text: str) -> None:
    if not _TIME_OF_DAY.fullmatch(text):
        raise unlike(where, "a time of day, as in 22:00", found(text))


def _zone(where: Path, name: str) -> None:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, LookupError) as error:
        raise unlike(where, "a time zone that this host knows, as in Europe/Berlin", found(name)) from error

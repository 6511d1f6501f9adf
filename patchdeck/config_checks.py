"""What one value alone does not show: settings that contradict each other, and texts with a grammar of their own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from patchdeck import durations
from patchdeck.config_values import Mistake, found, unlike
from patchdeck.settings import EngineSettings, PressureLevels, Settings
from patchdeck.sources.targets import TargetError, checked

_ENGINE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,39}")
_CONTEXT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]*")
_LABEL = re.compile(r"[^\s+]+")


def check(settings: Settings) -> None:
    """Raises: Mistake."""
    _engines(settings.engines)
    _group_by(settings.services.group_by)
    _pressure(settings.pressure)
    _startups(settings)
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
    for what in ("cpu", "memory", "io"):
        busy, saturated = getattr(levels, f"{what}_busy"), getattr(levels, f"{what}_saturated")
        if busy >= saturated:
            raise unlike(
                ("pressure", f"{what}_busy"),
                f"less than {what}_saturated ({saturated * 100:g}%)",
                f"{busy * 100:g}%",
            )
    if levels.engine_busy_s >= levels.engine_saturated_s:
        raise unlike(
            ("pressure", "engine_busy"),
            f"less than engine_saturated ({durations.written(levels.engine_saturated_s)})",
            durations.written(levels.engine_busy_s),
        )


def _startups(settings: Settings) -> None:
    startups = settings.startups
    kept = f"at most startups.keep ({durations.written(startups.keep_s)})"
    if startups.late_s > startups.keep_s:
        raise unlike(("startups", "late"), kept, durations.written(startups.late_s))
    if startups.ready_deadline_s > startups.keep_s:
        raise unlike(("startups", "ready_deadline"), kept, durations.written(startups.ready_deadline_s))
    if settings.screen.window_s > startups.keep_s:
        raise unlike(("screen", "window"), kept, durations.written(settings.screen.window_s))

"""What of a container's configuration changes because its image does."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from patchdeck.model import ConfigChange
from patchdeck.rollout.recreate import environment
from patchdeck.rollout.recreate.documents import Document, variable

_LISTS = {"Entrypoint": "entrypoint", "Cmd": "command"}
_SCALARS = {"User": "user", "WorkingDir": "working directory", "StopSignal": "stop signal"}
_KEYS = {"ExposedPorts": "port", "Volumes": "volume"}
_NANOSECONDS = {"Interval", "Timeout", "StartPeriod", "StartInterval"}


def changes(old: Document, new: Document) -> tuple[ConfigChange, ...]:
    """From one configuration of a container to another, in a fixed order.

    Values of environment variables are never told: a change reads "set" or "set otherwise".
    """
    return tuple(_all(old, new))


def unclear(config: Document, image: Document, found: Sequence[ConfigChange]) -> tuple[str, ...]:
    """Those of the changes `found` whose old value equals the old image's default, and may be the container's own."""
    by_order = set(environment.unclear(config.get("Env") or [], image.get("Env") or []))
    return tuple(
        f"{change.what} {change.name}".rstrip()
        for change in found
        if change.old and (change.what != "environment" or change.name in by_order)
    )


def _all(old: Document, new: Document) -> Iterator[ConfigChange]:
    for key, what in _LISTS.items():
        yield from _change(what, "", shlex.join(old.get(key) or []), shlex.join(new.get(key) or []))
    for key, what in _SCALARS.items():
        yield from _change(what, "", str(old.get(key) or ""), str(new.get(key) or ""))
    yield from _environment(old.get("Env") or [], new.get("Env") or [])
    was, now = old.get("Labels") or {}, new.get("Labels") or {}
    for name in sorted({*was, *now}):
        yield from _change("label", name, _label(was, name), _label(now, name))
    for key, what in _KEYS.items():
        held, holds = old.get(key) or {}, new.get(key) or {}
        for name in sorted(held.keys() ^ holds.keys()):
            yield from _change(what, name, name if name in held else "", name if name in holds else "")
    yield from _change("healthcheck", "", _check(old.get("Healthcheck")), _check(new.get("Healthcheck")))


def _change(what: str, name: str, old: str, new: str) -> Iterator[ConfigChange]:
    if old != new:
        yield ConfigChange(what=what, name=name, old=old, new=new)


def _environment(old: Sequence[str], new: Sequence[str]) -> Iterator[ConfigChange]:
    was = {variable(entry): entry for entry in old}
    now = {variable(entry): entry for entry in new}
    for name in sorted({*was, *now}):
        if was.get(name) != now.get(name):
            told = "set otherwise" if name in was else "set"
            yield ConfigChange(
                what="environment",
                name=name,
                old="set" if name in was else "",
                new=told if name in now else "",
            )


def _label(labels: Mapping[str, str], name: str) -> str:
    """A label may be there and empty."""
    return labels[name] or '""' if name in labels else ""


def _check(healthcheck: Mapping[str, Any] | None) -> str:
    """`CMD-SHELL true interval=30s retries=3`; empty: none."""
    if not healthcheck:
        return ""
    told = [shlex.join(healthcheck.get("Test") or [])]
    for key, value in sorted(healthcheck.items()):
        if key in _NANOSECONDS and value:
            told.append(f"{key.lower()}={value / 1e9:g}s")
        elif key == "Retries" and value:
            told.append(f"retries={value}")
    return " ".join(part for part in told if part)

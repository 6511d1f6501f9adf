"""The `filters` parameter of the Engine API."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from patchdeck.simulator.words import Words

Filters = Mapping[str, frozenset[str]]


def decode(text: str, words: Words) -> Filters:
    """`{"label": ["a=b"]}`, or as older clients write it, `{"label": {"a=b": true}}`. Raises: EngineFault."""
    if not text:
        return {}
    try:
        found = msgspec.json.decode(text, type=dict[str, list[str] | dict[str, bool]])
    except msgspec.MsgspecError as error:
        raise words.unreadable_filters(text) from error
    return {
        name: frozenset(values if isinstance(values, list) else (key for key, on in values.items() if on))
        for name, values in found.items()
    }


def check(filters: Filters, known: Collection[str], words: Words) -> None:
    """Raises: EngineFault for a filter that this call does not have."""
    for name in filters:
        if name not in known:
            raise words.unknown_filter(name)


def matches_labels(labels: Mapping[str, str], wanted: Collection[str]) -> bool:
    """All of `name` or `name=value`."""
    for one in wanted:
        name, equals, value = one.partition("=")
        if name not in labels or (equals and labels[name] != value):
            return False
    return True

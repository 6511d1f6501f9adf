"""On which line of a TOML document a key is set. Only asked when there is a mistake to report."""

from __future__ import annotations

import tomllib
from typing import Any

from patchdeck.config_values import Path

_MOST_LINES = 2_000


def line_of(text: str, path: Path) -> int | None:
    """The line, from 1, on which the statement that sets the value at `path` begins.

    tomllib keeps no positions. But the beginnings of a document that are documents themselves end where a statement
    ends, and the first of them that has the key has the statement as its last. None if the document is too long for
    this, or has no such key.
    """
    lines = text.split("\n")
    if len(lines) > _MOST_LINES:
        return None
    begins = 1
    for count in range(1, len(lines) + 1):
        try:
            document = tomllib.loads("\n".join(lines[:count]))
        except ValueError:
            continue
        if _has(document, path):
            return begins
        begins = count + 1
    return None


def _has(value: Any, path: Path) -> bool:
    try:
        for key in path:
            value = value[key]
    except (LookupError, TypeError):
        return False
    return True

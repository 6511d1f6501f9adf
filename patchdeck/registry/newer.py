"""Which of a repository's tags come after one: by the numbers of versions, never by the order of letters. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_VERSION: Final = re.compile(r"(v?)(\d{1,9}(?:\.\d{1,9}){0,3})((?:[-_+.][0-9A-Za-z._+-]*)?)", re.ASCII)


def newest_patch(tag: str, tags: Iterable[str]) -> str:
    """The tag of the newest patch version of the same version and flavour, as 1.4.3-alpine is for 1.4.2-alpine.

    Empty where none is newer, or where the tag is no version.
    """
    known = _parts(tag)
    if known is None:
        return ""
    numbers, flavour = known
    alike = [
        (other, one)
        for one in tags
        if (parts := _parts(one)) is not None
        and parts[1] == flavour
        and len(other := parts[0]) == len(numbers)
        and other[:-1] == numbers[:-1]
        and other > numbers
    ]
    return max(alike)[1] if alike else ""


def newest_first(tags: Iterable[str]) -> list[str]:
    """Versions by their numbers, the newest first; then all other tags by name."""
    known = {tag: _parts(tag) for tag in tags}
    versions = [(parts[0], tag) for tag, parts in known.items() if parts is not None]
    others = sorted(tag for tag, parts in known.items() if parts is None)
    return [tag for _, tag in sorted(versions, reverse=True)] + others


def _parts(tag: str) -> tuple[tuple[int, ...], tuple[str, str]] | None:
    """Its numbers, and what stands before and after them."""
    found = _VERSION.fullmatch(tag)
    if found is None:
        return None
    return tuple(int(number) for number in found[2].split(".")), (found[1], found[3])

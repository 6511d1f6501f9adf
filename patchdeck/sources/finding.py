"""Whether a source of what is shown is there, in words a person can act on."""

from __future__ import annotations

import msgspec


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Whether one thing is there, and why not."""

    name: str
    available: bool
    detail: str = ""
    advice: str = ""
    """What to do about it, in one sentence; empty if nothing is to be done."""
    asked_for: bool = False
    """It was named by whoever runs this: without it something is wrong."""

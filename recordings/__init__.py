"""Captured sessions that ship with the program, as data files of this package; README.md says how each was made."""

from __future__ import annotations

from pathlib import Path

SUFFIX = ".pdrec"

SHIPPED = {
    "all-at-once": "64 containers patched all at once on two processors: a herd",
    "paced": "the same patch, four at a time: each start takes a fraction of the time, and all end sooner",
    "daemon-restart": "an engine that is killed and comes back: a gap, and restarts",
    "crash-loop": "a patch whose containers crash and are started again and again",
}
"""By name, what each shows in one line."""


def path_of(name: str) -> Path:
    """The file of one of `SHIPPED`."""
    return Path(__file__).with_name(f"{name}{SUFFIX}")

"""Keys are answered before a busy host's other work, where the system lets the console ask for that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_GROUP: Final = Path("/proc/self/autogroup")
"""Linux shares processors between sessions (sched(7), autogroup); a session that is nicer, or less, shows it here."""
_NICE: Final = -10


@contextmanager
def precedence() -> Iterator[bool]:
    """This session goes before others meanwhile: about ten times their share, while it wants any at all.

    Yields whether it does: only root may ask for it, and where sessions have control groups of their own those decide.
    What starts a session of its own, as a worker does, is not in this one. A console that is killed leaves it so.
    """
    try:
        before = _GROUP.read_text(encoding="utf-8").split()[-1]
        asked = before == "0"
        if asked:
            _GROUP.write_text(str(_NICE), encoding="utf-8")
    except (OSError, IndexError):
        asked = False
    try:
        yield asked
    finally:
        if asked:
            _GROUP.write_text("0", encoding="utf-8")

"""What a monkey does at a terminal, drawn from a seed, and the least of it that still goes wrong. Pure."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

COLUMNS, ROWS = 120, 40
COMPOSES_EVERY = 80


class Act(NamedTuple):
    """One key, click, turn of the wheel, paste, change of size or stop."""

    name: str
    sent: str = ""
    """To the terminal."""
    size: tuple[int, int] | None = None
    """Columns and rows that it has from now on."""
    stops: bool = False
    """SIGTSTP, as from a shell, and SIGCONT a moment later."""
    composes: bool = False
    """A composer with a plan, which a monkey would hardly ever come to by itself."""


_NAMED: Final = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "delete": "\x1b[3~",
    "backspace": "\x7f",
    "space": " ",
    "f1": "\x1bOP",
    "alt+x": "\x1bx",
    "focus": "\x1b[I",
    "blur": "\x1b[O",
}
_LEAVING: Final = {"q": "q", "ctrl+q": "\x11", "ctrl+c": "\x03"}
_LETTERS: Final = "abcdefghijklmnoprstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/:+-=.,;?!<>[]$%@#é漢"
_CONTROLS: Final = "abdefgklnoprstuvwxyz"
"""Without those that leave, and those that are other keys: backspace, tab and enter."""
_LIKELY: Final = ("ctrl+r", "ctrl+r", "y", "y", "enter", "A", "ctrl+o", "escape")
"""What it takes to begin something."""
_PASTES: Final = ("y", "shop/web:1.1", "y\ny\ny\n", "\x1b\r\x12y", "x" * 5_000, "", "ya\u202eb\x00c")
_SIZES: Final = ((COLUMNS, ROWS), (80, 24), (200, 50), (60, 20), (12, 4))

KEYS: Final = (
    *(Act(letter, letter) for letter in _LETTERS),
    *(Act(name, sent) for name, sent in _NAMED.items()),
    *(Act(f"ctrl+{letter}", chr(ord(letter) - ord("a") + 1)) for letter in _CONTROLS),
)
LIKELY: Final = tuple(act for name in _LIKELY for act in KEYS if act.name == name)
COMPOSE: Final = Act("compose", composes=True)
LEAVING: Final = tuple(Act(name, sent) for name, sent in _LEAVING.items())


def drawn(seed: int, count: int) -> list[Act]:
    """So many acts; the same for the same seed."""
    chance = random.Random(seed)
    return [_one(chance) if number % COMPOSES_EVERY else COMPOSE for number in range(count)]


def _one(chance: random.Random) -> Act:
    kind = chance.random()
    if kind < 0.62:
        return chance.choice(KEYS)
    if kind < 0.85:
        return chance.choice(LIKELY)
    if kind < 0.93:
        return _mouse(chance, "click")
    if kind < 0.97:
        return _mouse(chance, chance.choice(("wheel up", "wheel down", "move")))
    if kind < 0.98:
        text = chance.choice(_PASTES)
        return Act(f"paste {text[:20]!r}", f"\x1b[200~{text}\x1b[201~")
    if kind < 0.99:
        columns, rows = size = chance.choice(_SIZES)
        return Act(f"resize {columns}x{rows}", size=size)
    if kind < 0.995:
        return Act("stop", stops=True)
    return chance.choice(LEAVING)


def _mouse(chance: random.Random, what: str) -> Act:
    """As a terminal tells it in SGR mode."""
    column, row = chance.randint(1, COLUMNS), chance.randint(1, ROWS)
    at = f"{column};{row}"
    button = {"click": 0, "move": 35, "wheel up": 64, "wheel down": 65}[what]
    sent = f"\x1b[<{button};{at}M" + (f"\x1b[<0;{at}m" if what == "click" else "")
    return Act(f"{what} {column},{row}", sent)


def shrunk(acts: Sequence[Act], fails: Callable[[Sequence[Act]], bool], patience_s: float) -> Sequence[Act]:
    """The fewest of these, in their order, that were found to fail still; what was found when the time is over."""
    until = time.monotonic() + patience_s
    least, parts = list(acts), 2
    while len(least) > 1 and time.monotonic() < until:
        size = -(-len(least) // parts)
        for begin in range(0, len(least), size):
            fewer = least[:begin] + least[begin + size :]
            if time.monotonic() < until and fails(fewer):
                least, parts = fewer, max(parts - 1, 2)
                break
        else:
            if size == 1:
                break
            parts = min(2 * parts, len(least))
    return least


def written(acts: Sequence[Act]) -> str:
    """To be read by a person, and to be played again."""
    return "  ".join(act.name for act in acts)

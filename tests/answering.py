"""How long the console takes from a key to the paint that answers it, in a real terminal."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

from tests.terminal import Terminal
from themes.ramps import UNICODE

UP, DOWN = "\x1b[A", "\x1b[B"
PAUSE_S: Final = (0.05, 0.15)
"""Between two keys, at random: no key may fall into step with what is drawn every second."""
_TOLD = re.compile(r"(\w+) +prometheus \S+ +(.*?) *│?$", re.MULTILINE)


class Key(NamedTuple):
    keys: str
    answered: Callable[[str, str], bool]
    """Whether the screen's text, before and now, shows what the key is for."""


def _cursor(text: str) -> int:
    """The line that the cursor is on."""
    lines = text.split("\n")
    return next((number for number, line in enumerate(lines) if UNICODE.cursor in line), -1)


def _shows(words: str, _before: str, now: str) -> bool:
    return words in now


def _moved(before: str, now: str) -> bool:
    return _cursor(before) != _cursor(now)


CYCLE: Final = (
    Key("2", partial(_shows, "Why it took that long")),
    Key("1", partial(_shows, "Versions in flight")),
    Key(DOWN, _moved),
    Key(UP, _moved),
    Key("3", partial(_shows, "┌ Knee ")),
    Key("?", partial(_shows, "┌ Help ")),
    Key("1", partial(_shows, "Versions in flight")),
)
"""Every view, the cursor, and help. It begins and ends on the deck, which has to show two services or more."""


def answers_s(terminal: Terminal, rounds: int) -> list[float]:
    """Go through `CYCLE` so many times; the seconds from each key to its paint."""
    took_s = []
    for key in CYCLE * rounds:
        time.sleep(random.uniform(*PAUSE_S))
        took_s.append(terminal.answer_s(key.keys, partial(key.answered, terminal.text)))
    return took_s


def told_of_prometheus(text: str) -> tuple[str, str]:
    """The state and its detail in the newest line on Prometheus among the deck's events; both empty without one."""
    told: list[tuple[str, str]] = _TOLD.findall(text)
    return told[-1] if told else ("", "")


def lives(text: str) -> bool:
    return told_of_prometheus(text)[0] == "live"


def fails(text: str) -> bool:
    return told_of_prometheus(text)[0] not in ("", "live")

"""How long the console takes from a key to the paint that answers it, in a real terminal."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, NamedTuple

from tests.terminal import Terminal
from themes.ramps import UNICODE

UP, DOWN, HOME = "\x1b[A", "\x1b[B", "\x1b[H"
PAUSE_S: Final = (0.05, 0.15)
"""Between two keys, at random: no key may fall into step with what is drawn every second."""
_BY_NAME = re.compile(rf"│ service[{UNICODE.ascending}{UNICODE.descending}]")
_SETTLED_S: Final = 0.3
_NAME_CELLS: Final = 24
_TOLD = re.compile(r"(\w+) +prometheus \S+ +(.*?) *│?$", re.MULTILINE)


class Key(NamedTuple):
    keys: str
    answered: Callable[[str, str], bool]
    """Whether the screen's text, before and now, shows what the key is for."""
    first: str = ""
    """Pressed some time before, and not timed."""


def _under_cursor(text: str) -> str:
    """What the row with the cursor is called, wherever it stands: lists scroll, and rows go to other places."""
    return text.partition(UNICODE.cursor)[2][:_NAME_CELLS]


def _shows(words: str, _before: str, now: str) -> bool:
    return words in now


def _hides(words: str, _before: str, now: str) -> bool:
    return words not in now


def _moved(before: str, now: str) -> bool:
    return _under_cursor(before) != _under_cursor(now)


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

ON_DECK: Final = (
    Key(DOWN, _moved),
    Key("-", partial(_shows, "last 30 min")),
    Key(UP, _moved),
    Key("=", partial(_shows, "last 15 min")),
    Key("e", partial(_hides, "Versions in flight")),
    Key("e", partial(_shows, "Versions in flight")),
)
"""What is looked at on the deck while a rollout goes on: it begins and ends as `CYCLE` does."""
ON_ROLLOUT: Final = (
    Key(DOWN, _moved, first=HOME),
    Key(DOWN, _moved),
    Key(UP, _moved),
    Key("4", partial(_hides, "┌ Steps ")),
    Key("\r", partial(_shows, "┌ Steps ")),
)
"""On the only rollout's page, on which it begins and ends. Its cursor goes along with the steps until it is moved."""


def answers_s(terminal: Terminal, rounds: int, cycle: Sequence[Key] = CYCLE) -> list[float]:
    """Go through `cycle` so many times; the seconds from each key to its paint."""
    took_s = []
    for key in [*cycle] * rounds:
        if key.first:
            terminal.press(key.first)
            time.sleep(_SETTLED_S)
        time.sleep(random.uniform(*PAUSE_S))
        took_s.append(terminal.answer_s(key.keys, partial(key.answered, terminal.text)))
    return took_s


def sort_by_name(terminal: Terminal) -> None:
    """The deck's services: a row that goes to another place by itself is no answer to a key."""
    while not _BY_NAME.search(terminal.text):
        terminal.press("s")
        time.sleep(_SETTLED_S)


def told_of_prometheus(text: str) -> tuple[str, str]:
    """The state and its detail in the newest line on Prometheus among the deck's events; both empty without one."""
    told: list[tuple[str, str]] = _TOLD.findall(text)
    return told[-1] if told else ("", "")


def lives(text: str) -> bool:
    return told_of_prometheus(text)[0] == "live"


def fails(text: str) -> bool:
    return told_of_prometheus(text)[0] not in ("", "live")

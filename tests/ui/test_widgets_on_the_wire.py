"""What a live heatmap of 40×120 costs on the wire, counted in a real pseudo-terminal."""

import sys
import time
from collections.abc import Iterator

import pytest

from tests.terminal import Terminal

UNMERGED = 107_000
"""A frame of the same size with a segment for every cell, in 24 bit colour."""


@pytest.fixture(scope="module", params=["truecolor", "256"])
def terminal(request: pytest.FixtureRequest) -> Iterator[Terminal]:
    environ = {"COLORTERM": "truecolor" if request.param == "truecolor" else "", "NO_COLOR": ""}
    with Terminal(
        [
            sys.executable,
            "-c",
            "import os; os.environ.pop('NO_COLOR'); from tests.ui.wire_app import Wire; Wire().run()",
        ],
        environ=environ,
    ) as opened:
        opened.wait_for(lambda text: "n 0" in text, what="the first frame")
        settle(opened)
        yield opened


def settle(terminal: Terminal) -> int:
    """Wait until nothing has come for a while. Returns all bytes so far."""
    seen = -1
    while seen != terminal.bytes_read:
        seen = terminal.bytes_read
        time.sleep(0.3)
    return seen


def cost(terminal: Terminal, key: str) -> int:
    """Of a key that changes something."""
    before = settle(terminal)
    terminal.press(key)
    terminal.wait_for(lambda _: terminal.bytes_read > before, what=f"the answer to {key}")
    return settle(terminal) - before


def test_one_more_startup_costs_the_lines_it_is_on(terminal: Terminal) -> None:
    assert cost(terminal, "a") < 4_000


def test_a_new_column_costs_less_than_half_of_an_unmerged_frame(terminal: Terminal) -> None:
    assert cost(terminal, "b") < UNMERGED / 2


def test_the_same_again_costs_nothing(terminal: Terminal) -> None:
    before = settle(terminal)
    terminal.press("c")
    assert settle(terminal) == before

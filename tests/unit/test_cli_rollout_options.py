"""The rollout commands take the options that their pages name, no more and no less, and each of a strategy counts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from patchdeck.model import Amount, Order, Strategy
from patchdeck.settings import RolloutSettings
from tui.commands.rollout import command
from tui.commands.rollout_options import strategy_from, strategy_options

DOCS = Path(__file__).parents[2] / "docs"
OF_ALL = {"--host", "--config", "--utc", "--help"}
"""Told once for all commands."""
OF_PLAN = {"--recording"}
"""Told where the duration is."""


def options_in(text: str) -> set[str]:
    return set(re.findall(r"--[a-z-]+", text))


def strategy_in_words() -> str:
    found = re.search(
        r"^Strategy: (.*?)\n\n", (DOCS / "command-line.md").read_text(), re.DOTALL | re.MULTILINE
    )
    assert found
    return found[1]


def uses() -> dict[str, set[str]]:
    """By command, as the page on rollout commands begins."""
    block = (DOCS / "rollout-commands.md").read_text().partition("\n\n")[2].partition("\n\n")[0]
    found = {}
    for use in re.findall(r"patchdeck rollout (.+?)(?=\n    patchdeck|\Z)", block, re.DOTALL):
        strategy = options_in(strategy_in_words()) if "[strategy]" in use else set()
        found[use.split()[0]] = options_in(use) | strategy
    return found


@pytest.mark.parametrize("name", sorted(command.commands))
def test_a_command_takes_the_options_that_its_page_names(name: str) -> None:
    one = command.commands[name]
    taken = {word for param in one.params if isinstance(param, click.Option) for word in param.opts}
    assert taken - OF_ALL - (OF_PLAN if name == "plan" else set()) == uses()[name]


def test_each_option_of_a_strategy_is_in_the_strategy() -> None:
    made: list[Strategy] = []

    @click.command
    @strategy_options
    def planning(**given: Any) -> None:
        made.append(strategy_from(RolloutSettings(), given))

    words = (
        "--canary 2 --batch 25% --order stop-first --max-unavailable 3 --pace 5 --bake 7s --deadline 2m "
        "--hold-timeout 1h --gate ratio=1.4 --gate contention=off --pause-after canary --pause-after batch"
    )
    assert options_in(words) == options_in(strategy_in_words())
    done = CliRunner().invoke(planning, words.split())
    assert done.exit_code == 0, done.output
    assert made == [
        Strategy(
            canary=Amount(count=2),
            batch=Amount(share=0.25),
            order=Order.STOP_FIRST,
            max_unavailable=Amount(count=3),
            pace=5,
            bake_s=7.0,
            deadline_s=120.0,
            hold_timeout_s=3600.0,
            gates={"ratio": "1.4", "contention": "off"},
            pause_after=("canary", "batch"),
        )
    ]

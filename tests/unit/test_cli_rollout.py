"""`patchdeck rollout plan`: its options, over the configuration, and one clear error for each mistake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from patchdeck.model import Amount, Order
from patchdeck.settings import RolloutSettings
from tui.commands.rollout import command
from tui.commands.rollout_options import strategy_from

AMOUNTS = ("canary", "batch", "order", "max_unavailable", "pace", "bake_s", "deadline_s", "hold_timeout_s")
NOTHING: dict[str, Any] = dict.fromkeys(AMOUNTS) | {"gates": (), "pause_after": ()}


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(command, ["plan", *arguments])
    return done.exit_code, done.output


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--to", "Not An Image", "expected an image, as in shop/web:1.1"),
        ("--canary", "0", "expected at least 1, found '0'"),
        ("--canary", "some", 'expected "auto", a number or a share in per cent'),
        ("--batch", "0%", "expected a share from more than 0% to 100%"),
        ("--batch", "120%", "expected a share from more than 0% to 100%"),
        ("--max-unavailable", "-1", 'expected "auto", a number or a share'),
        ("--order", "both", "'both' is not one of 'auto', 'start-first', 'stop-first'"),
        ("--pace", "0", 'expected "auto" or a number from 1 to 1000'),
        ("--bake", "10", "expected a duration with its unit"),
        ("--deadline", "0s", "expected more than 0"),
        ("--gate", "ratio", "expected a gate and its value, as in"),
        ("--gate", "=1", "expected a gate and its value, as in"),
        ("--pause-after", "end", "'end' is not one of 'canary', 'batch'"),
    ],
)
def test_each_mistake_is_a_wrong_use_that_says_what_was_expected(option: str, value: str, told: str) -> None:
    to = [] if option == "--to" else ["--to", "shop/web:1.1"]
    status, output = run("shop/web", *to, option, value)
    assert status == 2
    assert f"Invalid value for '{option}'" in output
    assert told in " ".join(output.split())


def test_the_service_and_the_image_have_to_be_named() -> None:
    assert run("--to", "x")[0] == 2
    assert run("shop/web")[0] == 2


def test_what_is_not_given_is_as_the_configuration_says_and_auto_goes_over_it() -> None:
    settings = RolloutSettings(canary="3", batch="25%", order="stop-first", pace="4", gates={"ratio": "1.5"})
    as_configured = strategy_from(settings, NOTHING)
    assert (as_configured.canary, as_configured.batch) == (Amount(count=3), Amount(share=0.25))
    assert (as_configured.order, as_configured.pace) == (Order.STOP_FIRST, 4)
    auto = strategy_from(settings, NOTHING | {"canary": "auto", "order": "auto", "pace": "auto"})
    assert (auto.canary, auto.order, auto.pace) == (None, None, None)
    none_missing = strategy_from(settings, NOTHING | {"max_unavailable": "0", "bake_s": 0.0})
    assert (none_missing.max_unavailable, none_missing.bake_s) == (Amount(count=0), 0.0)
    more = strategy_from(settings, NOTHING | {"gates": (("errors", "x < 1"), ("ratio", "1.2"))})
    assert more.gates == {"ratio": "1.2", "errors": "x < 1"}


def test_a_gate_that_is_given_twice_is_a_wrong_use() -> None:
    with pytest.raises(click.UsageError, match="--gate ratio was given twice"):
        strategy_from(RolloutSettings(), NOTHING | {"gates": (("ratio", "1"), ("ratio", "2"))})


def test_one_engine_has_to_be_named_where_there_are_several(tmp_path: Path) -> None:
    hosts = [f"--host=unix://{tmp_path}/{name}/docker.sock" for name in ("a", "b")]
    status, output = run("shop/web", "--to", "shop/web:1.1", *hosts)
    assert status == 2
    assert "a rollout is on one engine, and there are a, b; name one with --host" in output


def test_an_engine_that_does_not_answer_is_a_failure_in_one_sentence(tmp_path: Path) -> None:
    status, output = run("shop/web", "--to", "shop/web:1.1", f"--host=unix://{tmp_path}/x.sock")
    assert status == 1
    assert "Start an engine, or name one with --host" in output


def test_a_recording_that_does_not_tell_of_the_service_is_a_wrong_use() -> None:
    status, output = run(
        "nobody/here", "--to", "shop/web:1.1", "--recording", "paced", "--host", "unix:///x.sock"
    )
    assert status == 2
    assert "paced tells of no startups of nobody/here" in output

"""What is said of a rollout, and how its interval and its pull are drawn."""

from __future__ import annotations

import math

import pytest
from msgspec.structs import replace
from rich.cells import cell_len

from patchdeck.model import LayerProgress, PauseKind, Rollout, RolloutPause, RolloutState, UnitPhase
from tests.ui import rollouts
from tests.ui.sample import NOW_NS, SECOND
from tests.ui.widget_host import lines, shown
from themes.palettes import VARIABLE_DEFAULTS
from themes.ramps import ASCII, UNICODE, Glyphs
from widgets import rollout_now, rollout_words
from widgets.ink import style_of
from widgets.pull_bars import PullBars
from widgets.ratio_bar import ratio_bar
from widgets.rollout_tree import RolloutTree


def said(rollout: Rollout) -> str:
    return rollout_now.sentence(rollout, NOW_NS)[0]


def bar(low: float, ratio: float, high: float, cells: int = 21, glyphs: Glyphs = UNICODE) -> str:
    return "".join(text for text, _, _ in ratio_bar(low, ratio, high, cells, glyphs=glyphs))


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
@pytest.mark.parametrize(
    "values", [(0.9, 1.0, 1.1), (0.01, 0.02, 0.03), (3.0, 30.0, math.inf), (0.0, 1.0, 9.0)]
)
def test_the_bar_of_a_ratio_is_as_wide_as_asked_for_and_holds_its_point(
    values: tuple[float, float, float], glyphs: Glyphs
) -> None:
    for cells in (5, 6, 17, 40):
        drawn = bar(*values, cells, glyphs)
        assert cell_len(drawn) == cells
        assert drawn.count(glyphs.live) == 1


def test_equal_stands_in_the_middle_and_twice_as_slow_at_the_right_end() -> None:
    assert bar(1.6, 1.7, 1.8)[10] == "│"
    assert bar(2.0, 2.0, 2.0)[20] == "●"
    assert bar(0.5, 0.5, 0.5)[0] == "●"


def test_an_interval_that_goes_on_past_the_scale_says_so() -> None:
    assert bar(1.2, 1.5, 4.0).endswith("›")
    assert not bar(1.2, 1.5, 1.9).endswith("›")


@pytest.mark.parametrize(
    ("rollout", "words"),
    [
        (rollouts.rolling(), ["pause", "abort"]),
        (rollouts.holding(), ["promote", "ask again", "abort"]),
        (rollouts.paused(), ["resume", "abort"]),
        (rollouts.lost(), ["resume", "abort"]),
        (rollouts.needs_person(), ["resume", "abort"]),
        (rollouts.rolling_back(), []),
        (rollouts.committed(), ["roll back"]),
    ],
    ids=lambda value: value.state.value if isinstance(value, Rollout) else "",
)
def test_what_a_person_can_do_follows_from_how_it_stands(rollout: Rollout, words: list[str]) -> None:
    assert list(rollout_words.possible(rollout).values()) == words


def test_it_says_what_it_waits_for_and_who_paused_it() -> None:
    assert said(rollouts.holding()).startswith("ratio holds: 1.12×")
    assert said(rollouts.paused()) == "paused by ben@bastion (checkout is slow)"
    assert "its worker is gone" in said(rollouts.lost())
    assert said(rollouts.pulling()) == "pulling 12 MB of 41 MB"
    assert said(rollouts.needs_person()).endswith("free it, then resume")


def test_a_pause_of_the_worker_alone_is_told_as_one_that_another_worker_ends() -> None:
    told = rollouts.paused()
    left = replace(told, worker_alive=False, pauses=(RolloutPause(kind=PauseKind.SIGNAL, since_ns=NOW_NS),))
    assert said(left) == "its worker has ended: resume starts another"
    assert list(rollout_words.possible(left).values()) == ["resume", "abort"]


def test_while_it_runs_it_says_which_replicas_move_and_what_binds() -> None:
    assert said(rollouts.rolling()) == "shop-web-3 created; pressure binds: CPU waits 24%, brakes from 20%"


def test_a_step_that_bakes_says_for_how_long_still_and_then_that_its_gates_judge() -> None:
    told = rollouts.rolling()
    ready_ns = NOW_NS - 4 * SECOND
    ready = tuple(
        replace(unit, phase=UnitPhase.READY, since_ns=ready_ns) if unit.step == 1 else unit
        for unit in told.units
    )
    told = replace(told, units=ready)
    assert said(told) == "batch 1 is ready and bakes: its gates judge in 6.0s"
    assert rollout_now.sentence(told, NOW_NS + 6 * SECOND)[0] == "batch 1 is ready: its gates judge"


def test_on_its_way_back_it_says_why_and_how_far_it_is() -> None:
    assert said(rollouts.rolling_back()) == "shop-web-1 exited with 1; 0 of 1 old containers run again"


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (
            RolloutState.COMMITTED,
            "2 replicas run on 1.4.3; the old containers are removed",
        ),
        (
            RolloutState.ROLLED_BACK,
            "gate ratio: 1.9×; the old containers run as before, nothing is left of the new ones",
        ),
        (RolloutState.FAILED, "gate ratio: 1.9×; nothing was changed"),
    ],
)
def test_the_end_says_what_was_done_and_what_is_left(state: RolloutState, words: str) -> None:
    assert said(replace(rollouts.committed(), state=state, text="gate ratio: 1.9×")) == words


@pytest.mark.parametrize(
    ("rollout", "loud"),
    [
        (rollouts.rolling(), False),
        (rollouts.holding(), True),
        (rollouts.paused(), False),
        (rollouts.lost(), True),
        (rollouts.needs_person(), True),
        (rollouts.rolling_back(), False),
        (rollouts.committed(), False),
    ],
    ids=lambda value: value.state.value if isinstance(value, Rollout) else "",
)
def test_what_waits_for_a_person_stands_out_without_colours_too(rollout: Rollout, loud: bool) -> None:
    _, ink, _ = rollout_words.state_span(rollout, UNICODE)
    assert style_of(ink, VARIABLE_DEFAULTS).reverse is (True if loud else None)


async def test_of_more_layers_than_there_is_room_for_those_under_way_come_first() -> None:
    bars = PullBars()
    done = [LayerProgress(layer=f"done{n}", done_bytes=5, total_bytes=5) for n in range(6)]
    bars.show([*done, LayerProgress(layer="slow", done_bytes=1, total_bytes=9)])
    async with shown(bars, size=(60, 6)):
        drawn = lines(bars)
    assert "slow" in drawn[1]
    assert "and 4 more layers" in drawn[4]


async def test_the_cursor_goes_along_with_the_steps_until_it_is_moved() -> None:
    tree = RolloutTree()
    tree.show(rollouts.paused())
    async with shown(tree, size=(100, 12)) as (_, pilot):
        assert tree.selected is not None
        assert tree.selected.key == "step 0"
        tree.show(rollouts.rolling())
        assert tree.selected.key == "step 1"
        tree.focus()
        await pilot.press("home")
        tree.show(rollouts.holding())
        assert tree.selected.key == "step 0"


async def test_every_unit_of_64_is_in_the_tree() -> None:
    tree = RolloutTree()
    tree.show(rollouts.rolling(the_plan=rollouts.plan(sizes=(1, 3, 60))))
    async with shown(tree, size=(100, 90)):
        whole = "\n".join(lines(tree))
    assert all(f"shop-web-{number} " in whole for number in range(1, 65))

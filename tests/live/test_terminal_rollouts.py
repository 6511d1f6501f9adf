"""Rollouts from the first key to the last in a real terminal of 16 colours, on a real engine.

What is asserted is what the person sees, what the engine has afterwards, and what the journal keeps of it.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from patchdeck.model import Command, Commanded, GateJudged, Planned, Rollout, RolloutState, Verdict
from patchdeck.rollout.database import STATE_FOLDER
from patchdeck.rollout.journal import Journal
from tests.lab.engine import Engine
from tests.lab.images import Images
from tests.lab.processes import wait_until
from tests.lab.services import Container, start_service
from tests.live.conftest import unavailable
from tests.live.program import PATCHDECK
from tests.live.rollouts import entries, locks, service_now, told
from tests.tmux import Tmux, beyond_16_colours, is_reversed, missing
from tui.composer.form import FIELDS

WHY = "change 4711"
SMALL, USUAL = (80, 24), (120, 40)
SIZES = pytest.mark.parametrize("size", [SMALL, USUAL], ids=["80x24", "120x40"])
CONFIGURATION = """\
[rollout]
bake = "1s"
deadline = "30s"
pace = "2"
[rollout.gates]
contention = "off"
"""
HOLDS_THE_CANARY = '''
[[gates]]
name = "orders"
services = ["shop/web"]
command = ["/bin/sh", "-c", """
[ "$PATCHDECK_STEP" = canary ] && [ "$PATCHDECK_IMAGE" = shop/web:1.1-health ] || exit 0
echo 7 orders are too few; exit 75"""]
'''
LOOKED_AT_SELDOM = {"Test": ["CMD", "/bin/test", "-f", "/run/ready"], "Interval": 3 * 10**9, "Retries": 5}
"""The engine forgets all but the last 256 events, and a look at one container makes three: how long the old ones took
to be ready is known to a worker only as long as that is not forgotten."""
END_S = 90.0
WITH_THE_PLAN_BESIDE = 104
"""Columns from which the fields have the plan beside them, which is one more stop of the keyboard."""


class Console:
    """A console with a journal and a configuration of its own."""

    def __init__(self, engine: Engine, folder: Path, size: tuple[int, int], more: str = "") -> None:
        self.folder = folder
        config = folder / "patchdeck" / "config.toml"
        config.parent.mkdir()
        config.write_text(CONFIGURATION + more, encoding="utf-8")
        self.terminal = Tmux(
            [PATCHDECK, "--host", engine.host],
            folder,
            columns=size[0],
            rows=size[1],
            environ=dict.fromkeys((STATE_FOLDER, "XDG_CONFIG_HOME", "XDG_STATE_HOME"), str(folder)),
        )

    # What is done

    def compose(self, image: str, service: str = "shop/web", **fields: str) -> None:
        """From the deck to the plan of moving a service there. `fields` are filled in, by their IDs."""
        terminal = self.terminal
        terminal.wait_for_words(service)
        while f"▸{service} " not in terminal.text:
            terminal.press("Down")
            time.sleep(0.2)
        terminal.press("r")
        terminal.wait_for_words("preset", "pause after")
        terminal.press("C-u")
        terminal.write(image)
        at = 0
        for name, text in fields.items():
            there = self._back_to(name)
            terminal.press(*["BTab" if there > at else "Tab"] * abs(there - at), "C-u")
            terminal.write(text)
            at = there
        self.shows("to be replaced")

    def _back_to(self, field: str) -> int:
        """How many fields back from the image: forwards lies the list of what is offered, if anything is by now."""
        before_the_plan = self.terminal.columns >= WITH_THE_PLAN_BESIDE
        return len(FIELDS) - [one.id for one in FIELDS].index(field) + before_the_plan

    def begin(self) -> None:
        """Disarmed as it is, it wants a reason first, then a yes; once there is a plan of what was typed last."""
        until = time.monotonic() + END_S
        while "Arm this console" not in self.terminal.text:
            assert time.monotonic() < until, self.terminal.text
            self.terminal.press("C-r")
            time.sleep(0.5)
        self.terminal.write(WHY)
        self.shows(WHY)
        self.terminal.press("Enter")
        self.shows("roll it out", "begin nothing")

    def leave(self) -> None:
        self.terminal.press("q")
        assert self.terminal.ended() == 0

    # What is seen

    def shows(self, *words: str) -> str:
        """Waits until all of them are on the screen, on however many lines of a panel; what is there then."""
        wanted = [" ".join(word.split()) for word in words]

        def all_there(text: str) -> bool:
            said = " ".join(re.sub("[│┃]", " ", text).split())
            return all(word in said for word in wanted)

        return self.terminal.wait_for(all_there, END_S, repr(words))

    def looks_whole(self) -> None:
        """No frame is broken, nothing stands beyond the edge, and 16 colours are enough."""
        text = self.terminal.text
        framed = [line for line in text.split("\n") if line.startswith(("┌", "└", "│", "├"))]
        assert all(len(line) == self.terminal.columns and line[-1] in "┐┘│┤┃" for line in framed), text
        assert not beyond_16_colours(self.terminal.styled)

    # What is kept

    @property
    def rollouts(self) -> list[str]:
        with Journal(self.folder, read_only=True) as journal:
            return [row.rollout for row in journal.rollouts()]

    @property
    def newest(self) -> Rollout:
        return told(self.rollouts[-1], self.folder)

    def asked(self) -> list[tuple[Command, str, str, bool]]:
        """What was asked of the newest one: command, by which program, why, and whether the worker did it."""
        return [
            (one.command, one.by.program, one.reason, one.accepted)
            for one in entries(self.rollouts[-1], self.folder)
            if isinstance(one, Commanded)
        ]

    def close(self) -> None:
        """Workers that a failed test leaves are ended."""
        self.terminal.close()
        with Journal(self.folder, read_only=True) as journal:
            left = [
                journal.worker(row.rollout) for row in journal.rollouts() if journal.has_worker(row.rollout)
            ]
        for process in left:
            if process is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)


@pytest.fixture
def console(stock: Engine, tmp_path: Path) -> Iterator[Callable[..., Console]]:
    """Makes consoles on the stock engine."""
    if why := missing():
        unavailable(why)
    with ExitStack() as opened:

        def made(size: tuple[int, int], more: str = "") -> Console:
            folder = tmp_path / str(len(list(tmp_path.iterdir())))
            folder.mkdir()
            one = Console(stock, folder, size, more)
            opened.callback(one.close)
            return one

        yield made


def image_id(engine: Engine, reference: str) -> str:
    found: str = engine.get(f"/images/{reference}/json")["Id"]
    return found


def running(engine: Engine) -> dict[str, str]:
    """The containers that run, name to ID; there are no others."""
    every = service_now(engine)
    assert all(one["State"]["Running"] for one in every.values()), every.keys()
    return {name: str(one["Id"]) for name, one in every.items()}


def as_before(engine: Engine, old: list[Container]) -> None:
    """The very containers run again, under their names, nothing is left of others, and nobody holds the lock."""
    assert running(engine) == {one.name: one.id for one in old}
    assert wait_until(lambda: not locks(engine), 10)


# --- the good patch -------------------------------------------------------------------------------


def composed_held_promoted_and_finished(stock: Engine, images: Images, console: Console) -> None:
    old = start_service(stock, images.web("1.0-health"), 3)
    console.compose(images.web("1.1-health"), bake_s="2s")
    console.looks_whole()
    console.begin()
    text = console.shows("3 replicas of shop/web", "from shop/web:1.0-health", "to   shop/web:1.1-health")
    assert "ARMED" in text
    assert not console.rollouts, "nothing begins before the question is answered"
    console.terminal.press("y")

    text = console.shows("▲ holding", "orders holds: exit status 75: 7 orders", "Journal")
    assert "p promote  space ask again  a abort" in text
    assert "waits since" in text
    styled = console.terminal.styled
    assert is_reversed(styled, "▲ holding")
    assert console.terminal.has_rung
    console.looks_whole()
    new = image_id(stock, images.web("1.1-health"))
    on_new = [one for one in service_now(stock).values() if one["Image"] == new and one["State"]["Running"]]
    assert len(on_new) == 1, "the canary alone"

    console.terminal.press("p")
    console.shows("It is your word then that it passed", "7 orders are too few", "Next is batch 1")
    console.terminal.press("y")
    text = console.shows("✓ committed", "3 replicas run on 1.1-health; the old containers are removed")
    assert "never fewer than 3 ready" in text
    assert "b roll back" in text
    console.looks_whole()

    now = service_now(stock)
    assert now.keys() == {one.name for one in old}
    assert {one["Image"] for one in now.values()} == {new}
    assert not {one["Id"] for one in now.values()} & {one.id for one in old}
    told_by_journal = console.newest
    assert told_by_journal.state is RolloutState.COMMITTED
    assert (told_by_journal.reason, told_by_journal.plan.strategy.bake_s) == (WHY, 2.0)
    assert console.asked() == [(Command.PROMOTE, "console", WHY, True)]


@pytest.mark.timeout(300)
def test_a_patch_is_composed_held_promoted_and_finished_by_keys_at_80_by_24(
    stock: Engine, stock_images: Images, console: Callable[..., Console]
) -> None:
    one = console(SMALL, HOLDS_THE_CANARY)
    composed_held_promoted_and_finished(stock, stock_images, one)
    one.leave()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_at_120_by_40_it_is_the_same_and_is_undone_by_one_key_and_a_yes(
    stock: Engine, stock_images: Images, console: Callable[..., Console]
) -> None:
    one = console(USUAL, HOLDS_THE_CANARY)
    composed_held_promoted_and_finished(stock, stock_images, one)
    committed = one.newest.id
    one.terminal.press("b")
    one.shows("roll it back", f"Rollout {committed} is committed", "Image: 1.0-health")
    one.terminal.press("y")
    one.shows("Journal", "✓ committed", "3 replicas run on 1.0-health", "1.1-health → 1.0-health")
    one.looks_whole()
    back = one.newest
    assert back.id != committed
    assert back.state is RolloutState.COMMITTED
    assert {found["Image"] for found in service_now(stock).values()} == {
        image_id(stock, stock_images.web("1.0-health"))
    }
    one.leave()


@pytest.mark.slow
@pytest.mark.timeout(300)
@SIZES
def test_a_rollout_is_paused_resumed_and_aborted_by_keys(
    stock: Engine, stock_images: Images, console: Callable[..., Console], size: tuple[int, int]
) -> None:
    old = start_service(stock, stock_images.web("1.0-health"), 3)
    one = console(size)
    one.compose(stock_images.web("1.1-health"), bake_s="8s")
    one.begin()
    one.terminal.press("y")
    one.shows("canary is ready and bakes", "space pause  a abort")
    one.terminal.press("Space")
    one.shows("‖ paused", "paused by ", f"({WHY})", "space resume  a abort")
    one.looks_whole()
    one.terminal.press("Space")
    one.shows("▶ rolling", "space pause  a abort")
    one.terminal.press("a")
    one.shows("1 of 3 replicas go back to 1.0-health", "abort and roll back")
    assert not is_reversed(one.terminal.styled, "holding")
    one.terminal.press("y")
    one.shows("◀ rolled back", "aborted", "the old containers run as before", "nothing is left to be done")
    one.looks_whole()
    as_before(stock, old)
    assert one.newest.state is RolloutState.ROLLED_BACK
    assert [command for command, *_ in one.asked()] == [Command.PAUSE, Command.RESUME, Command.ABORT]
    one.leave()


# --- bad patches ----------------------------------------------------------------------------------


def goes_back_by_itself(stock: Engine, old: list[Container], console: Console, *why: str) -> None:
    """From the yes to the end, without another key."""
    console.terminal.press("y")
    console.shows("◀ rolled back", "the old containers run as before", "nothing is left to be done", *why)
    assert wait_until(lambda: console.terminal.has_rung, 5), "tmux tells of a bell a moment after the text"
    console.looks_whole()
    as_before(stock, old)
    assert console.newest.state is RolloutState.ROLLED_BACK
    assert console.asked() == []
    first = entries(console.rollouts[-1], console.folder)[0]
    assert isinstance(first, Planned)
    assert (first.by.program, first.reason) == ("console", WHY)


def a_crashing_patch_goes_back(stock: Engine, images: Images, console: Console) -> None:
    old = start_service(stock, images.web("1.0"), 3)
    console.compose(images.web("1.4"))
    console.begin()
    goes_back_by_itself(stock, old, console, "shop-web-1", "it ended with exit status 3")
    console.terminal.press("1")
    console.shows("◀ rolled back", "Versions in flight")
    console.leave()


@pytest.mark.timeout(300)
def test_a_patch_that_crashes_goes_back_by_itself_at_120_by_40(
    stock: Engine, stock_images: Images, console: Callable[..., Console]
) -> None:
    a_crashing_patch_goes_back(stock, stock_images, console(USUAL))


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_patch_that_crashes_goes_back_by_itself_at_80_by_24(
    stock: Engine, stock_images: Images, console: Callable[..., Console]
) -> None:
    a_crashing_patch_goes_back(stock, stock_images, console(SMALL))


@pytest.mark.slow
@pytest.mark.timeout(300)
@SIZES
def test_a_patch_that_never_gets_healthy_goes_back_by_itself(
    stock: Engine, stock_images: Images, console: Callable[..., Console], size: tuple[int, int]
) -> None:
    old = start_service(stock, stock_images.web("1.0-health"), 3)
    one = console(size)
    one.compose(stock_images.web("1.5"))
    one.begin()
    goes_back_by_itself(stock, old, one, "its healthcheck fails")
    one.leave()


@pytest.mark.slow
@pytest.mark.timeout(300)
@SIZES
def test_a_patch_whose_startups_are_slow_goes_back_by_itself(
    stock: Engine, stock_images: Images, console: Callable[..., Console], size: tuple[int, int]
) -> None:
    one = console(size)
    # One after the other, as the new ones will start: only startups among as many others are compared.
    old = start_service(
        stock, stock_images.web("1.0-health"), 6, at_once=1, config={"Healthcheck": LOOKED_AT_SELDOM}
    )
    assert wait_until(lambda: all(_healthy(stock, started.id) for started in old), 30)
    one.compose(stock_images.web("1.3"), canary="6", pace="1", gates="ratio=required contention=off")
    one.begin()
    goes_back_by_itself(stock, old, one, "gate ratio", "longer than 1.1×")
    judged = [found for found in entries(one.newest.id, one.folder) if isinstance(found, GateJudged)]
    assert [found.verdict for found in judged if found.gate == "ratio"] == [Verdict.FAIL]
    one.leave()


def _healthy(engine: Engine, container: str) -> bool:
    state: dict[str, Any] = engine.inspect(container)["State"]
    return bool(state.get("Health", {}).get("Status") == "healthy")


# --- several at once ------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.timeout(300)
@SIZES
def test_two_services_are_patched_at_once_and_keys_act_on_the_one_that_is_meant(
    stock: Engine, stock_images: Images, console: Callable[..., Console], size: tuple[int, int]
) -> None:
    start_service(stock, stock_images.web("1.0-health"), 2)
    start_service(stock, stock_images.web("1.0-health"), 2, service="api")
    one = console(size, HOLDS_THE_CANARY)
    terminal = one.terminal
    one.compose(stock_images.web("1.1-health"))
    one.begin()
    terminal.press("y")
    one.shows("▲ holding", "Journal")
    terminal.press("1")
    one.compose(stock_images.web("1.1-health"), "shop/api", bake_s="6s")
    terminal.press("C-r")
    one.shows("2 replicas of shop/api")
    terminal.press("y")
    one.shows("shop/api on", "canary is ready and bakes")
    terminal.press("1")
    text = one.shows("Rollouts", "▲ holding", "▶ rolling")
    assert "orders holds: exit status 75: 7 orders" in text
    one.looks_whole()
    terminal.press("4")
    one.shows("2 open")
    web, api = one.rollouts
    while "shop/web on" not in terminal.text:
        terminal.press("Down")
        time.sleep(0.3)
    terminal.press("p")
    one.shows("Promote shop/web")
    terminal.press("y")
    one.shows("0 open")
    assert {told(rollout, one.folder).state for rollout in (web, api)} == {RolloutState.COMMITTED}
    assert {found["Image"] for found in service_now(stock).values()} == {
        image_id(stock, stock_images.web("1.1-health"))
    }
    one.leave()

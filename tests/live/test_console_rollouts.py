"""A rollout of real containers by its detached worker, seen and acted upon by consoles in real terminals."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from patchdeck.model import (
    ActRefused,
    Amount,
    Command,
    Commanded,
    RolloutState,
    StateEntered,
    Strategy,
    WorkerBegan,
)
from patchdeck.rollout.database import STATE_FOLDER
from patchdeck.rollout.journal import Journal
from patchdeck.rollout.processes import actor
from patchdeck.rollout.starting import started
from patchdeck.rollout.submit import submit
from patchdeck.settings import GateSettings, Settings
from tests.lab.engine import Engine
from tests.lab.images import Images
from tests.lab.processes import wait_until
from tests.lab.services import start_service
from tests.live.program import PATCHDECK
from tests.live.rollouts import entries, planned, service_now, target_of, told
from tests.terminal import Terminal

STRATEGY = Strategy(
    canary=Amount(count=1),
    batch=Amount(share=1.0),
    bake_s=0.0,
    deadline_s=60.0,
    pace=2,
    gates={"ratio": "off", "contention": "off"},
)
NEVER_SURE = GateSettings(name="orders", command=("/bin/sh", "-c", "echo 7 orders are too few; exit 75"))


async def entered(engine: Engine, image: str, folder: Path) -> str:
    """A rollout in the journal: a canary, and a batch with the rest, and a gate that is never sure."""
    settings = Settings(gates=(NEVER_SURE,))
    plan = await planned(engine, image, STRATEGY, settings=settings)
    with Journal(folder) as journal:
        return submit(journal, plan, target_of(engine), actor("test"), settings=settings).rollout


def worker_of(rollout: str, folder: Path) -> int:
    with Journal(folder, read_only=True) as journal:
        process = journal.worker(rollout)
    assert process is not None
    return process.pid


def held_after_being_asked_again(rollout: str, folder: Path) -> bool:
    """Until then the screens show, rightly, the hold that the worker before this one came to."""
    known = entries(rollout, folder)
    asked = [
        at for at, one in enumerate(known) if isinstance(one, Commanded) and one.command is Command.RESUME
    ]
    later = known[asked[-1] :] if asked else ()
    return any(isinstance(one, StateEntered) and one.state is RolloutState.HOLDING for one in later)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """The state folder; workers that a failed test leaves are ended."""
    yield tmp_path
    with Journal(tmp_path, read_only=True) as journal:
        left = [journal.worker(row.rollout) for row in journal.rollouts() if journal.has_worker(row.rollout)]
    for process in left:
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)


@pytest.mark.timeout(240)
async def test_two_consoles_show_the_same_and_both_act_and_the_journal_tells_who_did_what(
    stock: Engine, stock_images: Images, folder: Path
) -> None:
    start_service(stock, stock_images.web("1.0"), 3)
    rollout = await entered(stock, stock_images.web("1.1"), folder)
    first = started(rollout, folder)
    environ = {STATE_FOLDER: str(folder), "XDG_STATE_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    console = [PATCHDECK, "--host", stock.host]
    with (
        Terminal([*console, "--armed", "--reason", "change 4711"], environ=environ) as acting,
        Terminal(console, environ=environ, columns=80, rows=24) as looking,
    ):
        for terminal in (acting, looking):
            terminal.wait_for(
                lambda text: "holding" in text and "orders holds" in text, 60, "the hold of the canary"
            )
        acting.wait_for(lambda text: "ARMED" in text and "DISARMED" not in text, 30, "being armed")
        looking.press("a")
        looking.wait_for(lambda text: "Nothing was done, disarmed" in text, what="being refused")
        looking.press("A")
        looking.wait_for(lambda text: "Arm this console" in text, what="the question why")
        looking.press("relief shift\r")
        looking.wait_for(lambda text: "ARMED" in text and "DISARMED" not in text, what="being armed")

        for terminal in (acting, looking):
            terminal.press("p")
            terminal.wait_for(
                lambda text: "It is your word then that it passed" in text and "7 orders are too few" in text,
                what="the evidence",
            )
        for terminal in (acting, looking):
            terminal.press("y")
        assert wait_until(lambda: told(rollout, folder).step == 1, 60)
        for terminal in (acting, looking):
            terminal.wait_for(lambda text: "✓▲·" in text, 60, "the hold of the batch")

        os.kill(worker_of(rollout, folder), signal.SIGKILL)
        first.wait()
        took_s = acting.wait_for(lambda text: "its worker is gone" in text, 30, "the loss of the worker")
        assert took_s < 3
        looking.wait_for(lambda text: "✗ lost" in text, 30, "the loss, on the other console")

        acting.press(" ")
        acting.wait_for(
            lambda text: "A new worker looks at the containers first" in text, what="the question"
        )
        acting.press("y")
        assert wait_until(lambda: told(rollout, folder).workers == 2, 60)
        assert wait_until(lambda: held_after_being_asked_again(rollout, folder), 60)
        looking.wait_for(lambda text: "lost" not in text and "holding" in text, 60, "the hold, as before")
        acting.wait_for(lambda text: "p promote" in text and "submitted" not in text, 60, "the answer")
        acting.press("q")
        acting.wait_for(
            lambda text: f"goes on without this console: rollout {rollout}" in text,
            what="what goes on",
        )
        acting.press("n")
        looking.press("p")
        looking.wait_for(lambda text: "Next is the commit" in text, what="the question")
        looking.press("y")
        for terminal in (acting, looking):
            terminal.press("4")
            terminal.wait_for(lambda text: "✓ committed" in text, 60, "the end")
            terminal.press("q")
            assert terminal.wait() == 0, terminal.text

    assert told(rollout, folder).state is RolloutState.COMMITTED
    new = stock.get("/images/shop/web:1.1/json")["Id"]
    assert {one["Image"] for one in service_now(stock).values()} == {new}
    known = entries(rollout, folder)
    asked = [one for one in known if isinstance(one, Commanded)]
    by = {acting.pid: "change 4711", looking.pid: "relief shift"}
    assert all((one.by.program, one.reason) == ("console", by[one.by.pid]) for one in asked)
    first_answer, *others = [one for one in asked if one.accepted]
    assert first_answer.command is Command.PROMOTE, "the first of the two is heard, whoever that was"
    assert [(one.command, one.by.pid) for one in others] == [
        (Command.RESUME, acting.pid),
        (Command.PROMOTE, looking.pid),
    ]
    (refused,) = [one for one in known if isinstance(one, ActRefused)]
    assert (refused.act, refused.by.pid, refused.refusals[0].rule) == ("abort", looking.pid, "disarmed")
    assert sum(isinstance(one, WorkerBegan) for one in known) == 2

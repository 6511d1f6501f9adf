"""The lock of a service, on real engines: one holder at a time, whoever asks from wherever."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec
import pytest

from patchdeck.model import Noted, Order, RolloutState
from patchdeck.rollout import lock, locking
from patchdeck.rollout.database import STATE_FOLDER
from patchdeck.rollout.hands import Hands
from patchdeck.rollout.journal import Journal
from patchdeck.rollout.lock import Held, Lock
from patchdeck.rollout.processes import Process, actor, this_process
from patchdeck.rollout.submit import submit
from patchdeck.sources.targets import Target
from tests.lab.client import EngineClient
from tests.lab.engine import Engine
from tests.lab.images import Images
from tests.lab.services import start_service
from tests.live.commands import Commands
from tests.live.rollouts import QUICK, entries, locks, planned, service_now, submitted, target_of, told
from tests.live.underway import running, stands, until

ME = this_process()
GONE = msgspec.structs.replace(ME, started="1")
ELSEWHERE = Process(host="elsewhere", boot="b", pid=1, started="1")


async def take(
    hands: Hands, rollout: str, process: Process = ME, service: str = "shop/web", *, take_over: bool = False
) -> Lock:
    return await lock.take(hands, service, rollout=rollout, user="ops", process=process, take_over=take_over)


async def test_a_lock_has_one_holder_and_the_others_are_told_who(engine: Engine) -> None:
    async with Hands(target_of(engine)) as hands:
        await take(hands, "r1")
        with pytest.raises(Held, match=r"locked by rollout r1 of ops@.* wait for it"):
            await take(hands, "r2")
        await take(hands, "r3", service="shop/api")
        await take(hands, "r1")
        assert len(locks(engine)) == 2, "a renewed lock leaves nothing behind"
        await lock.release(hands, "shop/web", "r1")
        await take(hands, "r2")


async def test_of_many_who_try_at_once_one_has_it(engine: Engine) -> None:
    async with Hands(target_of(engine)) as hands:
        tries = await asyncio.gather(
            *(take(hands, f"r{number}") for number in range(12)), return_exceptions=True
        )
        holders = [one for one in tries if isinstance(one, Lock)]
        assert len(holders) == 1
        assert all(isinstance(one, Lock | Held) for one in tries)
        found = await lock.holder(hands, "shop/web")
        assert [found] == [one.holder for one in holders]


async def test_the_lock_of_a_worker_that_is_gone_is_taken_without_asking(stock: Engine) -> None:
    async with Hands(target_of(stock)) as hands:
        await take(hands, "r1", GONE)
        took = await take(hands, "r2")
        assert "rollout r1" in took.taken_over_from


async def test_the_lock_of_another_host_holds_until_it_runs_out(
    stock: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Hands(target_of(stock)) as hands:
        await take(hands, "r1", ELSEWHERE)
        with pytest.raises(Held, match="elsewhere"):
            await take(hands, "r2")
        await lock.release(hands, "shop/web", "r1")
        monkeypatch.setattr(lock, "LEASE_S", 0.0)
        await take(hands, "r1", ELSEWHERE)
        assert (await take(hands, "r2")).taken_over_from


async def test_who_takes_it_over_by_command_has_it_and_the_other_one_sees_that(stock: Engine) -> None:
    async with Hands(target_of(stock)) as hands:
        await take(hands, "r1")
        await take(hands, "r2", take_over=True)
        with pytest.raises(Held, match="rollout r2"):
            await take(hands, "r1")
        await lock.release(hands, "shop/web", "r1")
        found = await lock.holder(hands, "shop/web")
        assert found is not None
        assert found.rollout == "r2"


async def test_a_lock_that_was_pruned_away_is_taken_again(stock: Engine) -> None:
    async with Hands(target_of(stock)) as hands:
        held = await take(hands, "r1")
        await hands.remove_volume(held.name)
        await take(hands, "r1")
        with pytest.raises(Held):
            await take(hands, "r2")


# --- taken over -----------------------------------------------------------------------------------


async def test_a_worker_whose_lock_was_taken_over_ends_and_touches_nothing_more(
    stock: Engine, stock_images: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locking, "RENEW_S", 0.3)
    start_service(stock, stock_images.web("1.0"), 2)
    # Stop-first: once it pauses nothing of the canary is under way any more.
    strategy = msgspec.structs.replace(QUICK, pause_after=("canary",), order=Order.STOP_FIRST)
    rollout = await submitted(stock, tmp_path, stock_images.web("1.1"), strategy)
    async with Hands(target_of(stock)) as hands:
        with running(rollout, tmp_path) as task:
            await until(stands(rollout, tmp_path, RolloutState.PAUSED))
            before = service_now(stock)
            await take(hands, "r2", take_over=True)
            state = await task
        assert (state.end, state.left) == (None, True)
        found = await lock.holder(hands, "shop/web")
        assert found is not None
        assert found.rollout == "r2"
    notes = [one.text for one in entries(rollout, tmp_path) if isinstance(one, Noted)]
    assert "locked by rollout r2" in notes[-1]
    assert service_now(stock) == before


def test_the_command_takes_a_lock_over_from_another_host_only_where_it_is_told_to(
    stock: Engine, stock_images: Images, tmp_path: Path
) -> None:
    commands = Commands(stock, tmp_path)
    start_service(stock, stock_images.web("1.0"), 1)

    async def held_elsewhere() -> None:
        async with Hands(target_of(stock)) as hands:
            await take(hands, "r1", ELSEWHERE)

    asyncio.run(held_elsewhere())
    refused = commands.run(stock_images.web("1.1"))
    assert refused.returncode == 5
    assert "locked by rollout r1 of ops@elsewhere" in refused.stdout
    assert commands.run(stock_images.web("1.1"), "--take-over").returncode == 0
    assert not locks(stock)


# --- two users ------------------------------------------------------------------------------------

AS_SOMEONE_ELSE = (
    *("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"),
    # To read Python and the checkout, which may be their owner's alone; it gives no right to anyone's processes.
    *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"),
)


@asynccontextmanager
async def open_to_everyone(engine: EngineClient) -> AsyncIterator[Target]:
    """The engine on a port of this host: its socket lies in a folder of the lab's, which is root's alone."""

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(engine.host.removeprefix("unix://"))
        await asyncio.gather(_pass_on(reader, back), _pass_on(there, writer))

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield Target(name="lab", host=f"tcp://127.0.0.1:{port}", chosen="test")


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while chunk := await reader.read(65_536):
            writer.write(chunk)
            await writer.drain()
    writer.close()


def give(folder: Path, to: pwd.struct_passwd) -> None:
    for path in (folder, *folder.iterdir()):
        shutil.chown(path, to.pw_uid, to.pw_gid)


@pytest.fixture
def theirs() -> Iterator[Path]:
    """A state folder of someone else, where they can reach it."""
    folder = Path(tempfile.mkdtemp(prefix="patchdeck-theirs-"))
    yield folder
    shutil.rmtree(folder)


async def test_another_user_is_held_off_as_long_as_the_holder_is_there_and_no_longer(
    stock: Engine, stock_images: Images, theirs: Path
) -> None:
    someone = pwd.getpwnam("nobody")
    start_service(stock, stock_images.web("1.0"), 1)
    plan = await planned(stock, stock_images.web("1.1"), QUICK)

    async def rolled_out_by_someone_else(target: Target) -> tuple[str, int]:
        with Journal(theirs) as journal:
            rollout = submit(journal, plan, target, actor("test")).rollout
        give(theirs, someone)
        worker = await asyncio.create_subprocess_exec(
            *(*AS_SOMEONE_ELSE, sys.executable, "-m", "patchdeck.rollout.worker", rollout),
            env=os.environ | {STATE_FOLDER: str(theirs), "LOGNAME": someone.pw_name, "HOME": str(theirs)},
            stdin=subprocess.DEVNULL,
        )
        return rollout, await worker.wait()

    async with open_to_everyone(stock) as target, Hands(target_of(stock)) as hands:
        await take(hands, "mine")
        rollout, status = await rolled_out_by_someone_else(target)
        assert status == 5
        assert "locked by rollout mine of ops@" in told(rollout, theirs).text
        await lock.release(hands, "shop/web", "mine")
        await take(hands, "mine", GONE)
        rollout, status = await rolled_out_by_someone_else(target)
        assert status == 0, told(rollout, theirs).text
        assert told(rollout, theirs).state is RolloutState.COMMITTED
    assert not locks(stock)

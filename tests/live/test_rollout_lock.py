"""The lock of a service, on real engines: one holder at a time, whoever asks from wherever."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from patchdeck.rollout import lock
from patchdeck.rollout.hands import Hands
from patchdeck.rollout.lock import Held, Lock
from patchdeck.rollout.processes import Process, this_process
from tests.lab.engine import Engine
from tests.live.rollouts import locks, target_of

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

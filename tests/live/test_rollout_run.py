"""Rollouts of real containers, from the plan to the end."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from pathlib import Path

import pytest
from msgspec.structs import replace

from patchdeck.model import (
    Amount,
    Answered,
    Command,
    GateJudged,
    Intended,
    Noted,
    PaceChanged,
    Planned,
    RolloutState,
    Strategy,
)
from patchdeck.rollout.journal import Journal
from patchdeck.rollout.processes import actor, host_name
from patchdeck.rollout.submit import NotSubmitted, submit
from patchdeck.rollout.way_back import NoWayBack, plan_back
from patchdeck.rollout.worker import carry_out
from patchdeck.settings import Settings
from patchdeck.sources.engine.connection import Connection
from tests.lab.engine import Engine
from tests.lab.images import Images
from tests.lab.services import start_service
from tests.live.rollouts import QUICK, entries, locks, planned, service_now, submitted, target_of, told
from tests.live.underway import newer_in_full


async def test_a_service_is_moved_to_another_image_and_nothing_else_is_left(
    engine: Engine, images: Images, tmp_path: Path
) -> None:
    old = start_service(engine, images.web("1.0"), 3, restart="always")
    rollout = await submitted(engine, tmp_path, images.web("1.1"))
    state = await carry_out(rollout, tmp_path)
    story = told(rollout, tmp_path)
    assert story.state is RolloutState.COMMITTED, (state, story.text)
    now = service_now(engine)
    assert sorted(now) == [one.name for one in old]
    assert {one["Image"] for one in now.values()} == {engine.get("/images/shop/web:1.1/json")["Id"]}
    assert all(one["State"]["Running"] for one in now.values())
    assert {one["HostConfig"]["RestartPolicy"]["Name"] for one in now.values()} == {"always"}
    assert not locks(engine)


CHANGES = {
    "create": "create",
    "start": "start",
    "die": "stop",
    "rename": "rename",
    "update": "fence",
    "destroy": "remove",
}
"""The engine's own events of containers, and the acts that bring them about."""


@newer_in_full
async def test_every_change_that_the_engine_tells_of_was_written_down_before_it_with_who_and_why_and_its_answer_after(
    engine: Engine, images: Images, tmp_path: Path
) -> None:
    start_service(engine, images.web("1.0"), 2, restart="always")
    plan = await planned(engine, images.web("1.1"), QUICK)
    with Journal(tmp_path) as journal:
        rollout = submit(journal, plan, target_of(engine), actor("test"), "a patch").rollout
    began_s = time.time()
    state = await carry_out(rollout, tmp_path)
    assert state.end is RolloutState.COMMITTED, state.text
    written = entries(rollout, tmp_path)
    asked = written[0]
    assert isinstance(asked, Planned)
    assert (asked.by.user, asked.by.host, asked.reason) == (actor("").user, host_name(), "a patch")
    answers = {one.intent: one for one in written if isinstance(one, Answered)}
    intents = [one for one in written if isinstance(one, Intended)]
    assert all(one.sequence < answers[one.sequence].sequence for one in intents)

    happened: Counter[tuple[str, str]] = Counter()
    for event in engine.events(began_s, time.time()):
        container_id, act = event["Actor"]["ID"], CHANGES.get(event["Action"], "")
        if event["Type"] != "container" or not act:
            continue
        happened[container_id, act] += 1
        before = [
            one
            for one in intents
            if one.act == act
            and container_id in (one.container_id, answers[one.sequence].container_id)
            and one.at_ns < event["timeNano"]
        ]
        assert len(before) >= happened[container_id, act], event
    assert {act for _, act in happened} == set(CHANGES.values())


async def test_with_nothing_asked_for_it_finds_its_pace_and_its_gates_judge_by_what_is_seen(
    stock: Engine, stock_images: Images, tmp_path: Path
) -> None:
    start_service(stock, stock_images.web("1.0"), 4)
    strategy = Strategy(bake_s=0.5, gates={"contention": "off"}, batch=Amount(share=1.0))
    rollout = await submitted(stock, tmp_path, stock_images.web("1.1"), strategy)
    state = await carry_out(rollout, tmp_path)
    assert state.end is RolloutState.COMMITTED, state.text
    written = entries(rollout, tmp_path)
    paces = [one for one in written if isinstance(one, PaceChanged)]
    assert paces[0].pace == 1
    assert paces[-1].learned["baseline_s"] > 0
    judged = {one.gate for one in written if isinstance(one, GateJudged)}
    silent = " ".join(one.text for one in written if isinstance(one, Noted))
    assert "health" in judged
    assert "ratio" in judged or "ratio" in silent


async def test_the_old_image_is_removed_only_where_that_was_asked_for(
    stock: Engine, stock_images: Images, tmp_path: Path
) -> None:
    (first,) = start_service(stock, stock_images.web("1.0"), 1)
    stock.docker("commit", first.id, "shop/web:brief")
    stock.clean()
    start_service(stock, "shop/web:brief", 2)
    rollout = await submitted(stock, tmp_path, stock_images.web("1.1"), replace(QUICK, keep_image=False))
    assert (await carry_out(rollout, tmp_path)).end is RolloutState.COMMITTED
    tags = {tag for image in stock.get("/images/json") for tag in image["RepoTags"] or ()}
    assert "shop/web:brief" not in tags
    assert {"shop/web:1.0", "shop/web:1.1"} <= tags


@pytest.mark.parametrize("back", [False, True], ids=["committed", "aborted"])
async def test_what_lives_in_a_replicas_network_goes_with_it_and_comes_back_with_it(
    stock: Engine, stock_images: Images, tmp_path: Path, back: bool
) -> None:
    (web,) = start_service(stock, stock_images.web("1.0"), 1)
    sidecar = stock.post(
        "/containers/create?name=sidecar",
        {"Image": stock_images.plain, "HostConfig": {"NetworkMode": f"container:{web.id}"}},
    )["Id"]
    stock.post(f"/containers/{sidecar}/start")
    strategy = replace(QUICK, pause_after=("canary", "batch"))
    rollout = await submitted(stock, tmp_path, stock_images.web("1.1"), strategy)
    task = asyncio.create_task(carry_out(rollout, tmp_path))
    while told(rollout, tmp_path).state is not RolloutState.PAUSED:
        assert not task.done(), task.result()
        await asyncio.sleep(0.05)
    now = service_now(stock)
    assert now["sidecar"]["HostConfig"]["NetworkMode"] == f"container:{now[web.name]['Id']}"
    assert now["sidecar"]["Id"] != sidecar
    with Journal(tmp_path) as journal:
        journal.ask(rollout, Command.ABORT if back else Command.PROMOTE, actor("test"))
    state = await task
    assert state.end is (RolloutState.ROLLED_BACK if back else RolloutState.COMMITTED), state.text
    now = service_now(stock)
    assert sorted(now) == sorted(["sidecar", web.name])
    assert all(one["State"]["Running"] for one in now.values())
    assert now["sidecar"]["HostConfig"]["NetworkMode"] == f"container:{now[web.name]['Id']}"
    if back:
        assert {one["Id"] for one in now.values()} == {sidecar, web.id}


async def test_a_replica_that_is_removed_when_it_stops_is_moved_and_brought_back_with_its_volume(
    stock: Engine, stock_images: Images, tmp_path: Path
) -> None:
    (web,) = start_service(
        stock,
        stock_images.web("1.0"),
        1,
        config={"Volumes": {"/data": {}}},
        host_config={"AutoRemove": True},
    )
    stock.docker("exec", web.name, "sh", "-c", "echo kept > /data/file")
    before = service_now(stock)[web.name]
    strategy = replace(QUICK, pause_after=("canary", "batch"))
    rollout = await submitted(stock, tmp_path, stock_images.web("1.1"), strategy)
    task = asyncio.create_task(carry_out(rollout, tmp_path))
    while told(rollout, tmp_path).state is not RolloutState.PAUSED:
        assert not task.done(), task.result()
        await asyncio.sleep(0.05)
    assert stock.docker("exec", web.name, "cat", "/data/file") == "kept"
    with Journal(tmp_path) as journal:
        journal.ask(rollout, Command.ABORT, actor("test"))
    state = await task
    assert state.end is RolloutState.ROLLED_BACK, state.text
    now = service_now(stock)
    assert list(now) == [web.name]
    assert now[web.name]["Image"] == before["Image"]
    assert now[web.name]["HostConfig"]["AutoRemove"]
    assert stock.docker("exec", web.name, "cat", "/data/file") == "kept"


async def test_a_committed_rollout_is_undone_with_the_old_configuration_and_the_data_though_a_replica_ended(
    stock: Engine, stock_images: Images, tmp_path: Path
) -> None:
    old = start_service(
        stock,
        stock_images.web("1.0"),
        2,
        env={"OWN": "yes", "VERSION": "1.0"},
        config={"Volumes": {"/data": {}}},
    )
    before = service_now(stock)
    stock.docker("exec", old[0].name, "sh", "-c", "echo kept > /data/file")
    rollout = await submitted(stock, tmp_path, stock_images.web("1.1"))
    assert (await carry_out(rollout, tmp_path)).end is RolloutState.COMMITTED
    stock.docker("stop", "--time", "0", old[1].name)
    with Journal(tmp_path) as journal:
        async with Connection(target_of(stock)) as connection:
            plan, back = await plan_back(connection, journal, rollout, Settings())
        undoing = submit(journal, plan, target_of(stock), actor("test"), back=back).rollout
    state = await carry_out(undoing, tmp_path)
    assert state.end is RolloutState.COMMITTED, state.text
    now = service_now(stock)
    assert sorted(now) == sorted(before)
    for name, one in now.items():
        assert one["State"]["Running"]
        assert one["Image"] == before[name]["Image"]
        assert one["Config"]["Env"] == before[name]["Config"]["Env"]
        assert [mount["Name"] for mount in one["Mounts"]] == [
            mount["Name"] for mount in before[name]["Mounts"]
        ]
    assert stock.docker("exec", old[0].name, "cat", "/data/file") == "kept"


async def test_only_what_is_committed_can_be_undone(
    stock: Engine, stock_images: Images, tmp_path: Path
) -> None:
    start_service(stock, stock_images.web("1.0"), 1)
    rollout = await submitted(stock, tmp_path, stock_images.web("1.1"))
    with Journal(tmp_path) as journal:
        async with Connection(target_of(stock)) as connection:
            with pytest.raises(NoWayBack, match="planned"):
                await plan_back(connection, journal, rollout, Settings())
        with pytest.raises(NotSubmitted, match=f"rollout {rollout} of shop/web is open"):
            await submitted(stock, tmp_path, stock_images.web("1.1"))

"""Rollouts of real containers, from the plan to the end."""

from __future__ import annotations

from pathlib import Path

from patchdeck.model import RolloutState
from patchdeck.rollout.worker import carry_out
from tests.lab.engine import Engine
from tests.lab.images import Images
from tests.lab.services import start_service
from tests.live.rollouts import locks, service_now, submitted, told


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

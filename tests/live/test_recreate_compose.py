"""What real Compose makes of containers that a rollout has put in the place of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from patchdeck.model import RolloutState
from patchdeck.rollout.compose_override import compose_override
from patchdeck.rollout.journal import Journal
from patchdeck.rollout.worker import carry_out
from tests.lab.engine import Engine
from tests.lab.images import Images
from tests.live.rollouts import service_now, submitted, told

PROJECT = """\
services:
  web:
    image: shop/web:1.0
    network_mode: none
    scale: 2
    volumes: [/data]
  front:
    image: shop/web:1.0
    network_mode: none
    depends_on: {web: {condition: service_started, restart: true}}
"""


def replicas(engine: Engine) -> dict[str, dict[str, Any]]:
    return {name: one for name, one in service_now(engine).items() if name.startswith("shop-web-")}


@pytest.mark.parametrize("with_override", [True, False], ids=["with the override file", "without it"])
async def test_compose_knows_the_successors_for_its_own_and_goes_back_unless_the_override_file_is_given(
    with_override: bool, newer_one: Engine, newer_images: Images, tmp_path: Path
) -> None:
    old, new = (newer_one.get(f"/images/{newer_images.web(one)}/json")["Id"] for one in ("1.0", "1.1"))
    (tmp_path / "compose.yaml").write_text(PROJECT)
    compose = ("compose", "--project-name=shop", f"--project-directory={tmp_path}")
    files = [f"--file={tmp_path / 'compose.yaml'}"]
    newer_one.docker(*compose, *files, "up", "--detach")
    front = newer_one.inspect("shop-front-1")

    rollout = await submitted(newer_one, tmp_path, "shop/web:1.1")
    state = await carry_out(rollout, tmp_path)
    assert state.end is RolloutState.COMMITTED, state.text
    successors = replicas(newer_one)
    assert {one["Image"] for one in successors.values()} == {new}
    restarted = newer_one.inspect("shop-front-1")
    assert (restarted["Id"], restarted["Image"]) == (front["Id"], old)
    assert restarted["State"]["StartedAt"] > max(one["State"]["StartedAt"] for one in successors.values())
    listed = newer_one.docker(*compose, *files, "ps", "--format={{.Name}}").split()
    assert sorted(listed) == ["shop-front-1", "shop-web-1", "shop-web-2"]

    if with_override:
        with Journal(tmp_path) as journal:
            (tmp_path / "override.yaml").write_text(compose_override(journal, told(rollout, tmp_path)))
        files.append(f"--file={tmp_path / 'override.yaml'}")
    newer_one.docker(*compose, *files, "up", "--detach")
    now = replicas(newer_one)
    assert sorted(now) == ["shop-web-1", "shop-web-2"]
    assert {one["Image"] for one in now.values()} == {new if with_override else old}
    # Compose hands on the anonymous volumes of the containers that it replaces.
    for name, one in now.items():
        assert [mount["Name"] for mount in one["Mounts"]] == [
            mount["Name"] for mount in successors[name]["Mounts"]
        ]

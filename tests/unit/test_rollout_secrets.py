"""What a container was given in confidence is kept for the way back, and never told."""

from __future__ import annotations

from pathlib import Path

import pytest

from patchdeck.model import RolloutState
from patchdeck.rollout.hands import Hands
from patchdeck.rollout.journal import Journal
from patchdeck.rollout.keeping import KEPT
from patchdeck.rollout.planning.maker import make_plan
from patchdeck.rollout.worker import carry_out
from patchdeck.settings import Settings
from patchdeck.simulator.shelf import stock
from patchdeck.simulator.world import World
from patchdeck.sources.engine.connection import Connection
from tests.unit.test_cli_rollout_commands import run
from tests.unit.test_rollout_simulated import STRATEGY, body, serving, submitted
from tui.headless.plan_record import plan_record
from tui.headless.records import json_document

SECRETS = ("in-the-environment-77", "in-the-command-77", "in-a-label-77")


@pytest.mark.parametrize(
    ("image", "end"),
    [("shop/web:1.1", RolloutState.COMMITTED), ("shop/web:1.5", RolloutState.ROLLED_BACK)],
)
async def test_no_output_of_a_rollout_has_a_containers_environment_command_or_labels(
    tmp_path: Path, image: str, end: RolloutState
) -> None:
    environment, command, label = SECRETS
    world = World(seed=1)
    stock(world)
    async with serving(world, tmp_path) as target:
        own = body(0)  # the canary, so that it has its part in either end
        own |= {"Env": [f"PASSWORD={environment}", f"VERSION={environment}"], "Cmd": [f"--key={command}"]}
        own["Labels"] |= {"token": label}
        async with Hands(target) as hands:
            await hands.start((await hands.create("web-0", own)).container_id)
        async with Connection(target) as connection:
            plan = await make_plan(connection, "shop/web", image, STRATEGY, Settings())
        rollout = await submitted(target, tmp_path, image)
        assert (await carry_out(rollout, tmp_path)).end is end
    told = [json_document(plan_record(plan))]
    for arguments in (
        ("show", rollout),
        ("show", rollout, "--format", "json"),
        ("attach", rollout, "--format", "json"),
        ("export",),
    ):
        done = run(tmp_path, *arguments)
        assert "web-0" in done.stdout, arguments
        told.append(done.stdout + done.stderr)
    assert not [secret for secret in SECRETS for text in told if secret in text]
    with Journal(tmp_path, read_only=True) as journal:
        kept = journal.kept(rollout, KEPT)
    assert kept is not None
    assert all(secret.encode() in kept for secret in SECRETS)

"""What policy says to a rollout, it says alike in the composer, to `policy check`, and to `rollout run`."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from patchdeck.config import load
from patchdeck.rollout.database import STATE_FOLDER
from patchdeck.simulator.generation import NEWEST
from patchdeck.simulator.images import Layer, image
from patchdeck.simulator.shelf import WEB, stock, web
from patchdeck.simulator.world import World
from patchdeck.sources.targets import choose
from patchdeck.watch import WatchThread
from tests.lab.unix_http import UnixConnection
from tests.live.program import PATCHDECK
from tests.ui.app_host import press, settle, stopped_clock, text
from tests.unit.simulated import simulated_beside
from tui.app import PatchdeckApp
from tui.screens.composer import ComposerScreen

LARGER = f"{WEB}:larger"
RULES = ["who", "freeze", "image", "tag", "digest", "healthcheck", "growth", "gate", "reason"]
OVERRIDABLE = ["freeze", "reason"]
CONFIG = """
[[engines]]
name = "prod-a"
host = "unix://{socket}"
[policy]
production = ["prod-*"]
users = ["somebody-else"]
images = ["docker.io/other/*"]
forbidden_tags = ["lar*"]
digest_required = true
healthcheck_required = true
most_growth = "20%"
required_gates = ["ratio"]
reason_required = "production"
[rollout.gates]
ratio = "off"
[[freezes]]
name = "for ever"
first_day = "2000-01-01"
last_day = "2100-01-01"
engines = ["prod-a"]
"""


def with_a_larger_one(world: World) -> None:
    stock(world)
    layers = (*web("1.0").layers, Layer("ballast", 60_000_000, "COPY ballast"))
    world.images.keep(image(*layers, created_ns=web("1.0").created_ns), LARGER, at_ns=world.clock.now_ns())


@pytest.fixture(scope="module")
def engine() -> Iterator[Path]:
    with simulated_beside(NEWEST, with_a_larger_one) as socket:
        connection = UnixConnection(socket)
        body = {"Image": f"{WEB}:1.0", "Labels": {"patchdeck.service": WEB}}
        made = connection.call("POST", "/containers/create?name=web-1", body)
        connection.call("POST", f"/containers/{made['Id']}/start")
        connection.close()
        yield socket


@pytest.fixture
def config(engine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(STATE_FOLDER, str(tmp_path))
    path = tmp_path / "config.toml"
    path.write_text(CONFIG.format(socket=engine))
    return path


async def said(config: Path, engine: Path, *words: str) -> list[tuple[str, str]]:
    """The refusals that a command tells, of an engine that is asked for by its address."""
    argv = [PATCHDECK, *words, "--to", LARGER, "--format", "json", "--config", str(config)]
    done = await asyncio.to_thread(
        subprocess.run,
        [*argv, "--host", f"unix://{engine}"],
        capture_output=True,
        text=True,
        env=os.environ,
        timeout=60,
    )
    assert done.returncode == 5, done.stderr
    documents: list[dict[str, Any]] = (
        [json.loads(done.stdout)] if words[0] == "policy" else list(map(json.loads, done.stdout.splitlines()))
    )
    refused = next(document for document in documents if "refusals" in document)
    return [(one["rule"], one["text"]) for one in refused["refusals"]]


@asynccontextmanager
async def composing(config: Path) -> AsyncIterator[tuple[ComposerScreen, Pilot[int]]]:
    settings = load(config)
    targets = choose(settings.engines, {}, config.parent)
    app = PatchdeckApp(settings, lambda: WatchThread(settings, targets))
    with stopped_clock():
        async with app.run_test(size=(160, 60)) as pilot:
            while WEB not in text(app):
                await pilot.pause(0.02)
            await press(pilot, "r")
            assert isinstance(app.screen, ComposerScreen)
            app.screen._fields.fill({"image": LARGER})
            await pilot.pause()
            while app.screen._planned_for is None or app.screen._planned_for.image != LARGER:
                await pilot.pause(0.02)
            yield app.screen, pilot


def refused(composer: ComposerScreen) -> list[tuple[str, str]]:
    assert composer._plan is not None
    return [(one.rule, one.text) for one in composer._refusals(composer._plan)]


async def test_every_rule_refuses_in_the_composer_and_on_the_command_line_alike(
    engine: Path, config: Path
) -> None:
    checked, run = await asyncio.gather(
        said(config, engine, "policy", "check", WEB), said(config, engine, "rollout", "run", WEB, "--yes")
    )
    assert [rule for rule, _ in checked] == RULES
    assert run == checked
    async with composing(config) as (composer, pilot):
        assert refused(composer) == checked
        await settle(pilot)
        assert all(f"{rule} " in text(composer.app) for rule in RULES)


async def test_an_override_and_a_reason_set_aside_the_same_rules_everywhere(
    engine: Path, config: Path
) -> None:
    words = ("--reason", "CVE-2026-1", "--override", "exploited already")
    checked = await said(config, engine, "policy", "check", WEB, *words)
    assert [rule for rule, _ in checked] == [rule for rule in RULES if rule not in OVERRIDABLE]
    async with composing(config) as (composer, pilot):
        composer._fields.fill({"reason": words[1], "override": words[3]})
        await pilot.pause()
        assert refused(composer) == checked

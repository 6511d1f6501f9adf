"""Gates of a rollout on a real engine: they ask new replicas, roll back what fails, and wait where they cannot tell."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from patchdeck.model import GateJudged, RolloutState, Strategy, Verdict
from patchdeck.rollout import conductor
from patchdeck.rollout.journal import Journal
from patchdeck.rollout.processes import actor
from patchdeck.rollout.submit import submit
from patchdeck.rollout.worker import carry_out
from patchdeck.settings import GateSettings, Settings
from tests.lab.engine import Engine
from tests.lab.images import Images
from tests.lab.lab import Lab
from tests.lab.services import start_service
from tests.live.rollouts import entries, planned, service_now, target_of, told

STRATEGY = Strategy(bake_s=0.0, deadline_s=30.0, pace=2, gates={"ratio": "off", "contention": "off"})


async def submitted_with(gate: GateSettings, engine: Engine, image: str, folder: Path) -> str:
    settings = Settings(gates=(gate,))
    plan = await planned(engine, image, STRATEGY, settings=settings)
    assert [one.name for one in plan.gates] == ["health", gate.name]
    with Journal(folder) as journal:
        return submit(journal, plan, target_of(engine), actor("test"), settings=settings).rollout


def judged(rollout: str, folder: Path, gate: str) -> list[GateJudged]:
    return [one for one in entries(rollout, folder) if isinstance(one, GateJudged) and one.gate == gate]


async def test_a_gate_that_fails_rolls_back_and_says_by_what(
    stock: Engine, stock_images: Images, tmp_path: Path
) -> None:
    old = start_service(stock, stock_images.web("1.0"), 2)
    finds = GateSettings(name="answers", command=("/bin/sh", "-c", "echo 9 errors; exit 1"))
    rollout = await submitted_with(finds, stock, stock_images.web("1.1"), tmp_path)
    state = await carry_out(rollout, tmp_path)
    assert state.end is RolloutState.ROLLED_BACK, state.text
    assert "gate answers: 9 errors" in state.text
    (one,) = judged(rollout, tmp_path, "answers")
    assert one.verdict is Verdict.FAIL
    assert {name: found["Id"] for name, found in service_now(stock).items()} == {o.name: o.id for o in old}


async def test_a_gate_that_holds_is_judged_again_and_lets_the_rollout_go_on_once_it_passes(
    stock: Engine, stock_images: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conductor, "AGAIN_S", 0.3)
    start_service(stock, stock_images.web("1.0"), 2)
    word = tmp_path / "word"
    waits = GateSettings(name="word", command=("/bin/sh", "-c", f'test -e {word} || exit 75; echo "said"'))
    rollout = await submitted_with(waits, stock, stock_images.web("1.1"), tmp_path)
    work = asyncio.create_task(carry_out(rollout, tmp_path))
    deadline = time.monotonic() + 30
    while told(rollout, tmp_path).state is not RolloutState.HOLDING:
        assert time.monotonic() < deadline, told(rollout, tmp_path)
        await asyncio.sleep(0.1)
    await asyncio.sleep(1.5)
    assert len(judged(rollout, tmp_path, "word")) == 1  # several looks, one entry
    word.touch()
    state = await work
    assert state.end is RolloutState.COMMITTED, state.text
    assert [one.verdict for one in judged(rollout, tmp_path, "word")][:2] == [Verdict.HOLD, Verdict.PASS]
    assert judged(rollout, tmp_path, "word")[-1].evidence == "said"


@pytest.mark.slow  # it needs an engine of its own, with a bridge
async def test_the_new_replicas_are_asked_over_http_and_tcp_at_the_ports_that_they_publish(
    lab: Lab, tmp_path: Path
) -> None:
    with lab.engine("stock", network="bridge") as engine:
        images = Images(engine)
        start_service(
            engine,
            images.web("1.0"),
            2,
            config={"Cmd": ["/bin/httpd", "-f", "-p", "80", "-h", "/app"], "ExposedPorts": {"80/tcp": {}}},
            host_config={"PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": ""}]}},
        )
        at = f"{engine.address}:{{port:80}}"
        missing = GateSettings(name="page", http=f"http://{at}/missing")
        rollout = await submitted_with(missing, engine, images.web("1.1"), tmp_path)
        state = await carry_out(rollout, tmp_path)
        assert state.end is RolloutState.ROLLED_BACK, state.text
        assert "gate page: shop-web-1: HTTP 404" in state.text

        closed = GateSettings(name="port", tcp=f"{engine.address}:1")
        rollout = await submitted_with(closed, engine, images.web("1.1"), tmp_path)
        state = await carry_out(rollout, tmp_path)
        assert state.end is RolloutState.ROLLED_BACK, state.text

        for gate in (
            GateSettings(name="page", http=f"http://{at}/version"),
            GateSettings(name="port", tcp=at),
        ):
            to = images.web("1.1" if gate.http else "1.0")
            rollout = await submitted_with(gate, engine, to, tmp_path)
            state = await carry_out(rollout, tmp_path)
            assert state.end is RolloutState.COMMITTED, state.text
            assert {one.verdict for one in judged(rollout, tmp_path, gate.name)} == {Verdict.PASS}

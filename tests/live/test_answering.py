"""The console answers keys as promptly while Prometheus fails as before, says what is wrong, and recovers by itself. It
does while a rollout goes on, too.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

import pytest

from patchdeck.model import RolloutState
from patchdeck.rollout.database import STATE_FOLDER
from patchdeck.versions import quantiles
from tests.answering import CYCLE, ON_DECK, Key, answers_s, fails, lives, sort_by_name, told_of_prometheus
from tests.lab.engine import Engine
from tests.lab.herd import fire
from tests.lab.images import Images
from tests.lab.lab import Lab
from tests.lab.prometheus import Prometheus
from tests.lab.services import start_service
from tests.live.broken_proxy import Break, BrokenProxy
from tests.live.program import PATCHDECK
from tests.live.prometheus_faults import Fault, of_the_proxy, of_the_server
from tests.live.rollouts import QUICK, submitted, told, worker
from tests.terminal import Terminal

PROMISED_S = 0.1
AS_BEFORE = 2.0
"""A machine that is at work for others may be slower than was promised, and no slower than so many times before."""
STRETCHES = 4
"""Others come and go, a fault stays: what it does to the console would be seen in each of so many stretches of keys."""
ROUNDS = 2
REPLICAS, WHILE_ROLLING = 8, 5.0
"""A rollout keeps the processors at work itself; how soon a key is answered then is measured by `make bench`."""
STATES = {
    **{one.value: "malformed" for one in Break if one is not Break.NOTHING},
    **dict.fromkeys(("killed", "restarted", Break.HANG_UP.value, Break.BAD_GATEWAY.value), "lost"),
    **dict.fromkeys(("stopped", Break.SLOW.value, Break.DRIP.value), "stale"),
}
ALWAYS = ("stopped", Break.NOT_JSON.value)
"""A silence, and an answer that is garbage; all of them in `make test-full`, and in `make bench`."""


class _Console(NamedTuple):
    terminal: Terminal
    p95_before_s: float
    faults: Mapping[str, Fault]


def p95_s(terminal: Terminal, cycle: Sequence[Key] = CYCLE, rounds: int = ROUNDS) -> float:
    found = quantiles(answers_s(terminal, rounds, cycle)).p95_s
    assert found is not None
    return found


@pytest.fixture(scope="module")
def console(lab: Lab, stock_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Console]:
    """One through all faults: none may leave anything behind."""
    config = tmp_path_factory.mktemp("answering") / "config.toml"
    config.write_text('[prometheus]\ntimeout = "1s"\nrefresh = "1s"\n')
    fire(stock_engine, Images(stock_engine).plain, 3, network="none")
    argv = [PATCHDECK, "--host", stock_engine.host, "--config", str(config), "--prometheus"]
    try:
        with (
            Prometheus(lab.record, lab.folder / f"answering-{time.monotonic_ns()}") as prometheus,
            BrokenProxy(prometheus.port) as proxy,
            Terminal([*argv, proxy.url]) as terminal,
        ):
            terminal.wait_for(lives, 30, "Prometheus")
            answers_s(terminal, 1)  # a view is made when it is first shown
            faults = {**of_the_server(prometheus), **of_the_proxy(proxy)}
            yield _Console(terminal, p95_s(terminal), faults)
    finally:
        stock_engine.clean()


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    "name", [pytest.param(one, marks=() if one in ALWAYS else pytest.mark.slow) for one in STATES]
)
def test_keys_are_answered_while_prometheus_is(console: _Console, name: str) -> None:
    terminal = console.terminal
    with console.faults[name]():
        terminal.wait_for(fails, 30, name)
        state, detail = told_of_prometheus(terminal.text)
        assert state == STATES[name]
        assert detail
        limit_s = max(PROMISED_S, AS_BEFORE * console.p95_before_s)
        assert any(p95_s(terminal) < limit_s for _ in range(STRETCHES))
    terminal.wait_for(lives, 60, f"the end of: {name}")


@pytest.mark.timeout(180)
async def test_keys_are_answered_while_a_rollout_goes_on(
    stock: Engine, stock_images: Images, tmp_path: Path
) -> None:
    start_service(stock, stock_images.web("1.0"), REPLICAS)
    start_service(stock, stock_images.web("1.0"), 1, service="api")
    rollout = await submitted(stock, tmp_path, stock_images.web("1.1"), QUICK)
    environ = {STATE_FOLDER: str(tmp_path), "XDG_STATE_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    with Terminal([PATCHDECK, "--host", stock.host], environ=environ) as terminal:
        terminal.wait_for(lambda text: "shop/api" in text and rollout_is_open(text), 30, "the rollout")
        sort_by_name(terminal)
        limit_s = max(PROMISED_S, WHILE_ROLLING * p95_s(terminal, ON_DECK))
        carried_out = worker(rollout, tmp_path)
        stretches = []
        while carried_out.process.poll() is None:
            stretches.append(p95_s(terminal, ON_DECK, 1))
        assert told(rollout, tmp_path).state is RolloutState.COMMITTED
        assert stretches, "there was no time to press keys"
        assert median(stretches) < limit_s
        terminal.wait_for(lambda text: "rolling" not in text, 10, "the end of the rollout")
        terminal.press("q")
        assert terminal.wait() == 0


def rollout_is_open(text: str) -> bool:
    return "Rollout ─" in text

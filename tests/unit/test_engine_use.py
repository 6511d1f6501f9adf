"""What containers use, from what engines say of it: both versions of cgroups, within a budget."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from patchdeck.model import (
    AnyObservation,
    ContainerFacts,
    EngineDescribed,
    IndicatorRead,
    SourceChanged,
    SourceState,
)
from patchdeck.sources.engine.connection import Connection
from patchdeck.sources.engine.describe import Clock, Described
from patchdeck.sources.engine.lag import Lag
from patchdeck.sources.engine.stats import Elsewhere, Sampler
from patchdeck.sources.engine.use import Counters, counters, use_between
from patchdeck.sources.targets import Target
from tests.unit.fake_engine import FakeEngine

MIB = 1 << 20
HOST = 8 << 30


def told(second: int, *, cpu_s: float = 1.0, memory: dict[str, Any] | None = None, **changes: Any) -> bytes:
    answer = {
        "read": f"2026-01-01T00:00:{second:02d}.5Z",
        "cpu_stats": {
            "cpu_usage": {"total_usage": round(cpu_s * 1e9)},
            "throttling_data": {"periods": 10 * second, "throttled_periods": 4 * second},
        },
        "memory_stats": memory or {},
        "blkio_stats": {"io_service_bytes_recursive": None},
    }
    return json.dumps(answer | changes).encode()


def seen(body: bytes) -> Counters:
    found = counters(body, host_bytes=HOST)
    assert found is not None
    return found


def test_use_is_what_grew_between_two_answers() -> None:
    block = {
        "io_service_bytes_recursive": [
            {"op": "Read", "value": 6_000},
            {"op": "write", "value": 4_000},
            {"op": "Total", "value": 10_000},
        ]
    }
    use = use_between(seen(told(1)), seen(told(3, cpu_s=2.0, blkio_stats=block)))
    assert use is not None
    assert (use.seconds, use.processors, use.periods, use.throttled) == (2.0, 0.5, 20, 8)
    assert use.block_bytes_per_s == 5_000
    assert use.limit_share is None


@pytest.mark.parametrize("version", [1, 2])
def test_file_pages_count_against_a_limit_once_the_kernel_has_to_reclaim(version: int) -> None:
    inactive = "total_inactive_file" if version == 1 else "inactive_file"

    def memory(reclaims: int) -> dict[str, Any]:
        pages = {inactive: 20 * MIB}
        if version == 2:
            return {"usage": 32 * MIB, "limit": 32 * MIB, "stats": pages | {"pgsteal": reclaims}}
        hits = {"failcnt": reclaims} if reclaims else {}
        return {"usage": 32 * MIB, "limit": 32 * MIB, "stats": pages, **hits}

    def share(before: int, after: int) -> float | None:
        use = use_between(seen(told(1, memory=memory(before))), seen(told(2, memory=memory(after))))
        assert use is not None
        return use.limit_share

    assert share(0, 0) == 12 / 32
    assert share(7, 7) == 12 / 32
    assert share(0, 7) == 1.0


def test_the_hosts_memory_is_no_limit() -> None:
    assert seen(told(1, memory={"usage": MIB, "limit": HOST})).limit_bytes is None
    assert seen(told(1, memory={"usage": MIB, "limit": HOST // 2})).limit_bytes == HOST // 2


def test_a_container_that_does_not_run_or_began_anew_has_no_use() -> None:
    assert counters(told(1, cpu_s=0.0), host_bytes=HOST) is None
    assert counters(b'{"read":"0001-01-01T00:00:00Z"}', host_bytes=HOST) is None
    assert use_between(seen(told(2, cpu_s=5.0)), seen(told(4, cpu_s=1.0))) is None
    with pytest.raises(ValueError, match="not a time"):
        counters(b'{"read":"yesterday"}', host_bytes=HOST)


def facts(name: str, status: str = "running") -> ContainerFacts:
    return ContainerFacts(
        container_id=name, name=name, image="i:1", image_id="sha256:1", created_ns=1, status=status
    )


class Sampling:
    """A sampler on an engine that tells more use at each answer."""

    def __init__(
        self, engine: FakeEngine, *names: str, elsewhere: Elsewhere, answer: bytes | None = None
    ) -> None:
        self._fixed = answer
        self.observations: list[AnyObservation] = []
        self._engine = engine
        self._names = names
        self._elsewhere = elsewhere
        self._answers = 0

    def _answer(self) -> bytes:
        self._answers += 1
        return self._fixed or told(self._answers, cpu_s=float(self._answers))

    async def for_a_while(self, seconds: float, *, budget: int) -> list[IndicatorRead]:
        for name in self._names:

            async def reply() -> bytes:
                return self._answer()

            self._engine.replies[f"containers/{name}/stats"] = reply
        described = Described(
            observation=EngineDescribed(
                engine="e", at_ns=0, host="", version="28.0.0", api_version="1.48", cpus=2
            ),
            clock=Clock(),
            podman=False,
        )
        async with Connection(Target(name="e", host=self._engine.host, chosen="test")) as connection:
            await connection.version()
            sampler = Sampler(
                connection,
                described,
                budget=budget,
                sample_s=0.05,
                group_by=(),
                elsewhere=self._elsewhere,
                emit=self.observations.append,
            )
            for name in self._names:
                sampler.note(facts(name))
            running = asyncio.create_task(sampler.run())
            await asyncio.sleep(seconds)
            running.cancel()
            await asyncio.wait([running])
        return [one for one in self.observations if isinstance(one, IndicatorRead)]


async def test_every_container_has_its_turn_and_at_most_two_are_asked_at_once(tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(9)]
    async with FakeEngine(tmp_path) as engine:
        sampling = Sampling(engine, *names, elsewhere=Elsewhere())
        reads = await sampling.for_a_while(1.0, budget=4)
    assert {read.service for read in reads} == {"", *names}
    assert engine.most_at_once <= 2
    whole = [read for read in reads if not read.service]
    assert {read.indicator for read in whole} >= {"throttling", "io", "cpu"}
    assert all(read.source == "stats" for read in reads)
    assert {read.stand_in for read in whole if read.indicator == "cpu"} == {True}


async def test_nothing_is_asked_without_a_budget_or_where_cadvisor_tells(tmp_path: Path) -> None:
    told_elsewhere = Elsewhere()
    told_elsewhere.told()
    async with FakeEngine(tmp_path) as engine:
        assert not await Sampling(engine, "web", elsewhere=Elsewhere()).for_a_while(0.2, budget=0)
        assert not await Sampling(engine, "web", elsewhere=told_elsewhere).for_a_while(0.2, budget=4)
        assert not [path for path in engine.asked if path.endswith("/stats")]


async def test_an_answer_that_makes_no_sense_is_told_once_and_ends_nothing_else(tmp_path: Path) -> None:
    async with FakeEngine(tmp_path) as engine:
        sampling = Sampling(engine, "web", elsewhere=Elsewhere(), answer=b'{"read":[]}')
        assert not await sampling.for_a_while(0.4, budget=4)
        assert engine.asked.count("containers/web/stats") == 1
    (said,) = sampling.observations
    assert isinstance(said, SourceChanged)
    assert (said.source, said.state) == ("stats", SourceState.MALFORMED)
    assert "not told as an engine does" in said.detail


def test_the_lag_is_the_longest_since_it_was_told_and_counts_nothing_read_again() -> None:
    lag = Lag(since_ns=1_000)
    assert lag.take("e", 5, 10.0) is None
    lag.note(900, 9_000_000_000)
    assert lag.take("e", 5, 10.0) is None
    lag.note(1_000, 2_000_001_000)
    lag.note(2_000, 1_000_002_000)
    read = lag.take("e", 5, 10.0)
    assert read is not None
    assert msgspec.structs.replace(read, detail="") == IndicatorRead(
        engine="e", at_ns=5, indicator="events", source="events", value=2.0, window_s=10.0, unit="s"
    )
    assert lag.take("e", 6, 10.0) is None

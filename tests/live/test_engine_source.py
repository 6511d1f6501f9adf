"""What is observed of real engines."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from patchdeck.model import (
    ContainerEvent,
    ContainerInspected,
    ContainersListed,
    EngineAnswered,
    EngineDescribed,
    Evidence,
    GapSeen,
    HostSampled,
    ImageEvent,
    ImageInspected,
    SourceChanged,
    SourceState,
    StartupKind,
    StartupOutcome,
)
from patchdeck.sources.engine.times import parse_ns
from patchdeck.watch import LogsUnavailable
from tests.lab import herd
from tests.lab.engine import Engine
from tests.lab.images import Images
from tests.lab.registry import Registry
from tests.live.watching import Watching

ImagesOf = Callable[[Engine, Registry | None], Images]


def test_an_engine_is_described_with_its_clock_and_its_host(engine: Engine) -> None:
    with Watching(engine) as watching:
        (described,) = watching.seen(EngineDescribed)
        assert described.version == engine.version
        assert described.stamps_before_start == (engine.major >= 27)
        assert described.local
        assert described.clock_offset_s == 0
        assert abs(described.at_ns - time.time_ns()) < 60e9
        assert watching.until(lambda: len(watching.seen(HostSampled)) >= 2)
        assert watching.seen(HostSampled)[1].cpu_busy is not None
        assert 0 < watching.seen(EngineAnswered)[0].response_s < 3


def test_a_herd_of_64_is_observed_whole(engine: Engine, images: Images) -> None:
    image = images.web("1.0")
    with Watching(engine) as watching:
        fired = herd.fire(engine, image, 64)
        assert not fired.failed

        def all_started() -> bool:
            started = {
                one.container.container_id
                for one in watching.seen(ContainerInspected)
                if one.container.started_ns is not None
            }
            return started == set(fired.ids)

        assert watching.until(all_started, 30)
        actions = Counter(event.action for event in watching.seen(ContainerEvent))
        assert (actions["create"], actions["start"]) == (64, 64)

        def all_known() -> bool:
            startups = watching.snapshot.startups
            return len(startups) == 64 and all(
                one.evidence is Evidence.CREATED and one.started_ns is not None for one in startups
            )

        assert watching.until(all_known)
        startups = watching.snapshot.startups
        assert {startup.container_id for startup in startups} == set(fired.ids)
        assert {startup.kind for startup in startups} == {StartupKind.FIRST}
        for startup in startups:
            inspected = engine.inspect(startup.container_id)
            assert startup.began_ns == parse_ns(inspected["Created"])
            started_ns = parse_ns(inspected["State"]["StartedAt"])
            assert startup.started_ns is not None
            assert started_ns is not None
            if not engine.major >= 27:  # newer engines stamp it before the runtime has done its part
                assert abs(startup.started_ns - started_ns) < 5_000_000
            assert startup.latency_s is not None
            assert startup.latency_s < fired.took_s + 1
        assert max(startup.in_flight or 0 for startup in startups) > 32
        (image_seen,) = {one.image.image_id for one in watching.seen(ImageInspected)}
        assert {startup.image_id for startup in startups} == {image_seen}


def test_an_engine_that_is_killed_and_comes_back_is_found_again_with_a_gap(
    engine: Engine, images: Images
) -> None:
    herd.fire(engine, images.web("1.0"), 6)
    with Watching(engine) as watching:
        assert watching.until(lambda: len(watching.snapshot.containers) == 6)
        mark = watching.mark
        engine.kill()
        assert watching.until(lambda: watching.snapshot.engines[0].state is SourceState.LOST, 5)
        assert "systemctl" in watching.snapshot.engines[0].detail
        with pytest.raises(LogsUnavailable, match="not connected"):
            watching.thread.logs(watching.snapshot.engines[0].name, "any").result(5)
        engine.restart_after_kill()
        answers_at = time.monotonic()
        assert watching.until(lambda: watching.seen(SourceChanged, mark)[-1].state is SourceState.LIVE, 10)
        assert time.monotonic() - answers_at < 5
        (gap,) = watching.seen(GapSeen, mark)
        assert gap.began_ns < gap.ended_ns
        herd.fire(engine, images.web("1.0"), 2)
        assert watching.until(lambda: len(watching.snapshot.containers) == 8)
        listed = watching.seen(ContainersListed, mark)[-1]
        assert len(listed.container_ids) >= 6
        assert watching.until(lambda: _statuses(watching) == _true_statuses(engine)), (
            _statuses(watching),
            _true_statuses(engine),
        )
        keys = Counter(
            (event.at_ns, event.container_id, event.action) for event in watching.seen(ContainerEvent)
        )
        assert set(keys.values()) == {1}
        assert watching.snapshot.gaps


def _statuses(watching: Watching) -> dict[str, str]:
    containers = watching.snapshot.containers
    return {
        container_id: container.facts.status
        for container_id, container in containers.items()
        if not container.gone
    }


def _true_statuses(engine: Engine) -> dict[str, str]:
    return {container["Id"]: container["State"] for container in engine.containers()}


def test_an_engine_that_is_paused_is_stale_and_live_again_without_a_gap(stock: Engine) -> None:
    with Watching(stock) as watching:
        stock.pause()
        assert watching.until(lambda: watching.snapshot.engines[0].state is SourceState.STALE, 10)
        age = watching.thread.beat_age_s
        assert age is not None
        assert age < 1
        stock.resume()
        assert watching.until(lambda: watching.snapshot.engines[0].state is SourceState.LIVE, 10)
        assert not watching.seen(GapSeen)


def test_a_burst_of_events_arrives_whole(stock: Engine, images_of: ImagesOf) -> None:
    """5,000 events as fast as four clients can cause them; each is seen once, and the loop keeps its beat."""
    image = images_of(stock, None).web("1.0")
    names = [f"burst:{number}" for number in range(2_500)]
    with Watching(stock) as watching:
        ages: list[float] = []

        def work(part: list[str]) -> None:
            with stock.connection() as connection:
                for name in part:
                    repository, tag = name.split(":")
                    connection.call("POST", f"/images/{image}/tag?repo={repository}&tag={tag}")
                    connection.call("DELETE", f"/images/{name}?noprune=1")
                    ages.append(watching.thread.beat_age_s or 0.0)

        with ThreadPoolExecutor(4) as pool:
            began = time.monotonic()
            list(pool.map(work, [names[start::4] for start in range(4)]))
            took_s = time.monotonic() - began

        def counts() -> Counter[str]:
            return Counter(event.action for event in watching.seen(ImageEvent))

        assert watching.until(lambda: sum(counts().values()) >= 5_000), (counts(), took_s)
        assert counts()["tag"] == counts()["untag"] == 2_500
        assert not watching.seen(GapSeen)
        assert max(ages) < 1.0
        print(f"5000 events in {took_s:.1f} s; oldest beat {max(ages):.3f} s")  # noqa: T201


def test_a_start_that_fails_without_a_network_is_found_by_looking_again(
    engine: Engine, images: Images
) -> None:
    with Watching(engine) as watching:
        created = engine.post(
            "/containers/create?name=failing",
            {"Image": images.plain, "Cmd": ["/no/such"], "HostConfig": {"NetworkMode": "none"}},
        )["Id"]
        engine.docker("start", created, check=False)

        def failed() -> bool:
            return any(startup.outcome is StartupOutcome.FAILED for startup in watching.snapshot.startups)

        assert watching.until(failed, 12)
        assert watching.until(
            lambda: (
                created in watching.snapshot.containers and watching.snapshot.containers[created].facts.error
            )
        )
        assert watching.snapshot.containers[created].facts.exit_code == 127


def test_the_last_lines_of_a_log(engine: Engine, images: Images) -> None:
    script = r"printf 'one\ntwo \377\n'; echo three >&2; exec sleep 600"
    ids = [
        engine.docker("run", "--detach", *tty, "--network=none", images.plain, "/bin/sh", "-c", script)
        for tty in ([], ["--tty"])
    ]
    with Watching(engine) as watching:
        name = watching.snapshot.engines[0].name
        for container_id in ids:
            assert sorted(watching.thread.logs(name, container_id, 10).result(5)) == ["one", "three", "two �"]
        assert len(watching.thread.logs(name, ids[0], 2).result(5)) == 2
        with pytest.raises(LogsUnavailable, match="No such container"):
            watching.thread.logs(name, "none-such").result(5)


def test_a_tag_that_moves_is_seen_at_both_images(engine: Engine, images: Images) -> None:
    old, new = images.web("1.0"), images.web("1.1")
    herd.fire(engine, old, 1)
    herd.fire(engine, new, 1)
    with Watching(engine) as watching:
        assert watching.until(lambda: len(watching.seen(ImageInspected)) == 2)
        engine.docker("tag", old, "moving:1")
        engine.docker("tag", new, "moving:1")

        def tags() -> dict[str, bool]:
            return {
                one.image.labels["org.opencontainers.image.version"]: "moving:1" in one.image.tags
                for one in watching.seen(ImageInspected)
            }

        assert watching.until(lambda: tags() == {"1.0": False, "1.1": True})
        layers = watching.seen(ImageInspected)[-1].image.layers
        assert len(layers) >= 2
        assert all(layer.size_bytes is not None for layer in layers)
        engine.docker("rmi", "moving:1")

"""The lab itself, tried on real parts: what it starts behaves as it says."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.lab import herd
from tests.lab import lab as lab_module
from tests.lab.engine import Engine, Generation
from tests.lab.images import BLOAT_BYTES, Images
from tests.lab.lab import Lab, missing
from tests.lab.newer import Programs
from tests.lab.processes import Daemon, LabError, wait_until
from tests.lab.prometheus import Prometheus
from tests.lab.registry import Registry
from tests.lab.services import start_service

GENERATIONS = pytest.mark.parametrize("generation", ["stock", "newer"])


def test_an_engine_answers_by_socket_and_by_command_line(engine: Engine) -> None:
    assert engine.docker("version", "--format", "{{.Server.Version}}") == engine.version
    assert (engine.major <= 26) == (engine.generation == "stock")
    assert engine.default_network == "none"


@pytest.mark.parametrize("fire", [herd.fire, herd.fire_runs])
def test_a_herd_is_timed_from_the_clients_side(
    engine: Engine, images: Images, fire: Callable[[Engine, str, int], herd.Herd]
) -> None:
    fired = fire(engine, images.plain, 12)
    assert not fired.failed
    assert len(set(fired.ids)) == 12
    running = {container["Id"]: container for container in engine.containers(everything=False)}
    assert set(running) == set(fired.ids)
    for start in fired.starts:
        assert start.started is not None
        assert start.create_sent < start.started
        assert running[start.id]["Names"] == [f"/{start.name}"]
    assert 0 < fired.quantile(0.5) <= fired.quantile(0.95) <= fired.took_s


def test_a_herd_is_bounded(engine: Engine) -> None:
    with pytest.raises(LabError, match="1 to 200"):
        herd.fire(engine, "lab/plain:1", 201)


def test_a_start_that_fails_is_reported_and_stops_no_other(engine: Engine) -> None:
    fired = herd.fire(engine, "lab/none-such:1", 3)
    assert len(fired.failed) == 3
    assert "404" in fired.failed[0].error


def test_versions_behave_as_they_say(engine: Engine, images: Images) -> None:
    def start(version: str) -> str:
        reference = images.web(version)
        assert engine.get(f"/images/{reference}/json")["Config"]["Labels"] == {
            "org.opencontainers.image.version": version
        }
        return engine.docker("run", "--detach", "--network=none", reference)

    def health(container: str) -> str:
        state: str = engine.inspect(container)["State"]["Health"]["Status"]
        return state

    good, slow, crashing, never = start("1.0-health"), start("1.3"), start("1.4"), start("1.5")
    assert wait_until(lambda: health(good) == "healthy", 15)
    assert wait_until(lambda: engine.inspect(crashing)["State"]["Status"] == "exited", 15)
    assert engine.inspect(crashing)["State"]["ExitCode"] == 3
    assert wait_until(lambda: health(slow) == "healthy", 20)
    started = datetime.fromisoformat(engine.inspect(slow)["State"]["StartedAt"])
    assert (datetime.now(UTC) - started).total_seconds() > 4
    assert wait_until(lambda: health(never) == "unhealthy", 15)
    engine.docker("stop", "--time=5", good)
    assert engine.inspect(good)["State"]["ExitCode"] == 0


def test_versions_share_a_layer_and_one_is_bloated(engine: Engine, images: Images) -> None:
    def image(version: str) -> tuple[list[str], int]:
        found = engine.get(f"/images/{images.web(version)}/json")
        return found["RootFS"]["Layers"], found["Size"]

    layers, size = image("1.0")
    next_layers, _ = image("1.1")
    _, bloated = image("1.2")
    assert layers[0] == next_layers[0]
    assert layers != next_layers
    assert bloated - size == pytest.approx(BLOAT_BYTES, rel=0.05)


def test_a_moved_tag_names_another_image(engine: Engine, images: Images) -> None:
    moved = images.retag("1.0", "shop/web:stable")
    before = engine.get(f"/images/{moved}/json")["Id"]
    images.retag("1.1", moved)
    assert engine.get(f"/images/{moved}/json")["Id"] != before


def test_replicas_are_labelled_as_compose_labels_them(engine: Engine, images: Images) -> None:
    started = start_service(engine, images.web("1.0"), 3)
    start_service(engine, images.web("1.0"), 1, oneoff=True)
    assert [container.name for container in started] == ["shop-web-1", "shop-web-2", "shop-web-3"]
    image = engine.get(f"/images/{images.web('1.0')}/json")["Id"]
    for number, container in enumerate(started, start=1):
        labels = engine.inspect(container.id)["Config"]["Labels"]
        assert labels["com.docker.compose.container-number"] == str(number)
        assert labels["com.docker.compose.image"] == image


def test_compose_takes_the_replicas_for_its_own(newer_one: Engine, newer_images: Images) -> None:
    """The real Compose is the judge of the labels."""
    start_service(newer_one, newer_images.web("1.0"), 2)
    start_service(newer_one, newer_images.web("1.0"), 1, oneoff=True)
    listed = newer_one.docker("compose", "--project-name=shop", "ps", "--format=json")
    assert {json.loads(line)["Name"] for line in listed.splitlines()} == {"shop-web-1", "shop-web-2"}
    assert json.loads(newer_one.docker("compose", "ls", "--format=json"))[0]["Name"] == "shop"


@GENERATIONS
def test_an_engine_in_its_own_namespace_pulls_from_the_registry(
    lab: Lab, registry: Registry, programs_of: Callable[[Generation], Programs], generation: Generation
) -> None:
    with lab.engine(generation, network="bridge", programs=programs_of(generation)) as engine:
        images = Images(engine, registry)
        reference = images.web("1.0")
        assert "1.0" in json.loads(registry.get("/v2/shop/web/tags/list"))["tags"]
        engine.docker("rmi", reference)
        engine.docker("pull", reference)
        container = start_service(engine, reference, 1)[0]
        assert engine.inspect(container.id)["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]


@GENERATIONS
def test_an_engine_killed_and_started_again_has_its_containers(
    lab: Lab, programs_of: Callable[[Generation], Programs], generation: Generation
) -> None:
    with lab.engine(generation, programs=programs_of(generation)) as engine:
        images = Images(engine)
        kept = start_service(engine, images.plain, 2, restart="always")
        ended = start_service(engine, images.plain, 1, service="once")
        first = engine.pid
        engine.kill()
        assert not engine.running
        engine.restart_after_kill()
        assert engine.pid != first
        assert {c["Id"] for c in engine.containers()} == {c.id for c in (*kept, *ended)}
        for container in kept:
            assert wait_until(lambda c=container: engine.inspect(c.id)["State"]["Running"], 20)  # type: ignore[misc]
        assert not engine.inspect(ended[0].id)["State"]["Running"]


def test_containers_survive_the_engine_with_live_restore(lab: Lab) -> None:
    with lab.engine("stock", live_restore=True) as engine:
        container = start_service(engine, Images(engine).plain, 1)[0]
        before = engine.inspect(container.id)["State"]
        engine.restart_after_kill()
        after = engine.inspect(container.id)["State"]
        assert (after["Running"], after["Pid"]) == (True, before["Pid"])


def test_a_paused_engine_does_not_answer_until_it_is_resumed(engine: Engine) -> None:
    engine.pause()
    with pytest.raises(TimeoutError):
        engine.get("/_ping", timeout=0.5)
    engine.resume()
    assert engine.get("/_ping") == "OK"


def test_prometheus_has_pressure_and_the_engines_own_metrics(prometheus: Prometheus, engine: Engine) -> None:
    prometheus.add(engine, engine.generation)
    for name in ("cpu_waiting", "io_stalled", "memory_stalled"):
        assert prometheus.query(f"node_pressure_{name}_seconds_total")
    asked = f'engine_daemon_container_actions_seconds_count{{engine="{engine.generation}",action="start"}}'
    assert wait_until(lambda: prometheus.query(asked), 30)


def test_a_machine_that_cannot_have_a_lab_is_told_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab_module, "STOCK", Programs("/nowhere"))
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert "apt-get install --no-install-recommends busybox-static containerd docker-registry" in missing()
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert "needs root" in missing()


def test_an_error_shows_the_end_of_the_log(tmp_path: Path) -> None:
    broken = Daemon("part", ["/bin/sh", "-c", "echo the disk is full >&2; exit 3"], tmp_path / "log")
    with pytest.raises(LabError, match=r"(?s)part: ended at once with status 3.*the disk is full"):
        broken.start(lambda: False, timeout=5)
    silent = Daemon("part", ["/bin/sleep", "30"], tmp_path / "silent")
    with pytest.raises(LabError, match=r"not ready after 0\.1 s"):
        silent.start(lambda: False, timeout=0.1)
    assert not silent.running

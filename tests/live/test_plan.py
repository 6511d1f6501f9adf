"""Plans of rollouts on real engines and with real registries: what they know, what they refuse, that they only read."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from patchdeck.model import Order, Strategy
from patchdeck.rollout.planning.maker import look_again
from patchdeck.settings import Settings
from tests.lab.engine import Engine
from tests.lab.images import Images
from tests.lab.lab import Lab
from tests.lab.processes import wait_until
from tests.lab.registry import Registry
from tests.lab.services import start_service
from tests.live.credentials import USERS, helped, logged_in
from tests.live.foreign_images import Repository
from tests.live.planning import connection, planned, rules
from tests.live.program import PATCHDECK

ImagesOf = Callable[[Engine, Registry | None], Images]


def inspects(engine: Engine) -> dict[str, dict[str, Any]]:
    return {one["Id"]: engine.inspect(one["Id"]) for one in engine.containers()}


def test_the_command_tells_the_plan_and_touches_nothing(engine: Engine, images: Images) -> None:
    replicas = start_service(engine, images.web("1.0"), 3, env={"OWN": "yes"})
    to = images.web("1.1")
    before = inspects(engine)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PATCHDECK, "rollout", "plan", "shop/web", "--to", to, *arguments, "--host", engine.host],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env=os.environ | {"COLUMNS": "80", "LANG": "C.UTF-8"},
        )

    one, other = run("--format", "json"), run("--format", "json")
    assert one.returncode == 0, one.stderr
    assert one.stdout == other.stdout
    plan = json.loads(one.stdout)
    assert [(unit["container_id"], unit["order"]) for unit in plan["units"]] == [
        (replica.id, "start-first") for replica in replicas
    ]
    assert [unit["started_at"] for unit in plan["units"]] == [
        before[replica.id]["State"]["StartedAt"] for replica in replicas
    ]
    assert plan["from"]["image_id"] == engine.get(f"/images/{images.web('1.0')}/json")["Id"]
    assert plan["to"]["image_id"] == engine.get(f"/images/{to}/json")["Id"]
    assert (plan["layers"]["shared"], plan["layers"]["new"], plan["layers"]["new_bytes"]) == (1, 1, 0)
    assert [(change["what"], change["name"]) for change in plan["changes"]] == [
        ("environment", "VERSION"),
        ("label", "org.opencontainers.image.version"),
    ]
    assert plan["predicted_s"] > 20
    text = run("--order", "stop-first")
    assert text.returncode == 0, text.stderr
    assert "2 ready at the worst moment, 1 may be missing at once" in " ".join(text.stdout.split())
    assert max(len(line) for line in text.stdout.splitlines()) <= 80
    refused = run("--to", images.web("1.0"))
    assert refused.returncode == 5
    assert "same-image: all replicas of shop/web run" in refused.stdout
    wrong = run("--batch", "0")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert inspects(engine) == before


async def test_an_image_in_a_registry_is_known_before_it_is_pulled(
    engine: Engine, registry: Registry, images_of: ImagesOf
) -> None:
    images = images_of(engine, registry)
    old, new = images.web("1.0"), images.web("1.1")
    image_id = engine.get(f"/images/{new}/json")["Id"]
    start_service(engine, old, 1)
    engine.docker("rmi", new)
    told: list[str] = []
    plan = await planned(engine, "shop/web", new, told=told)
    assert rules(plan) == []
    assert any("asking the registry" in step for step in told)
    digest = plan.to.digest.partition("@")[2]
    sizes = [
        layer["size"] for layer in json.loads(registry.get(f"/v2/shop/web/manifests/{digest}"))["layers"]
    ]
    assert (plan.layers.shared, plan.layers.new) == (1, 1)
    assert plan.layers.new_bytes == sum(sizes[1:]) > 0
    assert plan.to.version == "1.1"
    assert "environment" in [change.what for change in plan.changes]
    engine.docker("pull", "--quiet", new)
    pulled = await planned(engine, "shop/web", new)
    assert (pulled.to.image_id, pulled.to.digest) == (image_id, plan.to.digest)
    assert plan.to.image_id == image_id
    assert pulled.changes == plan.changes


async def test_what_no_registry_has_is_refused_and_so_is_a_registry_that_is_not_there(
    engine: Engine, registry: Registry, images: Images
) -> None:
    start_service(engine, images.web("1.0"), 1)
    unknown = await planned(engine, "shop/web", f"{registry.address}/shop/web:never")
    assert rules(unknown) == ["unknown-image"]
    assert len(unknown.units) == 1
    assert unknown.layers.shared is None
    nobody = await planned(engine, "shop/web", "127.0.0.1:1/shop/web:1.0")
    assert rules(nobody) == ["registry"]
    assert "refused" in nobody.refusals[0].text


@pytest.fixture(scope="module")
def guarded(lab: Lab) -> Registry:
    """A registry that lets nobody in who does not know the password."""
    return lab.registry("guarded", users=USERS)


async def test_a_registry_is_asked_with_the_users_credentials_helpers_included(
    engine: Engine, images: Images, guarded: Registry, tmp_path: Path
) -> None:
    start_service(engine, images.web("1.0"), 1)
    reference = f"{guarded.address}/shop/web:1.1"
    logged_in(tmp_path, guarded)
    engine.docker("tag", images.web("1.1"), reference)
    engine.docker("--config", str(tmp_path), "push", "--quiet", reference)
    engine.docker("rmi", reference)
    environ = {"DOCKER_CONFIG": str(tmp_path), "PATH": f"{tmp_path}:{os.environ['PATH']}"}

    known = await planned(engine, "shop/web", reference, environ=environ)
    assert rules(known) == []
    assert (known.layers.shared, known.layers.new) == (1, 1)
    assert known.layers.new_bytes

    helped(tmp_path, guarded)
    assert await planned(engine, "shop/web", reference, environ=environ) == known

    (tmp_path / "config.json").unlink()
    assert rules(await planned(engine, "shop/web", reference, environ=environ)) == ["registry-login"]
    logged_in(tmp_path, guarded, "wrong-secret")
    wrong = await planned(engine, "shop/web", reference, environ=environ)
    assert rules(wrong) == ["registry-login"]
    assert "docker login" in wrong.refusals[0].text
    assert "wrong-secret" not in repr(wrong)


async def test_an_image_for_another_kind_of_processor_is_refused_and_of_several_the_right_one_is_taken(
    engine: Engine, registry: Registry, images_of: ImagesOf
) -> None:
    images = images_of(engine, registry)
    start_service(engine, images.web("1.0"), 1)
    images.web("1.1")
    repository = Repository(registry, "shop/web")
    repository.put_foreign("foreign", "s390x", like="1.1")
    repository.put_index("several", {"s390x": "foreign", "amd64": "1.1"})
    repository.put_index("others", {"s390x": "foreign"})
    for tag in ("foreign", "others"):
        refused = await planned(engine, "shop/web", f"{images.repository}:{tag}")
        assert rules(refused) == ["platform"]
        assert "s390x" in refused.refusals[0].text
    several = await planned(engine, "shop/web", f"{images.repository}:several")
    assert rules(several) == []
    assert several.to.version == "1.1"
    assert several.layers.shared == 1


async def test_without_its_old_image_a_container_is_left_alone(stock: Engine, images_of: ImagesOf) -> None:
    images = images_of(stock, None)
    to = images.web("1.1")
    # An image of its own: those of the lab are there for every test.
    recipe = f"FROM {images.web('1.0')}\nLABEL lost=yes\n".encode()
    stock.docker("build", "--quiet", "--tag", "lost:1", "-", stdin=recipe)
    (only,) = start_service(stock, "lost:1", 1)
    stock.docker("stop", "--time", "0", only.id)
    stock.docker("rmi", "--force", "lost:1")
    stock.docker("start", only.id)
    plan = await planned(stock, "shop/web", to)
    assert rules(plan) == ["no-old-image"]
    assert plan.changes == ()


async def test_what_lives_in_the_network_of_a_replica_goes_along_with_it(
    engine: Engine, images: Images
) -> None:
    replicas = start_service(engine, images.web("1.0"), 2)
    start_service(engine, images.plain, 1, service="proxy", network=f"container:{replicas[1].id}")
    plan = await planned(engine, "shop/web", images.web("1.1"), Strategy(order=Order.START_FIRST))
    alone, held = plan.units
    assert (alone.order, alone.dependents) == (Order.START_FIRST, ())
    assert held.order is Order.STOP_FIRST
    assert [(one.container, one.recreate) for one in held.dependents] == [("shop-proxy-1", True)]
    assert rules(plan) == ["start-first"]


async def test_a_world_that_moved_is_noticed_before_anything_is_done(
    stock: Engine, stock_images: Images
) -> None:
    replicas = start_service(stock, stock_images.web("1.0"), 3)
    plan = await planned(stock, "shop/web", stock_images.web("1.1"))
    async with connection(stock) as opened:
        assert await look_again(opened, plan, Settings()) == ()
        stock.docker("restart", "--time", "0", replicas[0].id)
        stock.remove(replicas[1].id)
        start_service(stock, stock_images.web("1.0"), 1, first=4)
        moved = await look_again(opened, plan, Settings())
    assert [str(refusal.rule) for refusal in moved] == [
        "container-restarted",
        "container-gone",
        "new-replica",
    ]


@pytest.mark.slow
async def test_a_service_of_swarm_is_left_to_swarm(lab: Lab, images_of: ImagesOf) -> None:
    with lab.engine("stock", network="bridge") as mine:
        images = images_of(mine, None)
        old, new = images.web("1.0"), images.web("1.1")
        mine.docker("swarm", "init", "--advertise-addr", "127.0.0.1")
        mine.docker(
            "service", "create", "--detach", "--no-resolve-image", "--name=crowd", "--network=host", old
        )
        assert wait_until(lambda: bool(mine.containers()), 20)
        assert rules(await planned(mine, "crowd", new)) == ["swarm"]


@pytest.fixture
def paused(stock: Engine) -> Iterator[Engine]:
    stock.pause()
    with closing(_Resuming(stock)):
        yield stock


class _Resuming:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def close(self) -> None:
        self._engine.resume()


async def test_planning_on_an_engine_that_hangs_can_be_given_up_at_once(paused: Engine) -> None:
    planning = asyncio.create_task(planned(paused, "shop/web", "shop/web:1.1"))
    await asyncio.sleep(0.3)
    planning.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(2):
            await planning

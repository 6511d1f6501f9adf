"""The new image comes from a real registry before anything is changed, or the rollout fails before that."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from patchdeck.model import Intended, PullProgressed, RolloutState
from patchdeck.rollout import pull
from patchdeck.rollout.journal import Journal
from patchdeck.rollout.story import rollout_of
from patchdeck.rollout.submit import submit
from patchdeck.rollout.worker import carry_out, exit_status
from tests.lab.engine import Engine
from tests.lab.images import Images
from tests.lab.lab import Lab
from tests.lab.registry import Registry
from tests.lab.services import start_service
from tests.live.credentials import NOBODY, PASSWORD, USERS, helped, logged_in
from tests.live.rollouts import QUICK, entries, planned, service_now, submitted, target_of
from tests.live.underway import ME, as_it_was, ended, newer_in_full
from widgets.rollout_now import sentence

LARGE_BYTES = 30_000_000
ImagesOf = Callable[[Engine, Registry | None], Images]


@pytest.fixture(scope="module")
def guarded(lab: Lab) -> Registry:
    """A registry that lets nobody in who does not know the password."""
    return lab.registry("guarded-pull", users=USERS)


@newer_in_full
async def test_all_layers_are_pulled_with_the_users_helper_before_any_container_is_touched_and_that_is_seen(
    engine: Engine, images: Images, guarded: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_service(engine, images.web("1.0"), 2)
    large = f"{guarded.address}/shop/web:large"
    logged_in(tmp_path, guarded)
    recipe = f"FROM {images.web('1.1')}\nRUN head -c {LARGE_BYTES} /dev/urandom >/ballast\n"
    engine.docker("build", "--quiet", "--network=none", f"--tag={large}", "-", stdin=recipe.encode())
    engine.docker("--config", str(tmp_path), "push", "--quiet", large)
    image_id = engine.get(f"/images/{large}/json")["Id"]
    engine.docker("rmi", large)
    helped(tmp_path, guarded)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(pull, "TELL_EVERY_S", 0.02)

    rollout = await submitted(engine, tmp_path, large)
    state = await carry_out(rollout, tmp_path)
    ended(state, RolloutState.COMMITTED)
    assert {one["Image"] for one in service_now(engine).values()} == {image_id}
    written = entries(rollout, tmp_path)
    pulled = [one for one in written if isinstance(one, PullProgressed)]
    touched = next(one for one in written if isinstance(one, Intended) and one.unit is not None)
    assert pulled[-1].done
    assert pulled[-1].sequence < touched.sequence
    halfway = next(
        one
        for one in pulled
        if any(total > LARGE_BYTES and 0 < had < total for had, total in one.layers.values())
    )
    seen = rollout_of([one for one in written if one.sequence <= halfway.sequence])
    assert seen is not None
    assert len(seen.layers) > 1
    told, _ = sentence(seen, halfway.at_ns)
    assert told.startswith("pulling ")
    assert told.endswith(" of 30 MB")
    assert PASSWORD not in repr(written)


@newer_in_full
async def test_an_image_that_its_registry_no_longer_has_fails_before_anything_is_changed(
    engine: Engine, registry: Registry, images_of: ImagesOf, tmp_path: Path
) -> None:
    images = images_of(engine, registry)
    old = start_service(engine, images.web("1.0"), 2)
    plan = await planned(engine, images.web("1.1"), QUICK)
    digest = f"sha256:{'0' * 64}"
    nowhere = replace(plan.to, image=f"{images.repository}@{digest}", image_id="", digest="")
    with Journal(tmp_path) as journal:
        rollout = submit(journal, replace(plan, to=nowhere), target_of(engine), ME).rollout
    state = await carry_out(rollout, tmp_path)
    ended(state, RolloutState.FAILED, "could not be pulled", "Check the image's name", "nothing was changed")
    assert exit_status(state) == 1
    as_it_was(engine, old)


@newer_in_full
async def test_a_login_that_the_registry_no_longer_takes_fails_before_anything_is_changed(
    lab: Lab, engine: Engine, images: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = start_service(engine, images.web("1.0"), 2)
    with lab.registry("closed", users=NOBODY) as closed:
        plan = await planned(engine, images.web("1.1"), QUICK)
        image = f"{closed.address}/shop/web:1.1"
        elsewhere = replace(plan.to, image=image, image_id="", digest="")
        secret = logged_in(tmp_path, closed, "wrong")
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
        with Journal(tmp_path) as journal:
            rollout = submit(journal, replace(plan, to=elsewhere), target_of(engine), ME).rollout
        state = await carry_out(rollout, tmp_path)
    ended(state, RolloutState.FAILED, "could not be pulled", "docker login", "nothing was changed")
    assert exit_status(state) == 1
    assert secret not in repr(entries(rollout, tmp_path))
    as_it_was(engine, old)


async def test_a_tag_that_moved_since_the_plan_fails_before_anything_is_changed(
    stock: Engine, registry: Registry, images_of: ImagesOf, tmp_path: Path
) -> None:
    images = images_of(stock, registry)
    old = start_service(stock, images.web("1.0"), 2)
    moving = images.retag("1.1", f"{images.repository}:moving")
    rollout = await submitted(stock, tmp_path, moving)
    images.retag("1.0-health", moving)
    stock.docker("push", "--quiet", moving)
    state = await carry_out(rollout, tmp_path)
    ended(state, RolloutState.FAILED, moving, "its tag has moved, so plan again")
    as_it_was(stock, old)

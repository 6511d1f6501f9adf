"""Fixtures of the live tests: real engines, a registry and Prometheus, shared by the tests of a session.

    def test_something(engine, images): ...      # runs twice: on the stock engine and on a newer one

Engines are shared, and each test finds them without containers. A test that needs an engine of its own, because it
kills it or wants a bridge, takes `lab` and starts one: `with lab.engine("stock", network="bridge") as mine`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from tests.lab import lab as lab_module
from tests.lab import newer
from tests.lab.engine import Engine, Generation
from tests.lab.images import Images
from tests.lab.lab import Lab
from tests.lab.prometheus import Prometheus
from tests.lab.registry import Registry

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("live")


def required() -> bool:
    """In CI live tests may not skip."""
    return os.environ.get("PATCHDECK_LIVE") == "required"


def unavailable(reason: str) -> NoReturn:
    """Skips, or fails where skipping is not allowed."""
    if required():
        pytest.fail(f"{reason} (PATCHDECK_LIVE=required forbids to skip)", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """The lab of this session: `.engine()` starts further engines, which end with it at the latest."""
    if reason := lab_module.missing():
        unavailable(reason)
    with Lab() as made:
        yield made


@pytest.fixture(scope="session")
def stock_engine(lab: Lab) -> Engine:
    return lab.engine("stock")


@pytest.fixture(scope="session")
def newer_programs() -> newer.Programs:
    """The programs of a newer engine; skips where they could not be had."""
    try:
        return newer.newer_programs()
    except newer.NoNewerEngineError as error:
        reason = f"no newer engine: {error}"
    if newer.script().exists():
        unavailable(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def newer_engine(lab: Lab, newer_programs: newer.Programs) -> Engine:
    return lab.engine("newer", programs=newer_programs)


@pytest.fixture(scope="session", params=["stock", "newer"])
def shared_engine(request: pytest.FixtureRequest) -> Engine:
    """The engine of each generation, as other tests left it."""
    found: Engine = request.getfixturevalue(f"{request.param}_engine")
    return found


@pytest.fixture
def engine(shared_engine: Engine) -> Iterator[Engine]:
    """The engine of each generation, running and without containers; those of the test are removed after it."""
    yield from _cleaned(shared_engine)


@pytest.fixture
def stock(stock_engine: Engine) -> Iterator[Engine]:
    """As `engine`, the stock one only."""
    yield from _cleaned(stock_engine)


@pytest.fixture
def newer_one(newer_engine: Engine) -> Iterator[Engine]:
    """As `engine`, the newer one only."""
    yield from _cleaned(newer_engine)


def _cleaned(engine: Engine) -> Iterator[Engine]:
    yield engine
    engine.resume()
    if not engine.running:
        engine.restart_after_kill()
    engine.clean()


@pytest.fixture(scope="session")
def registry(lab: Lab) -> Registry:
    return lab.registry()


@pytest.fixture(scope="session")
def prometheus(lab: Lab) -> Prometheus:
    return lab.prometheus()


@pytest.fixture(scope="session")
def images_of() -> Callable[[Engine, Registry | None], Images]:
    """The images of any engine, built once each: `images_of(engine, registry_or_none).web("1.1")`."""
    made: dict[tuple[int, int], Images] = {}

    def images_of(engine: Engine, registry: Registry | None = None) -> Images:
        key = (id(engine), id(registry))
        if key not in made:
            made[key] = Images(engine, registry)
        return made[key]

    return images_of


@pytest.fixture
def images(engine: Engine, images_of: Callable[[Engine, Registry | None], Images]) -> Images:
    """The images of `engine`, without a registry."""
    return images_of(engine, None)


@pytest.fixture
def stock_images(stock: Engine, images_of: Callable[[Engine, Registry | None], Images]) -> Images:
    """The images of `stock`, without a registry."""
    return images_of(stock, None)


@pytest.fixture
def newer_images(newer_one: Engine, images_of: Callable[[Engine, Registry | None], Images]) -> Images:
    """The images of `newer_one`, without a registry."""
    return images_of(newer_one, None)


@pytest.fixture(scope="session")
def programs_of(request: pytest.FixtureRequest) -> Callable[[Generation], newer.Programs]:
    """The programs of a generation, for `lab.engine(generation, programs=...)`; skips as `newer_engine` does."""

    def programs_of(generation: Generation) -> newer.Programs:
        if generation == "stock":
            return newer.STOCK
        found: newer.Programs = request.getfixturevalue("newer_programs")
        return found

    return programs_of

"""The crash matrix: a worker, or the engine, killed at any point of a rollout leaves a service that is whole.

What a cell is, and what whole means, is told in tests/live/crash_matrix.py. The whole matrix goes in parts, each with
an engine of its own, so that one can be repeated alone and two can go side by side. With PATCHDECK_CRASHES_DONE=FILE
the cells that ended whole are kept there, and a part that was interrupted goes on:

    pytest tests/live/test_rollout_crashes.py -m slow -k "worker and newer-3of16" --log-cli-level=INFO
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from patchdeck.model import Order
from tests.lab import newer
from tests.lab.engine import Engine, Generation
from tests.lab.images import Images
from tests.lab.lab import Lab
from tests.live.crash_matrix import Cell, Matrix, Victim, Way, cells

AFTER_KILL = (Way.RESUMED, Way.ROLLED_BACK)
GOING_BACK = (Way.GOING_BACK,)


# --- a few, each time -----------------------------------------------------------------------------

SPREAD = (
    "after call lock",
    "after call stop 0",
    "before call start 2",
    "after call rename 3 #2",
    "after call remove 4",
)


def mixed(number: int) -> tuple[Way, Order]:
    return AFTER_KILL[number % 2], tuple(Order)[number // 2 % 2]


@pytest.mark.timeout(600)
async def test_a_worker_that_is_killed_leaves_a_service_that_can_be_made_whole(
    stock: Engine, stock_images: Images, tmp_path: Path
) -> None:
    with Matrix(stock, stock_images, tmp_path) as matrix:
        for number, point in enumerate(SPREAD):
            assert await matrix.cell(Cell(Victim.WORKER, point, *mixed(number))), point


@pytest.mark.timeout(600)
async def test_an_engine_that_is_killed_is_waited_for_and_the_service_is_whole(
    stock: Engine, stock_images: Images, tmp_path: Path
) -> None:
    with Matrix(stock, stock_images, tmp_path) as matrix:
        for number, point in enumerate(("after call create 0", "after call start 4")):
            assert await matrix.cell(Cell(Victim.ENGINE, point, *mixed(number))), point


# --- all of them ----------------------------------------------------------------------------------


def parts(number: int) -> pytest.MarkDecorator:
    """Each of less than ten minutes on two processors."""
    names = [f"{part + 1}of{number}" for part in range(number)]
    return pytest.mark.parametrize(("part", "of"), [(part, number) for part in range(number)], ids=names)


@pytest.fixture(params=["stock", "newer"])
def matrix(
    request: pytest.FixtureRequest,
    lab: Lab,
    programs_of: Callable[[Generation], newer.Programs],
    tmp_path: Path,
) -> Iterator[Matrix]:
    """On an engine that nobody else has."""
    generation: Generation = request.param
    engine = lab.engine(generation, programs=programs_of(generation))
    with engine, Matrix(engine, Images(engine), tmp_path) as made:
        yield made


@pytest.mark.slow
@pytest.mark.timeout(1800)
@parts(16)
async def test_a_worker_may_be_killed_at_every_point(matrix: Matrix, part: int, of: int) -> None:
    points = await matrix.points()
    assert all(len(some) > 350 for some in points.values())
    await matrix.run([*cells(Victim.WORKER, points, AFTER_KILL, part, of)])


@pytest.mark.slow
@pytest.mark.timeout(1800)
@parts(8)
async def test_a_worker_may_be_killed_at_every_point_of_its_way_back(
    matrix: Matrix, part: int, of: int
) -> None:
    points = await matrix.points(Way.GOING_BACK)
    assert all(len(some) > 200 for some in points.values())
    await matrix.run([*cells(Victim.WORKER, points, GOING_BACK, part, of)])


def calls(points: Mapping[Order, Sequence[str]]) -> dict[Order, list[str]]:
    """An engine knows nothing of the journal, and each write lies between two of its calls: to it, those are all."""
    return {order: [point for point in some if " call " in point] for order, some in points.items()}


@pytest.mark.slow
@pytest.mark.timeout(1800)
@parts(8)
async def test_an_engine_may_be_killed_before_and_after_every_call(
    matrix: Matrix, part: int, of: int
) -> None:
    points = calls(await matrix.points())
    assert all(len(some) > 80 for some in points.values())
    await matrix.run([*cells(Victim.ENGINE, points, AFTER_KILL, part, of)])


@pytest.mark.slow
@pytest.mark.timeout(1800)
@parts(4)
async def test_an_engine_may_be_killed_before_and_after_every_call_of_the_way_back(
    matrix: Matrix, part: int, of: int
) -> None:
    points = calls(await matrix.points(Way.GOING_BACK))
    assert all(len(some) > 70 for some in points.values())
    await matrix.run([*cells(Victim.ENGINE, points, GOING_BACK, part, of)])


@pytest.mark.slow
@pytest.mark.timeout(1800)
@parts(8)
async def test_worker_and_engine_may_be_killed_together(matrix: Matrix, part: int, of: int) -> None:
    points = calls(await matrix.points())
    await matrix.run([*cells(Victim.BOTH, points, AFTER_KILL, part, of)])

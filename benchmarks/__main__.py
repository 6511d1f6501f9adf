"""`make bench`: measure what the program promises, on a real engine of the lab, and write docs/benchmarks.md."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import click

from benchmarks import (
    answering,
    herding,
    idling,
    knee,
    opening,
    patching,
    recording,
    replaying,
    simulating,
    steering,
)
from benchmarks.figures import Report, circumstances
from benchmarks.limits import at_most
from benchmarks.page import with_section
from tests.lab.engine import Engine
from tests.lab.images import Images
from tests.lab.lab import Lab
from tests.lab.lab import missing as missing_for_lab

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"


class Benchmark(NamedTuple):
    measure: Callable[[Lab, Engine, Images], Report]
    limit_s: float
    """It is cut short after this, about twice what it takes; the others are still measured."""
    on_engine: bool = True
    part_of: str = ""
    """The one that measures this and more: everything is measured without it."""


BENCHMARKS: Final = {
    "opening": Benchmark(lambda _lab, engine, _images: opening.measure(engine), 90),
    "idling": Benchmark(lambda _lab, engine, images: idling.measure(engine, images), 300),
    "herding": Benchmark(lambda _lab, engine, images: herding.measure(engine, images), 300),
    "answering": Benchmark(answering.measure, 720),
    "knee": Benchmark(knee.measure, 1_500),
    "patching": Benchmark(lambda lab, _engine, _images: patching.measure(lab), 1_200),
    "pacing": Benchmark(lambda lab, _engine, _images: patching.measure_pace(lab), 900, part_of="patching"),
    "recording": Benchmark(lambda _lab, _engine, _images: recording.measure(), 480, on_engine=False),
    "replaying": Benchmark(lambda _lab, _engine, _images: replaying.measure(), 300, on_engine=False),
    "steering": Benchmark(steering.measure, 480),
    "simulating": Benchmark(lambda _lab, _engine, _images: simulating.measure(), 480, on_engine=False),
}
EVERYTHING: Final = tuple(name for name, one in BENCHMARKS.items() if not one.part_of)
MOST_MINUTES = round(sum(BENCHMARKS[name].limit_s for name in EVERYTHING) / 60)


@click.command(
    epilog=f"Everything takes {MOST_MINUTES} minutes at most. Example: make bench ARGS='opening --no-write'"
)
@click.argument("names", nargs=-1, type=click.Choice(sorted(BENCHMARKS)))
@click.option("--write/--no-write", default=True, help="Write into docs/benchmarks.md.")
def main(names: tuple[str, ...], *, write: bool) -> None:
    """Measure NAMES, or everything, and put each section into docs/benchmarks.md once it is measured.

    Exit status 1 if a promise does not hold or a benchmark did not come to its end.
    """
    if reason := missing_for_lab():
        raise click.ClickException(reason)
    with Lab() as lab:
        engine = lab.engine("stock")
        images = Images(engine)
        held = [_measured(name, lab, engine, images, write=write) for name in names or EVERYTHING]
    if not all(held):
        raise SystemExit(1)


def _measured(name: str, lab: Lab, engine: Engine, images: Images, *, write: bool) -> bool:
    """Whether it came to its end, and all that it promises holds."""
    click.echo(f"{name}…", err=True)
    benchmark = BENCHMARKS[name]
    measured = circumstances(engine.version if benchmark.on_engine else "")
    try:
        with at_most(benchmark.limit_s):
            report = benchmark.measure(lab, engine, images)
    except Exception:  # noqa: BLE001 - whatever befell one, the others are measured; its story is told
        click.echo(f"{name} did not come to its end:\n{traceback.format_exc()}", err=True)
        engine.clean()
        return False
    section = report.markdown(measured)
    click.echo(section)
    if write:
        PAGE.write_text(with_section(PAGE.read_text(encoding="utf-8"), section), encoding="utf-8")
    return all(figure.holds for figure in report.figures)


if __name__ == "__main__":
    main()

"""`make bench`: measure what the program promises, on a real engine of the lab, and write docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from benchmarks import answering, herding, idling, knee, opening, patching, recording, replaying, simulating
from benchmarks.figures import Report, machine
from tests.lab.engine import Engine
from tests.lab.images import Images
from tests.lab.lab import Lab
from tests.lab.lab import missing as missing_for_lab

OUT = Path(__file__).parent.parent / "docs" / "benchmarks.md"

BENCHMARKS: dict[str, Callable[[Lab, Engine, Images], Report]] = {
    "opening": lambda _lab, engine, _images: opening.measure(engine),
    "idling": lambda _lab, engine, images: idling.measure(engine, images),
    "herding": lambda _lab, engine, images: herding.measure(engine, images),
    "answering": answering.measure,
    "knee": knee.measure,
    "patching": lambda lab, _engine, _images: patching.measure(lab),
    "recording": lambda _lab, _engine, _images: recording.measure(),
    "replaying": lambda _lab, _engine, _images: replaying.measure(),
    "simulating": lambda _lab, _engine, _images: simulating.measure(),
}


@click.command(epilog="Example: make bench ARGS='opening --no-write'")
@click.argument("names", nargs=-1, type=click.Choice(sorted(BENCHMARKS)))
@click.option("--write/--no-write", default=True, help="Write docs/benchmarks.md; only when all of them run.")
def main(names: tuple[str, ...], *, write: bool) -> None:
    """Measure NAMES, or everything. Takes about twenty minutes. Exit status 1 if a promise does not hold."""
    if reason := missing_for_lab():
        raise click.ClickException(reason)
    chosen = names or tuple(BENCHMARKS)
    with Lab() as lab:
        engine = lab.engine("stock")
        images = Images(engine)
        reports = []
        for name in chosen:
            click.echo(f"{name}…", err=True)
            report = BENCHMARKS[name](lab, engine, images)
            reports.append(report)
            click.echo(report.markdown())
        version = engine.version
    if write and not names:
        head = f"# Benchmarks\n\nMade by `make bench` on {machine()}, Docker Engine {version}.\n\n"
        OUT.write_text(head + "\n".join(report.markdown() for report in reports), encoding="utf-8")
        click.echo(f"wrote {OUT.name}", err=True)
    if not all(figure.holds for report in reports for figure in report.figures):
        raise SystemExit(1)


if __name__ == "__main__":
    main()

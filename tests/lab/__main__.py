"""`make lab`: the laboratory for a person who wants to look at Patchdeck, or to try something on a real engine."""

from __future__ import annotations

import shlex
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import get_args

import click

from tests.lab import herd as herds
from tests.lab.client import EngineClient
from tests.lab.engine import Engine, Generation, Network
from tests.lab.images import RECIPES, Images
from tests.lab.lab import Lab, missing
from tests.lab.newer import NoNewerEngineError, newer_programs
from tests.lab.processes import LabError
from tests.lab.prometheus import Prometheus
from tests.lab.record import sweep as sweep_labs
from tests.lab.registry import Registry
from tests.lab.services import start_service

LIFE_S = 4 * 3600  # containers of a lab that is looked at end by themselves too, only later
EXAMPLES = """
\b
Examples:
  make lab                                      the stock engine, registry, Prometheus, services
  make lab ARGS='--engine both --replicas 24'   two engines with 24 replicas each
  make lab ARGS='--herd 64'                     and 64 starts at once when all is up
  python -m tests.lab herd --host unix://SOCKET 64 --at-once 4
  python -m tests.lab sweep                     takes down labs whose owner was killed
"""


class UpByDefault(click.Group):
    """`up` is meant where no command is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] not in self.get_help_option_names(ctx)):
            args = ["up", *args]
        return super().parse_args(ctx, args)


@click.group(cls=UpByDefault, epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Real engines, a registry and Prometheus on this machine, in a temporary folder, for as long as they are wanted.

    Without a command, `up`. Needs root and the Debian packages docker.io, docker-registry, prometheus,
    prometheus-node-exporter, busybox-static, iptables.
    """


@main.command()
@click.option(
    "--engine",
    "generation",
    type=click.Choice([*get_args(Generation), "both"]),
    default="stock",
    show_default=True,
    help="The installed engine, one unpacked from a newer Debian release, or both.",
)
@click.option(
    "--network",
    type=click.Choice(get_args(Network)),
    default="bridge",
    show_default=True,
    help="A bridge in a network namespace of the engine's own, or no network at all.",
)
@click.option("--replicas", type=click.IntRange(1, 200), default=8, show_default=True, help="Of shop/web.")
@click.option(
    "--herd", type=click.IntRange(0, herds.MOST), default=0, help="Starts to fire at once when all is up."
)
@click.option(
    "--prometheus/--no-prometheus", "with_prometheus", default=True, help="Prometheus and node metrics."
)
def up(*, generation: str, network: Network, replicas: int, herd: int, with_prometheus: bool) -> None:
    """Bring a lab up, say how to point patchdeck at it, and take it down at Ctrl-C."""
    if reason := missing():
        raise click.ClickException(reason)
    wanted = Wanted(
        ("stock", "newer") if generation == "both" else ("newer" if generation == "newer" else "stock",),
        network,
        replicas,
        herd,
        with_prometheus,
    )
    try:
        with _signals() as stop:
            _stay(wanted, stop)
    except (LabError, NoNewerEngineError) as error:
        raise click.ClickException(str(error)) from error


@main.command("herd")
@click.argument("count", type=click.IntRange(1, herds.MOST), default=64)
@click.option("--host", required=True, help="The engine, as `up` printed it: unix://SOCKET.")
@click.option("--at-once", type=click.IntRange(1, herds.MOST), default=None, help="Default: all of them.")
@click.option("--image", default="lab/plain:1", show_default=True, help="An image that the engine has.")
@click.option("--cli", is_flag=True, help="By `docker run` instead of the Engine API.")
@click.option("--keep", is_flag=True, help="Leave the containers; they are removed otherwise.")
def fire(*, count: int, host: str, at_once: int | None, image: str, cli: bool, keep: bool) -> None:
    """Fire COUNT starts (64) at an engine and say how long they took."""
    if not host.startswith("unix://"):
        raise click.BadParameter("expected unix://SOCKET", param_hint="--host")
    engine = EngineClient(Path(host.removeprefix("unix://")))
    try:
        fired = (herds.fire_runs if cli else herds.fire)(engine, image, count, at_once or 0)
    except (LabError, OSError) as error:
        raise click.ClickException(f"{host}: {error}") from error
    _tell(fired)
    if not keep:
        with _said(f"{count} containers removed"):
            engine.remove_all(fired.ids)
    if fired.failed:
        sys.exit(1)


@main.command()
def sweep() -> None:
    """Take down every lab whose owner is dead."""
    try:
        swept = sweep_labs()
    except LabError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"took down {', '.join(swept)}" if swept else "nothing to take down")


@main.command()
def images() -> None:
    """List the versions of shop/web that the lab can build, and how they differ."""
    for version, recipe in RECIPES.items():
        parts = [f"{name}={value}" for name, value in recipe.env.items()]
        parts += [f"{recipe.bloat // 1_000_000} MB larger"] if recipe.bloat else []
        parts += [recipe.check.removeprefix("HEALTHCHECK ")] if recipe.check else ["no health check"]
        click.echo(f"shop/web:{version:<12} {', '.join(parts)}")


class _StoppedError(Exception):
    """Ctrl-C while the lab was coming up."""


@dataclass(frozen=True)
class Wanted:
    """What `up` was asked for."""

    generations: tuple[Generation, ...]
    network: Network
    replicas: int
    herd: int
    prometheus: bool


@contextmanager
def _signals() -> Iterator[threading.Event]:
    """Ctrl-C, a closed terminal and `kill` all mean: take the lab down; more of them change nothing."""
    stop = threading.Event()

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {
        number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stay(wanted: Wanted, stop: threading.Event) -> None:
    """Brings a lab up, waits until it is to end, and takes it down whatever happens."""
    with _said("labs that were left behind, taken down"):
        lab = Lab()
    try:
        _bring_up(lab, wanted, stop)
        stop.wait()
    except _StoppedError:
        pass
    finally:
        click.echo("\ntaking it down", err=True)
        with _said("everything is gone"):
            lab.close()


def _bring_up(lab: Lab, wanted: Wanted, stop: threading.Event) -> None:
    def step() -> None:
        if stop.is_set():
            raise _StoppedError

    with _said("registry"):
        registry = lab.registry()
    step()
    prometheus: Prometheus | None = None
    if wanted.prometheus:
        with _said("Prometheus and node exporter"):
            prometheus = lab.prometheus()
        step()
    engines: list[Engine] = []
    for each in wanted.generations:
        if each == "newer":
            with _said("programs of a newer engine (unpacked the first time)"):
                newer_programs()
        step()
        with _said(f"{each} engine"):
            engine = lab.engine(each, network=wanted.network)
        engines.append(engine)
        if prometheus is not None:
            prometheus.add(engine, each)
        _fill(engine, registry, wanted.replicas, step)
    _point(engines, prometheus)
    if wanted.herd:
        for engine in engines:
            click.echo(f"\nherd on the {engine.generation} engine", err=True)
            _tell(herds.fire(engine, "lab/plain:1", wanted.herd))
            step()


def _fill(engine: Engine, registry: Registry, replicas: int, step: Callable[[], None]) -> None:
    """Images, one service with two versions in flight, one steady one, and a one-off container."""
    made = Images(engine, registry)
    with _said(f"{engine.version}: images, built and pushed"):
        made.build_all()
    step()
    life = {"LIFE": str(LIFE_S)}
    with _said(f"{engine.version}: shop/web, {replicas} replicas and one of the next version"):
        start_service(engine, made.web("1.0-health"), replicas, env=life, restart="unless-stopped")
        start_service(
            engine, made.web("1.1-health"), 1, first=replicas + 1, env=life, restart="unless-stopped"
        )
    step()
    with _said(f"{engine.version}: shop/api, and a one-off container"):
        start_service(engine, made.web("1.0"), max(1, replicas // 2), service="api", env=life)
        start_service(engine, made.web("1.0"), 1, service="api", oneoff=True, env=life)
    step()


def _point(engines: list[Engine], prometheus: Prometheus | None) -> None:
    command = ["patchdeck", *(word for engine in engines for word in ("--host", engine.host))]
    command += ["--prometheus", prometheus.url] if prometheus is not None else []
    click.echo("\nIn another terminal, point patchdeck at it:\n")
    click.echo(f"  {shlex.join(command)}\n")
    click.echo("or one engine at a time, and fire a herd at it:\n")
    for engine in engines:
        click.echo(f"  export DOCKER_HOST={engine.host}    # {engine.generation}, {engine.version}")
        click.echo(f"  python -m tests.lab herd --host {engine.host} 64\n")
    click.echo("Ctrl-C takes everything down.")


def _tell(fired: herds.Herd) -> None:
    done = len(fired.starts) - len(fired.failed)
    click.echo(f"{done} of {len(fired.starts)} started in {fired.took_s:.1f} s", nl=not done)
    if done:
        click.echo(f", p50 {fired.quantile(0.5):.2f} s, p95 {fired.quantile(0.95):.2f} s")
    for start in fired.failed[:5]:
        click.echo(f"  {start.name}: {start.error}", err=True)


@contextmanager
def _said(what: str) -> Iterator[None]:
    """Tells what is being waited for, and how long it took."""
    click.echo(f"  {what} … ", nl=False, err=True)
    begun = time.monotonic()
    try:
        yield
    except BaseException:
        click.echo("failed", err=True)
        raise
    click.echo(f"{time.monotonic() - begun:.1f} s", err=True)


if __name__ == "__main__":
    main(prog_name="python -m tests.lab")

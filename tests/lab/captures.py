"""`make recordings`: makes the recordings that ship with the program again, on a real engine of the lab.

What each shows is told in recordings/README.md. A patch is done here as a script would do it: the successors are
created and started, then the old containers are stopped and removed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click
import msgspec
from msgspec.structs import replace

from patchdeck.model import AnyObservation, EngineDescribed, SourceState
from patchdeck.recording.recorder import RecorderState
from patchdeck.recording.switch import Switch
from patchdeck.settings import EngineSettings, Settings
from patchdeck.sources.targets import choose
from patchdeck.watch import WatchThread
from recordings import SHIPPED, path_of
from tests.lab.engine import Engine
from tests.lab.images import Images
from tests.lab.lab import Lab
from tests.lab.lab import missing as missing_for_lab
from tests.lab.processes import wait_until
from tests.lab.services import Container, start_service

ENGINE: Final = "prod-a"
"""Its name in the recordings."""
SOCKET: Final = "/run"
"""Where its socket and its data lie, in the recordings: where they really lay is nobody's business."""
REPLICAS: Final = 64
AT_ONCE: Final = 4
CALM_S: Final = 15.0
"""Before something happens, and after it."""
CHURN_S: Final = 150.0
"""Before a patch."""
MOST_BYTES: Final = 500_000


class Capture:
    """An engine that is watched and recorded while a script does something to it."""

    def __init__(self, engine: Engine, path: Path) -> None:
        self.engine = engine
        self.images = Images(engine)
        self._switch = Switch(Settings(), (ENGINE,))
        targets = choose((EngineSettings(name=ENGINE, host=engine.host),), {}, Path("/nonexistent"))
        folder = str(engine.folder)

        def note(observation: AnyObservation) -> None:
            self._switch.note(without_place(observation, folder))

        self._watch = WatchThread(Settings(), targets, on_observation=note)
        self._switch.watching = self._watch
        self._path = path

    @contextmanager
    def recorded(self) -> Iterator[None]:
        # The one that is there stays until there is a whole one in its place.
        fresh = self._path.with_suffix(".fresh")
        fresh.unlink(missing_ok=True)
        self._switch.begin(fresh)
        self._watch.start()
        try:
            self.until(SourceState.LIVE)
            yield
        finally:
            assert self._watch.stop(10)
            status = self._switch.end()
        assert status is not None
        assert status.state is RecorderState.ENDED, status.detail
        assert status.size_bytes < MOST_BYTES, status.size_bytes
        # Whoever installs the program may read it.
        fresh.chmod(0o644)
        fresh.rename(self._path)
        print(f"{self._path.name}: {status.lines} observations, {status.size_bytes} bytes")

    def mark(self, name: str) -> None:
        self._switch.mark(name, at_ns=time.time_ns(), by="lab").result(10)

    def until(self, state: SourceState) -> None:
        """Until the watch says this of the engine."""

        def told() -> bool:
            snapshot = self._watch.mailbox.take()
            return snapshot is not None and [one.state for one in snapshot.engines] == [state]

        assert wait_until(told, 60), state


def without_place(observation: AnyObservation, folder: str) -> AnyObservation:
    """Without the folder and the host that it was made on: their names, and the kernel's."""
    text = msgspec.json.encode(observation).replace(folder.encode(), SOCKET.encode())
    observation = msgspec.json.decode(text, type=AnyObservation)
    if isinstance(observation, EngineDescribed):
        return replace(observation, host_name=ENGINE, engine_id="", kernel="")
    return observation


def fleet_beside(capture: Capture) -> None:
    """What goes on running whatever happens to shop/web."""
    start_service(capture.engine, capture.images.web("1.0"), 6, service="api", at_once=2)
    start_service(capture.engine, capture.images.web("1.1"), 3, project="jobs", service="mailer", at_once=1)


def patch(
    capture: Capture, old: Sequence[Container], version: str, at_once: int, *, restart: str = "no"
) -> list[Container]:
    """A successor for each is created and started, `at_once` at a time; a little later the old one is stopped and
    removed, which no further start waits for.
    """
    image = capture.images.web(version)
    removing: list[Future[None]] = []

    def remove(container: Container) -> None:
        capture.engine.post(f"/containers/{container.id}/stop?t=10")
        capture.engine.remove(container.id)

    def replaced(number: int) -> Container:
        (new,) = start_service(capture.engine, image, 1, first=1_000 + number, restart=restart)
        removing.append(removals.submit(remove, old[number]))
        return new

    with ThreadPoolExecutor(AT_ONCE) as removals:
        with ThreadPoolExecutor(at_once) as starts:
            new = list(starts.map(replaced, range(len(old))))
        for removed in removing:
            removed.result()
    return new


def churn(capture: Capture, seconds: float) -> None:
    """Jobs that come and go, so that there is a calm to compare with."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        first = round(time.monotonic() * 10)
        jobs = start_service(
            capture.engine, capture.images.web("1.1"), 2, project="jobs", service="report", first=first
        )
        time.sleep(5)
        capture.engine.remove_all([job.id for job in jobs])


def _patched(capture: Capture, at_once: int) -> None:
    fleet_beside(capture)
    old = start_service(capture.engine, capture.images.web("1.0"), REPLICAS, at_once=AT_ONCE)
    churn(capture, CHURN_S)
    capture.mark("the patch begins")
    patch(capture, old, "1.1", at_once)
    capture.mark("the patch is done")
    time.sleep(CALM_S)


def all_at_once(capture: Capture) -> None:
    """Sixty-four successors asked for in the same instant."""
    _patched(capture, REPLICAS)


def paced(capture: Capture) -> None:
    """The same sixty-four, four at a time."""
    _patched(capture, AT_ONCE)


def daemon_restart(capture: Capture) -> None:
    """The engine is killed and started again; it starts what is to run always."""
    fleet_beside(capture)
    start_service(capture.engine, capture.images.web("1.0"), 16, at_once=AT_ONCE, restart="always")
    time.sleep(CALM_S)
    capture.mark("the engine is killed")
    capture.engine.kill()
    capture.until(SourceState.LOST)
    time.sleep(CALM_S)
    capture.engine.restart_after_kill()
    capture.until(SourceState.LIVE)
    capture.mark("the engine is back")
    time.sleep(CALM_S)


def crash_loop(capture: Capture) -> None:
    """A patch that crashes half a second after it has started, again and again, until it is taken back."""
    fleet_beside(capture)
    old = start_service(capture.engine, capture.images.web("1.0"), 12, at_once=AT_ONCE)
    time.sleep(CALM_S)
    capture.mark("the patch begins")
    new = patch(capture, old[:4], "1.4", 1, restart="always")
    time.sleep(3 * CALM_S)
    capture.mark("the patch is taken back")
    capture.engine.remove_all([container.id for container in new])
    start_service(capture.engine, capture.images.web("1.0"), 4, first=2_000, at_once=2)
    time.sleep(CALM_S)


SCRIPTS: dict[str, Callable[[Capture], None]] = {
    "all-at-once": all_at_once,
    "paced": paced,
    "daemon-restart": daemon_restart,
    "crash-loop": crash_loop,
}


@click.command(epilog="Example: make recordings ARGS='paced crash-loop'")
@click.argument("names", nargs=-1, type=click.Choice(list(SHIPPED)))
def main(names: tuple[str, ...]) -> None:
    """Make the recordings NAMES, or all of them, again. Takes two to five minutes for each; needs root."""
    if reason := missing_for_lab():
        raise click.ClickException(reason)
    for name in names or tuple(SHIPPED):
        # An engine of its own for each: it has no past.
        with Lab() as lab, lab.engine("stock", network="bridge") as engine:
            capture = Capture(engine, path_of(name))
            for version in ("1.0", "1.1", "1.4"):
                capture.images.web(version)
            with capture.recorded():
                SCRIPTS[name](capture)


if __name__ == "__main__":
    main()

"""Acts that are refused on real engines and real disks, in the console and by commands, each with its reason."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from patchdeck.model import RolloutState
from tests.lab.engine import Engine
from tests.lab.images import Images
from tests.lab.processes import wait_until
from tests.lab.services import start_service
from tests.live.conftest import unavailable
from tests.live.rollouts import locks, service_now
from tests.live.sessions import CONFIG, NEVER_SURE, Bastion, agree, begin, compose

DISK_BYTES = 16 * 1024 * 1024
"""Room for a journal and its log, which grows to four megabytes."""


class Disk:
    """A small one of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)], check=True)

    def fill(self) -> None:
        with (self.folder / "ballast").open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"\0" * 4096)
            except OSError:
                return

    def free(self) -> None:
        (self.folder / "ballast").unlink()

    def let_write(self, allowed: str) -> None:
        """rw or ro"""
        subprocess.run(["mount", "-o", f"remount,{allowed}", str(self.folder)], check=True)

    def remove(self) -> None:
        """A worker that has written its last word holds on to it for a moment yet."""
        umount = ["umount", str(self.folder)]
        assert wait_until(lambda: not subprocess.run(umount, capture_output=True, check=False).returncode, 30)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    if os.geteuid() != 0:
        unavailable("only root can mount a disk")
    disk = Disk(tmp_path / "state")
    yield disk
    disk.remove()


def nothing_was_done(engine: Engine, before: dict[str, object]) -> None:
    assert {name: one["Id"] for name, one in service_now(engine).items()} == before
    assert not locks(engine)


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("spoil", "mend", "words"),
    [
        (Disk.fill, Disk.free, "Make room on that disk"),
        pytest.param(
            lambda disk: disk.let_write("ro"),
            lambda disk: disk.let_write("rw"),
            "Make the folder",
            marks=pytest.mark.slow,
        ),
    ],
    ids=["full", "read-only"],
)
def test_without_room_for_the_journal_no_rollout_begins_and_with_it_one_does(
    spoil: Callable[[Disk], None],
    mend: Callable[[Disk], None],
    words: str,
    *,
    stock: Engine,
    stock_images: Images,
    disk: Disk,
    tmp_path: Path,
) -> None:
    bastion = Bastion(stock, tmp_path)
    start_service(stock, stock_images.web("1.0"), 2)
    before = {name: one["Id"] for name, one in service_now(stock).items()}
    new = stock_images.web("1.1")
    spoil(disk)
    ran = bastion.command("rollout", "run", "shop/web", "--to", new, "--yes")
    assert ran.returncode == 1
    assert words in ran.stderr
    with bastion.console() as console:
        compose(console, new)
        agree(console)
        # The notice is wrapped somewhere.
        console.wait_for(lambda text: all(word in text for word in words.split()), 40, "the reason")
        nothing_was_done(stock, before)
        mend(disk)
        console.press("\x12")
        console.wait_for(lambda text: "begin nothing" in text, 15, "the question")
        agree(console)
        assert wait_until(bastion.rollouts, 15), console.text
        (rollout,) = bastion.rollouts()
        bastion.until(rollout, lambda told: told.state is RolloutState.COMMITTED)


def _lose(engine: Engine) -> None:
    engine.kill()


def _freeze(engine: Engine) -> None:
    engine.pause()


@pytest.mark.timeout(240)
@pytest.mark.slow
@pytest.mark.parametrize("spoil", [_lose, _freeze])
def test_on_an_engine_of_which_nothing_is_heard_acts_are_refused_and_the_audit_trail_holds_them(
    spoil: Callable[[Engine], None], stock: Engine, stock_images: Images, tmp_path: Path
) -> None:
    bastion = Bastion(stock, tmp_path, CONFIG + NEVER_SURE)
    start_service(stock, stock_images.web("1.0"), 2)
    try:
        with bastion.console() as console:
            rollout = begin(console, bastion, stock_images.web("1.1"))
            console.wait_for(lambda text: "holding" in text, 60, "the hold")
            spoil(stock)
            console.wait_for(lambda text: "DISARMED" in text, 60, "being disarmed")
            console.press("a")
            console.wait_for(lambda text: "Nothing was done, disarmed itself" in text, 15, "the refusal")
            console.wait_for(lambda text: "no engine's data are live" in text, 15, "the reason")
            ran = bastion.command("rollout", "run", "shop/web", "--to", stock_images.web("1.1"), "--yes")
            assert ran.returncode == 1
            assert stock.host.removeprefix("unix://") in ran.stderr
            assert wait_until(lambda: _refused(bastion, rollout), 15)
            console.press("A")
            console.wait_for(lambda text: "Not armed" in text, 15, "the refusal to arm")
    finally:
        stock.resume()
        bastion.end_workers()
    (event,) = _refused(bastion, rollout)
    assert event["event"]["action"] == "rollout-abort"
    assert event["rule"]["name"] == ["disarmed"]
    assert "no engine's data are live" in event["message"]


def _refused(bastion: Bastion, rollout: str) -> list[dict[str, dict[str, object]]]:
    """Of the audit trail, as it is exported."""
    exported = bastion.command("rollout", "export", rollout)
    assert exported.returncode == 0, exported.stderr
    events = [json.loads(line) for line in exported.stdout.splitlines()]
    return [one for one in events if one["event"]["type"] == ["denied"]]

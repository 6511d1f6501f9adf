"""The console in a real terminal on a real engine: what it does when the terminal or the engine fails it."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from tests.lab.engine import Engine
from tests.lab.images import Images
from tests.lab.processes import wait_until
from tests.live.program import PATCHDECK
from tests.terminal import Terminal

RENAMES = 5_000
"""Events of a burst: more than an engine keeps for a reader that has stopped (1,024), and than it remembers (256)."""


def create(engine: Engine, image: str, name: str, labels: dict[str, str] | None = None) -> str:
    body = {"Image": image, "HostConfig": {"NetworkMode": "none"}, "Labels": labels or {}}
    container: str = engine.post(f"/containers/create?name={name}", body)["Id"]
    engine.post(f"/containers/{container}/start")
    return container


def rename_often(engine: Engine, container: str, last: str) -> None:
    """Each rename is one event. Four connections at once, then the name that counts."""

    def some(thread: int) -> None:
        with engine.connection() as connection:
            for number in range(RENAMES // 4):
                connection.call(
                    "POST", f"/containers/{containers[thread]}/rename?name=burst-{thread}-{number}"
                )

    containers = [
        container,
        *(engine.post("/containers/create", {"Image": "lab/plain:1"})["Id"] for _ in range(3)),
    ]
    threads = [threading.Thread(target=some, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.post(f"/containers/{container}/rename?name={last}")


@pytest.mark.timeout(180)
def test_a_terminal_that_does_not_read_loses_no_event(engine: Engine, images: Images) -> None:
    container = create(engine, images.plain, "before-the-stall")
    with Terminal([PATCHDECK, "--host", engine.host]) as terminal:
        terminal.wait_for(lambda text: "before-the-stall" in text, what="the container")
        terminal.stall()
        for key in "23121321":
            # Views drawn anew fill the terminal's buffer, so that the screen is blocked for sure.
            terminal.press(key)
        create(engine, images.plain, "during-the-stall")
        rename_often(engine, container, "after-the-burst")
        assert not terminal.ended
        terminal.press("1")
        terminal.resume()
        took_s = terminal.wait_for(
            lambda text: "after-the-burst" in text and "during-the-stall" in text,
            20,
            "the state after the burst",
        )
        text = terminal.text
        assert "gap" not in text, text
        assert "before-the-stall" not in text
        assert took_s < 10
        terminal.press("q")
        assert terminal.wait() == 0, terminal.text


@pytest.mark.timeout(180)
def test_an_engine_that_dies_and_comes_back_is_told_and_seen_whole(engine: Engine, images: Images) -> None:
    create(engine, images.plain, "first-of-all")
    with Terminal([PATCHDECK, "--host", engine.host]) as terminal:
        terminal.wait_for(lambda text: "first-of-all" in text, what="the container")
        engine.kill()
        terminal.wait_for(lambda text: "lost" in text, 15, "the loss")
        engine.restart_after_kill()
        took_s = terminal.wait_for(lambda text: "gap" in text, 15, "the gap")
        assert took_s < 5
        create(engine, images.plain, "second-of-all")
        terminal.wait_for(lambda text: "second-of-all" in text, 10, "the container made afterwards")
        terminal.press("q")
        assert terminal.wait() == 0, terminal.text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signals_end_it_cleanly(stock: Engine, number: signal.Signals) -> None:
    with Terminal([PATCHDECK, "--host", stock.host]) as terminal:
        terminal.wait_for(lambda text: "PATCHDECK" in text, what="the console")
        os.kill(terminal.pid, number)
        began = time.monotonic()
        terminal.wait()
        assert time.monotonic() - began < 3


def test_a_console_that_was_stopped_draws_everything_again(engine: Engine, images: Images) -> None:
    create(engine, images.plain, "a-container")
    with Terminal([PATCHDECK, "--host", engine.host]) as terminal:
        terminal.wait_for(lambda text: "a-container" in text, what="the container")
        stat = Path(f"/proc/{terminal.pid}/stat")
        for _ in range(2):
            os.kill(terminal.pid, signal.SIGTSTP)
            assert wait_until(lambda: stat.read_text().rsplit(")", 1)[1].split()[0] == "T", 10)
            assert not terminal.is_raw
            terminal.wipe()
            os.kill(terminal.pid, signal.SIGCONT)
            terminal.wait_for(
                lambda text: "a-container" in text and "┌ Startup latency" in text, what="everything"
            )
            assert terminal.is_raw
        terminal.press("q")
        assert terminal.wait() == 0, terminal.text

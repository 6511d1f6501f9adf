"""`patchdeck demo` around its console: the list, and the engine's process, which comes or says why not, and goes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

import tui.console
import tui.demo
from patchdeck.rollout.database import STATE_FOLDER
from patchdeck.rollout.journal import Journal
from patchdeck.settings import ArmingSettings, EngineSettings, GateSettings, ScreenSettings, Settings
from patchdeck.simulator.scenarios import DEFAULT, NAMES, load
from patchdeck.simulator.scenarios.lessons import Guide
from patchdeck.sources.targets import Target
from tests.lab.processes import wait_until
from tui.cli import main
from tui.demo import EngineMissing, SimulatedEngine


@pytest.fixture(autouse=True)
def temporary(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the engines' folders are made, and nothing is left."""
    folder = tmp_path_factory.mktemp("t")
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def test_the_list_tells_each_scenario_in_a_line() -> None:
    done = CliRunner().invoke(main, ["demo", "--list"])
    assert done.exit_code == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(NAMES)


def test_a_scenario_that_there_is_not_is_a_wrong_use() -> None:
    done = CliRunner().invoke(main, ["demo", "--scenario", "chaos"])
    assert done.exit_code == 2
    assert "'chaos' is not one of 'change-window'" in done.stderr


def test_without_a_terminal_it_says_so_and_leaves_nothing(temporary: Path) -> None:
    argv = [sys.executable, "-c", "from tui.cli import main; main()", "demo", "--scenario", "calm"]
    done = subprocess.run(
        argv,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    assert done.returncode == 2
    assert "the console needs a terminal" in done.stderr


def test_its_rollouts_have_a_journal_of_their_own_that_goes_with_it(
    temporary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(STATE_FOLDER, str(tmp_path))
    journals: list[Path] = []

    def shown(settings: Settings, *, mine: Sequence[Target], guide: Guide | None) -> int:
        with Journal() as journal:
            journals.append(journal.path)
        return 7

    monkeypatch.setattr(tui.console, "run", shown)
    assert tui.demo.run(Settings(), "calm", 1) == 7
    assert [temporary in path.parents for path in journals] == [True]
    assert list(tmp_path.iterdir()) == []


def test_with_a_guide_nothing_of_the_configuration_counts_but_what_is_about_the_screen() -> None:
    mine = Settings(
        arming=ArmingSettings(read_only=True),
        gates=(GateSettings(name="orders", command=("false",)),),
        screen=ScreenSettings(utc=True),
    )
    guide = load(DEFAULT).guide
    assert guide is not None
    guided = tui.demo.settings_for(mine, "unix:///demo", guide)
    assert guided == Settings(
        screen=mine.screen,
        rollout=guide.rollout,
        gates=guide.gates,
        engines=(EngineSettings(name=tui.demo.NAME, host="unix:///demo"),),
    )
    assert tui.demo.settings_for(mine, "unix:///demo", None).gates == mine.gates


def test_an_engine_that_ends_instead_of_listening_is_told_with_its_last_words() -> None:
    with (
        SimulatedEngine("chaos", 1) as engine,
        pytest.raises(EngineMissing, match=r"ended with status 2: .*invalid choice: 'chaos'"),
    ):
        engine.wait()


def test_an_engine_that_does_not_listen_in_time_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tui.demo, "GRACE_S", 0.1)  # it is still making its past, and has to be killed
    with (
        SimulatedEngine("calm", 1) as engine,
        pytest.raises(EngineMissing, match="did not listen within 0 s"),
    ):
        engine.wait(0.0)


def test_the_engine_and_its_folder_are_gone_after_the_block(temporary: Path) -> None:
    with SimulatedEngine("calm", 1) as engine:
        engine.wait()
        (folder,) = temporary.iterdir()
        assert folder.stat().st_mode & 0o077 == 0
        assert (folder / "engine.sock").is_socket()
        pid = engine.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_an_engine_that_is_killed_does_not_keep_the_block_from_ending() -> None:
    with SimulatedEngine("calm", 1) as engine:
        engine.wait()
        os.kill(engine.pid, signal.SIGKILL)
        assert wait_until(lambda: engine.ended, 5)

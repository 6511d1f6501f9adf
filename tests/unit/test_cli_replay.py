"""`patchdeck replay` as far as it goes without a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from recordings import SHIPPED
from tests.unit.recorded import put, recorded
from tests.unit.test_replay_player import seen_of, story
from tui.cli import main


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["replay", *arguments])


@pytest.fixture
def file(tmp_path: Path) -> str:
    return str(put(tmp_path, recorded(seen_of(story()))))


def test_what_came_with_the_program_is_listed_a_line_each() -> None:
    done = run("--list")
    assert done.exit_code == 0
    assert [line.split()[0] for line in done.output.splitlines()] == list(SHIPPED)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), "expected a FILE"),
        (("all-at-one",), "did you mean all-at-once?"),
        (("./missing.pdrec",), "there is no recording missing.pdrec"),
        (("--speed", "65", "all-at-once"), "65"),
    ],
)
def test_what_can_not_be_replayed_is_one_line_that_says_what_to_do(
    arguments: tuple[str, ...], expected: str
) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert expected in done.output
    assert len(done.output.strip().splitlines()) == 1


def test_a_file_that_is_no_recording_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("nothing")
    done = run(str(other))
    assert done.exit_code == 2
    assert "is no recording" in done.output


def test_a_moment_that_is_none_is_refused_before_the_console_opens(file: str) -> None:
    done = run(file, "--at", "soon")
    assert done.exit_code == 2
    assert "no moment 'soon'" in done.output


def test_without_a_terminal_it_says_so(file: str) -> None:
    done = run(file, "--at", "+5s")
    assert done.exit_code == 2


def test_a_file_in_this_folder_goes_before_one_that_came_with_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "paced").write_text("nothing")
    assert "paced is no recording" in run("paced").output

"""The rollout commands on a journal: what they tell, what they refuse, and how they end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from patchdeck.model import ActRefused, AnyEntry, Rollout, RolloutState, StateEntered
from patchdeck.rollout.database import STATE_FOLDER
from patchdeck.rollout.journal import Journal
from patchdeck.rollout.story import rollout_of
from tests.unit.rollout_values import ID, T0_NS, committed, enter, held, numbered
from tui.cli import main
from tui.headless.rollout_events import END, EVENTS
from tui.headless.rollout_lines import is_progress, sentence
from tui.headless.rollout_progress import progress_lines
from tui.headless.rollout_records import rollout_record
from tui.headless.rollout_status import exit_status

COMMANDS = (
    "plan",
    "run",
    "list",
    "show",
    "attach",
    "pause",
    "resume",
    "promote",
    "abort",
    "rollback",
    "export",
)


def run(folder: Path, *arguments: str) -> Result:
    environ = {
        STATE_FOLDER: str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "COLUMNS": "120",
        "PATCHDECK_CONFIG": None,
    }
    return CliRunner().invoke(main, ["rollout", *arguments], env=environ)


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    enter(tmp_path, committed())
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_tells_its_use_with_examples(command: str, tmp_path: Path) -> None:
    done = run(tmp_path, command, "--help")
    assert done.exit_code == 0
    assert "Examples:\n" in done.output
    assert max(map(len, done.output.splitlines())) <= 110


def test_without_a_journal_there_is_nothing_to_list_and_none_is_made(tmp_path: Path) -> None:
    assert json.loads(run(tmp_path, "list", "--format", "json").stdout) == []
    assert not list(tmp_path.iterdir())


def test_a_rollout_is_listed_and_shown_with_all_that_was_done(journal: Path) -> None:
    (listed,) = json.loads(run(journal, "list", "--format", "json").stdout)
    fields = ["id", "service", "engine", "from", "to", "state", "step", "started_at", "ended_at", "held_by"]
    assert list(listed)[:10] == fields
    assert (listed["id"], listed["state"], listed["step"]) == (ID, "committed", "canary")
    assert (listed["from"]["version"], listed["held_by"]) == ("1.0", None)
    shown = run(journal, "show", "1a2b").stdout
    for part in (
        "CVE-2026-1234",
        "ada@bastion (from 192.0.2.7)",
        "gate ratio: hold",
        "refused (HTTP 500)",
        "busy",
    ):
        assert part in " ".join(shown.split())
    document = json.loads(run(journal, "show", ID, "--format", "json").stdout)
    assert [entry["sequence"] for entry in document["journal"]] == list(range(1, 18))
    assert document["summary"]["startups"] == 2


def test_one_whose_worker_is_gone_is_lost_and_how_it_goes_on_is_told(tmp_path: Path) -> None:
    enter(tmp_path, held())
    done = run(tmp_path, "list")
    assert "lost" in done.stdout
    assert f"`patchdeck rollout resume {ID}` goes on" in done.stderr
    attached = run(tmp_path, "attach", ID, "--format", "json")
    assert attached.exit_code == 4
    assert json.loads(attached.stdout.splitlines()[-1])["state"] == "lost"


def test_a_past_rollout_is_followed_to_its_end_with_its_exit_status(journal: Path) -> None:
    done = run(journal, "attach", ID)
    assert done.exit_code == 0
    assert "asked to promote (looked myself): accepted" in done.stdout
    lines = [json.loads(line) for line in run(journal, "attach", ID, "--format", "json").stdout.splitlines()]
    assert [line["event"] for line in lines[-3:]] == ["state", "worker ended", "end"]
    assert (lines[-1]["exit_status"], lines[-1]["summary"]["seconds"]) == (0, 12.0)


def test_an_id_that_there_is_not_tells_those_that_are_spelled_alike(journal: Path) -> None:
    for command in ("show", "attach", "pause", "promote"):
        done = run(journal, command, "1a2b3c4e")
        assert done.exit_code == 2
        assert f"did you mean {ID}?" in done.stderr


@pytest.mark.parametrize("command", ["resume", "abort", "rollback"])
def test_without_a_terminal_what_changes_something_is_refused_unless_yes_is_given(
    command: str, journal: Path
) -> None:
    done = run(journal, command, ID)
    assert done.exit_code == 5
    assert "--yes was not given" in done.stderr


def test_what_is_asked_of_one_that_is_over_is_refused_and_in_the_journal(journal: Path) -> None:
    done = run(journal, "abort", ID, "--yes", "--reason", "too late")
    assert done.exit_code == 5
    assert "it is committed; `patchdeck rollout rollback` undoes it" in done.stderr
    with Journal(journal, read_only=True) as opened:
        refused = opened.entries(ID)[-1]
    assert isinstance(refused, ActRefused)
    assert (refused.act, refused.reason, refused.refusals[0].rule) == ("abort", "too late", "over")
    exported = [json.loads(line) for line in run(journal, "export", ID).stdout.splitlines()]
    assert exported[-1]["event"]["type"] == ["denied"]


def test_one_without_a_worker_has_nothing_to_pause(tmp_path: Path) -> None:
    enter(tmp_path, held())
    done = run(tmp_path, "pause", ID)
    assert done.exit_code == 5
    assert "it has no worker" in done.stderr


def test_an_override_file_that_exists_is_not_written_over(tmp_path: Path) -> None:
    there = tmp_path / "there.yaml"
    there.write_text("services: {}\n", encoding="utf-8")
    done = run(
        tmp_path, "run", "x", "--to", "x:1", "--yes", "--host", "unix:///x", "--write-override", str(there)
    )
    assert done.exit_code == 2
    assert "replace it with --force" in done.stderr


@pytest.mark.parametrize(
    ("end", "status"),
    [
        (RolloutState.COMMITTED, 0),
        (RolloutState.FAILED, 1),
        (RolloutState.ROLLED_BACK, 3),
        (RolloutState.NEEDS_PERSON, 4),
        (RolloutState.PAUSED, 4),
    ],
)
def test_the_exit_status_tells_how_it_ended(end: RolloutState, status: int) -> None:
    entries = numbered([*held(), StateEntered(rollout=ID, state=end)])
    assert exit_status(story(entries), entries) == status


def test_one_that_never_got_its_lock_was_refused() -> None:
    entries = numbered(
        [*held()[:4], StateEntered(rollout=ID, state=RolloutState.FAILED, text="locked by another")]
    )
    assert exit_status(story(entries), entries) == 5


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_the_display_fits_its_terminal_and_tells_steps_gates_and_what_to_do(
    width: int, ascii_only: bool
) -> None:
    cells = progress_lines(story(held()), T0_NS + 60 * 10**9, width=width, ascii_only=ascii_only, utc=True)
    assert all(len(cell.text) <= width for cell in cells)
    text = "\n".join(cell.text for cell in cells)
    assert "canary" in text
    assert "gate      ratio: hold" in text
    assert not ascii_only or text.isascii()


def test_everything_in_the_journal_has_a_sentence_and_acts_are_for_those_who_look_closer() -> None:
    entries = committed()
    plan = story(entries).plan
    assert all(sentence(entry, plan, utc=True) for entry in entries)
    told = [sentence(entry, plan, utc=True) for entry in entries if is_progress(entry)]
    assert "start shop-web-1: refused (HTTP 500) in 0ms: busy" in told
    assert not [line for line in told if line.startswith("to create")]


def story(entries: list[AnyEntry]) -> Rollout:
    told = rollout_of(entries)
    assert told is not None
    return told


def test_every_event_and_every_field_of_the_list_has_its_place_in_the_documentation() -> None:
    page = (Path(__file__).parents[2] / "docs" / "rollout-commands.md").read_text(encoding="utf-8")
    for word in (*EVENTS.values(), END, *rollout_record(story(committed()))):
        assert f"`{word}`" in page
    for command in COMMANDS:
        assert f"patchdeck rollout {command} " in page

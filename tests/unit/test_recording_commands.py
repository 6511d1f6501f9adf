"""The commands that make, read and cut recordings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from patchdeck.model import Marked, SourceState
from patchdeck.recording.reader import Recording
from tests.unit.recorded import arrivals, put, recorded
from tests.unit.stories import EngineStory, in_time, ns
from tui.cli import main

UTC = {"TZ": "UTC", "XDG_CONFIG_HOME": "/nonexistent", "LANG": "C.UTF-8"}


def run(*arguments: str | Path) -> Result:
    unset = dict.fromkeys(("PATCHDECK_CONFIG", "PATCHDECK_HOST", "PATCHDECK_UTC"))
    return CliRunner().invoke(main, [str(one) for one in arguments], env={**unset, **UTC})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Sixty seconds: a start every five, a mark at 30."""
    engine = EngineStory()
    engine.source(0.1, SourceState.LIVE)
    for number in range(12):
        engine.container(f"web{number}", image="web:1", labels={"patchdeck.service": "web"}).run(number * 5.0)
    engine.emit(Marked(engine="", at_ns=ns(30), name="before the patch", by="ops"))
    engine.tick(60)
    return put(tmp_path, recorded(arrivals(in_time(engine.observations))), "change.pdrec")


def test_info_tells_what_is_in_it(file: Path) -> None:
    done = run("recording", "info", file, "--utc")
    assert done.exit_code == 0
    rows = dict(line.split(None, 1) for line in done.stdout.splitlines())
    assert rows["length"] == "1m"
    assert rows["began"].endswith("UTC")
    assert rows["engine"] == "e: engine 20.10.24 at unix:///e.sock"
    assert rows["marks"].endswith("before the patch: by ops")
    with Recording.open(file) as recording:
        assert rows["holds"] == f"{recording.line_count} observations in 1 member"


def test_info_as_json_has_every_landmark_and_exact_times(file: Path) -> None:
    told = json.loads(run("recording", "info", file, "--format", "json").stdout)
    assert (told["format"], told["cut_short"], told["simulated"]) == (1, False, False)
    assert told["engines"] == [{"engine": "e", "host": "unix:///e.sock", "version": "20.10.24"}]
    assert told["length_s"] == 60.0
    assert told["size_bytes"] == file.stat().st_size
    (mark,) = told["landmarks"]
    assert (mark["kind"], mark["name"]) == ("mark", "before the patch")
    assert mark["at"].endswith(".000000000Z")


def test_info_says_that_one_has_no_end(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-40])
    assert "cut short; all whole lines can be read" in run("recording", "info", file).stdout


def test_what_is_no_recording_is_one_line_and_a_wrong_use(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("hello")
    for arguments in (
        ("recording", "info", tmp_path / "x"),
        ("services", "--recording", tmp_path / "x"),
        ("startups", "--recording", tmp_path / "x"),
        ("contention", "--recording", tmp_path / "x"),
        ("recording", "cut", tmp_path / "x", tmp_path / "y"),
        ("recording", "merge", tmp_path / "x", tmp_path / "x", tmp_path / "y"),
    ):
        done = run(*arguments)
        assert done.exit_code == 2
        assert done.stderr.count("\n") == 1
        assert "name a file that `patchdeck record` wrote" in done.stderr


@pytest.mark.parametrize(
    ("begin", "end", "names"),
    [
        ("before the patch", "+41s", {"web6", "web7", "web8"}),
        ("-12s", None, {"web10", "web11"}),
        (None, "+6s", {"web0", "web1"}),
    ],
)
def test_a_part_is_cut_by_time_or_mark(
    file: Path, tmp_path: Path, begin: str | None, end: str | None, names: set[str]
) -> None:
    out = tmp_path / "part.pdrec"
    edges = [*(("--from", begin) if begin else ()), *(("--to", end) if end else ())]
    done = run("recording", "cut", file, out, *edges)
    assert done.exit_code == 0, done.output
    told = run("startups", "--recording", out, "--format", "json").stdout
    assert {json.loads(line)["name"] for line in told.splitlines()} == names


def test_an_existing_file_is_replaced_only_if_told(file: Path, tmp_path: Path) -> None:
    before = file.read_bytes()
    done = run("recording", "cut", file, file)
    assert done.exit_code == 1
    assert "exists: choose another name" in done.stderr
    assert file.read_bytes() == before
    other = tmp_path / "other"
    assert run("recording", "cut", file, other).exit_code == 0
    assert run("recording", "cut", file, other, "--overwrite").exit_code == 0


def test_a_mark_that_is_not_in_it_is_told_with_what_can_be_written(file: Path, tmp_path: Path) -> None:
    done = run("recording", "cut", file, tmp_path / "out", "--from", "after the patch")
    assert done.exit_code == 2
    assert "--from: no moment 'after the patch'" in done.stderr


def test_startups_of_a_recording_are_all_that_began_in_it(file: Path) -> None:
    told = run("startups", "--recording", file, "--format", "json").stdout
    assert [json.loads(line)["name"] for line in told.splitlines()] == [f"web{n}" for n in range(12)]
    earlier = run("startups", "--recording", file, "--at", "before the patch", "--format", "json").stdout
    assert [json.loads(line)["name"] for line in earlier.splitlines()] == [f"web{n}" for n in range(6)]


def test_startups_from_before_the_kept_window_are_told_too(tmp_path: Path) -> None:
    engine = EngineStory()
    for number in range(5):
        engine.container(f"web{number}").run(number * 4 * 3600.0 + 5)
        engine.tick(number * 4 * 3600.0 + 60)
    path = put(tmp_path, recorded(arrivals(engine.observations)))
    told = run("startups", "--recording", path, "--format", "json").stdout
    assert [json.loads(line)["name"] for line in told.splitlines()] == [f"web{n}" for n in range(5)]


def test_services_and_contention_of_a_recording_are_those_of_the_moment(file: Path) -> None:
    (service,) = json.loads(run("services", "--recording", file, "--format", "json").stdout)
    assert (service["service"], service["running"]) == ("web", 12)
    (service,) = json.loads(run("services", "--recording", file, "--at", "+12s", "--format", "json").stdout)
    assert service["running"] == 3
    told = json.loads(run("contention", "--recording", file, "--format", "json").stdout)
    assert told["engine"] == "e"
    assert "starts" in run("contention", "--recording", file, "--at", "+12s").stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("services", "--at", "+5m"), "--at is a moment of a recording: name it by --recording"),
        (("startups", "--recording", "x", "--for", "5m"), "--for is for engines"),
        (("services", "--recording", "x", "--host", "prod-a"), "--host is for engines"),
        (("contention", "--recording", "x", "--prometheus", "http://p"), "--prometheus is for engines"),
        (("replay", "x", "--speed", "nan"), "--speed: expected a number from 0.25 to 64"),
    ],
)
def test_options_that_do_not_go_together_are_told(arguments: tuple[str, ...], sentence: str) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert sentence in done.stderr


def test_two_recordings_of_one_engine_are_not_merged(file: Path, tmp_path: Path) -> None:
    done = run("recording", "merge", file, file, tmp_path / "both")
    assert done.exit_code == 1
    assert "both recordings tell of an engine 'e'" in done.stderr


def test_recording_over_a_file_is_refused_before_anything_is_watched(file: Path) -> None:
    done = run("record", file, "--host", "unix:///nonexistent.sock", "--for", "1s")
    assert done.exit_code == 2
    assert "exists: choose another name" in done.stderr


def test_recording_an_engine_that_is_not_there_says_so_and_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "a.pdrec"
    done = run("record", path, "--host", "unix:///nonexistent.sock", "--for", "0.5s")
    assert done.exit_code == 1
    assert "no engine was reached; `patchdeck doctor` tells what to do" in done.stderr
    with Recording.open(path) as recording:
        assert not recording.cut_short

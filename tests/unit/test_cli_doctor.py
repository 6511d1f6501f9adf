"""The check list of `patchdeck doctor`, and what it knows of its surroundings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from patchdeck.doctor import EngineReport, Finding, Report
from patchdeck.sources.attempts import Attempt, Outcome
from tui import terminal
from tui.cli import main
from tui.headless.checks import Check, Mark, check_lines, engine_section
from tui.headless.surroundings import Configuration, Terminal, program_section, surroundings, terminal_section

ENGINE = EngineReport(
    name="prod-a",
    host="unix:///run/docker.sock",
    version="28.5.2",
    api_version="1.51",
    storage_driver="overlay2",
    cgroup_version="2",
    operating_system="Debian",
    local=True,
    clock_offset_s=0.001,
    clock_error_s=0.002,
    response_s=0.0018,
    events=Finding(name="events", available=True),
    pressure=(Finding(name="/proc/pressure", available=False, detail="the kernel has none"),),
)
WORKS = Attempt(
    host=ENGINE.host, chosen="default socket", outcome=Outcome.OK, detail="engine 28.5.2, API 1.51"
)
MISSING = Attempt(
    host="unix:///run/podman.sock",
    chosen="default socket",
    outcome=Outcome.MISSING,
    detail="there is no /run/podman.sock",
    advice="Start an engine.",
)
TERMINAL = Terminal(
    interactive=True,
    term="xterm-256color",
    colorterm="",
    no_color=False,
    colours="256 colours",
    columns=120,
    lines=40,
    locale="C.UTF-8",
    utf8=True,
)
NO_PROMETHEUS = Finding(name="prometheus", available=False)


def text_of(
    *attempts: Attempt, engines: tuple[EngineReport, ...] = (), ascii_only: bool = False
) -> list[str]:
    report = Report(attempts=attempts, engines=engines, prometheus=NO_PROMETHEUS)
    return list(check_lines([engine_section(report)], colour=False, ascii_only=ascii_only))


def test_an_engine_that_works_is_told_with_what_it_can_tell() -> None:
    assert text_of(WORKS, MISSING, engines=(ENGINE,)) == [
        "Engines",
        f"  ✓ {ENGINE.host} (default socket): engine 28.5.2, API 1.51, overlay2, cgroup v2, Debian, answers in 1.8 ms",
        "  ✓ prod-a clock: +0.001 s from this host's, give or take 0.002 s",
        "  ✓ prod-a events: available",
        "  · prod-a pressure from /proc/pressure: the kernel has none",
        "  · unix:///run/podman.sock (default socket): missing",
    ]


def test_without_an_engine_every_failure_says_what_to_do() -> None:
    assert text_of(MISSING) == [
        "Engines",
        "  ✗ unix:///run/podman.sock (default socket): missing: there is no /run/podman.sock",
        "      Start an engine.",
    ]


def test_without_utf8_the_glyphs_are_ascii() -> None:
    lines = text_of(WORKS, MISSING, engines=(ENGINE,), ascii_only=True)
    assert all(line.isascii() for line in lines)
    assert {line[2] for line in lines if line.startswith("  ")} == {"+", "-"}


@given(st.text(st.characters(), max_size=80))
def test_what_an_engine_says_stays_on_its_line(text: str) -> None:
    broken = Attempt(
        host=text, chosen="--host", outcome=Outcome.NOT_AN_ENGINE, detail=text, advice=text or "x"
    )
    lines = text_of(broken)
    assert len(lines) == 3
    assert all(line.isprintable() for line in lines)


def test_a_clock_that_is_off_is_a_warning() -> None:
    lines = text_of(WORKS, engines=(replace(ENGINE, clock_offset_s=-3.2),))
    assert "  ! prod-a clock: -3.200 s from this host's, give or take 0.002 s" in lines


def test_colours_mark_the_glyph_alone() -> None:
    (_, line) = check_lines([("H", [Check(mark=Mark.BAD, what="it")])], colour=True, ascii_only=False)
    assert line == "  \x1b[31m✗\x1b[0m it"


@pytest.mark.parametrize(
    ("changes", "mark", "says"),
    [
        ({}, Mark.GOOD, "256 colours (TERM=xterm-256color, COLORTERM=not set)"),
        ({"colours": "none", "term": "dumb"}, Mark.WARNING, "none (TERM=dumb"),
        ({"columns": 79}, Mark.WARNING, "79×40"),
        ({"columns": None, "lines": None}, Mark.NOTE, "standard output is no terminal"),
        ({"utf8": False, "locale": ""}, Mark.WARNING, "not set, not UTF-8"),
    ],
)
def test_the_terminal_is_judged(changes: dict[str, object], mark: Mark, says: str) -> None:
    _, checks = terminal_section(replace(TERMINAL, **changes))
    assert [check.mark for check in checks if says in check.detail] == [mark]


@pytest.mark.parametrize(
    ("environ", "utf8"),
    [
        ({"LANG": "en_GB.UTF-8"}, True),
        ({"LANG": "en_GB.utf8"}, True),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "C"}, False),
        ({"LANG": "C", "LC_CTYPE": "en_GB.UTF-8"}, True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, False),
        ({"LC_CTYPE": "C.UTF-8"}, False),
        ({"LANG": "en_GB.ISO-8859-1"}, False),
        ({}, False),
    ],
)
def test_the_locale_is_that_of_the_user_and_not_the_one_python_makes_up(
    environ: dict[str, str], utf8: bool
) -> None:
    assert terminal.speaks_utf8(environ) is utf8


@pytest.mark.parametrize(
    ("environ", "colours"),
    [
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, "24 bit"),
        ({"TERM": "xterm-256color"}, "256 colours"),
        ({"TERM": "linux"}, "16 colours"),
        ({"TERM": "dumb"}, "none"),
        ({"TERM": "xterm", "COLORTERM": "truecolor", "NO_COLOR": "1"}, "none (NO_COLOR)"),
    ],
)
def test_colours_are_counted_by_what_the_environment_says(environ: dict[str, str], colours: str) -> None:
    assert terminal.colour_system(environ) == colours


def test_the_configuration_is_found_missing_or_wrong(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    assert surroundings(path, "").configuration == Configuration(file=str(path), found=False)
    path.touch()
    assert surroundings(path, "").configuration.found
    _, checks = program_section(surroundings(path, "c.toml:1: watch: expected a table, found 3"))
    assert [check.detail for check in checks if check.mark is Mark.BAD] == [
        "c.toml:1: watch: expected a table, found 3"
    ]


def test_a_mistake_in_the_configuration_does_not_keep_the_doctor_away(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text("watch = 3")
    args = ["doctor", "--format", "json", "--config", str(path), "--host", f"unix://{tmp_path}/x.sock"]
    done = CliRunner().invoke(main, args)
    document = json.loads(done.stdout)
    assert done.exit_code == 1
    assert document["configuration"]["mistake"].endswith(":1: watch: expected a table, found 3")
    assert document["attempts"][0]["outcome"] == "missing"
    assert set(document) >= {
        "usable",
        "engines",
        "terminal",
        "libraries",
        "python",
        "config_folder",
        "state_folder",
    }

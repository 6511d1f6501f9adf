"""The command line itself: what it answers, how it refuses, and what it imports for that."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import tui.app
from patchdeck import __version__
from patchdeck.settings import Settings
from tui.cli import COMMANDS, main
from tui.commands import options

PATCHDECK = [sys.executable, "-c", "from tui.cli import main; main()"]


def run(*args: str, **environ: str) -> Result:
    """Without the configuration and the environment of whoever runs the tests."""
    unset = dict.fromkeys(("PATCHDECK_CONFIG", "PATCHDECK_HOST", "PATCHDECK_THEME", "PATCHDECK_UTC"))
    return CliRunner().invoke(main, args, env={**unset, "XDG_CONFIG_HOME": "/nonexistent", **environ})


def test_the_version_is_told() -> None:
    done = run("--version")
    assert (done.exit_code, done.stdout) == (0, f"patchdeck {__version__}\n")


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_comes_with_examples_everywhere(command: str) -> None:
    done = run(*([command] if command else []), "--help")
    assert done.exit_code == 0
    assert "Examples:\n" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 110


@pytest.mark.parametrize(
    "args", [["--version"], ["--help"], ["startups", "--help"], ["watch", "--theme", "pink"]]
)
def test_what_needs_no_engine_imports_nothing_slow(args: list[str]) -> None:
    script = (
        "import atexit, json, sys\n"
        "from tui.cli import main\n"
        "atexit.register(lambda: print('\\n' + json.dumps(sorted(sys.modules))))\n"
        f"main({args!r})\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    slow = {"textual", "rich", "aiodocker", "aiohttp", "httpx", "asyncio", "sqlite3", "prometheus_api_client"}
    assert not loaded & slow
    if args == ["--version"]:
        assert not loaded & {"msgspec", "tui.commands", "platformdirs", "tomllib"}


WRONG = [
    (["statups"], "patchdeck: there is no command 'statups'; did you mean startups? (see patchdeck --help)"),
    (["xyz"], f"there is no command 'xyz'; there are {', '.join(COMMANDS)}"),
    (["--hots", "x"], "patchdeck watch: no such option '--hots'"),
    (
        ["--host", "a", "startups"],
        "patchdeck watch: options go after the command: patchdeck startups [OPTIONS]",
    ),
    (["watch", "x"], "patchdeck watch: expected no argument, found 'x'"),
    (
        ["recording"],
        "patchdeck recording: expected a command: cut, info, merge (see patchdeck recording --help)",
    ),
    (["startups", "--for", "5"], "expected a duration with its unit"),
    (["startups", "--for", "0s"], "expected more than 0, found '0s'"),
    (["startups", "--format", "xml"], "'xml' is not one of 'table', 'json', 'csv'"),
    (["services", "--format", "csv"], "'csv' is not one of 'table', 'json'"),
    (["services", "x"], "unexpected extra argument (x)"),
    (["watch", "--theme", "pink"], "'pink' is not one of 'auto', 'dark'"),
    (["services", "--config", "/nowhere/x.toml"], "patchdeck: /nowhere/x.toml: there is no such file"),
    (["services", "--host", "ftp://x"], "patchdeck: 'ftp://x': expected unix://, tcp:// or ssh://"),
    (["services", "--host", "\x1b[31m://"], "patchdeck: '\\x1b[31m://'"),
]


@pytest.mark.parametrize(("args", "expected"), WRONG, ids=[" ".join(args)[:30] for args, _ in WRONG])
def test_a_wrong_use_is_one_line_and_status_2(args: list[str], expected: str) -> None:
    done = run(*args)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.rstrip("\n").isprintable()
    assert expected in done.stderr


def test_a_wrong_value_is_told_with_where_it_was_given() -> None:
    expected = (
        "'pink' is not one of 'auto', 'dark', 'light', 'colour-blind', 'ansi' (see patchdeck watch --help)\n"
    )
    assert run("--theme", "pink").stderr == f"patchdeck watch: --theme: {expected}"
    assert run("watch", PATCHDECK_THEME="pink").stderr == f"patchdeck watch: PATCHDECK_THEME: {expected}"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Settings, tuple[str, ...]]]:
    """What the console was opened with."""
    calls: list[tuple[Settings, tuple[str, ...]]] = []

    def run_console(
        settings: Settings, hosts: tuple[str, ...], *, record: Path | None, armed: str | None
    ) -> int:
        assert record is None
        assert armed is None
        calls.append((settings, hosts))
        return 7

    monkeypatch.setattr(tui.app, "run_console", run_console)
    return calls


@pytest.mark.parametrize("args", [[], ["watch"], ["--utc"], ["watch", "--utc"]])
def test_without_a_command_the_console_opens(
    opened: list[tuple[Settings, tuple[str, ...]]], args: list[str]
) -> None:
    done = run(*args)
    assert done.exit_code == 7
    assert opened[0][0].screen.utc is ("--utc" in args)


def test_flags_go_over_the_environment_over_the_file_over_the_defaults(
    opened: list[tuple[Settings, tuple[str, ...]]], tmp_path: Path
) -> None:
    config = tmp_path / "c.toml"
    config.write_text('[screen]\ntheme = "dark"\nutc = true\n[[engines]]\nhost = "tcp://file:1"\n')
    given = {"PATCHDECK_CONFIG": str(config)}
    run(**given)
    run(**given, PATCHDECK_THEME="light", PATCHDECK_HOST="tcp://env:1 tcp://env:2")
    run(
        "--theme",
        "auto",
        "--host",
        "tcp://flag:1",
        **given,
        PATCHDECK_THEME="light",
        PATCHDECK_HOST="tcp://env:1",
    )
    run("--theme", "ansi", "--config", str(config), PATCHDECK_CONFIG="/nowhere")
    seen = [
        (settings.screen.theme, settings.screen.utc, [engine.host for engine in settings.engines])
        for settings, _ in opened
    ]
    assert seen == [
        ("dark", True, ["tcp://file:1"]),
        ("light", True, ["tcp://env:1", "tcp://env:2"]),
        ("", True, ["tcp://flag:1"]),
        ("ansi", True, ["tcp://file:1"]),
    ]


def test_the_engines_that_are_watched_are_those_of_the_flags(tmp_path: Path) -> None:
    settings = options.settings_from(None, ("tcp://prod-a:1", "unix:///run/x/docker.sock"))
    assert [target.name for target in options.targets_of(settings)] == ["prod-a", "x"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["st"], "startups"),
        (["--th"], "--theme"),
        (["startups", "--format", "j"], "json"),
        (["--host", "a", "--theme", "col"], "colour-blind"),
    ],
)
def test_the_shell_completes(words: list[str], expected: str) -> None:
    environ = {
        "COMP_WORDS": " ".join(["patchdeck", *words]),
        "COMP_CWORD": str(len(words)),
        "_PATCHDECK_COMPLETE": "bash_complete",
    }
    done = subprocess.run(
        PATCHDECK, env={**os.environ, **environ}, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == f"plain,{expected}\n"


WHAT_TO_DO = "Start an engine, or name one with --host."


@pytest.mark.parametrize("command", ["services", "doctor"])
def test_without_an_engine_a_command_fails_and_says_what_to_do(command: str, tmp_path: Path) -> None:
    done = run(command, "--host", f"unix://{tmp_path}/nothing.sock")
    assert done.exit_code == 1
    assert "there is no" in done.output
    assert WHAT_TO_DO in done.output


def test_a_stretch_in_which_no_engine_was_reached_is_a_failure(tmp_path: Path) -> None:
    # Too short on a busy machine to hear why.
    done = run("startups", "--for", "300ms", "--host", f"unix://{tmp_path}/nothing.sock")
    assert done.exit_code == 1
    assert done.stderr.endswith("no engine was reached in 0.3 s; `patchdeck doctor` tells what to do\n")


def test_nobody_reading_ends_it_quietly(tmp_path: Path) -> None:
    command = [*PATCHDECK, "startups", "--host", f"unix://{tmp_path}/nothing.sock"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline().startswith("began")
    process.stdout.close()
    assert process.wait(timeout=30) == 1
    with process.stderr as errors:
        assert all(line.startswith("patchdeck: nothing") or "lost" in line for line in errors)


def test_a_missing_engine_is_told_at_once_and_ctrl_c_ends_it_quietly_with_130(tmp_path: Path) -> None:
    command = [*PATCHDECK, "startups", "--host", f"unix://{tmp_path}/nothing.sock"]
    # Where the tests themselves run in the background, a child would begin with the signal ignored.
    script = (
        "import os, signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "os.execv(sys.argv[1], sys.argv[1:])\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline().startswith("began")
    told = process.stderr.readline()
    assert "there is no" in told
    assert WHAT_TO_DO in told
    process.send_signal(2)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert errors.endswith("patchdeck: no startups\n")

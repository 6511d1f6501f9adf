"""The rollout commands as a pipeline and a person run them, on real engines."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.client import EngineClient
from tests.lab.engine import Engine
from tests.lab.images import Images
from tests.lab.services import start_service
from tests.live.commands import QUICK, TIMEOUT_S, Commands, Terminal, the_one
from tests.live.rollouts import locks, service_now


@pytest.fixture
def commands(stock: Engine, tmp_path: Path) -> Iterator[Commands]:
    made = Commands(stock, tmp_path)
    yield made
    made.end_workers()


def lines_of(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert done.stdout.isascii()
    return [json.loads(line) for line in done.stdout.splitlines()]


def versions(engine: EngineClient) -> set[str]:
    return {
        one["Config"]["Labels"]["org.opencontainers.image.version"] for one in service_now(engine).values()
    }


def test_a_rollout_runs_to_its_commit_and_tells_each_step_in_a_line_of_json(
    engine: Engine, images: Images, tmp_path: Path
) -> None:
    commands = Commands(engine, tmp_path)
    start_service(engine, images.web("1.0"), 3, env={"DATABASE_PASSWORD": "open-sesame"})
    override = tmp_path / "patched.yaml"
    done = commands.run(
        images.web("1.1"), "--format", "json", "--reason", "a test", "--write-override", str(override)
    )
    assert done.returncode == 0, done.stderr
    lines = lines_of(done)
    (rollout,) = {line["id"] for line in lines}
    assert all(line["at"].endswith("Z") and line["event"] for line in lines)
    assert lines[0]["event"] == "planned"
    assert lines[0]["reason"] == "a test"
    assert [line["name"] for line in lines if line["event"] == "step"] == [
        "canary",
        "batch 1",
        "batch 2",
        "commit",
    ]
    ready = {line["unit"] for line in lines if line["event"] == "unit" and line["phase"] == "ready"}
    assert ready == {0, 1, 2}
    end = lines[-1]
    assert (end["event"], end["state"], end["exit_status"]) == ("end", "committed", 0)
    assert end["summary"]["startups"] == 3
    assert end["summary"]["worker_restarts"] == 0
    assert end["compose_override"] == override.read_text(encoding="utf-8")
    assert '"web":' in end["compose_override"]
    assert versions(engine) == {"1.1"}
    assert not locks(engine)

    (listed,) = commands.document("rollout", "list")
    assert (listed["id"], listed["state"], listed["step"], listed["held_by"]) == (
        rollout,
        "committed",
        "commit",
        None,
    )
    assert (listed["from"]["version"], listed["to"]["version"]) == ("1.0", "1.1")
    shown = commands("rollout", "show", rollout[:4])
    assert shown.returncode == 0
    assert "gate health: pass" in shown.stdout
    for text in (shown.stdout, done.stdout, commands("rollout", "export").stdout):
        assert "open-sesame" not in text


def test_a_version_that_crashes_is_rolled_back_to_the_very_same_containers_with_exit_3(
    stock: Engine, stock_images: Images, commands: Commands
) -> None:
    old = start_service(stock, stock_images.web("1.0"), 2)
    done = commands.run(stock_images.web("1.4"), "--bake", "2s")
    assert done.returncode == 3, done.stderr
    assert "rolled back" in done.stdout
    assert "exit status 3" in done.stdout
    assert {one["Id"] for one in service_now(stock).values() if one["State"]["Running"]} == {
        one.id for one in old
    }


def test_what_policy_refuses_is_refused_with_5_by_every_command_alike_and_is_in_the_audit_trail(
    stock: Engine, stock_images: Images, commands: Commands
) -> None:
    old = start_service(stock, stock_images.web("1.0"), 1)
    commands.configure(
        """
        [policy]
        users = ["somebody-else"]
        digest_required = true
        reason_required = "always"
        """
    )
    to = stock_images.web("1.1")
    rules = ["who", "digest", "reason"]
    checked = commands("policy", "check", "shop/web", "--to", to, "--format", "json")
    assert checked.returncode == 5, checked.stderr
    assert [one["rule"] for one in json.loads(checked.stdout)["refusals"]] == rules
    done = commands.run(to, "--format", "json")
    assert done.returncode == 5, done.stderr
    lines = lines_of(done)
    assert [line["event"] for line in lines] == ["planned", "refused", "state", "end"]
    assert [one["rule"] for one in lines[1]["refusals"]] == rules
    assert (lines[-1]["state"], lines[-1]["exit_status"]) == ("failed", 5)
    again = commands.run(to)
    assert again.returncode == 5
    assert all(f"refused, {rule}: " in again.stderr for rule in rules)
    events = [json.loads(line) for line in commands("rollout", "export").stdout.splitlines()]
    denied = [event for event in events if "denied" in event["event"]["type"]]
    assert [event["event"]["outcome"] for event in denied] == ["failure", "failure"]
    assert denied[0]["rule"]["name"] == rules
    assert [one["Id"] for one in service_now(stock).values()] == [old[0].id]
    assert not locks(stock)


def test_without_a_terminal_nothing_is_done_unless_yes_is_given(
    stock: Engine, stock_images: Images, commands: Commands
) -> None:
    start_service(stock, stock_images.web("1.0"), 1)
    done = commands("rollout", "run", "shop/web", "--to", stock_images.web("1.1"))
    assert done.returncode == 5
    assert "--yes was not given" in done.stderr
    unknown = commands.run(stock_images.web("1.1"), service="shop/wbe")
    assert unknown.returncode == 5
    assert "unknown-service" in unknown.stderr
    assert versions(stock) == {"1.0"}


def test_a_gate_that_holds_with_no_one_to_ask_ends_with_4_and_a_person_promotes_it_later(
    stock: Engine, stock_images: Images, commands: Commands
) -> None:
    start_service(stock, stock_images.web("1.0"), 1)
    commands.configure(
        """
        [[gates]]
        name = "orders"
        command = ["/bin/sh", "-c", "exit 2"]
        """
    )
    done = commands.run(stock_images.web("1.1"), "--hold-timeout", "1s", "--format", "json")
    assert done.returncode == 4, done.stdout
    lines = lines_of(done)
    rollout = lines[-1]["id"]
    assert lines[-1]["state"] == "needs a person"
    assert {(line["gate"], line["verdict"]) for line in lines if line["event"] == "gate"} >= {
        ("orders", "hold")
    }
    promoted = commands("rollout", "promote", rollout, "--reason", "looked myself")
    assert promoted.returncode == 0, promoted.stderr
    assert commands("rollout", "attach", rollout).returncode == 0
    assert versions(stock) == {"1.1"}
    assert "looked myself" in commands("rollout", "show", rollout).stdout


def test_a_second_process_aborts_what_the_first_one_runs_in_the_foreground(
    stock: Engine, stock_images: Images, commands: Commands
) -> None:
    old = start_service(stock, stock_images.web("1.0"), 2)
    first = commands.open(
        "rollout",
        "run",
        "shop/web",
        "--to",
        stock_images.web("1.1"),
        "--yes",
        *QUICK,
        "--pause-after",
        "canary",
    )
    rollout = the_one(commands)
    commands.until(rollout, "paused")
    aborted = commands("rollout", "abort", rollout, "--yes", "--reason", "errors")
    assert aborted.returncode == 0, aborted.stderr
    output, _ = first.communicate(timeout=TIMEOUT_S)
    assert first.returncode == 3
    assert "asked to abort (errors): accepted" in output
    assert {one["Id"] for one in service_now(stock).values()} == {one.id for one in old}
    over = commands("rollout", "pause", rollout)
    assert over.returncode == 5
    assert "it is rolled back" in over.stderr


def test_a_worker_that_was_killed_is_noticed_and_another_one_goes_on(
    stock: Engine, stock_images: Images, commands: Commands
) -> None:
    start_service(stock, stock_images.web("1.0"), 2)
    rollout = commands.begun(stock_images.web("1.1"), "--pause-after", "canary")
    commands.until(rollout, "paused")
    (listed,) = commands.document("rollout", "list")
    (pid,) = re.findall(r"process (\d+) on", listed["held_by"])
    os.kill(int(pid), signal.SIGKILL)
    commands.until(rollout, "lost")
    noticed = commands("rollout", "list")
    assert f"`patchdeck rollout resume {rollout}` goes on" in noticed.stderr
    resumed = commands("rollout", "resume", rollout, "--yes")
    assert resumed.returncode == 0, resumed.stderr
    attached = commands("rollout", "attach", rollout, "--format", "json")
    assert attached.returncode == 0, attached.stderr
    assert lines_of(attached)[-1]["summary"]["worker_restarts"] == 1
    assert versions(stock) == {"1.1"}


def test_sigterm_pauses_after_the_units_under_way_and_a_committed_rollout_is_undone(
    stock: Engine, stock_images: Images, commands: Commands
) -> None:
    start_service(stock, stock_images.web("1.0"), 2, env={"OWN": "yes"})
    first = commands.open(
        "rollout",
        "run",
        "shop/web",
        "--to",
        stock_images.web("1.1"),
        "--yes",
        *QUICK,
        "--pause-after",
        "canary",
    )
    rollout = the_one(commands)
    commands.until(rollout, "paused")
    first.terminate()
    first.communicate(timeout=TIMEOUT_S)
    assert first.returncode == 4
    assert commands("rollout", "resume", rollout, "--yes").returncode == 0
    assert commands("rollout", "attach", rollout).returncode == 0
    assert versions(stock) == {"1.1"}
    undone = commands("rollout", "rollback", rollout, "--yes", "--reason", "orders fail", "--format", "json")
    assert undone.returncode == 0, undone.stderr
    end = lines_of(undone)[-1]
    assert (end["state"], end["compose_override"]) == ("committed", None)
    assert versions(stock) == {"1.0"}
    assert all("OWN=yes" in one["Config"]["Env"] for one in service_now(stock).values())


def test_on_a_terminal_it_asks_first_and_ctrl_c_asks_what_is_to_become_of_it(
    stock: Engine, stock_images: Images, commands: Commands
) -> None:
    old = start_service(stock, stock_images.web("1.0"), 2)
    to = stock_images.web("1.1")
    with Terminal(commands, "rollout", "run", "shop/web", "--to", to, *QUICK) as declined:
        declined.until("containers of shop/web on")
        declined.type("\n")
        assert declined.status() == 5
    assert not commands.document("rollout", "list")
    with Terminal(
        commands, "rollout", "run", "shop/web", "--to", to, *QUICK, "--pause-after", "canary"
    ) as run:
        run.until("containers of shop/web on")
        run.type("y\n")
        run.until("paused")
        run.type("\x03")
        run.until("a: abort and roll back")
        run.type("a\n")
        assert run.status() == 3
    assert {one["Id"] for one in service_now(stock).values()} == {one.id for one in old}

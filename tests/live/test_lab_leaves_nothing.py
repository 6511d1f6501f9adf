"""What the lab takes down is gone, whether its owner takes it down or has been killed.

The traces are looked for here by means of their own, and not with the lab's functions for finding them.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.lab import record
from tests.lab.engine import Engine, Generation, Network
from tests.lab.herd import fire
from tests.lab.images import Images
from tests.lab.lab import Lab
from tests.lab.newer import Programs
from tests.lab.processes import Identity, wait_until
from tests.lab.services import start_service

CYCLES = 3  # of each generation and network: twelve in all
CHECKOUT = Path(__file__).resolve().parents[2]

# Everything a lab can have, and then nobody who would take it down.
OWNER = """
import sys, time
from tests.lab.herd import fire
from tests.lab.images import Images
from tests.lab.lab import Lab
lab = Lab()
registry, prometheus = lab.registry(), lab.prometheus()
for network in ("none", "bridge"):
    engine = lab.engine("stock", network=network)
    herd = fire(engine, Images(engine, registry).plain, 6)
    assert not herd.failed
print(lab.record.id, flush=True)
time.sleep(100)
"""


def output(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def traces(lab: str) -> list[str]:
    """All that this machine still knows of a lab: processes, mounts, interfaces, namespaces, control groups."""
    found = [f"mount {line}" for line in Path("/proc/self/mountinfo").read_text().splitlines() if lab in line]
    found += [f"link {line}" for line in output("ip", "-brief", "link").splitlines() if lab in line]
    found += [f"namespace {line}" for line in output("ip", "netns").splitlines() if lab in line]
    for pattern in (f"*{lab}*", f"*/*{lab}*"):
        found += [f"group {path}" for path in Path("/sys/fs/cgroup").glob(pattern)]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            about = (process / "cmdline").read_text() + (process / "cgroup").read_text()
        except OSError:
            continue
        # A zombie holds nothing but its number, until the machine's first process collects it.
        if lab in about and int(process.name) != os.getpid() and Identity.of(int(process.name)):
            found.append(f"process {process.name} {about[:200]}")
    if (record.labs_folder() / lab).exists():
        found.append("folder")
    return found


def members(engine: Engine) -> list[Identity]:
    """The processes of an engine's containers."""
    pids = [engine.inspect(container["Id"])["State"]["Pid"] for container in engine.containers()]
    return [identity for pid in pids if (identity := Identity.of(pid))]


def shim_sockets(lab: str) -> list[Path]:
    """The sockets of a lab's shims, which lie outside its folder."""
    files = (record.labs_folder() / lab).glob("e*/ctr/state/io.containerd.runtime.v2.task/moby/*/address")
    return [Path(file.read_text().removeprefix("unix://")) for file in files]


@pytest.mark.parametrize(
    ("generation", "network"),
    [
        ("stock", "none"),
        ("newer", "bridge"),
        pytest.param("stock", "bridge", marks=pytest.mark.slow),
        pytest.param("newer", "none", marks=pytest.mark.slow),
    ],
)
def test_up_and_down_again_and_again_leaves_nothing(
    lab: Lab, programs_of: Callable[[Generation], Programs], generation: Generation, network: Network
) -> None:
    rules = output("iptables", "-S"), output("iptables", "-t", "nat", "-S")
    for cycle in range(CYCLES):
        mine = Lab()
        identifier = mine.record.id
        try:
            engine = mine.engine(generation, network=network, programs=programs_of(generation))
            images = Images(engine)
            assert not fire(engine, images.plain, 4).failed
            start_service(engine, images.plain, 1, restart="always")
            inside = members(engine)
            assert len(inside) == 5
            assert any("process" in trace for trace in traces(identifier))
            if cycle % 2:
                engine.kill()  # a lab is taken down with its engine dead just as well
        finally:
            mine.close()
        assert not traces(identifier)
        assert not [process for process in inside if process.alive()]
    assert (output("iptables", "-S"), output("iptables", "-t", "nat", "-S")) == rules


def test_a_lab_whose_owner_was_killed_is_swept(lab: Lab) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        identifier = owner.stdout.readline().strip()
        assert identifier
        there = traces(identifier)
        sockets = shim_sockets(identifier)
        owner.send_signal(signal.SIGKILL)
    for kind in ("process", "mount", "link", "namespace", "group", "folder"):
        assert any(trace.startswith(kind) for trace in there), kind
    assert len(sockets) == 12
    swept = subprocess.run(
        [sys.executable, "-m", "tests.lab", "sweep"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert swept.returncode == 0, swept.stderr
    assert not traces(identifier)
    assert not [socket for socket in sockets if socket.exists()]
    assert not [mine for mine in record.labs() if mine.id == identifier]


def test_a_lab_in_use_is_not_swept(lab: Lab, stock: Engine) -> None:
    assert lab.record.id not in record.sweep()
    assert stock.get("/_ping") == "OK"


def test_a_process_that_got_the_pid_of_a_dead_part_is_let_be(lab: Lab) -> None:
    """PIDs are given out again: the start time tells whose it is."""
    with subprocess.Popen(["/bin/sleep", "60"]) as bystander:
        try:
            identity = Identity.of(bystander.pid)
            assert identity is not None
            abandoned = record.Record.create()
            abandoned.add("dockerd", identity)
            document = json.loads((abandoned.folder / "lab.json").read_text())
            document["owner"]["started"] -= 1
            document["parts"][0]["started"] -= 1
            (abandoned.folder / "lab.json").write_text(json.dumps(document))
            record.sweep()
            assert not abandoned.folder.exists()
            assert bystander.poll() is None
            assert identity.alive()
        finally:
            bystander.kill()


def test_a_taking_down_that_was_cut_short_is_finished(lab: Lab) -> None:
    abandoned = record.Record.create()
    (abandoned.folder / "lab.json").unlink()
    record.sweep()
    assert not abandoned.folder.exists()


def test_the_command_brings_a_lab_up_and_ctrl_c_takes_it_down(lab: Lab) -> None:
    argv = [sys.executable, "-m", "tests.lab", "--no-prometheus", "--replicas", "2", "--network", "none"]
    with subprocess.Popen(argv, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as command:
        assert command.stdout is not None
        said = ""
        for line in command.stdout:
            said += line
            if "Ctrl-C" in line:
                break
        host = re.search(r"patchdeck --host unix://(\S+/(\w+)/e1/docker\.sock)\n", said)
        assert host is not None
        assert Path(host[1]).is_socket()
        command.send_signal(signal.SIGINT)
        assert wait_until(lambda: command.poll() is not None, 60)
    assert command.returncode == 0
    assert not traces(host[2])

"""Who this process is, and whether another one is still there."""

from __future__ import annotations

import getpass
import os
import socket
import sys
from pathlib import Path

import msgspec

from patchdeck.model.journal import Actor


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a program: its PID alone is given to another one day."""

    host: str
    boot: str
    """Differs after each boot; empty where the system does not tell."""
    pid: int
    started: str
    """When it was started, in ticks since boot; empty where the system does not tell."""


def this_process() -> Process:
    """Who is asking."""
    pid = os.getpid()
    return Process(host=host_name(), boot=_boot(), pid=pid, started=_started(pid) or "")


def host_name() -> str:
    """As written into the journal and into locks."""
    return socket.gethostname()


def is_here(process: Process) -> bool:
    """It ran, or runs, on this host since it was booted: `is_alive` can tell."""
    return process.host == host_name()


def is_alive(process: Process) -> bool:
    """Only to be asked of processes of this host."""
    if process.boot != _boot():
        return False
    try:
        os.kill(process.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it is another user's, and there
    started = _started(process.pid)
    return started is not None and started == process.started


def actor(program: str) -> Actor:
    """Who is at this terminal."""
    connection = os.environ.get("SSH_CONNECTION", "")
    return Actor(
        user=_user(),
        host=host_name(),
        ssh_client=connection.split(" ", 1)[0],
        tty=_tty(),
        program=program,
        pid=os.getpid(),
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())  # a user without a name, as in many containers


def _tty() -> str:
    for stream in (0, 1, 2):
        try:
            return os.ttyname(stream)
        except OSError:
            continue
    return ""


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _started(pid: int) -> str | None:
    """None where the process is gone or has ended and is only waited for; empty where there is no /proc."""
    if sys.platform != "linux":
        return ""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name in parentheses may hold anything, parentheses too.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in ("Z", "X") else fields[19]

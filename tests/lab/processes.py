"""Processes of the lab: known by PID and start time, never by name."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

POLL_S = 0.02


class LabError(Exception):
    """A part of the lab did not do what it must; the message tells which, and the end of its log."""


@dataclass(frozen=True)
class Identity:
    """One process for good: a PID alone may be given to another process later."""

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> Identity | None:
        """The identity of a running process; None for one that is gone or a zombie."""
        try:
            fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            return None
        if fields[0] in "ZXx":
            return None
        return cls(pid, int(fields[19]))

    def alive(self) -> bool:
        return Identity.of(self.pid) == self

    def send(self, number: signal.Signals) -> bool:
        """Signals this very process: a PID handed to another process meanwhile is not touched."""
        try:
            handle = os.pidfd_open(self.pid)
        except OSError:
            return False
        try:
            if not self.alive():
                return False
            signal.pidfd_send_signal(handle, number)
        except OSError:
            return False
        finally:
            os.close(handle)
        return True


def wait_until(condition: Callable[[], object], timeout: float) -> bool:
    """Polls until the condition is true; False when the time is up."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


def end(processes: Sequence[Identity], grace: float = 0.0, timeout: float = 10.0) -> list[Identity]:
    """Ends processes by SIGTERM, then SIGKILL; returns those that are still there after all."""
    if grace > 0:
        for process in processes:
            process.send(signal.SIGTERM)
            process.send(signal.SIGCONT)
        wait_until(lambda: not any(process.alive() for process in processes), grace)
    for process in processes:
        process.send(signal.SIGKILL)
    wait_until(lambda: not any(process.alive() for process in processes), timeout)
    return [process for process in processes if process.alive()]


def free_port(address: str = "127.0.0.1") -> int:
    """A loopback port nobody listens on at this moment."""
    with socket.socket() as listener:
        listener.bind((address, 0))
        port: int = listener.getsockname()[1]
        return port


def tail(log: Path, lines: int = 15) -> str:
    """The end of a log, for an error message."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 16_384))
            text = file.read().decode(errors="replace")
    except OSError as error:
        return f"(no log: {error})"
    return "\n".join(text.splitlines()[-lines:]) or "(the log is empty)"


def _stopped(pid: int) -> bool:
    """Whether all threads of a process are stopped; those of a busy one stop one after the other."""
    threads = Path(f"/proc/{pid}/task").glob("*/stat")
    try:
        return all(file.read_text(errors="replace").rpartition(")")[2].split()[0] in "Tt" for file in threads)
    except OSError:  # one of them ended meanwhile
        return False


class Daemon:
    """A child process that writes to a log, is waited for by a condition, and is stopped by its PID."""

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        log: Path,
        *,
        environ: Mapping[str, str] | None = None,
        on_start: Callable[[str, Identity], None] | None = None,
    ) -> None:
        self.name = name
        self.argv = list(argv)
        self.log = log
        self._environ = None if environ is None else dict(environ)
        self._on_start = on_start
        self._child: subprocess.Popen[bytes] | None = None
        self._identity: Identity | None = None

    @property
    def pid(self) -> int:
        if self._child is None:
            raise LabError(f"{self.name} is not running")
        return self._child.pid

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def start(self, ready: Callable[[], object], timeout: float = 30.0) -> None:
        """Starts the process and returns once it is ready; LabError with the tail of the log if it is not."""
        if self.running:
            raise LabError(f"{self.name} is running already, as process {self.pid}")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            try:
                self._child = child = subprocess.Popen(
                    self.argv,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=self._environ,
                    start_new_session=True,  # Ctrl-C is for the lab, which then takes its parts down in order
                )
            except OSError as error:
                raise LabError(f"{self.name} cannot be started: {error}") from error
        self._identity = Identity.of(child.pid)
        if self._identity is not None and self._on_start is not None:
            self._on_start(self.name, self._identity)
        if wait_until(lambda: child.poll() is not None or ready(), timeout) and child.poll() is None:
            return
        status = child.poll()
        state = f"not ready after {timeout:g} s" if status is None else f"ended at once with status {status}"
        self.stop(grace=1)
        raise LabError(f"{self.name}: {state}; the end of its log:\n{tail(self.log)}")

    def signal(self, number: signal.Signals) -> None:
        if self._child is not None and self._child.poll() is None:
            self._child.send_signal(number)

    def pause(self) -> None:
        """SIGSTOP: the process is there and answers nothing, from the moment this returns."""
        pid = self.pid
        self.signal(signal.SIGSTOP)
        if not wait_until(lambda: _stopped(pid), 10):
            raise LabError(f"{self.name} could not be paused")

    def resume(self) -> None:
        self.signal(signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL, and the process is gone when this returns."""
        self.stop(grace=0)

    def stop(self, grace: float = 10.0) -> None:
        """SIGTERM, then SIGKILL when it takes longer than the grace; returns when the process is reaped."""
        child, self._child = self._child, None
        if child is None:
            return
        if grace > 0 and child.poll() is None:
            child.send_signal(signal.SIGTERM)
            child.send_signal(signal.SIGCONT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(grace)
        if child.poll() is None:
            child.kill()
        child.wait(10)

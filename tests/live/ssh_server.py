"""An OpenSSH server on loopback, for engines that are reached through it and consoles that are used over it."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from tests.lab.processes import free_port

SSHD = Path("/usr/sbin/sshd")


class SshServer:
    """One sshd on loopback, and an `ssh` on PATH that knows its keys and no others."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        for key in ("host", "user"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.folder / key)], check=True
            )
        (self.folder / "authorized").write_bytes((self.folder / "user.pub").read_bytes())
        host_key = (self.folder / "host.pub").read_text()
        (self.folder / "known").write_text(f"[127.0.0.1]:{self.port} {host_key}")
        (self.folder / "sshd.conf").write_text(
            f"ListenAddress 127.0.0.1:{self.port}\nHostKey {self.folder}/host\nPidFile none\n"
            f"AuthorizedKeysFile {self.folder}/authorized\nStrictModes no\nUsePAM no\n"
            "PasswordAuthentication no\nPermitRootLogin prohibit-password\n"
        )
        (self.folder / "ssh.conf").write_text(
            f"IdentityFile {self.folder}/user\nIdentitiesOnly yes\nUserKnownHostsFile {self.folder}/known\n"
        )
        program = self.folder / "bin" / "ssh"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {self.folder}/ssh.conf "$@"\n')
        program.chmod(0o755)
        Path("/run/sshd").mkdir(exist_ok=True)
        self._process = subprocess.Popen(
            [str(SSHD), "-D", "-f", str(self.folder / "sshd.conf")], stderr=subprocess.DEVNULL
        )

    def listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def client(self, command: str) -> list[str]:
        """What runs a command over this server, in a terminal there."""
        ssh = str(self.folder / "bin" / "ssh")
        return [ssh, "-tt", "-p", str(self.port), f"{getpass.getuser()}@127.0.0.1", command]

    def cut(self) -> None:
        """End every connection at once: its processes of the server are killed, the server stays."""
        assert self._process is not None
        connections = _servers_below(self._process.pid)
        assert connections, "no one is connected"
        for pid in connections:
            os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)


def _servers_below(pid: int) -> list[int]:
    """The processes of sshd that this one has started, at whatever remove; not what runs in their sessions."""
    found = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        if Path(f"/proc/{child}/comm").read_text().startswith("sshd"):
            found += [int(child), *_servers_below(int(child))]
    return found

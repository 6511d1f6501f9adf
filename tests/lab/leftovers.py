"""What engines leave on a machine, found by the lab's own folder, control groups and network namespaces.

Nothing here looks for a program by its name: a process is the lab's because it lies in a control group or a network
namespace that the lab made, or because one of its arguments is a path inside the lab's folder and its program is one
that the lab starts.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.lab.processes import Identity, LabError, end, wait_until

CGROUPS = Path("/sys/fs/cgroup")
NAMESPACES = Path("/run/netns")
PROGRAMS = (
    "dockerd",
    "containerd",
    "containerd-shim",
    "docker-proxy",
    "docker-registry",
    "prometheus",
    "runc",
)


@dataclass(frozen=True)
class Remains:
    """Everything that belongs to one engine, or to a whole lab."""

    folder: Path
    cgroup: str
    namespaces: tuple[str, ...] = ()

    def cgroup_processes(self) -> list[Identity]:
        """Processes inside containers."""
        return [found for pid in _pids() if _in_cgroup(pid, self.cgroup) and (found := Identity.of(pid))]

    def processes(self) -> list[Identity]:
        """Containers' processes, shims, proxies and daemons."""
        inside = {_inode(NAMESPACES / name) for name in self.namespaces} - {0}

        def ours(pid: int) -> bool:
            return (
                _in_cgroup(pid, self.cgroup)
                or _mentions(pid, self.folder)
                or (bool(inside) and _inode(Path(f"/proc/{pid}/ns/net")) in inside)
            )

        return [found for pid in _pids() if ours(pid) and (found := Identity.of(pid))]

    def shims(self, container: str) -> list[Identity]:
        """What containerd has running beside a container, by the beginning of its ID."""

        def its(pid: int) -> bool:
            program, arguments = _command(pid)
            return program.startswith("containerd-shim") and any(
                one.startswith(container) for one in arguments
            )

        return [
            found
            for pid in _pids()
            if _mentions(pid, self.folder) and its(pid) and (found := Identity.of(pid))
        ]

    def mounts(self) -> list[str]:
        """Mount points below the folder, deepest first."""
        return [point for point in reversed(mount_points()) if _below(point, self.folder)]

    def cgroups(self) -> list[Path]:
        """Control group folders of all hierarchies, deepest first."""
        found: list[Path] = []
        for root in _cgroup_roots():
            top = root / self.cgroup.lstrip("/")
            if top.is_dir():
                found += [Path(path) for path, _, _ in os.walk(top, topdown=False)]
        return found

    def clear(self) -> None:
        """Ends every process and undoes every mount, control group and namespace; LabError if something stays."""
        sockets = self._shim_sockets()
        for _ in range(5):  # a shim that dies may have had a child on its way into a group
            processes = self.processes()
            if not processes:
                break
            end(processes)
        for name in self.namespaces:
            delete_namespace(name)
        for point in self.mounts():
            if not _run("umount", point):
                _run("umount", "--lazy", point)
        wait_until(self._remove_cgroups, 5)
        for path in sockets:
            path.unlink(missing_ok=True)
        left = [f"process {process.pid}" for process in self.processes()]
        left += [f"mount {point}" for point in self.mounts()]
        left += [f"control group {path}" for path in self.cgroups()]
        left += [f"namespace {name}" for name in self.namespaces if (NAMESPACES / name).exists()]
        if left:
            raise LabError("the lab could not remove: " + ", ".join(left))

    def remove_folder(self) -> None:
        """Removes the folder; the mounts below it must be gone, or their contents would go with it."""
        if self.mounts():
            raise LabError(f"something is still mounted below {self.folder}")
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.folder.exists():
            shutil.rmtree(self.folder)

    def _remove_cgroups(self) -> bool:
        for path in self.cgroups():
            with contextlib.suppress(OSError):
                path.rmdir()
        return not self.cgroups()

    def _shim_sockets(self) -> list[Path]:
        """Shims listen outside the lab's folder and leave the socket behind when they are killed."""
        found = []
        for name in ("address", "bootstrap.json"):
            for file in self.folder.rglob(f"io.containerd.runtime.v2.task/*/*/{name}"):
                with contextlib.suppress(OSError):
                    _, _, rest = file.read_text().partition("unix://")
                    path = Path(rest.partition('"')[0].strip())
                    if path.parent == Path("/run/containerd/s"):
                        found.append(path)
        return found


def mount_points() -> list[str]:
    """All mount points of this machine, in the order they were made."""
    points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return [point.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\") for point in points]


def delete_namespace(name: str) -> None:
    """Deletes a network namespace, and with it its bridges and rules, and its veth pair."""
    _run(
        "ip", "link", "delete", host_interface(name)
    )  # at once; with the namespace it would go some time later
    if (NAMESPACES / name).exists():
        _run("ip", "netns", "delete", name)


def host_interface(namespace: str) -> str:
    """This machine's end of a namespace's veth pair."""
    return f"{namespace}h"


def _below(point: str, folder: Path) -> bool:
    return point == str(folder) or point.startswith(f"{folder}/")


def _run(*argv: str) -> bool:
    return subprocess.run(argv, capture_output=True, check=False, timeout=30).returncode == 0


def _pids() -> Iterator[int]:
    for path in Path("/proc").iterdir():
        if path.name.isdigit() and int(path.name) != os.getpid():
            yield int(path.name)


def _in_cgroup(pid: int, cgroup: str) -> bool:
    try:
        lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    except OSError:
        return False
    paths = [line.split(":", 2)[2] for line in lines]
    return any(path == cgroup or path.startswith(f"{cgroup}/") for path in paths)


def _command(pid: int) -> tuple[str, list[str]]:
    """A process's name and arguments; nothing of one that is gone."""
    try:
        program = Path(f"/proc/{pid}/comm").read_text().strip()
        return program, Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return "", []


def _mentions(pid: int, folder: Path) -> bool:
    program, arguments = _command(pid)
    return _is_ours(program) and any(f"{folder}/" in argument for argument in arguments)


def _is_ours(program: str) -> bool:
    return any(program == name or program.startswith(f"{name}-") for name in PROGRAMS)


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:
        return 0


def _cgroup_roots() -> Iterable[Path]:
    if not CGROUPS.is_dir():
        return []
    if (CGROUPS / "cgroup.controllers").exists():
        return [CGROUPS]
    return [path for path in CGROUPS.iterdir() if path.is_dir() and not path.is_symlink()]

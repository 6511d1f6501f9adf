"""Which labs there are: one folder each, with a record of its owner and its processes.

A lab whose owner died without taking it down (a killed test run) is taken down by the next lab that starts, or by
`python -m tests.lab sweep`. A record is believed only while the machine has not been restarted, and a process only
while its start time is the recorded one.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import stat
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.lab.leftovers import NAMESPACES, Remains
from tests.lab.processes import Identity, LabError, end

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
LONGEST_FOLDER = 60  # a Unix socket's path holds 107 bytes, and containerd's lie some levels down


def labs_folder() -> Path:
    """The folder of all labs on this machine; only its owner may read or write it, for its records are acted upon."""
    folder = Path(tempfile.gettempdir()).resolve() / "patchdeck-labs"
    if len(str(folder)) > LONGEST_FOLDER:
        folder = Path("/tmp/patchdeck-labs")
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if status.st_uid != os.geteuid() or not stat.S_ISDIR(status.st_mode) or status.st_mode & 0o022:
        raise LabError(f"{folder} belongs to someone else or others may write to it: remove it")
    return folder


@dataclass(frozen=True)
class Part:
    name: str
    pid: int
    started: int

    @property
    def identity(self) -> Identity:
        return Identity(self.pid, self.started)


class Record:
    """The record of one lab, rewritten in one move each time a part is started."""

    def __init__(self, folder: Path, owner: Part, boot: str, parts: list[Part]) -> None:
        self.folder = folder
        self.owner = owner
        self.boot = boot
        self.parts = parts
        self._lock = threading.Lock()

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def cgroup(self) -> str:
        return f"/patchdeck-lab-{self.id}"

    def namespace(self, number: int) -> str:
        return f"pd-{self.id}-{number}"

    @classmethod
    def create(cls) -> Record:
        me = Identity.of(os.getpid())
        assert me is not None
        boot = BOOT_ID.read_text().strip()
        record = cls(labs_folder() / secrets.token_hex(3), Part("owner", me.pid, me.started), boot, [])
        with _alone():
            record.folder.mkdir(mode=0o700)
            record.write()
        return record

    @classmethod
    def read(cls, folder: Path) -> Record:
        """The record in a lab's folder; one that cannot be read has no owner: its taking down was cut short."""
        try:
            document: dict[str, Any] = json.loads((folder / "lab.json").read_text())
            parts = [Part(**part) for part in document["parts"]]
            return cls(folder, Part(**document["owner"]), document["boot"], parts)
        except (OSError, ValueError, KeyError, TypeError):
            return cls(folder, Part("nobody", 0, 0), "", [])

    def add(self, name: str, identity: Identity) -> None:
        """Notes a process of this lab; those that have ended meanwhile are left out."""
        with self._lock:
            self.parts = [part for part in self.parts if part.identity.alive()]
            self.parts.append(Part(name, identity.pid, identity.started))
            self.write()

    def write(self) -> None:
        document = {
            "owner": asdict(self.owner),
            "boot": self.boot,
            "parts": [asdict(part) for part in self.parts],
        }
        fresh = self.folder / "lab.json.new"
        fresh.write_text(json.dumps(document, indent=1))
        fresh.rename(self.folder / "lab.json")

    def owned(self) -> bool:
        """Whether the process that made this lab is still there."""
        return self.boot == BOOT_ID.read_text().strip() and self.owner.identity.alive()

    def remains(self) -> Remains:
        names = [path.name for path in NAMESPACES.iterdir()] if NAMESPACES.is_dir() else []
        mine = tuple(name for name in names if name.startswith(f"pd-{self.id}-"))
        return Remains(self.folder, self.cgroup, mine)

    def take_down(self) -> None:
        """Ends what is left of this lab and removes it."""
        with _alone():
            self.remove()

    def remove(self) -> None:
        """The same, for who has the labs to itself already."""
        if self.boot == BOOT_ID.read_text().strip():
            # The daemons first, and the engine before its containerd, so that nothing is started again meanwhile.
            end([part.identity for part in reversed(self.parts)])
        self.remains().clear()
        self.remains().remove_folder()


def labs() -> list[Record]:
    """All labs of this machine, those with a dead owner included."""
    return [Record.read(folder) for folder in sorted(labs_folder().iterdir()) if folder.is_dir()]


def sweep() -> list[str]:
    """Takes down every lab whose owner is dead; returns their ids."""
    swept = []
    with _alone():
        for record in labs():
            if not record.owned():
                record.remove()
                swept.append(record.id)
    return swept


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One at a time makes a lab or takes one down. The lock goes with the process that holds it."""
    with (labs_folder() / "sweep.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

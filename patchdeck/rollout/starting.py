"""Start a worker, and see that it has begun."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import Final

from patchdeck.model.journal import WorkerBegan
from patchdeck.rollout.journal import Journal
from patchdeck.rollout.submit import log_path, start

PATIENCE_S: Final = 30.0
_LOOK_S: Final = 0.05


class NotStarted(Exception):
    """The worker did not begin: what it said, or where to look."""


def started(rollout: str, folder: Path, *, take_over: bool = False) -> subprocess.Popen[bytes]:
    """Start a worker that outlives this process; returns once the journal says that it has begun.

    Raises NotStarted, JournalError.
    """
    with Journal(folder) as journal:
        number = journal.last_number()
        worker = start(rollout, folder, take_over=take_over)
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            status = worker.poll()  # asked first: one that is over has written all it had to say
            if _has_begun(journal, rollout, number):
                return worker
            if status is not None:
                raise NotStarted(
                    f"the worker of {rollout} ended at once: {_last_words(log_path(rollout, folder))}"
                )
            time.sleep(_LOOK_S)
    path = log_path(rollout, folder)
    raise NotStarted(
        f"the worker of {rollout} (process {worker.pid}) says nothing for {PATIENCE_S:.0f} s: look at {path}"
    )


def _has_begun(journal: Journal, rollout: str, number: int) -> bool:
    return any(
        isinstance(one.entry, WorkerBegan) and one.entry.rollout == rollout
        for one in journal.entries_after(number)
    )


def _last_words(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else f"it left no word in {log}"

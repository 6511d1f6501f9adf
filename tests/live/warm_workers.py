"""Workers as processes of their own, forked from one that has imported everything: a crash matrix starts hundreds."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Mapping
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from patchdeck.rollout.database import STATE_FOLDER
from patchdeck.rollout.worker import main

_FORKS = multiprocessing.get_context("forkserver")
# A child looks at the main program again, which may be pytest's.
_FORKS.set_forkserver_preload([__name__, "pytest"])


class WarmWorker:
    """A worker that runs; `kill` it before the test ends."""

    def __init__(self, rollout: str, folder: Path, environ: Mapping[str, str]) -> None:
        self._process: ForkServerProcess = _FORKS.Process(
            target=_work, args=(rollout, folder, dict(environ)), daemon=True
        )
        self._process.start()

    @property
    def over(self) -> bool:
        return self._process.exitcode is not None

    def wait(self, timeout: float) -> int:
        """The exit status; of a signal, its number below zero. Raises TimeoutExpired."""
        self._process.join(timeout)
        status = self._process.exitcode
        if status is None:
            raise subprocess.TimeoutExpired("worker", timeout)
        return status

    def kill(self) -> None:
        """SIGKILL, and it is gone when this returns."""
        if not self.over:
            self._process.kill()
            self._process.join()


def _work(rollout: str, folder: Path, environ: Mapping[str, str]) -> None:
    os.setsid()  # as `submit.start` has it: a Ctrl-C that ends the tests is none of a worker's business
    with (folder / "worker.log").open("ab") as log:
        for stream in (1, 2):
            os.dup2(log.fileno(), stream)
    os.environ.update({STATE_FOLDER: str(folder)} | dict(environ))
    sys.exit(main([rollout]))

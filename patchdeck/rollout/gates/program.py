"""A gate that runs a command: whatever else a team knows how to check."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Sequence
from typing import Final

from patchdeck.model import Verdict
from patchdeck.rollout.gates.gate import Context, Judgement, Need, hold

HOLDS: Final = 75
"""EX_TEMPFAIL: the command can not tell yet."""

_OUTPUT_BYTES: Final = 64 * 1024


class Program:
    """Exit status 0 passes, 1 fails, 75 holds, and so does whatever else keeps it from telling.

    It is started without a shell, and told of the rollout by PATCHDECK_SERVICE, PATCHDECK_ENGINE, PATCHDECK_STEP,
    PATCHDECK_IMAGE and PATCHDECK_CONTAINERS (IDs of the successors, by spaces). The last line that it writes is the
    evidence.
    """

    def __init__(self, name: str, command: Sequence[str], timeout_s: float) -> None:
        self.name = name
        self._command = tuple(command)
        self._timeout_s = timeout_s

    @property
    def rule(self) -> str:
        return f"{self._command[0]} ends with 0 within {self._timeout_s:g} s"

    source = "a command on this host"
    needs = frozenset({Need.REPLICAS})

    async def judge(self, context: Context) -> Judgement:
        environment = os.environ | {
            "PATCHDECK_SERVICE": context.plan.service,
            "PATCHDECK_ENGINE": context.plan.engine,
            "PATCHDECK_STEP": context.step.name,
            "PATCHDECK_IMAGE": context.plan.to.image,
            "PATCHDECK_CONTAINERS": " ".join(one.container_id for one in context.replaced),
        }
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            return hold(f"{self._command[0]}: {error.strerror or error}")
        try:
            async with asyncio.timeout(self._timeout_s):
                last = await _last_line(process)
                status = await process.wait()
        except TimeoutError:
            return hold(f"{self._command[0]} did not end within {self._timeout_s:g} s")
        finally:
            # What it started belongs to it, and does not outlive the check either.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        if status == 0:
            return Judgement(verdict=Verdict.PASS, evidence=last or "exit status 0")
        if status == 1:
            return Judgement(verdict=Verdict.FAIL, evidence=last or "exit status 1")
        return hold(f"exit status {status}: {last}" if last else f"exit status {status}")


async def _last_line(process: asyncio.subprocess.Process) -> str:
    """Of what it writes, of which only the end is kept, however much it is."""
    assert process.stdout is not None
    kept = b""
    while chunk := await process.stdout.read(_OUTPUT_BYTES):
        kept = (kept + chunk)[-_OUTPUT_BYTES:]
    lines = kept.decode(errors="replace").splitlines()
    return next((line.strip()[:500] for line in reversed(lines) if line.strip()), "")

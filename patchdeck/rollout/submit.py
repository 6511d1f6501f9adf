"""Enter a plan into the journal, and start a worker for it."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from patchdeck.model.journal import Actor, Planned
from patchdeck.model.plan import Plan
from patchdeck.rollout.database import STATE_FOLDER
from patchdeck.rollout.handed_on import SETTINGS, document
from patchdeck.rollout.journal import Journal
from patchdeck.rollout.keeping import BACK, Back
from patchdeck.settings import Settings
from patchdeck.sources.targets import Target


class NotSubmitted(Exception):
    """The plan cannot be run: why, and what to do."""


def submit(
    journal: Journal,
    plan: Plan,
    target: Target,
    by: Actor,
    reason: str = "",
    *,
    back: Back | None = None,
    settings: Settings | None = None,
) -> Planned:
    """Enter a rollout into the journal; nothing is done to a container yet. Its ID is in the entry.

    `back` comes with a plan that undoes another rollout. `settings` are what the worker judges by.
    Raises NotSubmitted, JournalError.
    """
    if plan.refusals:
        raise NotSubmitted("; ".join(refusal.text for refusal in plan.refusals))
    for row in journal.rollouts():
        same_engine = row.engine_id == plan.engine_id and bool(plan.engine_id)
        if row.service == plan.service and same_engine and not row.over:
            raise NotSubmitted(
                f"rollout {row.rollout} of {plan.service} is open: wait for it, resume it, or roll it back"
            )
    rollout = secrets.token_hex(4)
    planned = Planned(
        rollout=rollout, at_ns=time.time_ns(), plan=replace(plan, id=rollout), by=by, reason=reason
    )
    return journal.open_rollout(
        planned,
        engine_id=plan.engine_id,
        target=encode_target(target),
        documents=[(SETTINGS, document(settings or Settings())), *([(BACK, back)] if back else [])],
    )


def start(rollout: str, folder: Path, *, take_over: bool = False) -> subprocess.Popen[bytes]:
    """Start a worker that outlives this terminal. What it has to say goes into `log_path`.

    With `take_over` it takes the service's lock from whoever holds it.
    """
    environ = dict(os.environ) | {STATE_FOLDER: str(folder)}
    program = [sys.executable, "-m", "patchdeck.rollout.worker", rollout]
    with log_path(rollout, folder).open("ab") as log:
        return subprocess.Popen(
            [*program, "--take-over"] if take_over else program,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environ,
            start_new_session=True,
            cwd="/",
        )


def log_path(rollout: str, folder: Path) -> Path:
    """Where a detached worker writes what goes wrong with itself."""
    path = folder / f"rollout-{rollout}.log"
    path.touch(mode=0o600)
    return path


def encode_target(target: Target) -> bytes:
    """For the journal: an address and the names of files, no secret."""
    return msgspec.json.encode(target, enc_hook=str)


def decode_target(body: bytes) -> Target:
    """What `encode_target` made."""
    return msgspec.json.decode(body, type=Target, dec_hook=_path)


def _path(kind: type[Any], value: Any) -> Any:
    return kind(value)

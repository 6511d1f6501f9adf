"""What the keys `record` and `mark` do."""

from __future__ import annotations

import asyncio
import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from patchdeck.recording.recorder import RecorderState, RecorderStatus
from patchdeck.recording.values import RecordingError
from patchdeck.sources.errors import NotWatching
from widgets import units

if TYPE_CHECKING:
    from patchdeck.recording.switch import Switch
    from tui.recording_keys import RecordingKeys


def folder() -> Path:
    """Where recordings go that were given no name."""
    from platformdirs import user_state_path  # noqa: PLC0415

    return user_state_path("patchdeck", appauthor=False) / "recordings"


async def toggle(app: RecordingKeys) -> None:
    """End the recording that is on, or begin one under the name of this moment; say which file it is."""
    if app.switch is None:
        app.notify("There is nothing here to record.", severity="warning", markup=False)
    elif app.switch.status is not None:
        status = await asyncio.to_thread(app.switch.end)
        if status is not None:
            failed = status.state is RecorderState.FAILED
            app.notify(outcome(status), severity="error" if failed else "information", markup=False)
    else:
        await _begin(app, app.switch)


async def _begin(app: RecordingKeys, switch: Switch) -> None:
    path = folder() / f"{datetime.now(UTC).astimezone():%Y-%m-%dT%H-%M-%S}.pdrec"
    try:
        await asyncio.to_thread(path.parent.mkdir, mode=0o700, parents=True, exist_ok=True)
        await asyncio.wrap_future(switch.begin_late(path))
    except (RecordingError, NotWatching, OSError) as error:
        app.notify(f"Nothing is recorded: {error}", severity="error", markup=False)
    else:
        app.notify(f"Recording into {path}", markup=False)


async def mark(app: RecordingKeys, name: str, *, at_ns: int) -> None:
    """Name a moment; without a name it gets a number."""
    if app.switch is None:
        app.notify("There is nothing here to mark.", severity="warning", markup=False)
        return
    name = name or f"mark {len(app.snapshot.marks) + 1 if app.snapshot else 1}"
    try:
        await asyncio.wrap_future(app.switch.mark(name, at_ns=at_ns, by=_user()))
    except NotWatching as error:
        app.notify(f"Nothing is marked: {error}", severity="error", markup=False)
        return
    recorded = "" if app.switch.status is not None else "; nothing is being recorded, R begins to"
    app.notify(f"Marked: {name}{recorded}", markup=False)


def outcome(status: RecorderStatus) -> str:
    """How a recording that was ended came out."""
    done = f"Recorded {units.size(status.size_bytes)} into {status.path}"
    missing = f"; {status.skipped} observations are missing" if status.skipped else ""
    return f"{done}{missing}" + (f"; {status.detail}" if status.detail else "")


def _user() -> str:
    """Who is at the keyboard; nobody where the system knows no name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""

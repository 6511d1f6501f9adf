"""Snapshots of a recording, for commands that tell of engines."""

from __future__ import annotations

from collections.abc import Iterator

from patchdeck.model import Snapshot
from patchdeck.recording.reader import Recording


def snapshot_at(recording: Recording, at_ns: int) -> Snapshot:
    """Raises: RecordingError."""
    fleet, _ = recording.fleet_at(at_ns)
    return fleet.snapshot()


def snapshots_until(recording: Recording, until_ns: int) -> Iterator[Snapshot]:
    """So many that every startup is in one of them, the last at `until_ns`: each tells of a whole window before it.

    Raises: RecordingError.
    """
    step_ns = round(recording.settings.startups.keep_s * 1e9 / 2)
    for at_ns in range(recording.began_ns + step_ns, until_ns, step_ns):
        yield snapshot_at(recording, at_ns)
    yield snapshot_at(recording, until_ns)

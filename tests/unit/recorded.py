"""Recordings of stories, for tests: written to bytes, with members as short as a test likes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
import pytest

from patchdeck.model import AnyObservation, Observation, Snapshot
from patchdeck.recording import writer
from patchdeck.recording.writer import Writer
from patchdeck.settings import Settings
from tests.unit.stories import T0_NS


def short_members(monkeypatch: pytest.MonkeyPatch, lines: int) -> None:
    """Members end after so many lines, however large their states are."""
    monkeypatch.setattr(writer, "LEAST_LINES", lines)
    monkeypatch.setattr(writer, "LEAST_SHARE", 0.0)


def arrivals(
    observations: Iterable[AnyObservation], offset_s: float = 0.0
) -> list[tuple[int, AnyObservation]]:
    """Each at about its own time by this host's clock, in the order given."""
    seen_ns = T0_NS
    arrived = []
    for observation in observations:
        seen_ns = max(seen_ns, _host_ns(observation, offset_s))
        arrived.append((seen_ns, observation))
    return arrived


def _host_ns(observation: Observation, offset_s: float) -> int:
    return observation.at_ns - (round(offset_s * 1e9) if observation.engine else 0)


def recorded(
    arrived: Sequence[tuple[int, AnyObservation]],
    settings: Settings | None = None,
    *,
    finish: bool = True,
    flush_every: int = 5,
) -> bytes:
    made = Writer(settings or Settings(), began_ns=T0_NS, engines=("e",))
    written = [made.begin()]
    for number, (seen_ns, observation) in enumerate(arrived, 1):
        written.append(made.add(seen_ns, observation))
        if number % flush_every == 0:
            written.append(made.flush())
    written.append(made.finish() if finish else made.flush())
    return b"".join(written)


def digest(snapshot: Snapshot) -> str:
    """Equal for equal snapshots, in whatever order their mappings are."""
    return hashlib.sha256(_ENCODER.encode(snapshot)).hexdigest()


_ENCODER = msgspec.json.Encoder(order="deterministic")


def put(folder: Path, data: bytes, name: str = "a.pdrec") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path

"""What a recording is and holds, in words and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from patchdeck.model import EngineDescribed
from patchdeck.recording.excerpt import engines_of
from patchdeck.recording.reader import Recording
from patchdeck.recording.values import Landmark, LandmarkKind
from tui.headless.records import Json
from tui.headless.times import rfc3339

_KINDS = {
    LandmarkKind.MARK: "marks",
    LandmarkKind.ROLLOUT: "rollouts",
    LandmarkKind.FAILURE: "failures",
    LandmarkKind.LOST: "lost",
    LandmarkKind.GAP: "gaps",
}
_MOST = 20
"""Of each kind, in words; JSON has all."""


def info_record(path: Path, recording: Recording) -> dict[str, Json]:
    """The fields of `patchdeck recording info --format json`."""
    engines = engines_of(recording)
    return {
        "file": str(path),
        "format": recording.header.version,
        "program": recording.header.program,
        "began_at": rfc3339(recording.began_ns),
        "ended_at": rfc3339(recording.ended_ns),
        "length_s": (recording.ended_ns - recording.began_ns) / 1e9,
        "engines": [
            {"engine": name, "host": one.host if one else None, "version": one.version if one else None}
            for name, one in engines.items()
        ],
        "simulated": _simulated(recording, engines),
        "size_bytes": recording.size_bytes,
        "observations": recording.line_count,
        "members": len(recording.member_times_ns),
        "cut_short": recording.cut_short,
        "landmarks": [_landmark_record(one) for one in recording.landmarks],
    }


def _simulated(recording: Recording, engines: Mapping[str, EngineDescribed | None]) -> bool:
    """Said when it was begun, or by an engine later on."""
    return recording.header.simulated or any(one.simulated for one in engines.values() if one)


def _landmark_record(landmark: Landmark) -> Json:
    return {
        "kind": landmark.kind.value,
        "at": rfc3339(landmark.at_ns),
        "ended_at": rfc3339(landmark.ended_ns),
        "name": landmark.name,
        "detail": landmark.detail,
        "engine": landmark.engine,
    }


def info_lines(path: Path, recording: Recording, *, utc: bool) -> Iterator[str]:
    """As many lines as there is to tell."""
    header = recording.header
    rows = [
        ("file", f"{path}, {size(recording.size_bytes)}"),
        ("format", f"{header.version}, written by Patchdeck {header.program}"),
        ("began", moment(recording.began_ns, utc=utc)),
        ("ended", moment(recording.ended_ns, utc=utc)),
        ("length", length((recording.ended_ns - recording.began_ns) / 1e9)),
    ]
    engines = engines_of(recording)
    simulated = "SIMULATED " if _simulated(recording, engines) else ""
    for name, one in engines.items():
        told = f"engine {one.version} at {one.host}" if one else "never reached"
        rows.append(("engine", f"{name}: {simulated}{told}"))
    count = len(recording.member_times_ns)
    members = "1 member" if count == 1 else f"{count} members"
    rows.append(("holds", f"{recording.line_count} observations in {members}"))
    if recording.cut_short:
        rows.append(("end", "none: it is still being written, or was cut short; all whole lines can be read"))
    for kind, title in _KINDS.items():
        rows += _of_kind(title, [one for one in recording.landmarks if one.kind is kind], utc=utc)
    for title, text in rows:
        yield f"{title:9} {text}"


def _of_kind(title: str, landmarks: Sequence[Landmark], *, utc: bool) -> Iterator[tuple[str, str]]:
    for number, one in enumerate(landmarks[:_MOST]):
        ended = "" if one.ended_ns is None else f", {length((one.ended_ns - one.at_ns) / 1e9)}"
        detail = f": {one.detail}" if one.detail else ""
        yield "" if number else title, f"{_clock(one.at_ns, utc=utc)}  {one.name}{detail}{ended}"
    if len(landmarks) > _MOST:
        yield "", f"and {len(landmarks) - _MOST} more; --format json has all of them"


def moment(at_ns: int, *, utc: bool) -> str:
    """In the local zone, and in UTC where that is another."""
    in_utc = datetime.fromtimestamp(at_ns // 1_000_000_000, UTC)
    local = in_utc.astimezone()
    if utc or not local.utcoffset():
        return f"{in_utc:%Y-%m-%d %H:%M:%S} UTC"
    return f"{local:%Y-%m-%d %H:%M:%S %Z} ({in_utc:%H:%M:%S} UTC)"


def _clock(at_ns: int, *, utc: bool) -> str:
    in_utc = datetime.fromtimestamp(at_ns // 1_000_000_000, UTC)
    return f"{in_utc if utc else in_utc.astimezone():%Y-%m-%d %H:%M:%S}"


def length(seconds: float) -> str:
    """1d 2h 3m 4s, without what is zero."""
    rest = round(seconds)
    parts = []
    for unit, unit_s in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, rest = divmod(rest, unit_s)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts) or "0s"


def size(size_bytes: float) -> str:
    """512 B, 3.4 KiB, 12 MiB."""
    for unit in ("B", "KiB", "MiB"):
        if size_bytes < 1024:
            return (
                f"{size_bytes:.0f} {unit}" if unit == "B" or size_bytes >= 10 else f"{size_bytes:.1f} {unit}"
            )
        size_bytes /= 1024
    return f"{size_bytes:.1f} GiB"

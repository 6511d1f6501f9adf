"""Levels from a host's quiet time: clear of what is usual, refused where it was not quiet, written with care."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from patchdeck.calibrate import NotQuietError, QuietTime
from patchdeck.config import ConfigError, load, parse
from patchdeck.config_edit import with_section, write_section
from patchdeck.model import Engine, Indicator, Level, Snapshot, SourceState
from patchdeck.settings import PressureLevels

SECOND = 1_000_000_000


def told(second: int, value: float, *, level: Level = Level.CALM, **changes: Any) -> Snapshot:
    one = Indicator(
        name="io",
        unit="share",
        value=value,
        level=level,
        reason="io full 31 %",
        source="/proc/pressure",
        at_ns=second * SECOND,
        busy=0.05,
        saturated=0.20,
    )
    engine: dict[str, Any] = {"name": "prod-a", "state": SourceState.LIVE, "indicators": (one,), **changes}
    return Snapshot(at_ns=second * SECOND, engines=(Engine(**engine),))


def proposed(values: list[float]) -> tuple[float, float]:
    quiet = QuietTime()
    for second, value in enumerate(values, start=1):
        quiet.add(told(second, value))
    (found,) = quiet.proposals(PressureLevels())
    return found.busy, found.saturated


def test_levels_lie_clear_of_what_is_usual_and_not_far_below_the_defaults() -> None:
    assert proposed([0.0] * 60) == (0.025, 0.10)
    assert proposed([0.08] * 60) == (0.13, 0.52)
    busy, saturated = proposed([0.9] * 60)
    assert busy < saturated <= 1.0


def test_the_file_accepts_whatever_is_proposed() -> None:
    for value in (0.0, 0.003, 0.07, 0.33, 0.99):
        quiet = QuietTime()
        for second in range(1, 31):
            quiet.add(told(second, value))
        (found,) = quiet.proposals(PressureLevels())
        settings = parse(with_section("", "pressure", found.lines))
        assert settings.pressure.io_busy == pytest.approx(found.busy)
        assert settings.pressure.io_saturated == pytest.approx(found.saturated)


@pytest.mark.parametrize(
    ("snapshot", "why"),
    [
        (told(1, 0.31, level=Level.SATURATED), "io of prod-a was saturated"),
        (told(1, 0.0, in_flight=18), "18 starts were in flight"),
        (told(1, 0.0, state=SourceState.LOST, detail="gone"), "prod-a was lost: gone"),
    ],
)
def test_it_refuses_what_was_no_quiet_time(snapshot: Snapshot, why: str) -> None:
    with pytest.raises(NotQuietError, match=why):
        QuietTime().add(snapshot)


def test_it_refuses_too_few_samples() -> None:
    quiet = QuietTime()
    for _ in range(100):
        quiet.add(told(1, 0.0))
    with pytest.raises(NotQuietError, match="watch for longer"):
        quiet.proposals(PressureLevels())


FILE = """\
# mine
[watch]
sample = "1s"  # often

[pressure]  # by hand
io_busy = "7%"  # the disk is old
# cpu_busy = "1%"

[screen]
utc = true
"""


def test_only_the_keys_change_and_every_comment_stays(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(FILE)
    path.chmod(0o600)
    write_section(path, "pressure", {"io_busy": "9%", "io_saturated": "30%"})
    assert path.read_text() == FILE.replace('"7%"', '"9%"').replace(
        '# cpu_busy = "1%"\n', '# cpu_busy = "1%"\nio_saturated = "30%"\n'
    )
    assert path.stat().st_mode & 0o777 == 0o600
    assert load(path).pressure.io_saturated == 0.30


def test_a_file_that_is_not_there_is_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "config.toml"
    write_section(path, "pressure", {"io_busy": "9%"})
    assert path.read_text() == '[pressure]\nio_busy = "9%"\n'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("watch = 3\n", "watch"),
        ('pressure.io_busy = "7%"\n', "write it as"),
        ("[pressure]\nio_saturated = '8%'\n", "less than io_saturated"),
    ],
)
def test_a_file_that_is_or_would_be_wrong_is_left_alone(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=why):
        write_section(path, "pressure", {"io_busy": "9%"})
    assert path.read_text() == text
    assert list(tmp_path.iterdir()) == [path]

"""Pressure and processor time of this host, out of the kernel's texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from patchdeck.model import AnyObservation, HostSampled, SourceChanged, SourceState
from patchdeck.sources.host import HostReader, HostSource, parse_cpu_times, parse_pressure
from tests.unit.fake_engine import running, until

PRESSURE = (
    "some avg10=18.42 avg60=4.80 avg300=1.43 total=18095955\nfull avg10=0.50 avg60=0.25 avg300=0.00 total=0\n"
)


def proc(folder: Path, *, stat: str = "cpu  10 0 10 70 10 0 0 0 0 0\n", pressure: str = PRESSURE) -> Path:
    (folder / "pressure").mkdir(exist_ok=True)
    for resource in ("cpu", "memory", "io"):
        (folder / "pressure" / resource).write_text(pressure)
    (folder / "stat").write_text(stat)
    return folder


def test_percent_are_shares() -> None:
    shares = parse_pressure(PRESSURE)
    assert shares["some", "avg10"] == pytest.approx(0.1842)
    assert shares["full", "avg60"] == pytest.approx(0.0025)


@pytest.mark.parametrize("text", ["", "some", "some avg10=much", "nonsense here"])
def test_what_is_no_pressure_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_pressure(text)


@pytest.mark.parametrize("text", ["", "cpu 1 2 3", "intr 1 2 3 4 5 6 7 8 9", "cpu a b c d e f g h"])
def test_what_is_no_stat_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_cpu_times(text)


def test_processor_time_is_a_share_since_the_sample_before(tmp_path: Path) -> None:
    reader = HostReader(proc(tmp_path))
    assert reader.sample("e").cpu_busy is None
    proc(tmp_path, stat="cpu  40 0 20 110 20 0 0 10 5 0\n")
    sample = reader.sample("e")
    assert sample.cpu_busy == pytest.approx(0.5)
    assert sample.cpu_iowait == pytest.approx(0.1)
    assert sample.cpu_steal == pytest.approx(0.1)
    assert sample.io_full_60 == pytest.approx(0.0025)


def test_counters_that_step_back_are_no_sample(tmp_path: Path) -> None:
    reader = HostReader(proc(tmp_path))
    reader.sample("e")
    proc(tmp_path, stat="cpu  1 0 1 7 1 0 0 0 0 0\n")
    assert reader.sample("e").cpu_busy is None


def test_a_kernel_without_full_for_cpu_or_without_pressure_leaves_none(tmp_path: Path) -> None:
    reader = HostReader(proc(tmp_path, pressure="some avg10=1.00 avg60=2.00 avg300=0 total=1\n"))
    sample = reader.sample("e")
    assert sample.io_some_10 == pytest.approx(0.01)
    assert sample.io_full_10 is None
    assert "psi=1" in HostReader(tmp_path / "none").missing()


async def test_absent_pressure_is_told_once_and_processor_time_all_the_same(tmp_path: Path) -> None:
    folder = proc(tmp_path)
    for resource in ("cpu", "memory", "io"):
        (folder / "pressure" / resource).unlink()
    seen: list[AnyObservation] = []
    async with running(HostSource("e", 0.01, seen.append, folder).run()):
        assert await until(lambda: len([one for one in seen if isinstance(one, HostSampled)]) >= 3)
        (told,) = [one for one in seen if isinstance(one, SourceChanged)]
        assert (told.source, told.state) == ("host", SourceState.ABSENT)
        proc(tmp_path)
        assert await until(lambda: isinstance(seen[-2], SourceChanged))

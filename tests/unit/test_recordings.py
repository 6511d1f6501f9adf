"""The recordings that ship with the program: each can be replayed to its end, and shows what it is there for."""

from __future__ import annotations

import gzip
import re
from functools import cache
from pathlib import Path

import pytest

from patchdeck.model import Snapshot, SourceState, Startup, StartupKind, StartupOutcome
from patchdeck.recording.reader import Recording
from patchdeck.recording.values import Landmark, LandmarkKind
from patchdeck.replay.player import Player
from patchdeck.versions import latency_quantiles
from recordings import SHIPPED, path_of
from tests.unit.tapes import HandClock

MOST_BYTES = 500_000
SECOND_NS = 1_000_000_000


@cache
def replayed(name: str) -> tuple[tuple[Landmark, ...], list[Snapshot]]:
    """Its landmarks, and played to its end: a snapshot for each second."""
    with Recording.open(path_of(name)) as recording:
        clock = HandClock()
        player = Player(recording, clock)
        player.play()
        snapshots = []
        while player.position.running:
            clock.pass_by(1.0)
            player.advance()
            snapshots.append(player.snapshot())
        return recording.landmarks, snapshots


def after(snapshot: Snapshot, mark: int) -> list[Startup]:
    """Startups that began after a mark, by its number."""
    return [one for one in snapshot.startups if one.at_ns > snapshot.marks[mark].at_ns]


def patched(name: str) -> tuple[float, float, float]:
    """Of a patch of 64 containers: p50 and p95 of its starts, and how long it took until all of them were started."""
    _, snapshots = replayed(name)
    last = snapshots[-1]
    new = [one for one in after(last, 0) if one.service == "shop/web"]
    assert len(new) == 64
    assert {one.version for one in new} == {"1.1"}
    (web,) = (service for service in last.services if service.name == "shop/web")
    assert [(version.name, version.live) for version in web.versions] == [("1.1", 64)]
    quantiles = latency_quantiles(new)
    assert quantiles.p50_s is not None
    assert quantiles.p95_s is not None
    started_ns = max(one.started_ns for one in new if one.started_ns is not None)
    return quantiles.p50_s, quantiles.p95_s, (started_ns - last.marks[0].at_ns) / 1e9


@pytest.mark.parametrize("name", SHIPPED)
def test_each_is_whole_small_and_says_nothing_of_the_machine_it_was_made_on(name: str) -> None:
    path = path_of(name)
    assert path.stat().st_size < MOST_BYTES
    text = gzip.decompress(path.read_bytes()).decode()
    assert not re.findall(r"/tmp|/root|/home|/var/lib", text)
    assert set(re.findall(r"\w+://[^\"\s]+", text)) == {"unix:///run/docker.sock"}
    assert set(re.findall(r'"host_name":"([^"]*)"', text)) >= {"prod-a"}
    assert not re.findall(r'"(?:kernel|engine_id)":"[^"]', text)
    with Recording.open(path) as recording:
        assert not recording.cut_short
        assert recording.header.engines == ("prod-a",)
        assert not recording.header.simulated


@pytest.mark.parametrize("name", SHIPPED)
def test_each_replays_to_its_end_and_has_marks_to_go_to(name: str) -> None:
    landmarks, snapshots = replayed(name)
    assert 30 < len(snapshots) < 600
    assert snapshots[-1].engines[0].state is SourceState.LIVE
    assert snapshots[-1].containers
    marks = [one for one in landmarks if one.kind is LandmarkKind.MARK]
    assert len(marks) == 2


def test_each_start_of_the_herd_takes_several_times_as_long_and_all_of_them_end_later() -> None:
    herd_p50_s, herd_p95_s, herd_s = patched("all-at-once")
    paced_p50_s, paced_p95_s, paced_s = patched("paced")
    assert herd_p50_s > 3 * paced_p50_s
    assert herd_p95_s > 3 * paced_p95_s
    assert herd_s > paced_s


def test_sixty_four_are_in_flight_in_the_one_and_few_in_the_other() -> None:
    for name, least, most in (("all-at-once", 40, 64), ("paced", 2, 8)):
        _, snapshots = replayed(name)
        busiest = max(engine.in_flight for snapshot in snapshots for engine in snapshot.engines)
        assert least <= busiest <= most, name


def test_the_restart_of_the_engine_is_a_loss_a_gap_and_restarts() -> None:
    landmarks, snapshots = replayed("daemon-restart")
    states = [snapshot.engines[0].state for snapshot in snapshots]
    assert SourceState.LOST in states
    assert states.index(SourceState.LOST) > states.index(SourceState.LIVE)
    last = snapshots[-1]
    assert last.gaps
    assert any((gap.ended_ns - gap.began_ns) > 5 * SECOND_NS for gap in last.gaps)
    assert {LandmarkKind.GAP, LandmarkKind.LOST} & {one.kind for one in landmarks}
    again = [one for one in after(last, 0) if one.kind is StartupKind.RESTART]
    assert len({one.container_id for one in again}) == 16


def test_the_crash_loop_is_failures_of_the_new_version_that_end_when_it_is_taken_back() -> None:
    landmarks, snapshots = replayed("crash-loop")
    last = snapshots[-1]
    failed = [one for one in last.startups if one.outcome is StartupOutcome.FAILED]
    assert len(failed) >= 8
    assert {one.version for one in failed} == {"1.4"}
    taken_back_ns = last.marks[1].at_ns
    assert all(one.at_ns < taken_back_ns + 5 * SECOND_NS for one in failed)
    assert any(one.kind is LandmarkKind.FAILURE for one in landmarks)
    (web,) = (service for service in last.services if service.name == "shop/web")
    assert [(version.name, version.live) for version in web.versions] == [("1.0", 12)]


def test_every_file_in_the_folder_is_listed_and_the_page_tells_of_each() -> None:
    folder = path_of("").parent
    assert {path.stem for path in folder.glob("*.pdrec")} == set(SHIPPED)
    page = (folder / "README.md").read_text(encoding="utf-8")
    for name in SHIPPED:
        assert f"`{name}`" in page
    assert "make recordings" in page
    assert Path("Makefile").read_text(encoding="utf-8").count("recordings:") == 1

"""The contention view and the evidence beneath startups, on a made-up state."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from patchdeck.knee import estimate
from patchdeck.model import Level, ServiceReading, Snapshot
from tests.ui import sample
from tests.ui.app_host import FakeWatch, console, lines, press, text, width
from tui.evidence import evidence
from tui.screens.takers import takers, unlimited
from widgets.details import Details
from widgets.units import MISSING


def reading(service: str, indicator: str, value: float, **changes: Any) -> ServiceReading:
    known: dict[str, Any] = {
        "unit": "processors",
        "level": Level.UNKNOWN,
        "reason": "",
        "source": "stats",
        "at_ns": sample.NOW_NS,
        **changes,
    }
    return ServiceReading(service=service, indicator=indicator, value=value, **known)


def state() -> Snapshot:
    snapshot = sample.snapshot()
    first, *others = snapshot.engines
    told = (
        reading("shop/web", "used-cpu", 1.4),
        reading("shop/api", "used-cpu", 0.2),
        reading(sample.HOSTILE[2], "used-memory", 2e9, unit="bytes"),
        reading(
            "shop/api",
            "throttling",
            0.4,
            unit="share",
            level=Level.SATURATED,
            reason="throttled periods 40 %",
        ),
    )
    first = msgspec.structs.replace(
        first,
        knee=sample.knee(),
        of_services=told,
    )
    return msgspec.structs.replace(snapshot, engines=(first, *others))


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_it_tells_indicators_startups_the_knee_and_who_takes_most(size: tuple[int, int]) -> None:
    async with console(FakeWatch(state()), size=size) as (app, pilot):
        await press(pilot, "3")
        shown = text(app)
        assert all(width(line) == size[0] for line in lines(app))
        assert "latency" in shown
        if size[0] >= 120:
            assert "Knee" in shown
            assert "Takes most processors" in shown
            assert "shop/web" in shown


async def test_the_filter_reaches_the_services() -> None:
    async with console(FakeWatch(state())) as (app, pilot):
        await press(pilot, "3", "slash", *"api", "enter")
        first = app.screen.query_one(Details)
        drawn = [first.render_line(y).text for y in range(first.size.height)]
        assert "filter: api" in drawn[0]
        assert any("shop/api" in line for line in drawn)
        assert not any("shop/web" in line for line in drawn)
        await press(pilot, "escape")
        drawn = [first.render_line(y).text for y in range(first.size.height)]
        assert "filter" not in drawn[0]
        assert any("shop/web" in line for line in drawn)


def test_what_the_filter_leaves_nothing_of_says_so() -> None:
    snapshot = state()
    for section in takers(snapshot.engines[0], snapshot, lambda service: service == "nowhere"):
        assert (len(section.details), section.empty) == (0, "none that matches the filter")


def test_the_most_comes_first_and_waiting_is_marked() -> None:
    snapshot = state()
    sections = {section.title.split(" (")[0]: section for section in takers(snapshot.engines[0], snapshot)}
    assert [one.key for one in sections["Takes most processors"].details] == ["shop/web", "shop/api"]
    assert sections["Takes most block IO"].details == []
    (waiting,) = sections["Waits for its limits"].details
    assert waiting.text == "throttled: throttled periods 40 %"
    assert MISSING not in waiting.text


def test_containers_without_limits_are_counted() -> None:
    snapshot = sample.snapshot()
    for engine in snapshot.engines:
        for one in unlimited(engine, snapshot):
            assert 0 < one.processors + one.memory <= 2 * one.containers


async def test_beneath_the_startups_stands_why_they_took_that_long() -> None:
    async with console(FakeWatch(state())) as (app, pilot):
        await press(pilot, "2")
        assert "Why it took that long" in text(app)


def test_without_anything_to_compare_with_there_is_no_verdict() -> None:
    snapshot = sample.snapshot()
    assert not evidence((), snapshot).verdict
    found = evidence(snapshot.startups[-1:], snapshot)
    assert found.sentence
    assert estimate((), engine="e", now_ns=0).at is None

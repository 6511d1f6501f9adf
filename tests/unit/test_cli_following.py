"""From snapshots to what is new in them."""

from __future__ import annotations

import msgspec

from patchdeck.model import (
    Engine,
    EngineDescribed,
    Gap,
    Snapshot,
    SourceState,
    Startup,
    StartupKind,
    StartupOutcome,
)
from tests.unit.headless_values import AT, SECOND, failed, snapshot, startup
from tui.headless.following import Follower, News
from tui.headless.tally import Tally


def names(startups: list[Startup]) -> list[str]:
    return [one.name for one in startups]


def numbered(number: int, **changes: object) -> Startup:
    return startup(name=f"web-{number}", container_id=f"{number:064d}", **changes)


def test_a_startup_is_told_once_and_only_when_it_is_settled() -> None:
    follower = Follower(AT)
    assert not follower.settled(snapshot(numbered(1, settled=False)))
    assert names(follower.settled(snapshot(numbered(1), numbered(2, settled=False)))) == ["web-1"]
    assert not follower.settled(snapshot(numbered(1), numbered(2, settled=False)))
    assert names(follower.settled(snapshot(numbered(1), numbered(2)))) == ["web-2"]


def test_at_the_end_those_with_an_outcome_are_told_and_those_without_are_counted() -> None:
    follower = Follower(AT)
    starting = numbered(3, settled=False, outcome=StartupOutcome.STARTING)
    end = snapshot(numbered(1), numbered(2, settled=False), starting)
    assert names(follower.settled(end)) == ["web-1"]
    rest, left_out = follower.rest(end)
    assert (names(rest), left_out) == (["web-2"], 1)


def test_what_began_before_is_history() -> None:
    assert not Follower(AT + 1).settled(snapshot(startup()))
    assert Follower(AT).settled(snapshot(startup()))


def test_before_is_judged_by_the_engines_own_clock() -> None:
    described = EngineDescribed(
        engine="prod-a", at_ns=AT, host="tcp://a:1", version="28.0", api_version="1.48", clock_offset_s=-60.0
    )
    engine = Engine(name="prod-a", state=SourceState.LIVE, described=described)
    state = Snapshot(at_ns=AT, engines=(engine,), startups=(startup(),))
    assert Follower(AT + 60 * SECOND).settled(state)
    assert not Follower(AT + 61 * SECOND).settled(state)


def test_two_startups_of_one_container_are_two() -> None:
    follower = Follower(AT)
    again = startup(kind=StartupKind.RESTART, anchor_ns=AT + 5 * SECOND)
    assert len(follower.settled(snapshot(startup(), again))) == 2


def test_news_are_told_once() -> None:
    news = News()
    lost = Engine(name="prod-a", state=SourceState.LOST, detail="nobody listens")
    assert news.of(snapshot(state=SourceState.CONNECTING)) == []
    assert not news.connected
    assert news.of(snapshot()) == ["prod-a: watching"]
    assert news.of(snapshot()) == []
    assert news.of(snapshot(engines=(lost,))) == ["prod-a: lost: nobody listens"]
    gap = Gap(engine="prod-a", began_ns=AT, ended_ns=AT + 3 * SECOND, reason="the connection was lost")
    assert news.of(snapshot(gaps=(gap,))) == [
        "prod-a: watching again",
        "prod-a: startups may be missing from a gap of 3.0 s: the connection was lost",
    ]
    assert news.of(snapshot(gaps=(gap,))) == []
    assert news.connected == {"prod-a"}


def test_the_tally_keeps_first_starts_and_restarts_apart() -> None:
    tally = Tally()
    assert tally.sentences() == ["no startups"]
    for latency_s in (0.2, 0.4):
        tally.add(startup(started_ns=AT + round(latency_s * SECOND)))
    tally.add(failed())
    tally.add(startup(kind=StartupKind.RESTART, in_flight=3))
    assert tally.sentences() == [
        "first starts: n 3  failed 1  p50 0.40s  p95 never  p99 never",
        "restarts: n 1  failed 0  p50 0.30s  p95 0.30s  p99 0.30s",
        "peak in flight: 18",
    ]


def test_a_startup_whose_beginning_is_unknown_counts_and_has_no_latency() -> None:
    tally = Tally()
    tally.add(msgspec.structs.replace(startup(), began_ns=None, in_flight=None))
    assert tally.sentences()[0] == "first starts: n 1  failed 0  p50 -  p95 -  p99 -"

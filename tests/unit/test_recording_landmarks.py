"""Landmarks: what a person would jump to, each once, at the time it arrived."""

from __future__ import annotations

import pytest

from patchdeck.model import (
    Actor,
    AnyObservation,
    ContainerEvent,
    ContainerFacts,
    ContainerInspected,
    EngineDescribed,
    GapSeen,
    ImageChoice,
    JournalEntered,
    Marked,
    Planned,
    RolloutState,
    SourceChanged,
    SourceState,
    StateEntered,
    StepBegan,
)
from patchdeck.model.journal import AnyEntry
from patchdeck.model.plan import Plan
from patchdeck.recording.landmarks import Landmarks
from patchdeck.recording.values import Landmark, LandmarkKind
from tests.unit.stories import ns


def landmarks_of(*arrived: tuple[float, AnyObservation]) -> tuple[Landmark, ...]:
    landmarks = Landmarks()
    for at_s, observation in arrived:
        landmarks.note(ns(at_s), observation)
    return landmarks.all()


def event(
    action: str, container: str = "web", *, exit_code: int | None = None, detail: str = ""
) -> ContainerEvent:
    return ContainerEvent(
        engine="e", at_ns=ns(0), container_id=container, action=action, name=container, exit_code=exit_code,
        detail=detail,
    )  # fmt: skip


def source(state: SourceState, detail: str = "") -> SourceChanged:
    return SourceChanged(engine="e", at_ns=ns(0), source="engine", state=state, detail=detail)


def test_a_mark_is_where_it_arrived() -> None:
    (mark,) = landmarks_of((5.0, Marked(engine="", at_ns=ns(4.9), name="go", by="ops")))
    assert (mark.kind, mark.at_ns, mark.name, mark.detail) == (LandmarkKind.MARK, ns(5), "go", "by ops")


def test_a_loss_lasts_until_the_engine_is_live_again() -> None:
    arrived = [
        (1.0, source(SourceState.LIVE)),
        (5.0, source(SourceState.LOST, "gone")),
        (6.0, source(SourceState.CONNECTING)),
        (7.0, source(SourceState.LOST, "gone, still")),
    ]
    (lost,) = landmarks_of(*arrived)
    assert (lost.kind, lost.at_ns, lost.ended_ns, lost.detail) == (LandmarkKind.LOST, ns(5), None, "gone")
    (lost,) = landmarks_of(*arrived, (9.0, source(SourceState.LIVE)))
    assert (lost.at_ns, lost.ended_ns) == (ns(5), ns(9))


def test_a_gap_is_placed_by_the_clock_of_who_recorded() -> None:
    described = EngineDescribed(
        engine="e", at_ns=ns(3600), host="h", version="28", api_version="1", clock_offset_s=3600.0
    )
    gap = GapSeen(engine="e", at_ns=ns(3620), began_ns=ns(3610), ended_ns=ns(3620), reason="lost")
    (landmark,) = landmarks_of((0.0, described), (20.1, gap))
    assert (landmark.at_ns, landmark.ended_ns) == (ns(10), ns(20))


@pytest.mark.parametrize(
    ("failing", "detail"),
    [
        (event("die", exit_code=3), "exit 3"),
        (event("oom"), "out of memory"),
        (event("health_status", detail="unhealthy"), "unhealthy"),
    ],
)
def test_a_failure_says_whose_and_why(failing: ContainerEvent, detail: str) -> None:
    (failure,) = landmarks_of((4.0, failing))
    assert failure.kind is LandmarkKind.FAILURE
    assert (failure.at_ns, failure.name, failure.detail, failure.engine) == (ns(4), "web", detail, "e")


@pytest.mark.parametrize(
    "harmless",
    [
        event("die", exit_code=0),
        event("die", exit_code=143),
        event("die"),
        event("health_status", detail="healthy"),
        event("start"),
    ],
)
def test_what_ends_as_it_should_is_none(harmless: ContainerEvent) -> None:
    assert landmarks_of((4.0, harmless)) == ()


def test_a_crash_loop_is_told_once_and_again_after_it_has_held() -> None:
    crash = event("die", exit_code=1)
    loop = [(at_s, crash) for at_s in (0.0, 1.0, 3.0, 7.0, 15.0, 31.0, 63.0, 123.0, 183.0)]
    assert [one.at_ns for one in landmarks_of(*loop)] == [ns(0)]
    assert [one.at_ns for one in landmarks_of(*loop, (400.0, crash))] == [ns(0), ns(400)]


def test_a_bad_patch_of_many_containers_is_one_landmark() -> None:
    crashes = [(number * 0.1, event("die", f"web{number}", exit_code=1)) for number in range(64)]
    (failure,) = landmarks_of(*crashes)
    assert (failure.name, failure.detail) == ("web0", "exit 1; and 63 more")
    later = (60.0, event("die", "other", exit_code=2))
    assert [one.name for one in landmarks_of(*crashes, later)] == ["web0", "other"]


def refused(error: str = "no such file") -> ContainerInspected:
    facts = ContainerFacts(
        container_id="web", name="web", image="i", image_id="i", created_ns=1, status="created", exit_code=127,
        error=error,
    )  # fmt: skip
    return ContainerInspected(engine="e", at_ns=ns(0), container=facts)


def test_a_start_that_is_refused_is_a_failure_and_one_from_long_ago_is_none() -> None:
    assert landmarks_of((1.0, refused())) == ()
    (failure,) = landmarks_of((1.0, event("create")), (1.5, refused()), (2.0, refused()))
    assert (failure.at_ns, failure.name, failure.detail) == (ns(1.5), "web", "no such file")


def entered(at_s: float, entry: AnyEntry) -> JournalEntered:
    return JournalEntered(engine="e", at_ns=ns(at_s), entry=entry)


def test_steps_and_states_of_a_rollout_are_told_under_its_services_name() -> None:
    plan = Plan(
        service="shop/web", engine="e", origin=ImageChoice(image="web:1"), to=ImageChoice(image="web:2")
    )
    told = landmarks_of(
        (1.0, entered(1, Planned(rollout="r", at_ns=ns(1), plan=plan, by=Actor(user="ops")))),
        (2.0, entered(2, StepBegan(rollout="r", at_ns=ns(2), step=0, name="canary"))),
        (9.0, entered(9, StateEntered(rollout="r", at_ns=ns(9), state=RolloutState.COMMITTED))),
    )
    assert [(one.kind, one.at_ns, one.name, one.detail) for one in told] == [
        (LandmarkKind.ROLLOUT, ns(2), "shop/web", "canary"),
        (LandmarkKind.ROLLOUT, ns(9), "shop/web", "committed"),
    ]


def test_what_the_journal_tells_of_the_past_is_no_landmark() -> None:
    past = StepBegan(rollout="r", at_ns=ns(-600), step=0, name="canary")
    assert landmarks_of((1.0, entered(1, past))) == ()


def test_what_was_told_is_fresh_once_and_again_when_it_changes() -> None:
    landmarks = Landmarks()
    landmarks.note(ns(1), source(SourceState.LOST))
    (lost,) = landmarks.fresh()
    assert landmarks.fresh() == ()
    landmarks.note(ns(3), source(SourceState.LIVE))
    (ended,) = landmarks.fresh()
    assert (lost.ended_ns, ended.ended_ns) == (None, ns(3))
    assert (lost.at_ns, ended.at_ns) == (ns(1), ns(1))


def test_what_was_learned_goes_on() -> None:
    landmarks = Landmarks()
    landmarks.learn([Landmark(kind=LandmarkKind.LOST, at_ns=ns(1), name="e", engine="e")], {"e": 5})
    landmarks.note(ns(9), source(SourceState.LIVE))
    assert [(one.at_ns, one.ended_ns) for one in landmarks.all()] == [(ns(1), ns(9))]


def test_containers_that_come_and_go_unseen_are_not_remembered_for_ever() -> None:
    landmarks = Landmarks()
    for number in range(12_000):
        landmarks.note(ns(number), event("create", f"web{number}"))
        landmarks.note(ns(number) + 1, event("die", f"web{number}", exit_code=1))
    assert len(landmarks._stirred) + len(landmarks._troubled) < 11_000

"""What a runner need not ask the engine again, and what makes it ask."""

from __future__ import annotations

import pytest

from patchdeck.rollout.memory import Memory
from patchdeck.rollout.seen import SeenContainer
from patchdeck.rollout.unit import Act, ActKind

OLD = SeenContainer(container_id="old", name="web-1", status="running", policy="always")
NEW = SeenContainer(
    container_id="new", name="web-1--new-r", status="running", started_at="2026-01-01T00:00:00Z"
)


def remembering() -> Memory:
    memory = Memory()
    memory.note(OLD)
    memory.note(NEW)
    return memory


def act(kind: ActKind, detail: str = "") -> Act:
    return Act(kind=kind, member=0, old=True, container_id="old", detail=detail)


@pytest.mark.parametrize(
    ("done", "events", "name", "status", "policy"),
    [
        (act(ActKind.FENCE), ("update",), "web-1", "running", "no"),
        (act(ActKind.STOP), ("kill", "die", "stop"), "web-1", "exited", "always"),
        (act(ActKind.RENAME, "parked"), ("rename",), "parked", "running", "always"),
    ],
)
def test_after_an_act_whose_outcome_is_plain_the_container_is_as_the_act_made_it(
    done: Act, events: tuple[str, ...], name: str, status: str, policy: str
) -> None:
    memory = remembering()
    memory.begin(done)
    for event in events:
        memory.happened("old", event)
    memory.did(done)
    seen = memory.known("old")
    assert seen is not None
    assert (seen.name, seen.status, seen.policy) == (name, status, policy)
    assert memory.known("new") == NEW


def test_one_that_was_removed_is_not_asked_about_until_anything_else_happens() -> None:
    memory = remembering()
    memory.begin(act(ActKind.REMOVE))
    memory.happened("old", "destroy")
    memory.did(act(ActKind.REMOVE))
    assert memory.is_gone("old")
    assert memory.is_gone("web-1")
    memory.happened("new", "die")
    assert not memory.is_gone("old")


@pytest.mark.parametrize("kind", [kind for kind in ActKind if kind not in ("fence", "stop", "rename")])
def test_after_any_other_act_it_is_asked_again(kind: ActKind) -> None:
    memory = remembering()
    memory.begin(act(kind))
    memory.did(act(kind))
    assert memory.known("old") is None
    assert memory.known("new") == NEW


def test_one_that_ends_while_it_is_renamed_is_asked_again() -> None:
    memory = remembering()
    renaming = act(ActKind.RENAME, "parked")
    memory.begin(renaming)
    memory.happened("old", "die")
    memory.happened("old", "rename")
    memory.did(renaming)
    assert memory.known("old") is None


def test_what_happens_to_one_while_another_is_dealt_with_makes_it_asked_again() -> None:
    memory = remembering()
    memory.begin(act(ActKind.STOP))
    memory.happened("new", "die")
    memory.did(act(ActKind.STOP))
    assert memory.known("new") is None
    assert memory.known("old") is not None


def test_an_event_of_an_act_that_is_over_makes_it_asked_again() -> None:
    memory = remembering()
    memory.begin(act(ActKind.STOP))
    memory.did(act(ActKind.STOP))
    memory.happened("old", "die")
    assert memory.known("old") is None


def test_one_with_auto_remove_is_asked_about_after_it_was_stopped() -> None:
    memory = Memory()
    memory.note(SeenContainer(container_id="old", name="web-1", status="running", auto_remove=True))
    memory.begin(act(ActKind.STOP))
    memory.did(act(ActKind.STOP))
    assert memory.known("old") is None


def test_once_anything_may_have_happened_nothing_is_known_not_even_what_an_act_did_meanwhile() -> None:
    memory = remembering()
    memory.begin(act(ActKind.RENAME, "parked"))
    memory.forget_all()
    memory.did(act(ActKind.RENAME, "parked"))
    assert memory.known("old") is None
    assert memory.known("new") is None


def test_whoever_looks_can_tell_that_something_happened_meanwhile() -> None:
    memory = remembering()
    before = memory.happenings
    memory.begin(act(ActKind.RENAME, "parked"))
    memory.happened("old", "rename")
    assert memory.happenings == before
    memory.happened("new", "die")
    assert memory.happenings > before

"""What is told of an act that the engine refused says what to do about it, where that is known."""

from __future__ import annotations

import pytest

from patchdeck.rollout.advice import refused
from patchdeck.rollout.unit import Act, ActKind

CONTAINER = "5fa7015f75e6" + "0" * 52
HELD = f"failed to create task for container: AlreadyExists: task {CONTAINER}: already exists"


def told(kind: ActKind, message: str) -> str:
    return refused("web", Act(kind=kind, member=0, old=True, container_id=CONTAINER), 500, message)


@pytest.mark.parametrize("kind", [ActKind.START, ActKind.RESTART])
def test_what_containerd_holds_on_to_is_named_by_its_process_whenever_a_container_comes_up(
    kind: ActKind,
) -> None:
    text = told(kind, HELD)
    assert text.startswith(f"the engine refused to {kind} web (HTTP 500: {HELD})")
    assert text.endswith(
        "end the process containerd-shim-runc-v2 … -id 5fa7015f75e6… on that host, then resume"
    )


def test_a_name_that_already_exists_is_no_matter_of_containerd() -> None:
    assert "containerd" not in told(ActKind.CREATE, "the name already exists")


def test_a_full_disk_is_to_be_made_room_on() -> None:
    assert told(ActKind.FENCE, "no space left on device").endswith(
        "Its disk is full: make room where the engine keeps its data"
    )


def test_other_refusals_are_the_engine_s_own_words() -> None:
    assert told(ActKind.STOP, "busy") == "the engine refused to stop web (HTTP 500: busy)"

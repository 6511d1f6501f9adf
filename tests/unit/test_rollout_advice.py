"""What is told of an engine that does not do what it was asked to says what helps, where that is known."""

from __future__ import annotations

import pytest

from patchdeck.rollout.advice import left_behind, refused

CONTAINER = "5fa7015f75e6" + "0" * 52
TASKS = "/run/containerd/io.containerd.runtime.v2.task/moby"
HELD = (
    f"task {CONTAINER}: already exists",
    f"failed to create task for container: AlreadyExists: task {CONTAINER}: already exists",
    f"failed to create task for container: mkdir {TASKS}/{CONTAINER}: file exists",
)
"""As engines 20.10 and 28.5 say it."""


@pytest.mark.parametrize("message", HELD)
def test_what_containerd_holds_on_to_is_named_by_its_process(message: str) -> None:
    text = refused("start", "web", CONTAINER, status=500, message=message)
    assert text.startswith(f"the engine refused to start web (HTTP 500: {message}). ")
    assert text.endswith(
        "end the process containerd-shim-runc-v2 … -id 5fa7015f75e6… on that host, then resume"
    )


@pytest.mark.parametrize(
    "message",
    [
        "network with name back already exists",
        "error while creating mount source path '/srv/data': mkdir /srv/data: file exists",
    ],
)
def test_other_things_that_exist_are_no_matter_of_containerd(message: str) -> None:
    assert not left_behind(CONTAINER, message)


def test_one_that_restarts_again_and_again_for_no_reason_may_be_held_on_to() -> None:
    text = left_behind(CONTAINER, "", restarting=True)
    assert text.startswith(". If its engine was killed")
    assert text.endswith(
        "end the process containerd-shim-runc-v2 … -id 5fa7015f75e6… on that host, then resume"
    )
    assert not left_behind(CONTAINER, "exec: no such file", restarting=True)
    assert not left_behind(CONTAINER, "")


def test_a_full_disk_is_to_be_made_room_on() -> None:
    text = refused("fence", "web", CONTAINER, status=500, message="no space left on device")
    assert text.endswith("Its disk is full: make room where the engine keeps its data")


def test_other_refusals_are_the_engine_s_own_words() -> None:
    text = refused("stop", "web", CONTAINER, status=500, message="busy")
    assert text == "the engine refused to stop web (HTTP 500: busy)"

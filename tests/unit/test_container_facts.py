"""What the page of a container says of its state."""

from __future__ import annotations

from patchdeck.model import Container, ContainerFacts, Role
from tui.screens.container_facts import facts as facts_of


def state_of(container: Container) -> str:
    return next(
        detail.text
        for section in facts_of(container, utc=True)
        for detail in section.details
        if detail.key == "state"
    )


def a_container(*, gone: bool) -> Container:
    facts = ContainerFacts(
        container_id="c" * 64,
        name="web-1",
        image="web:1",
        image_id="sha256:1",
        created_ns=1,
        status="removing",
        exit_code=137,
    )
    return Container(engine="e", service="web", role=Role.REPLICA, version="1", facts=facts, gone=gone)


def test_a_container_that_is_gone_is_removed_whatever_it_was_seen_doing_last() -> None:
    assert state_of(a_container(gone=True)) == "removed, exit code 137"
    assert state_of(a_container(gone=False)) == "removing, exit code 137"

"""When one look at the engines is complete."""

from __future__ import annotations

import socket
from pathlib import Path

from patchdeck.model import (
    ContainerFacts,
    ContainerInspected,
    ContainersListed,
    ContainerVanished,
    ImageFacts,
    ImageInspected,
    SourceChanged,
    SourceState,
)
from patchdeck.settings import EngineSettings, Settings
from patchdeck.sources.targets import choose
from tui.headless.one_look import Seen, look


def inspected(container_id: str, image_id: str = "i") -> ContainerInspected:
    facts = ContainerFacts(
        container_id=container_id,
        name=container_id,
        image="x",
        image_id=image_id,
        created_ns=1,
        status="running",
    )
    return ContainerInspected(engine="e", at_ns=1, container=facts)


def standing(state: SourceState, detail: str = "") -> SourceChanged:
    return SourceChanged(engine="e", at_ns=1, source="engine", state=state, detail=detail)


def test_it_is_complete_when_everything_listed_was_looked_at_or_is_gone() -> None:
    seen = Seen()
    missing = [seen.missing_containers]
    for observation in (
        inspected("a"),
        ContainersListed(engine="e", at_ns=1, container_ids=("a", "b", "c")),
        ContainerVanished(engine="e", at_ns=1, container_id="b"),
        inspected("c"),
    ):
        seen.take(observation)
        missing.append(seen.missing_containers)
    assert missing == [None, None, 2, 1, 0]


def test_the_images_of_its_containers_belong_to_it() -> None:
    seen = Seen()
    seen.take(ContainersListed(engine="e", at_ns=1, container_ids=("a", "b")))
    seen.take(inspected("a", "i1"))
    seen.take(inspected("b", "i2"))
    seen.take(ImageInspected(engine="e", at_ns=1, image=ImageFacts(image_id="i1")))
    assert seen.missing_images == 1
    seen.take(ContainerVanished(engine="e", at_ns=1, container_id="b"))
    assert seen.missing_images == 0


def test_an_engine_without_containers_is_complete_at_once() -> None:
    seen = Seen()
    seen.take(ContainersListed(engine="e", at_ns=1, container_ids=()))
    assert (seen.missing_containers, seen.missing_images) == (0, 0)


def test_what_is_missing_is_told_in_words() -> None:
    seen = Seen()
    assert seen.missing == "connecting: no answer yet"
    seen.take(standing(SourceState.LOST, "nobody listens"))
    assert (seen.given_up, seen.missing) == (True, "lost: nobody listens")
    seen.take(standing(SourceState.LIVE))
    seen.take(ContainersListed(engine="e", at_ns=1, container_ids=("a",)))
    assert (seen.given_up, seen.missing) == (False, "1 of its containers were not seen in time")


async def test_an_engine_that_never_answers_is_told_with_what_to_check(tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        host = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        settings = Settings(engines=(EngineSettings(host=host, name="prod"),))
        seen = await look(settings, choose(settings.engines, {}, tmp_path), patience_s=0.5)
    assert not seen.connected
    (told,) = seen.missing
    assert told.startswith(f"prod: connecting: no answer from {host}. Check the network and the firewall")


async def test_an_engine_that_is_not_there_is_not_waited_for(tmp_path: Path) -> None:
    settings = Settings(engines=(EngineSettings(host=f"unix://{tmp_path}/x.sock"),))
    seen = await look(settings, choose(settings.engines, {}, tmp_path), patience_s=60)
    assert not seen.connected
    assert "there is no" in seen.missing[0]

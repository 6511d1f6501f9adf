"""What may hold a secret is taken out of an observation; what helps to understand it stays."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from patchdeck.model import (
    Actor,
    Answered,
    AnyObservation,
    ContainerEvent,
    ContainerFacts,
    ContainerInspected,
    EngineDescribed,
    GapSeen,
    GateJudged,
    Health,
    ImageChoice,
    ImageFacts,
    ImageInspected,
    JournalEntered,
    Marked,
    Noted,
    Planned,
    Probe,
    SourceChanged,
    SourceState,
    Ticked,
    Verdict,
)
from patchdeck.model.plan import ConfigChange, Plan, PlannedGate, Refusal, Strategy
from patchdeck.recording.scrub import Scrubber
from patchdeck.recording.writer import scrubber_of
from patchdeck.settings import RecordingSettings, ServiceSettings, Settings
from tests.unit.stories import T0_NS

CANARY = "canary7f3b"


@pytest.fixture
def scrub() -> Scrubber:
    return scrubber_of(Settings())


def facts(**changes: Any) -> ContainerFacts:
    known: dict[str, Any] = {
        "container_id": "c" * 64, "name": "web", "image": "web:1", "image_id": "sha256:1", "created_ns": 1,
        "status": "running",
    }  # fmt: skip
    return ContainerFacts(**(known | changes))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("the connection to the engine was lost", "the connection to the engine was lost"),
        ("tcp://ops:c@prod-a:2376 does not answer", "tcp://***@prod-a:2376 does not answer"),
        ("https://c@git.example/x.git", "https://***@git.example/x.git"),
        ("ssh://ops@prod-a", "ssh://ops@prod-a"),
        ("ssh://ops:c@prod-a", "ssh://***@prod-a"),
        ("Authorization: Bearer c1234", "Authorization: *** ***"),
        ("sent Basic dXNlcjpj", "sent Basic ***"),
        ("password=c", "password=***"),
        ("DB_PASSWORD = 'c d'", "DB_PASSWORD = ***"),
        ('{"api_token": "c d", "port": 80}', '{"api_token": ***, "port": 80}'),
        ("run with --secret-id c --port 80", "run with --secret-id *** --port 80"),
        ("no space left: /var/lib/docker", "no space left: /var/lib/docker"),
        ("https://prometheus:9090/-/ready: 503", "https://prometheus:9090/-/ready: 503"),
    ],
)
def test_of_a_text_only_the_secret_goes(scrub: Scrubber, text: str, told: str) -> None:
    assert scrub.text(text) == told
    assert scrub.text(told) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            'OCI runtime create failed: exec: "/bin/nothing": no such file or directory',
            'OCI runtime create failed: exec: "/bin/nothing": no such file or directory',
        ),
        ('exec: "sh -c echo c": executable file not found', 'exec: "sh ***": executable file not found'),
        ('exec: "--token=c": executable file not found', 'exec: "***": executable file not found'),
    ],
)
def test_of_a_runtimes_error_the_program_stays_and_not_its_arguments(
    scrub: Scrubber, text: str, told: str
) -> None:
    assert scrub.error(text) == told


def planted() -> list[AnyObservation]:
    """Of each kind of observation one with canaries in what may hold a secret."""
    labels = {"db.password": CANARY, "API_KEY": CANARY, "note": f"token={CANARY}"}
    probe = Probe(began_ns=1, ended_ns=2, exit_code=0, output=CANARY)
    plan = Plan(
        service="web",
        engine="e",
        host=f"tcp://ops:{CANARY}@prod-a",
        origin=ImageChoice(image="web:1"),
        to=ImageChoice(image="web:2"),
        changes=(
            ConfigChange(what="command", old=f"serve --x {CANARY}", new=f"serve {CANARY}"),
            ConfigChange(what="healthcheck", old=f"curl {CANARY}", new="curl"),
            ConfigChange(what="label", name="db.password", old=CANARY, new=CANARY),
            ConfigChange(what="user", old=f"password={CANARY}", new="root"),
        ),
        strategy=Strategy(gates={"command": f"check --token {CANARY}"}),
        gates=(PlannedGate(name="probe", rule=f"https://{CANARY}@x answers", source=f"api_key={CANARY}"),),
        refusals=(Refusal(rule="no-old-image", text=f"password={CANARY}"),),
    )
    by: dict[str, Any] = {"engine": "e", "at_ns": T0_NS}
    return [
        ContainerInspected(
            container=facts(
                labels=labels,
                health=Health(status="healthy", probes=(probe,)),
                error=f'exec: "x {CANARY}": password={CANARY}',
                program=f"/bin/x --secret {CANARY}",
            ),
            **by,
        ),
        ContainerEvent(container_id="c", action="create", labels=labels, **by),
        ImageInspected(image=ImageFacts(image_id="i", labels=labels), **by),
        EngineDescribed(host=f"tcp://ops:{CANARY}@prod-a:2376", version="1", api_version="1", **by),
        SourceChanged(
            source="engine", state=SourceState.LOST, detail=f"Authorization: Bearer {CANARY}", **by
        ),
        GapSeen(began_ns=1, ended_ns=2, reason=f"https://{CANARY}@x failed", **by),
        JournalEntered(
            entry=Planned(rollout="r", plan=plan, by=Actor(user="ops"), reason=f"token: {CANARY}"), **by
        ),
        JournalEntered(
            entry=Answered(rollout="r", intent=1, act="start", ok=False, text=f'exec: "x {CANARY}": no'), **by
        ),
        JournalEntered(
            entry=GateJudged(
                rollout="r", step=0, gate="probe", verdict=Verdict.FAIL, evidence=f"https://{CANARY}@x: 500"
            ),
            **by,
        ),
        JournalEntered(entry=Noted(rollout="r", text=f"sent Bearer {CANARY}"), **by),
    ]


def test_no_canary_gets_through_in_any_observation(scrub: Scrubber) -> None:
    for observation in planted():
        assert CANARY in msgspec.json.encode(observation).decode(), "nothing was planted"
        scrubbed = scrub(observation)
        assert CANARY not in msgspec.json.encode(scrubbed).decode()
        assert scrub(scrubbed) == scrubbed


def test_what_holds_no_secret_is_as_it_was(scrub: Scrubber) -> None:
    labels = {"com.docker.compose.service": "web", "org.opencontainers.image.version": "1.4"}
    clean: list[AnyObservation] = [
        ContainerInspected(engine="e", at_ns=1, container=facts(labels=labels, program="/bin/sh")),
        ContainerEvent(engine="e", at_ns=1, container_id="c", action="die", exit_code=1),
        Marked(engine="", at_ns=1, name="password=changed at noon", by="ops"),
        Ticked(engine="", at_ns=1),
    ]
    assert [scrub(observation) for observation in clean] == clean


def test_labels_that_name_services_stay_whatever_they_are_called() -> None:
    own = Settings(services=ServiceSettings(group_by=("team.keyname+tier",)))
    labels = {"team.keyname": "web", "tier": "front", "other.key": CANARY}
    assert scrubber_of(own).labels(labels) == {"team.keyname": "web", "tier": "front", "other.key": "***"}


def test_what_counts_as_a_secret_is_for_the_configuration_to_say() -> None:
    own = Settings(recording=RecordingSettings(secret_names=("*SALT*",)))
    labels = {"password": "shown", "db_salt": CANARY}
    assert scrubber_of(own).labels(labels) == {"password": "shown", "db_salt": "***"}

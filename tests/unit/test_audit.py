"""The audit trail: who did what from where and why, and what came of it, in the words of the Elastic Common Schema."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from patchdeck.model import ActRefused, AnyEntry, Intended, Noted, PaceChanged, PullProgressed, Refusal
from patchdeck.model.journal import Binding
from patchdeck.rollout.audit import audit_events
from tests.unit.rollout_values import ADA, ID, PLAN, committed, numbered

KINDS = {
    "api": {
        "access",
        "admin",
        "allowed",
        "change",
        "creation",
        "deletion",
        "denied",
        "end",
        "info",
        "start",
        "user",
    },
    "configuration": {"access", "change", "creation", "deletion", "info"},
    "process": {"access", "change", "end", "info", "start"},
}
"""The types that the schema expects of each category."""


def events(entries: list[AnyEntry]) -> list[dict[str, Any]]:
    told = [json.loads(json.dumps(event)) for event in audit_events(entries)]
    assert told
    return told


def by_action(entries: list[AnyEntry], action: str) -> dict[str, Any]:
    (found,) = [event for event in events(entries) if event["event"]["action"] == action]
    return found


def test_every_event_keeps_to_the_words_of_the_schema() -> None:
    for event in events(committed()):
        assert event["ecs"]["version"].startswith("8.")
        assert event["@timestamp"].endswith("Z")
        about = event["event"]
        assert about["kind"] == "event"
        assert about["outcome"] in ("success", "failure", "unknown")
        (category,) = about["category"]
        assert set(about["type"]) <= KINDS[category], event
        assert event["user"]["name"] == "ada"
        assert event["labels"]["rollout"] == ID


def test_a_person_s_act_tells_who_from_where_and_why() -> None:
    promoted = by_action(committed(), "rollout-promote")
    assert promoted["source"] == {"ip": "192.0.2.7"}
    assert promoted["host"] == {"name": "bastion"}
    assert promoted["process"] == {"pid": 41}
    assert promoted["labels"]["tty"] == "/dev/pts/3"
    assert promoted["event"]["reason"] == "looked myself"


def test_a_call_to_the_engine_is_one_event_with_its_answer() -> None:
    created = by_action(committed(), "engine-create")
    assert (created["event"]["type"], created["event"]["outcome"]) == (["creation"], "success")
    assert created["event"]["duration"] == 250_000_000
    assert created["container"] == {
        "id": "a" * 64,
        "name": "shop-web-1--new-1a2b3c4d",
        "image": {"name": "shop/web:1.1"},
    }
    assert created["process"] == {"pid": 42}
    failed = by_action(committed(), "engine-start")
    assert failed["event"]["outcome"] == "failure"
    assert failed["error"] == {"message": "busy"}
    assert failed["http"]["response"]["status_code"] == 500


def test_a_call_that_was_never_answered_is_of_unknown_outcome() -> None:
    entries = numbered([*committed(), Intended(rollout=ID, act="stop", unit=1, container="shop-web-2")])
    assert by_action(entries, "engine-stop")["event"]["outcome"] == "unknown"


def test_an_act_that_was_refused_is_a_failure_that_names_its_rules() -> None:
    refusals = (Refusal(rule="who", text="ada may not"), Refusal(rule="freeze", text="not today"))
    entries = numbered([committed()[0], ActRefused(rollout=ID, act="run", by=ADA, refusals=refusals)])
    refused = by_action(entries, "rollout-run")
    assert (refused["event"]["outcome"], refused["event"]["type"]) == ("failure", ["denied"])
    assert refused["rule"] == {"name": ["who", "freeze"]}
    assert "not today" in refused["message"]


def test_progress_is_no_act() -> None:
    progress: list[AnyEntry] = [
        PullProgressed(rollout=ID, image="shop/web:1.1", layers={"abc": (1, 2)}),
        PaceChanged(rollout=ID, pace=2.0, in_flight=1, binds=Binding.PACE),
    ]
    assert len(events(numbered([*committed(), *progress]))) == len(events(committed()))
    assert (
        len(events(numbered([*committed(), Noted(rollout=ID, text="odd")]))) == len(events(committed())) + 1
    )


def test_what_is_no_address_is_no_source() -> None:
    (planned, *others) = committed()
    odd = msgspec.structs.replace(planned, by=msgspec.structs.replace(ADA, ssh_client="not an address"))
    assert "source" not in by_action([odd, *others], "rollout-planned")
    assert PLAN.service == by_action([odd, *others], "rollout-planned")["service"]["name"]

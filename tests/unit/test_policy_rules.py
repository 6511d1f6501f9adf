"""Policy: every rule refuses what breaks it, by its name, and nothing else."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest

from patchdeck.model import ImageChoice, LayerPlan, Plan, PlannedGate, Strategy
from patchdeck.policy.rules import Person, Request, against_going_back, asks_for_name, judge, parts
from patchdeck.settings import FreezeSettings, PolicySettings, RolloutSettings, Settings, WindowSettings

NOON_NS = int(dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC).timestamp()) * 10**9
"""A Tuesday."""

PLAN = Plan(
    service="shop/web",
    engine="prod-a",
    origin=ImageChoice(image="registry.example/web:1.0", size_bytes=100_000_000),
    to=ImageChoice(image="registry.example/web:1.1", digest="registry.example/web@sha256:" + "a" * 64),
    gates=(PlannedGate(name="contention", rule="", source=""),),
    layers=LayerPlan(growth_bytes=30_000_000),
)
DIGEST = "sha256:" + "ab" * 32
IMAGE_ID = DIGEST
REQUEST = Request(person=Person(user="ada", groups=("staff", "ops")))
NIGHTS = WindowSettings(days=("tue",), begins="22:00", ends="02:00")
FREEZE = FreezeSettings(name="audit", first_day="2026-11-24", last_day="2026-11-24")


def broken(settings: Settings, plan: Plan = PLAN, request: Request = REQUEST) -> list[str]:
    return [refusal.rule for refusal in judge(settings, plan, request, NOON_NS)]


def policy(**rules: Any) -> Settings:
    return Settings(policy=PolicySettings(**rules))


def to(image: str) -> Plan:
    return msgspec.structs.replace(PLAN, to=ImageChoice(image=image))


def of_unknown_size() -> Plan:
    """As of an image that is not on the engine yet."""
    return msgspec.structs.replace(PLAN, layers=LayerPlan())


def test_without_rules_everything_may_run() -> None:
    assert broken(Settings()) == []


@pytest.mark.parametrize(
    ("settings", "rule", "plan", "request_"),
    [
        (policy(users=("bob",)), "who", PLAN, REQUEST),
        (policy(groups=("dba",)), "who", PLAN, REQUEST),
        (Settings(windows=(NIGHTS,)), "change-window", PLAN, REQUEST),
        (Settings(freezes=(FREEZE,)), "freeze", PLAN, REQUEST),
        (policy(images=("registry.example/api",)), "image", PLAN, REQUEST),
        (policy(images=("registry.example/*",)), "image", to("web:1.1"), REQUEST),
        (policy(forbidden_tags=("latest",)), "tag", to("registry.example/web"), REQUEST),
        (policy(forbidden_tags=("*-rc*",)), "tag", to("registry.example/web:2.0-rc1"), REQUEST),
        (policy(digest_required=True), "digest", PLAN, REQUEST),
        (
            policy(healthcheck_required=True),
            "healthcheck",
            PLAN,
            msgspec.structs.replace(REQUEST, has_healthcheck=False),
        ),
        (policy(most_growth=0.2), "growth", PLAN, REQUEST),
        (policy(most_growth=0.2), "growth", of_unknown_size(), REQUEST),
        (
            policy(most_growth=0.2),
            "growth",
            msgspec.structs.replace(PLAN, origin=ImageChoice(image="a")),
            REQUEST,
        ),
        (policy(images=("docker.io/*",)), "image", to(IMAGE_ID), REQUEST),
        (policy(digest_required=True), "digest", to(IMAGE_ID), REQUEST),
        (policy(required_gates=("ratio",)), "gate", PLAN, REQUEST),
        (policy(reason_required="always"), "reason", PLAN, REQUEST),
        (policy(reason_required="production", production=("prod-*",)), "reason", PLAN, REQUEST),
    ],
)
def test_what_breaks_a_rule_is_refused_by_its_name(
    settings: Settings, rule: str, plan: Plan, request_: Request
) -> None:
    assert broken(settings, plan, request_) == [rule]


@pytest.mark.parametrize(
    ("settings", "plan", "request_"),
    [
        (policy(users=("ada",)), PLAN, REQUEST),
        (policy(users=("bob",), groups=("ops",)), PLAN, REQUEST),
        (Settings(windows=(NIGHTS,)), PLAN, msgspec.structs.replace(REQUEST, override="outage 4711")),
        (Settings(freezes=(FREEZE,)), PLAN, msgspec.structs.replace(REQUEST, override="outage 4711")),
        (
            Settings(windows=(msgspec.structs.replace(NIGHTS, engines=("test-*",)),)),
            PLAN,
            REQUEST,
        ),
        (policy(images=("registry.example/*",)), PLAN, REQUEST),
        (policy(images=("docker.io/library/web",)), to("web:1.1"), REQUEST),
        (policy(forbidden_tags=("latest",)), to("registry.example/web@sha256:" + "a" * 64), REQUEST),
        (policy(digest_required=True), to("registry.example/web@sha256:" + "a" * 64), REQUEST),
        (policy(healthcheck_required=True), PLAN, REQUEST),
        (policy(most_growth=0.3), PLAN, REQUEST),
        (policy(), of_unknown_size(), REQUEST),
        (policy(forbidden_tags=("*",)), to(IMAGE_ID), REQUEST),
        (policy(required_gates=("contention", "health")), PLAN, REQUEST),
        (policy(reason_required="production", production=("prod-b",)), PLAN, REQUEST),
        (policy(reason_required="always"), PLAN, msgspec.structs.replace(REQUEST, reason="CVE-2026-1")),
    ],
)
def test_what_keeps_a_rule_is_not(settings: Settings, plan: Plan, request_: Request) -> None:
    assert broken(settings, plan, request_) == []


@pytest.mark.parametrize(
    ("configured", "asked", "refused"),
    [
        ({}, "on", False),
        ({}, "required", False),
        ({}, "1.25", False),
        ({}, "1.3", True),
        ({}, "10", True),
        ({"ratio": "off"}, "on", False),
        ({"ratio": "off"}, "10", True),
        ({"ratio": "required"}, "on", True),
        ({"ratio": "required"}, "1.1", False),
        ({"ratio": "2"}, "2", False),
        ({"ratio": "2"}, "2.1", True),
        ({"ratio": "2"}, "required", False),
        ({"ratio": "2"}, "on", True),
    ],
)
def test_a_required_gate_asks_for_as_much_as_the_configuration_does(
    configured: dict[str, str], asked: str, refused: bool
) -> None:
    settings = Settings(
        policy=PolicySettings(required_gates=("ratio",)), rollout=RolloutSettings(gates=configured)
    )
    with_it = PlannedGate(name="ratio", rule="", source="")
    plan = msgspec.structs.replace(PLAN, gates=(with_it,), strategy=Strategy(gates={"ratio": asked}))
    assert broken(settings, plan) == (["gate"] if refused else [])
    assert broken(msgspec.structs.replace(settings, policy=PolicySettings()), plan) == []


def test_a_gate_that_asks_for_less_is_told_with_what_is_wanted() -> None:
    settings = Settings(policy=PolicySettings(required_gates=("ratio",)))
    with_it = PlannedGate(name="ratio", rule="", source="")
    plan = msgspec.structs.replace(PLAN, gates=(with_it,), strategy=Strategy(gates={"ratio": "10"}))
    (refusal,) = judge(settings, plan, REQUEST, NOON_NS)
    assert refusal.text == (
        "policy wants the gate ratio, and ratio=10 asks for less than ratio=on does: take away --gate ratio=10"
    )


def test_a_blank_override_is_none() -> None:
    blank = msgspec.structs.replace(REQUEST, override="   ")
    assert broken(Settings(windows=(NIGHTS,)), request=blank) == ["change-window"]


def test_every_broken_rule_is_told_at_once() -> None:
    settings = Settings(
        policy=PolicySettings(users=("bob",), digest_required=True, reason_required="always"),
        windows=(NIGHTS,),
    )
    assert broken(settings) == ["who", "change-window", "digest", "reason"]


def test_a_refusal_says_what_to_do() -> None:
    (refusal,) = judge(policy(digest_required=True), PLAN, REQUEST, NOON_NS)
    assert f"--to {PLAN.to.digest}" in refusal.text
    (refusal,) = judge(Settings(windows=(NIGHTS,)), PLAN, REQUEST, NOON_NS)
    assert "window opens 22:00" in refusal.text
    assert "--override REASON" in refusal.text


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("web", ("docker.io/library/web", "latest", "")),
        ("web:1.1", ("docker.io/library/web", "1.1", "")),
        ("shop/web:1.1", ("docker.io/shop/web", "1.1", "")),
        ("localhost/web", ("localhost/web", "latest", "")),
        ("127.0.0.1:5000/web:1", ("127.0.0.1:5000/web", "1", "")),
        ("reg.example:5000/web", ("reg.example:5000/web", "latest", "")),
        ("docker.io/web:1.1", ("docker.io/library/web", "1.1", "")),
        ("index.docker.io/shop/web:1.1", ("docker.io/shop/web", "1.1", "")),
        (f"reg.example/a/b@{DIGEST}", ("reg.example/a/b", "", DIGEST)),
        (f"reg.example/a:2@{DIGEST}", ("reg.example/a", "2", DIGEST)),
        (IMAGE_ID, ("", "", "")),
    ],
)
def test_a_reference_is_read_as_docker_reads_it(reference: str, expected: tuple[str, str, str]) -> None:
    assert parts(reference) == expected


def test_where_the_name_is_to_be_typed() -> None:
    assert asks_for_name(PolicySettings(production=("prod-*",)), "prod-a")
    assert not asks_for_name(PolicySettings(production=("prod-*",)), "test-a")
    assert asks_for_name(PolicySettings(type_name="always"), "test-a")
    assert not asks_for_name(PolicySettings(type_name="never", production=("*",)), "prod-a")


def test_a_healthcheck_that_is_not_known_before_the_pull_is_not_taken_for_one() -> None:
    (refusal,) = judge(
        policy(healthcheck_required=True),
        PLAN,
        msgspec.structs.replace(REQUEST, has_healthcheck=None),
        NOON_NS,
    )
    assert refusal.rule == "healthcheck"
    assert "is not known: pull it" in refusal.text


def test_what_ran_before_needs_a_person_and_a_time_to_run_again_and_nothing_else() -> None:
    settings = Settings(
        policy=PolicySettings(users=("bob",), digest_required=True, forbidden_tags=("*",)), windows=(NIGHTS,)
    )
    assert broken(settings) == ["who", "change-window", "tag", "digest"]
    refused = against_going_back(settings, PLAN, REQUEST, NOON_NS)
    assert [refusal.rule for refusal in refused] == ["who", "change-window"]


def test_going_back_does_not_ask_what_an_image_is_called() -> None:
    back = to("<nothing that a registry would take>")
    assert against_going_back(policy(images=("docker.io/*",)), back, REQUEST, NOON_NS) == ()

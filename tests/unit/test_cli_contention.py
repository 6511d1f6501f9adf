"""`patchdeck contention` on made-up engines: what its table and its JSON tell."""

from __future__ import annotations

import json

from patchdeck.model import Engine, Indicator, Knee, Level, ServiceReading, Snapshot, SourceState
from tests.unit.headless_values import AT
from tui.headless.contention_lines import contention_lines, contention_record
from tui.headless.records import json_line

IO = Indicator(
    name="io",
    unit="share",
    value=0.31,
    level=Level.SATURATED,
    reason="io full 31 % over 10 s, 28 % over 60 s",
    source="/proc/pressure",
    at_ns=AT,
    busy=0.05,
    saturated=0.2,
)
NETWORK = Indicator(
    name="network",
    unit="share",
    value=None,
    level=Level.UNKNOWN,
    reason="only Prometheus tells \x1b[31mit",
    source="",
)
PULLS = Indicator(
    name="pulls", unit="pulls", value=0.0, level=Level.UNKNOWN, reason="no pulls ended", source="events"
)
KNEE = Knee(engine="prod-a", at=4, low=3, high=6, startups=412)


def engine(name: str = "prod-a", knee: Knee | None = KNEE) -> Engine:
    taken = ServiceReading(
        service="shop/web",
        indicator="used-cpu",
        value=1.5,
        unit="processors",
        level=Level.UNKNOWN,
        reason="",
        source="stats",
        at_ns=AT,
    )
    return Engine(
        name=name,
        state=SourceState.LIVE,
        in_flight=18,
        indicators=(IO, NETWORK, PULLS),
        knee=knee,
        of_services=(taken,),
    )


def table(*engines: Engine) -> list[str]:
    return contention_lines(Snapshot(at_ns=AT, engines=engines), width=100, colour=False, ascii_only=False)


def test_the_table_tells_value_level_and_why_and_what_is_not_known_as_such() -> None:
    header, io, network, pulls, knee = table(engine())
    assert header.split() == ["indicator", "value", "level", "why"]
    assert io.split()[:4] == ["io", "31", "%", "saturated"]
    assert io.endswith("over 60 s (/proc/pressure)")
    assert network.split()[:3] == ["network", "–", "unknown"]
    assert "\x1b" not in network
    assert pulls.split()[:4] == ["pulls", "0", "pulls", "–"]
    assert knee.split() == ["knee", "4", "3", "to", "6,", "from", "412", "startups"]


def test_a_knee_that_is_not_known_says_why() -> None:
    unknown = Knee(engine="prod-a", startups=7, reason="7 startups seen, 30 are needed")
    assert "7 startups seen, 30 are needed" in table(engine(knee=unknown))[-1]


def test_several_engines_have_their_names() -> None:
    lines = table(engine(), engine("prod-b"))
    assert (lines[0], lines[6], lines[7]) == ("prod-a", "", "prod-b")


def test_a_record_has_its_fields_and_null_for_what_is_not_known() -> None:
    record = json.loads(json_line(contention_record(engine(), AT)))
    assert list(record) == ["at", "engine", "state", "in_flight", "indicators", "knee", "services"]
    io, network, _ = record["indicators"]
    assert io == {
        "name": "io",
        "value": 0.31,
        "unit": "share",
        "level": "saturated",
        "reason": IO.reason,
        "source": "/proc/pressure",
        "at": "2026-01-01T00:00:00.000000000Z",
        "busy": 0.05,
        "saturated": 0.2,
    }
    assert (network["value"], network["level"], network["at"]) == (None, "unknown", None)
    assert (record["knee"]["at"], record["knee"]["low"]) == (4, 3)
    assert record["services"][0]["value"] == 1.5
    assert contention_record(engine(knee=None), AT)["knee"] is None

"""Gates other than the ratio's statistics: what they ask, and that what they can not see is a hold and never a pass."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from patchdeck.model import (
    Engine,
    ImageChoice,
    Indicator,
    Level,
    Plan,
    PlannedStep,
    Snapshot,
    SourceState,
    Startup,
    Verdict,
)
from patchdeck.rollout.gates.choosing import GateError, chosen, planned
from patchdeck.rollout.gates.expression import Expression, filled
from patchdeck.rollout.gates.gate import Context, Judgement, NotAsked, Replaced
from patchdeck.rollout.gates.pressure import Contention, pressure_of
from patchdeck.rollout.gates.probe import HttpProbe, TcpProbe, UnknownPlaceError, placed
from patchdeck.rollout.gates.program import Program
from patchdeck.rollout.gates.startups import StartupRatio
from patchdeck.settings import GateSettings, PrometheusSettings, Settings
from tests.unit.queueing import ENGINE, startup

PLAN = Plan(
    service="shop/web",
    engine=ENGINE,
    origin=ImageChoice(image="web:1.0", image_id="sha256:1.0"),
    to=ImageChoice(image="web:1.1", image_id="sha256:1.1"),
)


def context(
    *replaced: Replaced, indicators: tuple[Indicator, ...] = (), startups: tuple[Startup, ...] = ()
) -> Context:
    engine = Engine(name=ENGINE, state=SourceState.LIVE, indicators=indicators)
    return Context(
        plan=PLAN,
        step=PlannedStep(index=0, name="canary", units=(0,)),
        snapshot=Snapshot(engines=(engine,), startups=startups),
        replaced=replaced,
    )


def indicator(name: str, level: Level) -> Indicator:
    return Indicator(
        name=name, unit="share", value=0.3, level=level, reason=f"{name} full 30 %", source="test"
    )


def replica(address: str = "", port: int = 0) -> Replaced:
    return Replaced(
        name="web-1", container_id="f" * 64, address=address, ports=((80, "127.0.0.1", port),) if port else ()
    )


async def judged(gate: HttpProbe | TcpProbe | Program | Expression | Contention, of: Context) -> Judgement:
    told = await gate.judge(of)
    assert isinstance(told, Judgement)
    return told


# --- contention -------------------------------------------------------------------------------------------------------


async def test_contention_passes_while_nothing_is_saturated_and_says_what_it_saw() -> None:
    calm = (indicator("cpu", Level.BUSY), indicator("io", Level.CALM))
    told = await judged(Contention(), context(indicators=calm))
    assert (told.verdict, told.evidence) == (Verdict.PASS, "cpu busy, io calm")


async def test_contention_holds_while_something_is_saturated_with_its_reason() -> None:
    of = (indicator("cpu", Level.CALM), indicator("io", Level.SATURATED))
    told = await judged(Contention(), context(indicators=of))
    assert (told.verdict, told.evidence) == (Verdict.HOLD, "io: io full 30 %")


async def test_contention_that_nobody_tells_of_holds() -> None:
    told = await judged(Contention(), context(indicators=(indicator("cpu", Level.UNKNOWN),)))
    assert told.verdict is Verdict.HOLD
    assert "--gate contention=off" in told.evidence


def test_the_starts_of_the_rollout_itself_are_no_pressure() -> None:
    own = (
        indicator("starts", Level.SATURATED),
        indicator("engine", Level.SATURATED),
        indicator("cpu", Level.CALM),
    )
    assert pressure_of(context(indicators=own).snapshot, ENGINE).lasting == 0
    hosts = (indicator("cpu", Level.SATURATED),)
    assert pressure_of(context(indicators=hosts).snapshot, ENGINE).lasting == 1


# --- startups ---------------------------------------------------------------------------------------------------------


def some(count: int, version: str, latency_s: float, in_flight: int = 0) -> list[Startup]:
    spread = (0.9, 1.0, 1.1)
    return [
        startup(
            n + 1000 * (version == "1.1"),
            n * 2.0 + 500 * (version == "1.1"),
            latency_s * spread[n % 3],
            version=version,
            in_flight=in_flight,
        )
        for n in range(count)
    ]


async def test_the_ratio_gate_does_not_judge_a_canary_of_one_unless_it_is_required_to() -> None:
    few = context(startups=(*some(30, "1.0", 0.2), *some(1, "1.1", 0.2)))
    told = await StartupRatio().judge(few)
    assert isinstance(told, NotAsked)
    assert "judges from 20 of each on" in told.why
    required = await StartupRatio(required=True).judge(few)
    assert isinstance(required, Judgement)
    assert (required.verdict, required.evidence) == (Verdict.HOLD, "n 1 new, wants 5")


@pytest.mark.parametrize(("slower", "verdict"), [(1.0, Verdict.PASS), (2.0, Verdict.FAIL)])
async def test_the_ratio_gate_compares_the_two_versions_of_this_service_on_this_engine(
    slower: float, verdict: Verdict
) -> None:
    others = (
        startup(9000, 1.0, 9.0, version="1.1", service="shop/api"),
        startup(9001, 1.0, 9.0, version="1.1", engine="elsewhere"),
    )
    seen = (*some(30, "1.0", 0.2), *some(30, "1.1", 0.2 * slower), *others)
    told = await StartupRatio().judge(context(startups=seen))
    assert isinstance(told, Judgement)
    assert told.verdict is verdict
    assert told.new_n == 29  # the first after a pull is compared with its like only


async def test_restarts_are_no_starts_of_a_new_version() -> None:
    told = await StartupRatio(required=True).judge(context(startups=tuple(some(30, "1.0", 0.2))))
    assert isinstance(told, Judgement)
    assert told.evidence == "n 0 new, wants 5"


# --- probes -----------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def answering(answer: bytes | None) -> AsyncIterator[int]:
    """A server on loopback that answers with this; None: it accepts and stays silent."""
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        if answer is not None:
            await reader.readline()
            writer.write(answer)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in writers:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


def status(code: int) -> bytes:
    return f"HTTP/1.1 {code} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()


@pytest.mark.parametrize(
    ("code", "verdict", "evidence"),
    [
        (200, Verdict.PASS, "1 of 1 answer"),
        (302, Verdict.PASS, "1 of 1 answer"),
        (503, Verdict.FAIL, "web-1: HTTP 503"),
    ],
)
async def test_an_http_probe_goes_by_the_status(code: int, verdict: Verdict, evidence: str) -> None:
    async with answering(status(code)) as port:
        told = await judged(HttpProbe("up", "http://127.0.0.1:{port:80}/", 5), context(replica(port=port)))
    assert (told.verdict, told.evidence) == (verdict, evidence)


async def test_an_http_probe_without_an_answer_fails_and_says_how_long_it_waited() -> None:
    async with answering(None) as port:
        told = await judged(
            HttpProbe("up", f"http://{{address}}:{port}/", 0.2), context(replica("127.0.0.1"))
        )
    assert (told.verdict, told.evidence) == (Verdict.FAIL, "web-1: no answer within 0.2 s")


async def test_a_url_that_is_none_fails_with_a_reason() -> None:
    told = await judged(HttpProbe("up", "http://[oops", 1), context())
    assert told.verdict is not Verdict.PASS
    assert told.evidence


async def test_a_tcp_probe_passes_where_somebody_listens_and_fails_where_nobody_does() -> None:
    async with answering(b"") as port:
        told = await judged(TcpProbe("up", "127.0.0.1:{port:80}", 5), context(replica(port=port)))
        assert told.verdict is Verdict.PASS
    told = await judged(TcpProbe("up", "127.0.0.1:{port:80}", 5), context(replica(port=port)))
    assert told.verdict is Verdict.FAIL
    assert "web-1" in told.evidence


@pytest.mark.parametrize("gate", [HttpProbe("up", "http://{address}/", 1), TcpProbe("up", "{address}:80", 1)])
async def test_a_probe_that_has_no_replica_or_no_place_to_ask_holds(gate: HttpProbe | TcpProbe) -> None:
    assert (await judged(gate, context())).verdict is Verdict.HOLD
    told = await judged(gate, context(replica()))
    assert (told.verdict, told.evidence) == (Verdict.HOLD, "web-1 has no address on a network")


def test_placeholders_are_the_replicas_and_others_are_refused() -> None:
    of = replica("10.0.0.2", 49153)
    assert placed("http://{address}:80/{name}?p={port:80}", of) == "http://10.0.0.2:80/web-1?p=49153"
    assert placed("{address}:1", replica("fd00::2")) == "[fd00::2]:1"
    for template, words in (("{port:81}", "publishes no port 81"), ("{host}", "{host} is not known")):
        with pytest.raises(UnknownPlaceError, match=words):
            placed(template, of)


# --- commands ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "verdict", "evidence"),
    [
        ("print('all good')", Verdict.PASS, "all good"),
        ("import sys; print('9 errors'); sys.exit(1)", Verdict.FAIL, "9 errors"),
        ("import sys; sys.exit(75)", Verdict.HOLD, "exit status 75"),
        ("import sys; print('what'); sys.exit(2)", Verdict.HOLD, "exit status 2: what"),
        ("import os; os.kill(os.getpid(), 9)", Verdict.HOLD, "exit status -9"),
    ],
)
async def test_a_command_judges_by_its_exit_status(code: str, verdict: Verdict, evidence: str) -> None:
    told = await judged(Program("check", (sys.executable, "-c", code), 20), context())
    assert (told.verdict, told.evidence) == (verdict, evidence)


async def test_a_command_is_told_of_the_rollout() -> None:
    code = "import os; print(*(os.environ['PATCHDECK_' + n] for n in ('SERVICE', 'STEP', 'IMAGE', 'CONTAINERS')))"
    told = await judged(Program("check", (sys.executable, "-c", code), 20), context(replica()))
    assert told.evidence == f"shop/web canary web:1.1 {'f' * 64}"


async def test_a_command_that_does_not_end_is_ended_with_its_children_and_holds(tmp_path: Path) -> None:
    child = tmp_path / "child"
    told = await judged(
        Program("check", ("/bin/sh", "-c", f"sleep 60 & echo $! >{child}; wait"), 0.5), context()
    )
    assert (told.verdict, told.evidence) == (Verdict.HOLD, "/bin/sh did not end within 0.5 s")
    for _ in range(50):
        if gone(child.read_text().strip()):
            return
        await asyncio.sleep(0.05)
    pytest.fail("what the command started is still running")


def gone(pid: str) -> bool:
    process = Path(f"/proc/{pid}/stat")
    return not process.exists() or ") Z " in process.read_text()


async def test_a_command_that_is_not_there_holds() -> None:
    told = await judged(Program("check", ("/nonexistent/check",), 1), context())
    assert (told.verdict, told.evidence) == (Verdict.HOLD, "/nonexistent/check: No such file or directory")


# --- expressions ------------------------------------------------------------------------------------------------------


async def test_an_expression_without_a_prometheus_holds() -> None:
    told = await judged(Expression("errors", "up", "== 1", PrometheusSettings()), context())
    assert told.verdict is Verdict.HOLD
    assert "--prometheus" in told.evidence


def test_names_are_put_into_an_expression_as_promql_strings() -> None:
    hostile = Context(
        plan=Plan(service='a"b\\', engine=ENGINE, origin=PLAN.origin, to=PLAN.to),
        step=PlannedStep(index=0, name="canary", units=()),
        snapshot=Snapshot(),
        replaced=(Replaced(name="web.1", container_id="f"), Replaced(name="web-2", container_id="e")),
    )
    assert filled('x{s="$service",n=~"$containers",o="$other"}', hostile) == (
        'x{s="a\\"b\\\\",n=~"web\\\\.1|web\\\\-2",o="$other"}'
    )


# --- choosing ---------------------------------------------------------------------------------------------------------

OWN = Settings(
    gates=(
        GateSettings(name="up", http="http://{address}/"),
        GateSettings(name="jobs", command=("check",), services=("jobs/*",)),
    )
)


def names(values: dict[str, str], service: str = "shop/web") -> list[str]:
    return [gate.name for gate in chosen(OWN, service, values)]


def test_built_in_gates_and_the_services_own_are_on_unless_told_off() -> None:
    assert names({}) == ["contention", "ratio", "up"]
    assert names({}, "jobs/nightly") == ["contention", "ratio", "up", "jobs"]
    assert names({"ratio": "off", "up": "off", "contention": "off"}) == []
    told = planned(chosen(OWN, "shop/web", {"ratio": "1.5"}))
    assert "less than 1.5×" in told[1].rule


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"rati": "off"}, "there is no gate 'rati': there are contention, ratio, up, jobs"),
        ({"ratio": "0.5"}, "a factor over 1 and up to 10"),
        ({"ratio": "fast"}, "off, on, required, or a factor"),
        ({"up": "maybe"}, "--gate up=maybe: it takes on or off"),
        ({"health": "off"}, "the gate health is always on"),
    ],
)
def test_a_gate_that_does_not_exist_or_a_value_it_does_not_take_says_what_it_takes(
    values: dict[str, str], words: str
) -> None:
    with pytest.raises(GateError) as caught:
        names(values)
    assert words in str(caught.value)

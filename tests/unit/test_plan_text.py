"""A plan as text, for a person at a terminal of 80 columns."""

from __future__ import annotations

import msgspec
import pytest
from rich.cells import cell_len

from patchdeck.model import Amount, ConfigChange, Dependent, Plan, Refusal, Strategy
from tests.unit.plan_values import elsewhere, planned, replica
from tui.headless.plan_lines import PlanText
from tui.headless.wrapping import wrapped

SIX = [replica(number) for number in range(1, 7)]


def text(plan: Plan, *, width: int = 80, ascii_only: bool = False) -> str:
    return "\n".join(PlanText(plan, width=width, colour=False, ascii_only=ascii_only).lines())


def flat(plan: Plan) -> str:
    return " ".join(text(plan).split())


def test_it_tells_what_goes_where_in_which_order_with_what_left_and_how_long() -> None:
    shown = flat(planned(SIX, Strategy(canary=Amount(count=1), pace=2), stop_first="its port 80 is fixed"))
    for said in (
        "shop/web on prod-a: 1.0 → 1.1",
        "from shop/web:1.0 000000000000",
        "to shop/web:1.1 111111111111",
        "layers 1 shared, 1 new; nothing to pull; 2.0 MB larger than the old image",
        "replicas 6 to be replaced; 5 ready at the worst moment, 1 may be missing at once",
        "canary 1 stop-first: shop-web-1 (its port 80 is fixed)",
        "batch 3 3 stop-first: shop-web-4, shop-web-5, shop-web-6",
        "time about",
    ):
        assert said in shown


def test_what_changes_and_what_goes_along_is_told() -> None:
    plan = planned(SIX[:1])
    dependent = Dependent(
        container="side", container_id="d", started_at="", service="side", why="shares the network"
    )
    plan = msgspec.structs.replace(
        plan,
        units=(msgspec.structs.replace(plan.units[0], dependents=(dependent,)),),
        changes=(
            ConfigChange(what="environment", name="VERSION"),
            ConfigChange(what="user", old="root", new="app"),
        ),
        unclear=("environment PATH",),
    )
    shown = flat(plan)
    assert "with shop-web-1, side is recreated: shares the network" in shown
    assert "environment VERSION user: root → app" in shown
    assert "environment PATH" in shown


def test_refusals_come_last_with_their_words() -> None:
    plan = planned(SIX, service="web")
    assert text(plan).splitlines()[-2:] == [
        "Refused",
        "  unknown-service: there is no service web on prod-a; did you mean shop/web?",
    ]


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_is_wider_than_the_terminal_whatever_names_hold(width: int) -> None:
    hostile = replica(1, service="x/" + "ü\x1b[31m漢字" * 30)
    plan = planned([hostile], service=hostile.service, target=elsewhere(), stop_first="because " * 40)
    plan = msgspec.structs.replace(plan, refusals=(Refusal(rule="r", text="\x1b]0;x\x07" * 30),))
    for line in text(plan, width=width).splitlines():
        assert cell_len(line) <= width
        assert "\x1b" not in line


def test_in_ascii_there_is_nothing_else() -> None:
    assert text(planned(SIX), ascii_only=True).isascii()


def test_what_is_not_known_is_said_and_never_a_number() -> None:
    idle = [replica(1, latency_s=3_600)]
    target = msgspec.structs.replace(elsewhere(), diff_ids=None)
    shown = flat(planned(idle, target=target))
    assert "layers not known" in shown
    assert "time not known: no startup of this service is known" in shown


def test_a_word_that_is_longer_than_a_line_is_broken() -> None:
    assert list(wrapped("aa bbbbbbbbbb cc", 6, first="> ", rest="  ")) == [
        "> aa",
        "  bbbb",
        "  bbbb",
        "  bb",
        "  cc",
    ]
    assert list(wrapped("", 6, first="> ")) == [">"]

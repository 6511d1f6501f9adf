"""Armed or not: never by itself, never for longer than it should be."""

from __future__ import annotations

import msgspec
import pytest

from patchdeck.arming import Arming, CannotArmError, arm, disarm, left, weigh
from patchdeck.model import Engine, ImageChoice, Plan, Rollout, RolloutState, Snapshot, SourceState
from patchdeck.policy.windows import Opening
from patchdeck.settings import ArmingSettings

S = 10**9
LIVE = Snapshot(engines=(Engine(name="a", state=SourceState.LIVE), Engine(name="b", state=SourceState.LOST)))
STALE = Snapshot(engines=(Engine(name="a", state=SourceState.STALE, detail="silent for 12 s"),))
OPEN = Opening(is_open=True, text="window open until 02:00")
CLOSED = Opening(is_open=False, text="window opens 22:00")


def armed() -> Arming:
    return arm(ArmingSettings(lasts_s=600), LIVE, [OPEN], "CVE-2026-1", 1000 * S)


def test_a_console_begins_disarmed() -> None:
    assert not Arming().armed


def test_it_is_armed_for_the_configured_time_and_not_longer() -> None:
    arming = armed()
    assert (arming.armed, arming.reason) == (True, "CVE-2026-1")
    assert weigh(arming, LIVE, [OPEN], 1599 * S) == arming
    over = weigh(arming, LIVE, [OPEN], 1600 * S)
    assert (over.armed, over.why) == (False, "disarmed itself: its time was over")


@pytest.mark.parametrize("reason", ["", "   ", "\n"])
def test_arming_asks_for_a_reason(reason: str) -> None:
    with pytest.raises(CannotArmError, match="say why"):
        arm(ArmingSettings(), LIVE, [], reason, 0)
    assert arm(ArmingSettings(reason_required=False), LIVE, [], reason, 0).armed


def test_a_read_only_console_can_not_be_armed() -> None:
    with pytest.raises(CannotArmError, match="read-only"):
        arm(ArmingSettings(read_only=True), LIVE, [OPEN], "why not", 0)


@pytest.mark.parametrize(
    ("snapshot", "opening", "words"),
    [
        (STALE, OPEN, "silent for 12 s"),
        (Snapshot(), OPEN, "no engine's data are live"),
        (LIVE, CLOSED, "window opens 22:00"),
    ],
)
def test_stale_data_and_a_closed_window_keep_it_from_arming_and_disarm_it(
    snapshot: Snapshot, opening: Opening, words: str
) -> None:
    with pytest.raises(CannotArmError, match=words):
        arm(ArmingSettings(), snapshot, [opening], "CVE-2026-1", 0)
    after = weigh(armed(), snapshot, [opening], 1001 * S)
    assert not after.armed
    assert words in after.why


def test_one_engine_that_is_open_is_enough() -> None:
    assert weigh(armed(), LIVE, [CLOSED, OPEN], 1001 * S).armed


def test_with_a_rollout_open_a_closed_window_takes_nobodys_hands_away() -> None:
    image = ImageChoice(image="web")
    plan = Plan(service="web", engine="a", origin=image, to=image)
    rollout = Rollout(id="r1", engine="a", service="web", plan=plan, state=RolloutState.HOLDING)
    snapshot = msgspec.structs.replace(LIVE, rollouts=(rollout,))
    assert arm(ArmingSettings(), snapshot, [CLOSED], "abort it", 0).armed
    over = msgspec.structs.replace(
        snapshot, rollouts=(msgspec.structs.replace(rollout, state=RolloutState.COMMITTED),)
    )
    assert not weigh(armed(), over, [CLOSED], 1001 * S).armed


def test_an_override_arms_outside_of_the_window_and_it_stays_armed_there() -> None:
    arming = arm(ArmingSettings(lasts_s=600), LIVE, [CLOSED], "CVE-2026-1", 1000 * S, override=" exploited ")
    assert (arming.reason, arming.override) == ("CVE-2026-1", "exploited")
    assert weigh(arming, LIVE, [CLOSED], 1599 * S) == arming
    assert weigh(arming, LIVE, [CLOSED], 1600 * S).why == "disarmed itself: its time was over"
    assert "silent for 12 s" in weigh(arming, STALE, [CLOSED], 1001 * S).why
    with pytest.raises(CannotArmError, match="no engine's data are live"):
        arm(ArmingSettings(), STALE, [CLOSED], "CVE-2026-1", 0, override="exploited")
    with pytest.raises(CannotArmError, match="compose a rollout that names its override"):
        arm(ArmingSettings(), LIVE, [CLOSED], "CVE-2026-1", 0, override="  ")


def test_an_override_that_is_not_needed_does_not_outlive_the_window() -> None:
    arming = arm(ArmingSettings(), LIVE, [OPEN], "CVE-2026-1", 0, override="exploited")
    assert arming.override == ""
    assert not weigh(arming, LIVE, [CLOSED], 1 * S).armed


def test_nothing_but_arming_arms() -> None:
    disarmed = disarm("by key")
    assert weigh(disarmed, LIVE, [OPEN], 0) == disarmed


@pytest.mark.parametrize(
    ("now_s", "shown"), [(1000, "10m"), (1400, "3m"), (1525, "1m15s"), (1590, "10s"), (1700, "0s")]
)
def test_the_time_left_is_told(now_s: int, shown: str) -> None:
    assert left(armed(), now_s * S) == shown


def test_there_is_no_time_left_of_what_is_not_armed() -> None:
    assert left(disarm(), 0) == ""

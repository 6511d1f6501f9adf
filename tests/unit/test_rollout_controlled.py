"""The pacer between the machine and the controller: what it learns from, what it yields to, what it hands on."""

from __future__ import annotations

from patchdeck.model import Engine, Indicator, Level, PaceChanged, Snapshot, SourceState
from patchdeck.model.journal import Binding
from patchdeck.rollout.controlled import PATIENCE_S, Controlled
from patchdeck.rollout.processors import Times
from patchdeck.rollout.seams import StartSeen


class Seen:
    """What a watch would show, and the times of two processors that others keep `busy`."""

    def __init__(self, level: Level = Level.CALM, *, busy: float | None = None) -> None:
        self.level = level
        self.busy = busy
        self.now_s = 0.0
        self.has_processor_times = busy is not None

    def processor_times(self) -> Times | None:
        if self.busy is None:
            return None
        return Times(resting=2 * self.now_s * (1 - self.busy), total=2 * self.now_s)

    @property
    def snapshot(self) -> Snapshot:
        cpu = Indicator(
            name="cpu", unit="share", value=0.6, level=self.level, reason="cpu some", source="test"
        )
        return Snapshot(engines=(Engine(name="lab", state=SourceState.LIVE, indicators=(cpu,)),))


def start(took_s: float, in_flight: int = 1, *, ok: bool = True) -> StartSeen:
    return StartSeen(unit=0, took_s=took_s, in_flight=in_flight, ok=ok)


def pacer(
    seen: Seen | None = None, *, brake: bool = True, learned: dict[str, float] | None = None
) -> Controlled:
    entries = (
        [PaceChanged(rollout="r", pace=4, in_flight=0, binds=Binding.PACE, learned=learned)]
        if learned
        else []
    )
    return Controlled(seen or Seen(), "lab", entries, brake=brake)  # type: ignore[arg-type]


def test_it_begins_with_one_and_widens_while_starts_stay_quick() -> None:
    one = pacer()
    assert one.admit(10.0, 0).starts == 1
    for _ in range(8):
        one.note(start(0.2, one.admit(10.0, 0).starts))
    assert one.admit(10.0, 0).starts >= 4


def test_a_slow_first_start_is_not_taken_for_calm() -> None:
    """It reads the new image from the disk; by it everything after would look quick."""
    one = pacer()
    one.note(start(2.0))
    for _ in range(4):
        one.note(start(0.2, 2))
    assert one.learned["baseline_s"] == 0.2


def test_a_failed_start_takes_it_back() -> None:
    one = pacer(learned={"limit": 8.0, "latency": 1.0, "doubling": 0.0, "baseline_s": 0.2})
    one.note(start(120.0, 8, ok=False))
    assert one.admit(10.0, 0).starts == 4


def test_a_worker_goes_on_from_what_the_one_before_it_had_learned() -> None:
    before = pacer()
    for _ in range(9):
        before.note(start(0.25, before.admit(10.0, 0).starts))
    after = pacer(learned=dict(before.learned))
    assert after.learned == before.learned
    assert after.admit(10.0, 0).starts == before.admit(10.0, 0).starts


def test_a_saturated_host_is_waited_for_and_in_the_end_served_one_at_a_time() -> None:
    seen = Seen(Level.SATURATED)
    one = pacer(seen, learned={"limit": 4.0, "latency": 1.2, "doubling": 0.0, "baseline_s": 0.2})
    held = one.admit(10.0, 0)
    assert (held.starts, held.binds) == (0, Binding.PRESSURE)
    assert "waiting" in held.detail
    late = one.admit(10.0 + PATIENCE_S + 3, 0)
    assert (late.starts, late.binds) == (1, Binding.PRESSURE)
    assert one.admit(10.0 + PATIENCE_S + 3, 1).starts == 1
    seen.level = Level.CALM
    calm = one.admit(10.0 + PATIENCE_S + 6, 0)
    assert calm.starts >= 1
    assert calm.binds is Binding.PACE


def test_what_is_under_way_is_let_go_on_under_pressure() -> None:
    one = pacer(Seen(Level.SATURATED), learned={"limit": 6.0, "baseline_s": 0.2})
    assert one.admit(10.0, 3).starts == 3


def test_without_the_brake_pressure_changes_nothing() -> None:
    one = pacer(Seen(Level.SATURATED), brake=False)
    assert one.admit(10.0, 0).starts == 1


def passes(seen: Seen, one: Controlled, seconds: float, in_flight: int) -> None:
    """As often as the room is looked at."""
    until_s = seen.now_s + seconds
    while seen.now_s < until_s:
        seen.now_s += 0.5
        one.admit(seen.now_s, in_flight)


def test_while_others_keep_every_processor_busy_it_stays_at_one_however_quick_starts_are() -> None:
    seen = Seen(busy=1.0)
    one = pacer(seen)
    for _ in range(12):
        passes(seen, one, 1.0, 1)
        one.note(start(0.2, 1))
    told = one.admit(seen.now_s, 0)
    assert told.starts == 1
    assert "no processor is at rest" in told.detail
    seen.busy, seen.now_s = 0.2, 1000.0  # they have left
    passes(seen, one, 3.0, 1)
    one.note(start(0.2, 1))
    assert one.admit(seen.now_s, 0).starts == 2


def test_pressure_on_the_processors_that_is_its_own_does_not_stop_it() -> None:
    seen = Seen(Level.SATURATED, busy=0.05)
    one = pacer(seen, learned={"limit": 4.0, "latency": 1.2, "doubling": 0.0, "baseline_s": 0.2})
    standing = one.admit(10.0, 4)
    assert (standing.starts, standing.binds) == (4, Binding.PRESSURE)
    assert "standing still to see by whom" in standing.detail
    seen.now_s = 10.0
    passes(seen, one, 1.0, 0)
    on = one.admit(seen.now_s, 0)
    assert (on.starts, on.binds) == (4, Binding.PACE)


def test_pressure_on_the_processors_that_lasts_while_it_stands_still_is_someone_elses() -> None:
    seen = Seen(Level.SATURATED, busy=0.95)
    one = pacer(seen, learned={"limit": 4.0, "latency": 1.2, "doubling": 0.0, "baseline_s": 0.2})
    seen.now_s = 10.0
    passes(seen, one, 2.0, 0)
    held = one.admit(seen.now_s, 0)
    assert (held.starts, held.binds) == (0, Binding.PRESSURE)
    assert "waiting for it to pass" in held.detail

"""A pace that is found while the rollout runs: by how long its starts take, and by what else the host has to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from patchdeck.model import AnyEntry, PaceChanged
from patchdeck.model.journal import Binding
from patchdeck.rollout.gates.pressure import pressure_of
from patchdeck.rollout.pace import Pace, Pressure, admit
from patchdeck.rollout.processors import Processors
from patchdeck.rollout.seams import Admitted, StartSeen
from patchdeck.rollout.senses import PRESSURE_S, Senses

PATIENCE_S: Final = 60.0
"""How long nothing is started under someone else's pressure. Then one at a time is: a patch is not put off for ever."""


class Controlled:
    """A pacer that finds the pace by how long starts take, and yields to the host's pressure."""

    def __init__(
        self, senses: Senses, engine: str, entries: Sequence[AnyEntry], *, brake: bool = True
    ) -> None:
        """`entries` of the journal tell what an earlier worker had learned; without `brake` pressure is ignored."""
        learned = next((one.learned for one in reversed(entries) if isinstance(one, PaceChanged)), {})
        self._pace = Pace.from_learned(learned)
        self._baseline_s = learned.get("baseline_s", 0.0)
        self._senses = senses
        self._engine = engine
        self._brake = brake
        self._processors = Processors(senses.processor_times)
        self._pressure = Pressure()
        self._finding_out = False
        """It stands still to see whether it is the rollout itself that presses on the processors."""
        self._looked_s = 0.0
        self._pressed_since_s: float | None = None

    def admit(self, now_s: float, in_flight: int) -> Admitted:
        if self._brake:
            self._processors.look(now_s, in_flight)
            known = self._processors.pressed_by_us(now_s) is not None
            if now_s - self._looked_s >= PRESSURE_S or (self._finding_out and known):
                self._looked_s = now_s
                self._look(now_s)
        pressed_s = 0.0 if self._pressed_since_s is None else now_s - self._pressed_since_s
        # The machine counts what is wanted and what is available; of the limits only these two are the pace's.
        room = admit(
            self._pace,
            self._pressure,
            in_flight=in_flight,
            wanted=self._pace.starts,
            available=self._pace.starts,
            patient=pressed_s < PATIENCE_S,
        )
        if self._pressure.lasting >= 1:
            waits = "one at a time" if pressed_s >= PATIENCE_S else "waiting for it to pass"
            if self._finding_out:
                waits = "standing still to see by whom"
            return Admitted(
                starts=in_flight + room.starts,
                binds=Binding.PRESSURE,
                detail=f"the host is saturated: {waits}",
            )
        return Admitted(starts=self._pace.starts, detail=self._in_words())

    def _look(self, now_s: float) -> None:
        snapshot = self._senses.snapshot
        self._pressure = pressure_of(snapshot, self._engine)
        self._finding_out = False
        beside = pressure_of(snapshot, self._engine, without="cpu")
        if self._pressure.lasting >= 1 > beside.lasting and self._senses.has_processor_times:
            # To what it presses on the processors itself, the pace sees by how long its starts take.
            ours = self._processors.pressed_by_us(now_s)
            self._finding_out = ours is None
            if ours:
                self._pressure = beside
        if not self._finding_out:
            self._pace = self._pace.pressed(self._pressure)
        if self._pressure.lasting < 1:
            self._pressed_since_s = None
        elif self._pressed_since_s is None:
            self._pressed_since_s = now_s

    def _in_words(self) -> str:
        if not self._baseline_s:
            return "one, to learn how long a start takes"
        words = f"starts take {self._pace.latency:.1f}× the {self._baseline_s:.2f} s of one alone"
        return words if self._processors.spare else f"{words}; no processor is at rest"

    def note(self, start: StartSeen) -> None:
        if not start.ok:
            self._pace = self._pace.failed()
            return
        if start.took_s <= 0:
            return
        # The quickest start is nearest to calm: the very first one reads the new image's layers from the disk.
        self._baseline_s = min(self._baseline_s or start.took_s, start.took_s)
        relative = start.took_s / self._baseline_s
        self._pace = self._pace.started(relative, in_flight=start.in_flight, spare=self._processors.spare)

    @property
    def learned(self) -> Mapping[str, float]:
        return {**self._pace.learned, "baseline_s": self._baseline_s}

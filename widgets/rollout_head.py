"""One rollout at a glance: how it stands, what it waits for, at what pace, until when, and who asked for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from patchdeck.model import Actor, Engine, Level, Rollout
from themes.ramps import UNICODE, Glyphs
from widgets import rollout_words, units
from widgets.ink import Ink
from widgets.line import Line, Span, Spans
from widgets.panel import Panel

_LABEL_CELLS = 9
_LEVELS = {Level.BUSY: Ink.BUSY, Level.SATURATED: Ink.SATURATED}
_WORST = (Level.SATURATED, Level.BUSY)


class RolloutHead(Panel):
    """Six lines; each stays where it is, whatever happens."""

    def __init__(
        self,
        *,
        utc: bool = False,
        glyphs: Glyphs = UNICODE,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(title="Rollout", glyphs=glyphs, name=name, id=id, classes=classes)
        self._utc = utc
        self._rollout: Rollout | None = None
        self._engine: Engine | None = None
        self._now_ns = 0
        self._keys: Mapping[str, str] = {}
        self._submitted = ""

    def show(
        self,
        rollout: Rollout,
        engine: Engine | None,
        *,
        now_ns: int,
        keys: Mapping[str, str] | None = None,
        submitted: str = "",
    ) -> None:
        """Show this. `engine` is the one it is on, if it is watched; `submitted` what was asked and not answered."""
        self._rollout, self._engine, self._now_ns = rollout, engine, now_ns
        self._keys, self._submitted = keys or {}, submitted
        self._title = f"{rollout.service} on {rollout.engine} {self.glyphs.dot} rollout {rollout.id}"
        self.redraw()

    def note(self) -> Sequence[Span]:
        if self._rollout is None:
            return ()
        spans = rollout_words.keys_of(self._rollout, self._keys)
        return [*spans[:-1], (spans[-1][0].rstrip(), spans[-1][1], "")] if spans else ()

    def draw(self, width: int, height: int) -> Sequence[Spans]:
        del height
        rollout = self._rollout
        if rollout is None:
            return ()
        return [
            self._state(rollout, width).spans(),
            self._why(rollout, width).spans(),
            self._pace(rollout, width).spans(),
            self._contention(width).spans(),
            self._times(rollout, width).spans(),
            self._people(rollout, width).spans(),
        ]

    def _labelled(self, label: str, width: int) -> Line:
        return self.line(width).gap(1).value(label, _LABEL_CELLS, Ink.MUTED)

    def _state(self, rollout: Rollout, width: int) -> Line:
        text, ink, _ = rollout_words.state_span(rollout, self.glyphs)
        line = self.line(width).gap(1).value(text, 18, ink)
        done, every = rollout_words.units_done(rollout), len(rollout.units)
        return line.free(
            f"{rollout_words.way(rollout.plan, self.glyphs)}   {done} of {every} replicas", Ink.STRONG
        )

    def _why(self, rollout: Rollout, width: int) -> Line:
        line = self._labelled("now", width)
        if self._submitted:
            return line.put(f"{self._submitted} submitted: the journal has not answered yet", Ink.ACCENT)
        text, ink = rollout_words.waits_for(rollout)
        return line.free(text, ink)

    def _pace(self, rollout: Rollout, width: int) -> Line:
        line = self._labelled("pace", width)
        if rollout.pace is None:
            return line.put("not found yet" if rollout.open else units.MISSING, Ink.MUTED)
        line.put(f"{rollout.pace:.1f} at once, {rollout.in_flight} starting; ")
        detail = f": {rollout.binds_detail}" if rollout.binds_detail else ""
        return line.free(f"{rollout.binds.value} binds{detail}", Ink.MUTED)

    def _contention(self, width: int) -> Line:
        line = self._labelled("pressure", width)
        if self._engine is None:
            return line.put("this engine is not watched by this console", Ink.MUTED)
        for level in _WORST:
            felt = [one for one in self._engine.indicators if one.level is level]
            if felt:
                words = "; ".join(f"{one.name} {level.value}: {one.reason}" for one in felt)
                return line.free(words, _LEVELS[level])
        known = any(one.level is Level.CALM for one in self._engine.indicators)
        return line.put("calm" if known else "not known", Ink.CALM if known else Ink.MUTED)

    def _times(self, rollout: Rollout, width: int) -> Line:
        line = self._labelled("began", width).put(units.clock(rollout.began_ns, utc=self._utc))
        if rollout.ended_ns is not None and rollout.began_ns is not None:
            took_s = (rollout.ended_ns - rollout.began_ns) / 1e9
            line.put(f", ended {units.clock(rollout.ended_ns, utc=self._utc)} after {units.latency(took_s)}")
        elif rollout.predicted_end_ns is not None:
            left = rollout_words.ends_in(rollout, self._now_ns)
            line.put(f", ends about {units.clock(rollout.predicted_end_ns, utc=self._utc)}, {left}")
        if rollout.pauses:
            since_s = (self._now_ns - min(pause.since_ns for pause in rollout.pauses)) / 1e9
            line.put(f", waits since {units.age(max(since_s, 0.0))}", Ink.BUSY)
        return line

    def _people(self, rollout: Rollout, width: int) -> Line:
        line = self._labelled("asked by", width).free(_who(rollout.by))
        if rollout.reason:
            line.free(f" ({rollout.reason})")
        worker = rollout.worker
        if rollout.open and worker is not None:
            if rollout.worker_alive:
                line.free(f"   worker {worker.pid} on {worker.host}, number {rollout.workers}", Ink.MUTED)
            else:
                line.free(f"   no worker: {worker.pid} on {worker.host} is gone", Ink.SATURATED)
        return line


def _who(actor: Actor | None) -> str:
    if actor is None:
        return "not known"
    where = f"{actor.user}@{actor.host}" if actor.host else actor.user
    return f"{where} from {actor.ssh_client}" if actor.ssh_client else where

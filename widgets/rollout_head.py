"""One rollout at a glance: how it stands, what it does, what a person can do now, and who asked for it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

from patchdeck.model import Actor, Engine, Level, Rollout
from themes.ramps import UNICODE, Glyphs
from widgets import rollout_now, rollout_words, units
from widgets.cells import clean
from widgets.ink import Ink
from widgets.line import Line, Spans, cells_of
from widgets.panel import Panel
from widgets.rollout_summary import in_numbers

_LABEL_CELLS = 9
_STATE_CELLS = 18
_LINES = 7
_LEVELS = {Level.BUSY: Ink.BUSY, Level.SATURATED: Ink.SATURATED}
_WORST = (Level.SATURATED, Level.BUSY)


class RolloutHead(Panel):
    """Seven lines; each stays where it is, whatever happens. What can be done now is one of them."""

    DEFAULT_CSS = f"RolloutHead {{ height: {_LINES + 2}; }}"

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
        self._submitted = self._left = ""

    def show(
        self,
        rollout: Rollout,
        engine: Engine | None,
        *,
        now_ns: int,
        keys: Mapping[str, str] | None = None,
        submitted: str = "",
        left: str = "",
    ) -> None:
        """Show this.

        `engine` is the one it is on, if it is watched; `submitted` says what was asked and not answered, `left` what
        a person has still to do.
        """
        self._rollout, self._engine, self._now_ns = rollout, engine, now_ns
        self._keys, self._submitted, self._left = keys or {}, submitted, left
        self._title = f"{rollout.service} on {rollout.engine} {self.glyphs.dot} rollout {rollout.id}"
        self.redraw()

    def draw(self, width: int, height: int) -> Sequence[Spans]:
        del height
        rollout = self._rollout
        if rollout is None:
            return ()
        return [
            self._state(rollout, width).spans(),
            *self._now(rollout, width),
            self._can(rollout, width).spans(),
            (self._sum if rollout.state.over else self._pace)(rollout, width).spans(),
            self._contention(width).spans(),
            self._people(rollout, width).spans(),
        ]

    def _labelled(self, label: str, width: int) -> Line:
        return self.line(width).gap(1).value(label, _LABEL_CELLS, Ink.MUTED)

    def _state(self, rollout: Rollout, width: int) -> Line:
        text, ink, _ = rollout_words.state_span(rollout, self.glyphs)
        line = self.line(width).gap(1).put(f" {text} " if ink == Ink.CALLS else text, ink)
        line.gap(max(_STATE_CELLS + 1 - line.taken, 1))
        when = self.line(width).put(self._when(rollout), Ink.BUSY if rollout.pauses else Ink.TEXT).so_far()
        done, every = rollout_words.units_done(rollout), len(rollout.units)
        counted = f"   {done} of {every} replicas"
        way = self.line(max(line.room - cells_of(when) - len(counted) - 3, 0))
        way.free(rollout_words.way(rollout.plan, self.glyphs), Ink.STRONG)
        for part, part_ink, _ in way.so_far():
            line.put(part, part_ink)
        return line.put(counted, Ink.STRONG).right((*when, (" ", Ink.TEXT, "")))

    def _when(self, rollout: Rollout) -> str:
        if rollout.ended_ns is not None:
            return f"ended {units.clock(rollout.ended_ns, utc=self._utc)}"
        if rollout.pauses:
            since_s = (self._now_ns - min(pause.since_ns for pause in rollout.pauses)) / 1e9
            return f"waits since {units.age(max(since_s, 0.0))}"
        return rollout_words.ends_in(rollout, self._now_ns)

    def _now(self, rollout: Rollout, width: int) -> Sequence[Spans]:
        """Two lines, whether it takes one or more."""
        if self._submitted:
            text, ink = self._submitted, str(Ink.ACCENT)
        else:
            text, ink = rollout_now.sentence(rollout, self._now_ns)
            text += f"; left to you: {self._left}" if self._left else ""
        room = max(width - _LABEL_CELLS - 2, 1)
        said = textwrap.wrap(clean(text, ascii_only=self.glyphs.ascii), room) or [""]
        first = self._labelled("outcome" if rollout.state.over else "now", width).free(said[0], ink)
        rest = self._labelled("", width).free(" ".join(said[1:]), ink)
        return first.spans(), rest.spans()

    def _can(self, rollout: Rollout, width: int) -> Line:
        line = self._labelled("you can", width)
        spans = rollout_words.keys_of(rollout, self._keys)
        for text, ink, _ in spans:
            line.put(text, ink)
        if not spans and self._keys:
            line.put(
                "nothing is left to be done" if rollout.state.over else "wait: it goes on by itself",
                Ink.MUTED,
            )
        return line

    def _sum(self, rollout: Rollout, width: int) -> Line:
        line = self._labelled("summary", width)
        return line.free(in_numbers(rollout.summary) if rollout.summary else units.MISSING)

    def _pace(self, rollout: Rollout, width: int) -> Line:
        line = self._labelled("pace", width)
        if rollout.pace is None:
            return line.put("not found yet", Ink.MUTED)
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

    def _people(self, rollout: Rollout, width: int) -> Line:
        line = self._labelled("began", width).put(units.clock(rollout.began_ns, utc=self._utc))
        line.free(f" by {_who(rollout.by)}")
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

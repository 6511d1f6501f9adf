"""A plan beside the fields that it is made from: what speaks against it first, then what it does."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby

from textual import events

from patchdeck.model import ConfigChange, ImageChoice, Plan, Refusal, Severity
from widgets import units
from widgets.cells import clean
from widgets.details import Detail, Details, Section

_KEY_CELLS = 25
_MARGIN_CELLS = 3
_LEAST = 16


class PlanView(Details):
    """Wraps what it tells, so that nothing of a refusal is out of sight."""

    _told: tuple[str, Plan | None, Sequence[Refusal], str] | None = None

    def show_plan(self, title: str, plan: Plan | None, refusals: Sequence[Refusal], waiting: str) -> None:
        """`waiting` is what is being asked, or why there is no plan; the plan is then the one before."""
        self._told = (title, plan, refusals, waiting)
        sections = []
        if waiting:
            sections.append(Section(title="", details=tuple(self._wrapped("", waiting, Severity.WARNING))))
        if plan is not None:
            sections += self._sections(plan, refusals)
        self.show(title, sections)

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        if self._told is not None:
            self.show_plan(*self._told)

    def _sections(self, plan: Plan, refusals: Sequence[Refusal]) -> Iterator[Section]:
        if refusals:
            yield Section(
                title="Refused",
                details=[
                    line for one in refusals for line in self._wrapped(one.rule, one.text, Severity.FAILURE)
                ],
            )
        yield Section(title="", details=list(self._about(plan)))
        if plan.units:
            yield Section(title="Steps", details=list(self._steps(plan)))
            yield Section(
                title="Gates",
                details=[
                    line
                    for gate in plan.gates
                    for line in self._wrapped(gate.name, f"{gate.rule}. By: {gate.source}")
                ],
            )
        if plan.changes or plan.unclear:
            yield Section(
                title="Changes with the image",
                details=[
                    *(line for one in plan.changes for line in self._wrapped(one.what, _change(one))),
                    *(line for one in plan.unclear for line in self._wrapped("unclear", one)),
                ],
            )
        if plan.notes:
            yield Section(
                title="Good to know", details=[line for one in plan.notes for line in self._wrapped("", one)]
            )

    def _about(self, plan: Plan) -> Iterator[Detail]:
        if plan.origin.image:
            yield from self._wrapped("from", _image(plan.origin))
        yield from self._wrapped("to", _image(plan.to))
        yield from self._wrapped("layers", _layers(plan))
        if plan.units:
            worst = plan.worst_capacity
            missing = f", {plan.max_unavailable} may be missing at once" if plan.max_unavailable else ""
            text = f"{len(plan.units)} to be replaced; {worst or 'none'} ready at the worst moment{missing}"
            yield from self._wrapped("replicas", text, Severity.INFO if worst else Severity.WARNING)
            time = (
                "not known:" if plan.predicted_s is None else f"about {units.latency(plan.predicted_s)}, from"
            )
            yield from self._wrapped("time", f"{time} {plan.predicted_from}")

    def _steps(self, plan: Plan) -> Iterator[Detail]:
        for step in plan.steps:
            label = step.name
            going = [plan.units[index] for index in step.units]
            for (order, reasons), alike in groupby(going, key=lambda unit: (unit.order, unit.reasons)):
                names = [unit.container for unit in alike]
                why = f" ({'; '.join(reasons)})" if reasons else ""
                yield from self._wrapped(label, f"{len(names)} {order.value}: {', '.join(names)}{why}")
                label = ""
            for unit in going:
                for dependent in unit.dependents:
                    how = "recreated" if dependent.recreate else "restarted"
                    text = f"with {unit.container}, {dependent.container} is {how}: {dependent.why}"
                    yield from self._wrapped("", text)

    def _wrapped(self, key: str, text: str, severity: Severity = Severity.INFO) -> Iterator[Detail]:
        room = max(self.inner_size.width - (_KEY_CELLS if key else _MARGIN_CELLS), _LEAST)
        lines = textwrap.wrap(clean(text, ascii_only=self.glyphs.ascii), room) or [""]
        yield Detail(key=key, text=lines[0], severity=severity)
        for line in lines[1:]:
            yield Detail(key=" " if key else "", text=line, severity=severity)


def _image(choice: ImageChoice) -> str:
    known = choice.image_id.removeprefix("sha256:")[:12] or choice.digest.partition("@")[2][:19]
    size = "" if choice.size_bytes is None else units.size(choice.size_bytes)
    return "  ".join(part for part in (choice.image, known or "not known which image that is", size) if part)


def _layers(plan: Plan) -> str:
    layers = plan.layers
    parts = []
    if layers.shared is None or layers.new is None:
        parts.append("not known")
    else:
        parts.append(f"{layers.shared} shared, {layers.new} new")
    if layers.new_bytes is not None:
        parts.append(f"{units.size(layers.new_bytes)} to pull" if layers.new_bytes else "nothing to pull")
    if layers.growth_bytes:
        more = "larger" if layers.growth_bytes > 0 else "smaller"
        parts.append(f"{units.size(abs(layers.growth_bytes))} {more} than the old image")
    return "; ".join(parts)


def _change(change: ConfigChange) -> str:
    values = f": {change.old or 'none'} to {change.new or 'none'}" if change.old or change.new else ""
    return f"{change.name}{values}" or "another one"

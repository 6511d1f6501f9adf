"""A plan for a person who is about to confirm it: what goes where, in which order, with what left, how long."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from patchdeck.model import ConfigChange, ImageChoice, Plan
from patchdeck.versions import short_id
from tui.headless.table import RESET, Colour
from tui.headless.wrapping import wrapped
from widgets.cells import clean
from widgets.units import latency, size

_LABEL = 10


class PlanText:
    """A plan as lines of at most `width` cells."""

    def __init__(self, plan: Plan, *, width: int, colour: bool, ascii_only: bool) -> None:
        self._plan = plan
        self._width = width
        self._colour = colour
        self._ascii_only = ascii_only

    def lines(self) -> Iterator[str]:
        """The refusals come last: that is what stays on the screen."""
        plan = self._plan
        yield from self._about()
        if plan.units:
            yield from ("", *self._steps())
        yield from self._section("Changes with the image", (_change(change) for change in plan.changes))
        yield from self._section(
            "Perhaps the user's own, but the same in the old image, and taken for the image's", plan.unclear
        )
        gates = (f"{gate.name}: {gate.rule}. Judged by: {gate.source}" for gate in plan.gates)
        yield from self._section("Checked after each step", gates if plan.units else ())
        yield from self._section("Good to know", plan.notes)
        refusals = (f"{refusal.rule}: {refusal.text}" for refusal in plan.refusals)
        yield from self._section("Refused", refusals, Colour.BAD)

    def _about(self) -> Iterator[str]:
        plan = self._plan
        versions = (
            f": {plan.origin.version} → {plan.to.version}" if plan.origin.version and plan.to.version else ""
        )
        yield from self._paragraph(f"{plan.service} on {plan.engine}{versions}")
        yield ""
        if plan.origin.image:
            yield from self._labelled("from", _image(plan.origin))
        yield from self._labelled("to", _image(plan.to))
        yield from self._labelled("layers", _layers(plan))
        if plan.units:
            yield from self._labelled("replicas", _capacity(plan))
            yield from self._labelled("time", _time(plan))

    def _steps(self) -> Iterator[str]:
        for step in self._plan.steps:
            units = [self._plan.units[index] for index in step.units]
            label = step.name
            for (order, reasons), alike in groupby(units, key=lambda unit: (unit.order, unit.reasons)):
                names = [unit.container for unit in alike]
                why = f" ({'; '.join(reasons)})" if reasons else ""
                yield from self._labelled(label, f"{len(names)} {order.value}: {', '.join(names)}{why}")
                label = ""
            for unit in units:
                for dependent in unit.dependents:
                    how = "recreated" if dependent.recreate else "restarted"
                    text = f"with {unit.container}, {dependent.container} is {how}: {dependent.why}"
                    yield from self._labelled("", text)

    def _section(self, title: str, items: Iterable[str], colour: Colour = Colour.NONE) -> Iterator[str]:
        texts = list(items)
        if not texts:
            return
        yield ""
        yield self._painted(title, colour)
        for text in texts:
            yield from self._paragraph(text, first="  ", rest="    ")

    def _labelled(self, label: str, text: str) -> Iterator[str]:
        return self._paragraph(text, first=f"  {label:<{_LABEL}}", rest=" " * (_LABEL + 2))

    def _paragraph(self, text: str, *, first: str = "", rest: str = "") -> Iterator[str]:
        shown = clean(text, ascii_only=self._ascii_only)
        return wrapped(shown, self._width, first=first, rest=rest)

    def _painted(self, text: str, colour: Colour) -> str:
        return f"{colour}{text}{RESET}" if self._colour and colour else text


def _image(choice: ImageChoice) -> str:
    known = " ".join(
        part
        for part in (short_id(choice.image_id), choice.digest.partition("@")[2][:19], _size(choice))
        if part
    )
    return f"{choice.image}  {known}" if known else f"{choice.image}  not known which image that is"


def _size(choice: ImageChoice) -> str:
    return "" if choice.size_bytes is None else size(choice.size_bytes)


def _layers(plan: Plan) -> str:
    layers = plan.layers
    parts = []
    if layers.shared is None or layers.new is None:
        parts.append("not known")
    else:
        parts.append(f"{layers.shared} shared, {layers.new} new")
    if layers.new_bytes:
        parts.append(f"{size(layers.new_bytes)} to pull")
    elif layers.new_bytes == 0:
        parts.append("nothing to pull")
    if layers.growth_bytes:
        more = "larger" if layers.growth_bytes > 0 else "smaller"
        parts.append(f"{size(abs(layers.growth_bytes))} {more} than the old image")
    return "; ".join(parts)


def _capacity(plan: Plan) -> str:
    missing = f", {plan.max_unavailable} may be missing at once" if plan.max_unavailable else ""
    worst = plan.worst_capacity or "none"
    return f"{len(plan.units)} to be replaced; {worst} ready at the worst moment{missing}"


def _time(plan: Plan) -> str:
    if plan.predicted_s is None:
        return f"not known: {plan.predicted_from}"
    return f"about {latency(plan.predicted_s)}, from {plan.predicted_from}"


def _change(change: ConfigChange) -> str:
    what = f"{change.what} {change.name}".rstrip()
    if not (change.old or change.new):
        return what
    return f"{what}: {change.old or 'none'} → {change.new or 'none'}"

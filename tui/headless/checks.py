"""The doctor's findings as a check list: what is there, what is not, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

import msgspec

from patchdeck.doctor import EngineReport, Finding, Report
from patchdeck.sources.attempts import Attempt, Outcome
from tui.headless.table import RESET, Colour
from widgets.cells import clean
from widgets.units import response


class Mark(StrEnum):
    GOOD = "good"
    BAD = "bad"
    WARNING = "warning"
    NOTE = "note"


_GLYPHS = {Mark.GOOD: "✓", Mark.BAD: "✗", Mark.WARNING: "!", Mark.NOTE: "·"}
_ASCII = {Mark.GOOD: "+", Mark.BAD: "x", Mark.WARNING: "!", Mark.NOTE: "-"}
_COLOURS = {
    Mark.GOOD: Colour.GOOD,
    Mark.BAD: Colour.BAD,
    Mark.WARNING: Colour.WARNING,
    Mark.NOTE: Colour.FAINT,
}

_OFFSET_S = 1.0
"""A clock this far off makes times on screen hard to compare with anyone else's."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    mark: Mark
    what: str
    detail: str = ""
    advice: str = ""
    """One sentence on what to do; only where something is wrong."""


Section = tuple[str, list[Check]]


def engine_section(report: Report) -> Section:
    """Every address that was tried, and under each engine that answered what it can tell."""
    engines = {engine.host: engine for engine in report.engines}
    checks: list[Check] = []
    for attempt in report.attempts:
        engine = engines.get(attempt.host)
        if engine is None:
            checks.append(_attempt(attempt, needed=not engines))
        else:
            checks.extend(_engine(engine, attempt))
    return "Engines", checks


def _attempt(attempt: Attempt, *, needed: bool) -> Check:
    what = f"{attempt.host} ({attempt.chosen})"
    if attempt.outcome is Outcome.OK:
        return Check(mark=Mark.NOTE, what=what, detail=f"{attempt.detail}, not watched")
    # A default socket that is not there is no fault once another one answers.
    if not needed and attempt.chosen == "default socket":
        return Check(mark=Mark.NOTE, what=what, detail=attempt.outcome.value)
    return Check(
        mark=Mark.BAD, what=what, detail=f"{attempt.outcome.value}: {attempt.detail}", advice=attempt.advice
    )


def _engine(engine: EngineReport, attempt: Attempt) -> Iterator[Check]:
    cgroup = f", cgroup v{engine.cgroup_version}" if engine.cgroup_version else ""
    yield Check(
        mark=Mark.GOOD,
        what=f"{engine.host} ({attempt.chosen})",
        detail=f"engine {engine.version}, API {engine.api_version}, {engine.storage_driver}{cgroup}, "
        f"{engine.operating_system}, answers in {response(engine.response_s)}",
    )
    far = abs(engine.clock_offset_s) > _OFFSET_S + engine.clock_error_s
    yield Check(
        mark=Mark.WARNING if far else Mark.GOOD,
        what=f"{engine.name} clock",
        detail=f"{engine.clock_offset_s:+.3f} s from this host's, give or take {engine.clock_error_s:.3f} s",
        advice="Let both hosts take their time from the same source; until then times are shifted."
        if far
        else "",
    )
    advice = (
        ""
        if engine.events.available
        else "Let /events through to the engine: without it nothing is seen live."
    )
    yield _finding(engine.events, of=engine.name, absent=Mark.BAD, advice=advice)
    yield from (_finding(source, of=f"{engine.name} pressure from") for source in engine.pressure)


def prometheus_section(report: Report) -> Section:
    """Whether Prometheus answers; what it has of each engine is told with that engine."""
    return "Prometheus", [_finding(report.prometheus)]


def _finding(finding: Finding, *, of: str = "", absent: Mark = Mark.NOTE, advice: str = "") -> Check:
    missing = Mark.BAD if finding.asked_for else absent
    return Check(
        mark=Mark.GOOD if finding.available else missing,
        what=f"{of} {finding.name}".strip(),
        detail=finding.detail or ("available" if finding.available else "not available"),
        advice=advice or finding.advice,
    )


def check_lines(sections: Iterable[Section], *, colour: bool, ascii_only: bool) -> Iterator[str]:
    """Headings, and under each a line a check and a line for what to do."""
    glyphs: Mapping[Mark, str] = _ASCII if ascii_only else _GLYPHS
    for index, (heading, checks) in enumerate(sections):
        if index:
            yield ""
        yield heading
        for check in checks:
            glyph = glyphs[check.mark]
            shown = f"{_COLOURS[check.mark]}{glyph}{RESET}" if colour else glyph
            text = f"{check.what}: {check.detail}" if check.detail else check.what
            yield f"  {shown} {clean(text, ascii_only=ascii_only)}"
            if check.advice:
                yield f"      {clean(check.advice, ascii_only=ascii_only)}"

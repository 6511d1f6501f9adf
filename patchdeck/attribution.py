"""What slow startups waited for: which phase grew against the calm, and which indicators were busy meanwhile.

It is evidence and not a verdict on a cause: things that happen at once are put side by side, ranked, with what each
comparison rests on. A startup is only ever compared with its own kind: same engine, service, version and kind, begun
with next to nothing else in flight while no indicator was busy.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence

import msgspec

from patchdeck.meanwhile import Watched, busy_meanwhile, highest, spans
from patchdeck.model import Attribution, BusyIndicator, GrownPhase, Phase, Startup

CALM_IN_FLIGHT = 1
"""Others in flight when a startup began, at most, for it to be calm."""

LEAST_BASELINE = 5
"""Calm startups that a comparison needs."""

MOST_BASELINE = 200
"""Calm startups that it looks at, the newest."""

GREW = 1.5
"""A phase grew if it took so many times its baseline …"""

GREW_S = 0.05
"""… and so much longer: what is short varies a lot and matters little."""

_MOST_PHASES = 2
"""Phases in the sentence."""


def attribute(
    chosen: Sequence[Startup],
    startups: Sequence[Startup],
    indicators: Mapping[str, Watched],
    *,
    now_ns: int,
) -> Attribution:
    """Why `chosen`, all of one engine, took so long, in the light of `startups`, sorted by when they began, among
    which their baselines are found.

    `indicators` are that engine's, by name, their samples by the same clock as the startups. `now_ns` is the end of
    what has not ended. One that has nothing calm of its own to be compared with counts for nothing but its number in
    flight and its time; if none has, there is no verdict.
    """
    chosen = [one for one in chosen if one.began_ns is not None]
    if not chosen:
        return Attribution(sentence="nothing is known of when these began")
    in_flight = _in_flight(chosen)
    busy, unmeasured = busy_meanwhile(spans(chosen, now_ns), indicators)
    baselines = _Baselines(startups, indicators, chosen)
    compared = [one for one in chosen if one.phases and baselines.calm(one)]
    if not compared:
        most = max(len(baselines.like(one)) for one in chosen)
        return Attribution(
            in_flight=in_flight,
            indicators=busy,
            unmeasured=unmeasured,
            baseline_n=most,
            sentence=_without_baseline(chosen, most),
        )
    phases = _grown(compared, baselines)
    found = Attribution(
        startups=len(compared),
        in_flight=in_flight,
        phases=phases,
        indicators=busy,
        unmeasured=unmeasured,
        baseline_n=min(len(baselines.calm(one)) for one in compared),
        verdict=True,
    )
    return msgspec.structs.replace(found, sentence=_sentence(found, indicators))


# ------------------------------------------------------------------------------------------------------ the baseline

_Stratum = tuple[str, str, str, str]


def _stratum(one: Startup) -> _Stratum:
    return (one.engine, one.service, one.image_id, one.kind.value)


class _Baselines:
    """The newest calm startups of the strata that `chosen` belong to, `chosen` themselves left out."""

    def __init__(
        self, startups: Sequence[Startup], indicators: Mapping[str, Watched], chosen: Sequence[Startup]
    ) -> None:
        self._by_phase: dict[tuple[_Stratum, str], tuple[float, int] | None] = {}
        without = {one.startup_id for one in chosen}
        self._by_stratum: dict[_Stratum, list[Startup]] = {_stratum(one): [] for one in chosen}
        for one in reversed(startups):
            found = self._by_stratum.get(_stratum(one))
            if found is None or len(found) >= MOST_BASELINE or one.startup_id in without:
                continue
            if one.phases and _is_calm(one, indicators):
                found.append(one)

    def like(self, one: Startup) -> Sequence[Startup]:
        """Calm ones of its stratum, however few."""
        return self._by_stratum.get(_stratum(one), ())

    def calm(self, one: Startup) -> Sequence[Startup]:
        """The same where they are enough; else none."""
        like = self.like(one)
        return like if len(like) >= LEAST_BASELINE else ()

    def phase(self, one: Startup, name: str) -> tuple[float, int] | None:
        """The median seconds of this phase and how many it rests on; None where those are not enough."""
        key = (_stratum(one), name)
        if key not in self._by_phase:
            parts = [part for calm in self.calm(one) if (part := _part(calm.phases, name)) is not None]
            enough = len(parts) >= LEAST_BASELINE
            self._by_phase[key] = (statistics.median(parts), len(parts)) if enough else None
        return self._by_phase[key]


def _is_calm(one: Startup, indicators: Mapping[str, Watched]) -> bool:
    """Without samples of its time an indicator does not speak against it; the number in flight still may."""
    if one.began_ns is None or one.in_flight is None or one.in_flight > CALM_IN_FLIGHT or one.approximate:
        return False
    ended_ns = one.started_ns if one.started_ns is not None else one.began_ns
    for watched in indicators.values():
        value = highest(watched.samples, one.began_ns, ended_ns)
        if value is not None and value >= watched.busy:
            return False
    return True


# ------------------------------------------------------------------------------------------------------ what grew


def _grown(compared: Sequence[Startup], baselines: _Baselines) -> tuple[GrownPhase, ...]:
    names = list(dict.fromkeys(part.name for one in compared for part in one.phases))
    grown = (_phase(name, compared, baselines) for name in names)
    return tuple(sorted((one for one in grown if one is not None), key=lambda one: -one.grown_s))


def _phase(name: str, compared: Sequence[Startup], baselines: _Baselines) -> GrownPhase | None:
    """Each startup against its own baseline; the medians of both sides over the startups that have the phase."""
    seconds, calm_s, rests_on = [], [], []
    for one in compared:
        own, part = baselines.phase(one, name), _part(one.phases, name)
        if own is not None and part is not None:
            seconds.append(part)
            calm_s.append(own[0])
            rests_on.append(own[1])
    if not seconds:
        return None
    took_s, baseline_s = statistics.median(seconds), statistics.median(calm_s)
    ratio = took_s / baseline_s if baseline_s > 0 else math.inf
    if took_s - baseline_s < GREW_S or ratio < GREW:
        return None
    return GrownPhase(name=name, seconds=took_s, baseline_s=baseline_s, baseline_n=min(rests_on), ratio=ratio)


def _part(phases: Sequence[Phase], name: str) -> float | None:
    return next((phase.seconds for phase in phases if phase.name == name), None)


# ------------------------------------------------------------------------------------------------------ meanwhile


def _in_flight(chosen: Sequence[Startup]) -> int | None:
    known = [one.in_flight for one in chosen if one.in_flight is not None]
    return round(statistics.median(known)) if known else None


# ------------------------------------------------------------------------------------------------------ in words


def _without_baseline(chosen: Sequence[Startup], most: int) -> str:
    if not any(one.phases for one in chosen):
        return "not started yet: the phases are not known"
    needed = f"{LEAST_BASELINE} are needed"
    services = {one.service for one in chosen}
    if len(services) == 1:
        return f"not enough to compare with: {most} calm starts of {services.pop()} in this version, {needed}"
    return f"not enough to compare with: at most {most} calm starts of one of these versions, {needed}"


def _sentence(found: Attribution, indicators: Mapping[str, Watched]) -> str:
    grown = [_grew(phase) for phase in found.phases[:_MOST_PHASES]]
    what = ", ".join(grown) if grown else f"no phase took longer than calm (n {found.baseline_n})"
    if found.in_flight:
        others = "1 other start was" if found.in_flight == 1 else f"{found.in_flight} other starts were"
        what += f" while {others} in flight"
    return f"{what}; {_meanwhile(found, indicators)}"


def _grew(phase: GrownPhase) -> str:
    if math.isinf(phase.ratio):
        return f"{phase.name} {phase.seconds:.1f} s, where calm starts took none"
    ratio = f"{phase.ratio:.1f}" if phase.ratio < 10 else f"{phase.ratio:.0f}"
    return f"{phase.name} {ratio}× baseline"


def _meanwhile(found: Attribution, indicators: Mapping[str, Watched]) -> str:
    measured = len(indicators) - len(found.unmeasured)
    if not measured:
        return "no indicator was measured meanwhile"
    busy = ", ".join(f"{indicators[one.name].words or one.name} {_value(one)}" for one in found.indicators)
    missing = f" ({', '.join(found.unmeasured)} not measured)" if found.unmeasured else ""
    return (busy or "no indicator was busy") + missing


def _value(one: BusyIndicator) -> str:
    if one.unit == "share":
        return f"{one.value * 100:.0f} %"
    if one.unit == "s":
        return f"{one.value * 1e3:.0f} ms" if one.value < 1 else f"{one.value:.1f} s"
    return f"{one.value:.3g} {one.unit}"

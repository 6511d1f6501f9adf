"""Taking out of a state what may hold a secret: a recording that begins late begins with what was known by then."""

from __future__ import annotations

from typing import Any, cast

import msgspec
from msgspec.structs import replace

from patchdeck.contention.state import ContentionState
from patchdeck.fleet import FullState
from patchdeck.model import AnyObservation, ContainerFacts, Observation, Probe
from patchdeck.recording.scrub import Scrubber
from patchdeck.stamps import Refusal
from patchdeck.timeline import TimelineState


def scrubbed(state: FullState, scrub: Scrubber) -> FullState:
    """The same state as if every observation in it had been scrubbed before it was applied."""
    return cast("FullState", _scrubbed(state, scrub))


def _scrubbed(value: object, scrub: Scrubber) -> Any:
    match value:
        case ContentionState():
            return value  # times, numbers, and names of indicators and services
        case Observation():
            return scrub(cast("AnyObservation", value))
        case ContainerFacts():
            return scrub.facts(value)
        case Probe():
            return replace(value, output="")
        case TimelineState(startups=tuple()):
            # They tell the engine's own reasons: they are derived anew from what is left.
            return _scrubbed(replace(value, startups=None), scrub)
        case Refusal():
            return replace(value, error=scrub.error(value.error))
        case tuple():
            return tuple(_scrubbed(one, scrub) for one in value)
        case msgspec.Struct():
            fields = {name: _scrubbed(getattr(value, name), scrub) for name in value.__struct_fields__}
            return replace(value, **fields)
    return value

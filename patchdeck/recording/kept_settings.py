"""The settings that decide what a snapshot is: they go with a recording, so that it tells the same elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from patchdeck.recording.values import RecordingError
from patchdeck.settings import (
    IndicatorSettings,
    PressureLevels,
    Section,
    ServiceSettings,
    Settings,
    StartupSettings,
    WatchSettings,
)

_SECTIONS: Final[dict[str, type[Section]]] = {
    "services": ServiceSettings,
    "startups": StartupSettings,
    "pressure": PressureLevels,
    "watch": WatchSettings,
}
_INDICATORS: Final = "indicators"


def kept_of(settings: Settings) -> dict[str, Any]:
    """Plain JSON values, by section. What is asked of whom, and how, is not among them."""
    kept = {name: msgspec.to_builtins(getattr(settings, name)) for name in _SECTIONS}
    own = [msgspec.structs.replace(one, promql="") for one in settings.indicators]
    return kept | {_INDICATORS: msgspec.to_builtins(own)}


def with_kept(settings: Settings, kept: Mapping[str, Any]) -> Settings:
    """`settings`, where the recording does not say otherwise. Keys of a newer Patchdeck are passed over.

    Raises: RecordingError.
    """
    try:
        sections: dict[str, Any] = {
            name: msgspec.convert(_known(section, kept[name]), section)
            for name, section in _SECTIONS.items()
            if name in kept
        }
        if _INDICATORS in kept:
            own = [_known(IndicatorSettings, one) for one in kept[_INDICATORS]]
            sections[_INDICATORS] = tuple(msgspec.convert(one, IndicatorSettings) for one in own)
    except (msgspec.MsgspecError, TypeError, AttributeError) as error:
        raise RecordingError(
            f"the recording's header has settings that are none ({error}): it was changed after it was written"
        ) from error
    return msgspec.structs.replace(settings, **sections)


def _known(section: type[msgspec.Struct], values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in section.__struct_fields__}

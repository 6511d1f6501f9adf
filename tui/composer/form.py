"""The fields of a rollout, as people write them, and the strategy that they come to. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from msgspec.structs import replace

from patchdeck import durations
from patchdeck.model import Strategy
from patchdeck.registry.reference import is_image_id, parse
from patchdeck.rollout.planning import strategy
from patchdeck.rollout.planning.presets import NORMAL, PRESETS
from patchdeck.settings import ORDERS, RolloutSettings

IMAGE, PRESET, REASON, OVERRIDE = "image", "preset", "reason", "override"
_YES, _NO = "yes", "no"


@dataclass(frozen=True, slots=True)
class Field:
    """One line of the form."""

    id: str
    label: str
    hint: str
    check: Callable[[str], object] = str
    """Raises ValueError, in one line."""
    words: tuple[str, ...] = ()
    """What it may be, where that is one of a few."""


def _image(text: str) -> str:
    if not is_image_id(text):
        parse(text)
    return text


def _one_of(words: tuple[str, ...], text: str) -> str:
    if text not in words:
        raise ValueError(f"expected {', '.join(words[:-1])} or {words[-1]}")
    return text


def _wait(text: str) -> float:
    return 0.0 if text in ("0", "never") else durations.parse(text)


def _gates(text: str) -> dict[str, str]:
    """`ratio=required contention=off`"""
    return dict(strategy.gate(part) for part in text.split())


def _pauses(text: str) -> tuple[str, ...]:
    return tuple(_one_of(strategy.PAUSES, part) for part in text.replace(",", " ").split())


_YES_NO: Final = (_YES, _NO)
FIELDS: Final = (
    Field(IMAGE, "to", "the image to move to; down chooses among those that are known", _image),
    Field(PRESET, "preset", ", ".join(PRESETS), partial(_one_of, PRESETS), PRESETS),
    Field("canary", "canary", strategy.AMOUNT, strategy.amount),
    Field("batch", "batch", strategy.AMOUNT, strategy.amount),
    Field("order", "order", ", ".join(ORDERS), strategy.order, tuple(ORDERS)),
    Field("max_unavailable", "unavailable", f"at most: {strategy.AMOUNT}", partial(strategy.amount, least=0)),
    Field("pace", "pace", f"starts at once: {strategy.PACE}", strategy.pace),
    Field("bake_s", "bake", "how long gates must stay passed after a step, as in 10s", _wait),
    Field("deadline_s", "deadline", "for one container to be ready, as in 5m", durations.parse),
    Field(
        "hold_timeout_s", "hold", "how long a gate may hold before it fails; never: a person decides", _wait
    ),
    Field("gates", "gates", "as in: ratio=required contention=off", _gates),
    Field("pause_after", "pause after", "canary, batch, both or nothing", _pauses),
    Field(
        "keep_image",
        "keep image",
        "yes, or no: commit removes the old image",
        partial(_one_of, _YES_NO),
        _YES_NO,
    ),
    Field(REASON, "reason", "why; kept in the journal"),
    Field(OVERRIDE, "override", "why it may not wait for the change window, if it may not"),
)
BY_ID: Final = {field.id: field for field in FIELDS}


def texts(settings: RolloutSettings) -> dict[str, str]:
    """What stands in the fields of the strategy for these settings."""
    return {
        "canary": settings.canary,
        "batch": settings.batch,
        "order": settings.order,
        "max_unavailable": settings.max_unavailable,
        "pace": settings.pace,
        "bake_s": durations.written(settings.bake_s),
        "deadline_s": durations.written(settings.deadline_s),
        "hold_timeout_s": durations.written(settings.hold_timeout_s) if settings.hold_timeout_s else "never",
        "gates": " ".join(f"{name}={value}" for name, value in settings.gates.items()),
        "pause_after": ", ".join(settings.pause_after),
        "keep_image": _YES if settings.keep_image else _NO,
    }


def beginning(settings: RolloutSettings, image: str, reason: str) -> dict[str, str]:
    """What stands in all fields at first."""
    return {IMAGE: image, PRESET: NORMAL, **texts(settings), REASON: reason, OVERRIDE: ""}


def mistakes(values: Mapping[str, str]) -> dict[str, str]:
    """By field, what is wrong with it, in one line."""
    found = {}
    for field in FIELDS:
        try:
            field.check(values[field.id].strip())
        except ValueError as error:
            found[field.id] = str(error) if field.id != "order" else f"expected {field.hint}"
    return found


def read(values: Mapping[str, str], settings: RolloutSettings) -> Strategy:
    """The strategy that the fields say; they have no mistakes."""
    said = {name: values[name].strip() for name in texts(settings)}
    wanted = replace(
        settings,
        canary=said["canary"],
        batch=said["batch"],
        order=said["order"],
        max_unavailable=said["max_unavailable"],
        pace=said["pace"],
        bake_s=_wait(said["bake_s"]),
        deadline_s=durations.parse(said["deadline_s"]),
        hold_timeout_s=_wait(said["hold_timeout_s"]),
        gates=_gates(said["gates"]),
        pause_after=_pauses(said["pause_after"]),
        keep_image=said["keep_image"] == _YES,
    )
    return strategy.from_settings(wanted)

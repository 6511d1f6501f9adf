"""What of the new image is there already, and what a pull would bring."""

from __future__ import annotations

from collections.abc import Iterable

from patchdeck.model import LayerPlan
from patchdeck.rollout.planning.world import ImageSeen, TargetSeen


def layer_plan(target: TargetSeen, old: ImageSeen | None, others: Iterable[ImageSeen] = ()) -> LayerPlan:
    """The new image against the old one. Layers are shared from the base on: one above a new one is new.

    `others` are further images on the engine, whose layers need not be pulled either.
    """
    size = target.facts.size_bytes if target.facts else None
    old_size = old.facts.size_bytes if old else None
    growth = size - old_size if size is not None and old_size is not None else None
    if target.diff_ids is None:
        return LayerPlan(new_bytes=0 if target.here else None, growth_bytes=growth)
    shared = _shared(target.diff_ids, old) if old else 0
    there = max([shared, *(_shared(target.diff_ids, other) for other in others)])
    return LayerPlan(
        shared=shared,
        new=len(target.diff_ids) - shared,
        new_bytes=0 if target.here else sum(target.layer_bytes[there:]),
        growth_bytes=growth,
    )


def _shared(diff_ids: tuple[str, ...], image: ImageSeen) -> int:
    count = 0
    for mine, theirs in zip(diff_ids, image.facts.layers, strict=False):
        if mine != theirs.diff_id:
            break
        count += 1
    return count

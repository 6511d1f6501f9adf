"""An engine's inspect and history of an image, to `ImageFacts`."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from patchdeck.model import ImageFacts, Layer
from patchdeck.sources.engine import wire
from patchdeck.sources.engine.times import parse_ns


def image_facts(body: bytes, history: bytes | None) -> ImageFacts:
    """Decode GET /images/{id}/json, with the layers' sizes out of GET /images/{id}/history where there is one.

    Raises: ValueError (msgspec.ValidationError among them) for an answer that is not one.
    """
    seen = _IMAGE.decode(body)
    diff_ids = (seen.RootFS.Layers if seen.RootFS else None) or []
    sizes = layer_sizes(len(diff_ids), _HISTORY.decode(history) if history is not None else [])
    return ImageFacts(
        image_id=seen.Id,
        tags=tuple(seen.RepoTags or ()),
        digests=tuple(seen.RepoDigests or ()),
        labels=(seen.Config.Labels if seen.Config else None) or {},
        created_ns=parse_ns(seen.Created),
        size_bytes=seen.Size,
        layers=tuple(
            Layer(diff_id=diff_id, size_bytes=size) for diff_id, size in zip(diff_ids, sizes, strict=True)
        ),
        architecture=seen.Architecture,
    )


_IMAGE = msgspec.json.Decoder(wire.Image)
_HISTORY = msgspec.json.Decoder(list[wire.HistoryEntry])


def layer_sizes(count: int, history: Sequence[wire.HistoryEntry]) -> list[int | None]:
    """Sizes in bytes of `count` layers, oldest first; all None where the history does not tell which is whose.

    The API leaves out which instructions made no layer. Most of them have size 0 and most layers do not; a layer that
    is empty (a `RUN true`) is found by its instruction not being one of those that only write metadata.
    """
    oldest_first = history[::-1]
    readings = (
        [entry.Size for entry in oldest_first if entry.Size > 0],
        [entry.Size for entry in oldest_first if entry.Size > 0 or not _writes_metadata(entry.CreatedBy)],
        [entry.Size for entry in oldest_first],
    )
    return next((list(sizes) for sizes in readings if len(sizes) == count), [None] * count)


_METADATA = (
    "CMD", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "ARG", "MAINTAINER", "ONBUILD", "SHELL",
    "STOPSIGNAL", "USER", "VOLUME",
)  # fmt: skip


def _writes_metadata(instruction: str) -> bool:
    """Of the classic builder (`/bin/sh -c #(nop)  CMD …`) or of BuildKit (`CMD …`)."""
    return instruction.rpartition("#(nop)")[2].lstrip().startswith(_METADATA)

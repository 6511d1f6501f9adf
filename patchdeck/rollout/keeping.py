"""What a rollout keeps in the journal of the containers that it replaces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec.structs import replace

from patchdeck.model.facts import Value
from patchdeck.rollout.descriptions import Kept
from patchdeck.rollout.journal import Journal

KEPT: Final = "kept"
BACK: Final = "back"
"""The names of the documents in the journal."""


class Back(Value, frozen=True, kw_only=True):
    """Which rollout is undone, and what of it."""

    of: str
    made: Mapping[str, str]
    """The ID of each container to be replaced, to that of the one to be made anew in its place."""


def kept_documents(journal: Journal, rollout: str) -> Kept | None:
    """What a worker kept of the rollout's containers; None where none came so far."""
    body = journal.kept(rollout, KEPT)
    return None if body is None else msgspec.json.decode(body, type=Kept)


def undoes(journal: Journal, rollout: str) -> bool:
    """Whether the rollout goes back from another one that was committed."""
    return journal.kept(rollout, BACK) is not None


def with_back(journal: Journal, rollout: str, kept: Kept) -> Kept:
    """What is kept of a rollout's containers, with those of the rollout that it undoes, if it does."""
    body = journal.kept(rollout, BACK)
    if body is None:
        return kept
    back = msgspec.json.decode(body, type=Back)
    before = kept_documents(journal, back.of)
    if before is None:
        return kept
    return replace(
        kept,
        containers={**before.containers, **kept.containers},
        images={**before.images, **kept.images},
        made=back.made,
    )

"""Everything that can be refused is refused here, before any container is touched.

The image is pulled and verified, the world compared with the plan, and of all that is about to be replaced the inspect
documents are kept in the journal.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path

from patchdeck.model.journal import Intended, PullProgressed
from patchdeck.model.plan import Plan
from patchdeck.registry import credentials
from patchdeck.registry.credentials import CredentialsError
from patchdeck.registry.reference import Reference, is_image_id, parse
from patchdeck.rollout.acting import Journalling
from patchdeck.rollout.descriptions import Descriptions, Kept
from patchdeck.rollout.hands import Document, Hands, answers
from patchdeck.rollout.journal import Journal
from patchdeck.rollout.keeping import KEPT, kept_documents, undoes, with_back
from patchdeck.rollout.link import Link
from patchdeck.rollout.planning.engine import read_containers, read_engine
from patchdeck.rollout.planning.recheck import recheck
from patchdeck.rollout.pull import Layers, pull
from patchdeck.rollout.recreate.references import find, references
from patchdeck.rollout.scribe import Scribe
from patchdeck.settings import Settings
from patchdeck.sources.engine.connection import Refused
from patchdeck.sources.engine.describe import SIMULATED_LABEL


class NotReady(Exception):
    """The rollout cannot be carried out as planned: why, and what to do."""


class Preparation:
    """Of one rollout. Raises NotReady, NoAnswer and JournalError."""

    def __init__(
        self, rollout: str, plan: Plan, *, link: Link, journal: Journal, scribe: Scribe, settings: Settings
    ) -> None:
        self._rollout = rollout
        self._plan = plan
        self._link = link
        self._journal = journal
        self._scribe = scribe
        self._settings = settings
        self._telling: set[asyncio.Task[object]] = set()

    async def prepared(self) -> Descriptions:
        """Pull, verify and keep. What an earlier worker kept is used again: the old containers may be gone by now."""
        hands = self._link.hands
        try:
            image = await self._image(hands)
            kept = kept_documents(self._journal, self._rollout)
            if kept is None:
                kept = await self._keep(hands, image)
        except Refused as error:
            raise NotReady(f"the engine refused: {error}") from error
        return Descriptions(self._rollout, self._plan, kept)

    # --- the image --------------------------------------------------------------------------------

    async def _image(self, hands: Hands) -> Document:
        to = self._plan.to
        image = await hands.inspect_image(to.image)
        if image is None or not self._is_it(image):
            await self._pull(hands)
            image = await hands.inspect_image(to.image)
        if image is None:
            raise NotReady(f"{to.image} was pulled, and the engine does not have it: look at its log")
        if not self._is_it(image):
            raise NotReady(
                f"{to.image} is another image than the one that was planned (it is {image['Id'][:19]} now):"
                " its tag has moved, so plan again"
            )
        return image

    def _is_it(self, image: Document) -> bool:
        to = self._plan.to
        if to.image_id:
            return bool(image["Id"] == to.image_id)
        return not to.digest or to.digest in (image.get("RepoDigests") or ())

    async def _pull(self, hands: Hands) -> None:
        to = self._plan.to
        if is_image_id(to.image):
            raise NotReady(f"the engine has no image {to.image} any more: plan again with a tag or a digest")
        reference = parse(to.image)
        auth = await _auth(hands, reference)
        intent = Intended(rollout=self._rollout, act="pull", detail=to.image)
        journalling = Journalling(self._link, self._scribe)
        try:
            layers, _ = await journalling.call(
                intent, lambda hands: pull(hands, str(reference), auth, self._progressed)
            )
        except Refused as error:
            raise NotReady(f"{to.image} could not be pulled: {error.message}. {_advice(error)}") from error
        await self._scribe.write(
            PullProgressed(rollout=self._rollout, image=to.image, layers=layers, done=True)
        )

    def _progressed(self, layers: Layers) -> None:
        entry = PullProgressed(rollout=self._rollout, image=self._plan.to.image, layers=layers)
        telling: asyncio.Task[object] = asyncio.create_task(self._scribe.write(entry))
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)

    # --- the containers ---------------------------------------------------------------------------

    async def _keep(self, hands: Hands, image: Document) -> Kept:
        watch, services = self._settings.watch, self._settings.services
        with answers("reading what there is"):
            engine = await read_engine(hands.connection)
            seen = await read_containers(hands.connection, services.group_by, at_once=watch.inspects_at_once)
        undoing = undoes(self._journal, self._rollout)
        if moved := recheck(self._plan, seen, engine.seen.engine_id, undoing=undoing):
            raise NotReady("; ".join(refusal.text for refusal in moved))
        documents = {one.facts.container_id: dict(one.inspect) for one in seen}
        containers = _needed(self._plan, documents)
        images = {image["Id"]: image}
        for image_id in {document["Image"] for document in containers.values()}:
            if (old := await hands.inspect_image(image_id)) is not None:
                images[image_id] = old
        kept = Kept(api=_api(hands), containers=containers, images=images, new_image_id=image["Id"])
        kept = with_back(self._journal, self._rollout, kept)
        self._refuse(kept)
        await asyncio.to_thread(self._journal.keep, self._rollout, [(KEPT, kept)])
        return kept

    def _refuse(self, kept: Kept) -> None:
        descriptions = Descriptions(self._rollout, self._plan, kept)
        refusals = {
            refusal.text: None
            for unit in descriptions.units
            for number, member in enumerate(unit.members)
            if not member.restart_only
            for refusal in descriptions.described(
                member.old_id, first=number == 0, replaced={one.old_id: one.old_id for one in unit.members}
            ).refusals
        }
        if refusals:
            raise NotReady("; ".join(refusals))


async def _auth(hands: Hands, reference: Reference) -> str:
    """X-Registry-Auth for a pull; empty for nobody, whom a simulated engine has to do with alone. Raises NotReady."""
    info = await hands.info()
    if SIMULATED_LABEL in (info.get("Labels") or ()):
        return ""
    server = reference.registry or info.get("IndexServerAddress", "")
    try:
        who = await credentials.find(server, os.environ, Path.home())
    except CredentialsError as error:
        raise NotReady(str(error)) from error
    return who.header(server) if who else ""


def _needed(plan: Plan, documents: dict[str, Document]) -> dict[str, Document]:
    """The containers of the plan, and those that they refer to."""
    everything = list(documents.values())
    needed: dict[str, Document] = {}
    waiting = list(_planned(plan))
    while waiting:
        container_id = waiting.pop()
        if container_id in needed:
            continue
        needed[container_id] = documents[container_id]
        targets = [find(one.container, everything) for one in references(documents[container_id])]
        waiting += [target["Id"] for target in targets if target is not None]
    return needed


def _planned(plan: Plan) -> Iterable[str]:
    for unit in plan.units:
        yield unit.container_id
        for dependent in unit.dependents:
            yield dependent.container_id


def _api(hands: Hands) -> tuple[int, int]:
    major, _, minor = hands.api_version.partition(".")
    return int(major), int(minor)


def _advice(error: Refused) -> str:
    words = error.message.lower()
    if "no space left" in words:
        return "Make room where the engine keeps its images, then run it again; nothing was changed."
    if "unauthorized" in words or "denied" in words or "authentication" in words:
        return "Log in to that registry (`docker login`), then run it again; nothing was changed."
    if "not found" in words or "manifest unknown" in words:
        return "Check the image's name; nothing was changed."
    return "Nothing was changed: once the registry answers, run it again."

"""Does the acts of a rollout: each is in the journal before it is done, and again with the engine's answer."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from patchdeck.model.journal import Answered, AnyEntry, Intended
from patchdeck.rollout.crash_points import POINTS
from patchdeck.rollout.descriptions import Descriptions
from patchdeck.rollout.hands import Created, Hands, NoAnswer
from patchdeck.rollout.ledger import Ledger
from patchdeck.rollout.link import Link
from patchdeck.rollout.scribe import Scribe
from patchdeck.rollout.seen import Unit
from patchdeck.rollout.unit import Act, ActKind
from patchdeck.sources.engine.connection import Refused

T = TypeVar("T")

_log: Final = logging.getLogger(__name__)

_PLAIN: Final = frozenset({ActKind.FENCE, ActKind.STOP, ActKind.RENAME, ActKind.REMOVE})
"""Acts after whose success nothing of the answer is needed: it is written with what follows. Was it not, for its worker
was killed in between, then the containers tell.
"""


class Journalling:
    """Calls with their entries around them. Raises Refused or NoAnswer, as the call does, and JournalError."""

    def __init__(self, link: Link, scribe: Scribe) -> None:
        self._link = link
        self.scribe = scribe

    async def call(
        self,
        intent: Intended,
        make: Callable[[Hands], Awaitable[T]],
        answer: Callable[[T], tuple[str, str]] = lambda _: ("", ""),
    ) -> tuple[T, float]:
        """Make one call; its result, and the seconds that it took. `answer` tells the ID and words to write down."""
        written = await self.scribe.write(intent)

        async def tell(container_id: str, *, ok: bool, status: int | None, text: str) -> float:
            took_s = time.monotonic() - began
            answered = Answered(
                rollout=intent.rollout,
                intent=written.sequence,
                act=intent.act,
                ok=ok,
                unit=intent.unit,
                container_id=container_id or intent.container_id,
                status=status,
                text=text,
                took_s=round(took_s, 6),
            )
            if ok and intent.act in _PLAIN:
                self.scribe.enter(answered, soon=True).add_done_callback(_heard)
            else:
                await self.scribe.write(answered)
            return took_s

        point = intent.act if intent.unit is None else f"{intent.act} {intent.unit}"
        POINTS.reached("before call", point)
        began = time.monotonic()
        try:
            result = await make(self._link.hands)
        except Refused as error:
            await tell("", ok=False, status=error.status, text=error.message)
            raise
        except NoAnswer as error:
            await tell("", ok=False, status=None, text=str(error))
            raise
        POINTS.reached("after call", point)
        container_id, text = answer(result)
        return result, await tell(container_id, ok=True, status=200, text=text)


def _heard(written: asyncio.Future[AnyEntry]) -> None:
    """Whoever writes next is told of the same trouble; until then the log is."""
    if (error := written.exception()) is not None:
        _log.error("an answer of the engine could not be written down: %s", error)


class Actions:
    """The acts of units. Raises as `Journalling`."""

    def __init__(self, journalling: Journalling, ledger: Ledger, descriptions: Descriptions) -> None:
        self._journalling = journalling
        self._ledger = ledger
        self._descriptions = descriptions

    async def perform(self, unit: Unit, act: Act) -> float:
        """Do one act of a unit; how long the engine took for it, in seconds."""
        member = unit.members[act.member]
        name = act.detail if act.kind in (ActKind.CREATE, ActKind.REBUILD) else member.name
        intent = Intended(
            rollout=unit.rollout,
            act=act.kind.value,
            unit=unit.index,
            container=name,
            container_id=act.container_id,
            detail=act.detail,
        )
        _, took_s = await self._journalling.call(intent, lambda hands: self._call(hands, unit, act), _answer)
        return took_s

    async def _call(self, hands: Hands, unit: Unit, act: Act) -> Created | None:
        of, descriptions = act.container_id, self._descriptions
        match act.kind:
            case ActKind.CREATE:
                body = descriptions.successor(unit, act.member, self._ledger).body
                return await hands.create(act.detail, body)
            case ActKind.REBUILD:
                return await hands.create(act.detail, descriptions.rebuilt(unit, act.member).body)
            case ActKind.CONNECT:
                endpoints = descriptions.successor(unit, act.member, self._ledger).connects
                await hands.connect(of, act.detail, endpoints[act.detail])
            case ActKind.START:
                await hands.start(of)
            case ActKind.STOP:
                await hands.stop(of, grace_s=descriptions.grace_s(unit, act.member))
            case ActKind.RESTART:
                await hands.restart(of, grace_s=descriptions.grace_s(unit, act.member))
            case ActKind.RENAME:
                await hands.rename(of, act.detail)
            case ActKind.FENCE:
                await hands.set_restart_policy(of, {"Name": "no"})
            case ActKind.UNFENCE:
                await hands.set_restart_policy(of, descriptions.policy(unit, act.member))
            case ActKind.REMOVE:
                await hands.remove(of)
        return None


def _answer(made: Created | None) -> tuple[str, str]:
    return ("", "") if made is None else (made.container_id, "; ".join(made.warnings))

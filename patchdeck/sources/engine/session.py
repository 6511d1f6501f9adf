"""One connection's worth of watching an engine: from the first answer to the first error."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Final

import msgspec

from patchdeck.model import (
    ContainerEvent,
    ContainerInspected,
    ContainersListed,
    ContainerVanished,
    EngineAnswered,
    ImageEvent,
    ImageInspected,
)
from patchdeck.settings import Settings
from patchdeck.sources.emitting import Emit
from patchdeck.sources.engine import wire
from patchdeck.sources.engine.connection import LISTING_BYTES, Connection, Refused, Unreadable
from patchdeck.sources.engine.describe import Clock, Described
from patchdeck.sources.engine.events import FILTERS, EventDecoder
from patchdeck.sources.engine.events import Unreadable as UnreadableEvent
from patchdeck.sources.engine.facts import container_facts
from patchdeck.sources.engine.images import image_facts
from patchdeck.sources.engine.inspector import Inspector, Urgency
from patchdeck.sources.engine.lag import Lag
from patchdeck.sources.engine.pinger import Pinger
from patchdeck.sources.engine.reader import Lines, Repetitions, read_lines
from patchdeck.sources.engine.standing import Standing
from patchdeck.sources.engine.stats import Elsewhere, Sampler

INSPECT_AFTER_S: Final = {
    # A start usually follows within this, however busy the host, and one inspect then tells both.
    "create": 1.0,
    "start": 0.0,
    # The disconnect comes just before it, or just after: one inspect tells both.
    "die": 0.1,
    "health_status": 0.0,
    "restart": 0.0,
    "update": 0.0,
    "pause": 0.0,
    "unpause": 0.0,
    "oom": 0.0,
    # What is left of a start that failed is a connect and a disconnect, without a die.
    "disconnect": 0.1,
}
"""Not `rename`: the event tells all that it changes."""
LOOK_AGAIN_S: Final = (1.0, 3.0, 10.0, 30.0)
"""Ages at which a container that was created and has not started is looked at: without a network, a start that failed
leaves no event at all."""
OVERLAP_NS: Final = 2_000_000_000
CALM_S: Final = 5.0
"""Between two tellings of doubts: a stream of nonsense is counted, not repeated on screen."""
SHORT_S: Final = 10.0
"""For how long what was read of events' lateness speaks of the present, three times over."""
_BATCH: Final = 256
_LISTING_S: Final = 60.0
_TAGS_SETTLE_S: Final = 1.0


class Progress:
    """What outlives a connection: how far the events of an engine are known."""

    def __init__(self) -> None:
        self.repetitions = Repetitions()
        self.elsewhere = Elsewhere()
        self.last_event_ns = 0
        self.heard_ns = 0
        """By the engine's clock: the last moment at which the event stream was known to be whole."""


class Session:
    """Emits what an open connection tells. `run` ends with the first error of the event stream or of a ping."""

    def __init__(
        self,
        connection: Connection,
        described: Described,
        *,
        settings: Settings,
        emit: Emit,
        standing: Standing,
        progress: Progress,
    ) -> None:
        self._connection = connection
        self._clock: Clock = described.clock
        self._podman = described.podman
        self._sample_s = settings.watch.sample_s
        self._emit = emit
        self._standing = standing
        self._progress = progress
        self._engine = connection.target.name
        self._decoder = EventDecoder(self._engine, settings.services.group_by)
        at_once = settings.watch.inspects_at_once
        self._containers = Inspector(
            self._inspect_container, at_once=at_once, gone=self._vanished, tell=standing.doubt
        )
        self._images = Inspector(self._inspect_image, at_once=1, gone=lambda _: None, tell=standing.doubt)
        self._sampler = Sampler(
            connection,
            described,
            budget=settings.watch.stats_per_sample,
            sample_s=settings.watch.sample_s,
            group_by=settings.services.group_by,
            elsewhere=progress.elsewhere,
            emit=emit,
        )
        self._lag = Lag(self._clock.now_ns())
        self._known_images: set[str] = set()
        self._relist = asyncio.Event()

    def event_params(self, since_ns: int) -> dict[str, str]:
        """Of GET /events. Podman filters by other words than it tells, so there everything is taken."""
        filters = {"type": FILTERS["type"]} if self._podman else FILTERS
        since = f"{since_ns // 1_000_000_000}.{since_ns % 1_000_000_000:09d}"
        return {"since": since, "filters": msgspec.json.encode(filters).decode()}

    async def run(self, chunks: AsyncIterator[bytes]) -> None:
        """Raises an ExceptionGroup of what ended it."""
        lines = Lines()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(read_lines(chunks, lines), name="read events")
            tasks.create_task(self._take_events(lines), name="take events")
            tasks.create_task(self._ping(), name="ping")
            tasks.create_task(self._containers.run(), name="inspect containers")
            tasks.create_task(self._images.run(), name="inspect images")
            tasks.create_task(self._list(), name="list containers")
            tasks.create_task(self._sampler.run(), name="sample use")
            tasks.create_task(self._settle_doubts(), name="settle doubts")

    async def _take_events(self, lines: Lines) -> None:
        while True:
            taken, lost = await lines.take(_BATCH)
            if lost:
                self._standing.doubt(f"{lost} events came faster than they could be taken")
            for line in taken:
                self._take(line)
            await asyncio.sleep(0)

    def _take(self, line: bytes) -> None:
        try:
            decoded = self._decoder.decode(line)
        except UnreadableEvent as error:
            self._standing.doubt(f"an event could not be read: {error}")
            return
        if decoded is None or not self._progress.repetitions.is_new(decoded[0]):
            return
        event = decoded[1]
        # An event from the future must not move the place from which a reconnect reads on.
        self._progress.last_event_ns = max(
            self._progress.last_event_ns, min(event.at_ns, self._clock.now_ns())
        )
        self._lag.note(event.at_ns, self._clock.now_ns())
        self._emit(event)
        if isinstance(event, ContainerEvent):
            self._follow(event)
        else:
            self._follow_image(event)

    def _follow(self, event: ContainerEvent) -> None:
        if event.action in ("die", "destroy"):
            self._sampler.forget(event.container_id)
        if event.action == "destroy":
            self._containers.forget(event.container_id)
        elif event.action in INSPECT_AFTER_S:
            self._containers.ask(event.container_id, delay_s=INSPECT_AFTER_S[event.action])

    def _follow_image(self, event: ImageEvent) -> None:
        """A tag that moves is taken from an image without an event of its own: ask for the tags of all that matter."""
        if event.action != "delete":
            for image_id in self._known_images:
                self._images.ask(image_id, delay_s=_TAGS_SETTLE_S, urgency=Urgency.IMAGE)

    async def _inspect_container(self, container_id: str) -> None:
        at_ns = self._clock.now_ns()  # before asking: what is answered is at least as new as this
        body = await self._connection.get("containers", container_id, "json")
        facts = container_facts(body)
        self._emit(ContainerInspected(engine=self._engine, at_ns=at_ns, container=facts))
        self._sampler.note(facts)
        if facts.image_id and facts.image_id not in self._known_images:
            self._known_images.add(facts.image_id)
            self._images.ask(facts.image_id, urgency=Urgency.IMAGE)
        if facts.status == "created" and not facts.error:
            age_s = (at_ns - facts.created_ns) / 1e9
            due_s = next((look_s for look_s in LOOK_AGAIN_S if look_s > age_s), None)
            if due_s is not None:
                self._containers.ask(container_id, delay_s=due_s - age_s, urgency=Urgency.LISTED)

    def _vanished(self, container_id: str) -> None:
        self._emit(
            ContainerVanished(engine=self._engine, at_ns=self._clock.now_ns(), container_id=container_id)
        )

    async def _inspect_image(self, image_id: str) -> None:
        at_ns = self._clock.now_ns()
        body = await self._connection.get("images", image_id, "json")
        try:
            history = await self._connection.get("images", image_id, "history")
        except Refused:
            history = None  # the sizes of layers stay unknown, and are shown as such
        self._emit(ImageInspected(engine=self._engine, at_ns=at_ns, image=image_facts(body, history)))

    async def _list(self) -> None:
        while True:
            at_ns = self._clock.now_ns()
            body = await self._connection.get(
                "containers", "json", params={"all": "1"}, timeout_s=_LISTING_S, limit_bytes=LISTING_BYTES
            )
            try:
                listed = tuple(entry.Id for entry in _LISTING.decode(body))
            except ValueError as error:
                raise Unreadable(f"the list of containers is not an engine's: {error}") from error
            self._emit(ContainersListed(engine=self._engine, at_ns=at_ns, container_ids=listed))
            for number, container_id in enumerate(listed):
                self._containers.ask(container_id, urgency=Urgency.LISTED)
                if number % 1_000 == 999:
                    await asyncio.sleep(0)
            await self._relist.wait()
            self._relist.clear()

    async def _ping(self) -> None:
        pinger = Pinger(self._connection)
        while True:
            response_s = await pinger.ping()
            if response_s is None:
                self._standing.stale()
                continue
            if self._standing.is_stale and self._connection.target.socket_path is None:
                raise ConnectionResetError("it answers again after a silence: events may have been lost")
            self._standing.live()
            self._progress.heard_ns = self._clock.now_ns()
            at_ns = time.time_ns()
            self._emit(EngineAnswered(engine=self._engine, at_ns=at_ns, response_s=response_s))
            if (lag := self._lag.take(self._engine, at_ns, SHORT_S)) is not None:
                self._emit(lag)
            await pinger.pause(self._sample_s)

    async def _settle_doubts(self) -> None:
        """Tell of observations that were lost, and list everything anew; at most once in a few seconds."""
        while True:
            await self._standing.doubted()
            self._standing.tell_doubts(self._progress.heard_ns, self._clock)
            self._relist.set()
            await asyncio.sleep(CALM_S)


_LISTING = msgspec.json.Decoder(list[wire.Listed])

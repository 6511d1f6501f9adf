"""Starting, stopping and ending of containers, with everything that an engine tells on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Final

from patchdeck.simulator import policies, signals
from patchdeck.simulator.container import Container
from patchdeck.simulator.errors import EngineFault, NotModified
from patchdeck.simulator.probing import Probing
from patchdeck.simulator.starting import Starting
from patchdeck.simulator.world import World

DEFAULT_GRACE_S: Final = 10.0


class Life:
    """Every call raises EngineFault as the engine would answer."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._words = world.words
        self._starting = Starting(world)
        self._probing = Probing(world)

    # --- calls ------------------------------------------------------------------------------------

    async def start(self, container: Container) -> None:
        async with container.lock:
            if container.paused:
                raise self._words.paused_to_start()
            if container.running:
                raise NotModified
            if container.gone.is_set():
                raise self._words.no_container(container.id)
            if container.removing:
                raise self._words.marked_for_removal()
            await self._start(container)

    async def stop(self, container: Container, grace_s: float | None) -> None:
        await _started(container)
        if not container.running:
            raise NotModified
        await self._stop(container, grace_s)

    async def restart(self, container: Container, grace_s: float | None) -> None:
        # What is removed at its end is not removed by a restart.
        auto_remove, container.host["AutoRemove"] = container.host["AutoRemove"], False
        try:
            await _started(container)
            if container.running:
                await self._stop(container, grace_s)
            async with container.lock:
                if not container.running:
                    await self._start(container)
        except EngineFault as fault:
            raise self._words.cannot_restart(container.name, fault) from fault
        finally:
            container.host["AutoRemove"] = auto_remove
        self._world.tell(container, "restart")

    async def kill(self, container: Container, name: str, signal: str) -> None:
        """SIGKILL is waited for; what other signals do is the container's business."""
        number = signals.number(signal) if signal else signals.KILL
        if number is None:
            raise self._words.bad_signal(name, signal)
        await _started(container)
        if not container.running:
            raise self._words.not_running_to_kill(name, container.id)
        self._signal(container, number)
        if number == signals.KILL:
            await container.ended.wait()

    def pause(self, container: Container) -> None:
        if not container.running:
            raise self._words.not_running(container.id)
        if container.paused:
            raise self._words.already_paused(container.id)
        if container.restarting:
            raise self._words.restarting_to_pause(container.id)
        container.paused = True
        self._world.tell(container, "pause")

    def unpause(self, container: Container) -> None:
        if not container.paused:
            raise self._words.not_paused(container.id)
        container.paused = False
        self._world.tell(container, "unpause")

    async def kill_to_remove(self, container: Container) -> None:
        """By force, whatever its policy."""
        if container.running:
            self._signal(container, signals.KILL)
            await container.ended.wait()

    # --- starts -----------------------------------------------------------------------------------

    async def _start(self, container: Container) -> None:
        """By a call: as if it had never been stopped or restarted."""
        container.stopped_by_hand = container.stays_down = False
        container.restart_count, container.backoff_s = 0, 0.0
        await self._begin(container)

    async def _begin(self, container: Container) -> None:
        try:
            await self._starting.run(container)
        except EngineFault:
            if container.host["AutoRemove"]:
                self._forget(container)
            raise
        self.adopt(container)

    def adopt(self, container: Container) -> None:
        """Makes a container live that is running: one that was just started, or one of the past."""
        container.ended.clear()
        container.begun.set()
        if container.behaviour.exits_after_s is not None:
            self._after(container, self._own_end(container, container.behaviour.exits_after_s))
        if container.has_check:
            self._after(container, self._probing.watch(container))

    def _after(self, container: Container, doing: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(doing)
        container.tasks.add(task)
        task.add_done_callback(container.tasks.discard)
        return task

    async def _own_end(self, container: Container, after_s: float) -> None:
        """What its program does by itself."""
        behaviour = container.behaviour
        await self._world.clock.sleep(after_s)
        while container.paused:
            await self._world.clock.sleep(0.1)
        if behaviour.out_of_memory:
            container.oom_killed = True
            self._world.tell(container, "oom")
        await self._end(container, signals.KILL + 128 if behaviour.out_of_memory else behaviour.exit_code)

    # --- ends -------------------------------------------------------------------------------------

    async def _stop(self, container: Container, grace_s: float | None) -> None:
        if grace_s is None:
            own = container.config.get("StopTimeout")
            grace_s = DEFAULT_GRACE_S if own is None else float(own)
        if container.restarting:
            # No process runs that could get a signal: only its next start is called off.
            self._by_hand(container)
            self._call_off(container)
            self._world.tell(container, "stop")
            return
        container.stop_called = True
        self._signal(container, _stop_signal(container))
        patience = self._after(container, self._patience(container, grace_s))
        await container.ended.wait()
        patience.cancel()

    async def _patience(self, container: Container, grace_s: float) -> None:
        """Of a stop; without end below zero."""
        if grace_s >= 0:
            await self._world.clock.sleep(grace_s)
            self._signal(container, signals.KILL)

    def _signal(self, container: Container, number: int) -> None:
        own = container.config.get("StopSignal")
        if not own or number in (signals.KILL, _stop_signal(container)):
            self._by_hand(container)
        self._world.tell(container, "kill", signal=str(number))
        if container.paused:
            self.unpause(container)
        if container.restarting:
            self._call_off(container)
        elif number == signals.KILL:
            self._after(container, self._end(container, 128 + number))
        elif signals.ends(number, _stop_signal(container)) and not container.behaviour.ignores_signals:
            self._after(container, self._obey(container))

    def _by_hand(self, container: Container) -> None:
        container.stopped_by_hand = container.stays_down = True

    def _call_off(self, container: Container) -> None:
        """It waited to be started again, and is not."""
        _cancel(container)
        container.running = container.restarting = False
        container.begun.clear()
        container.ended.set()

    async def _obey(self, container: Container) -> None:
        container.say(self._world.clock.now_ns(), "told to stop")
        if container.behaviour.stops_after_s:
            await self._world.clock.sleep(container.behaviour.stops_after_s)
        await self._end(container, container.behaviour.stop_code)

    async def _end(self, container: Container, exit_code: int) -> None:
        """Its process is gone. Newer engines tell so once they have cleared away, older ones before."""
        if container.ending or not container.alive:
            return
        world = self._world
        container.ending = True
        _cancel(container)
        container.finished_ns = world.clock.now_ns()
        container.exit_code, container.pid = exit_code, 0
        if container.health is not None:
            container.health.status = "unhealthy"
        again = self._starts_again(container)
        if not world.generation.since_24:
            self._settle(container, again=again)
            world.tell(container, "die", exitCode=str(exit_code))
        await world.costs.stop(container.id)
        self._starting.clear_away(container)
        self._settle(container, again=again)
        if container.stop_called:
            world.tell(container, "stop")
        if world.generation.since_24:
            lived_s = (container.finished_ns - (container.started_ns or 0)) // 1_000_000_000
            world.tell(container, "die", exitCode=str(exit_code), execDuration=str(lived_s))
        container.stop_called = container.ending = False
        container.begun.clear()
        container.ended.set()
        if again:
            self._after(container, self._again(container))
        elif container.host["AutoRemove"]:
            await world.costs.remove(container.id)
            self._forget(container)

    def _settle(self, container: Container, *, again: bool) -> None:
        container.running = container.restarting = again
        container.paused = False
        container.changed += 1

    # --- restart policies -------------------------------------------------------------------------

    def _starts_again(self, container: Container) -> bool:
        if container.stays_down:
            return False
        container.backoff_s = policies.backoff_s(container)
        if not policies.wants_restart(container):
            return False
        container.restart_count += 1
        return True

    async def _again(self, container: Container) -> None:
        await self._world.clock.sleep(container.backoff_s)
        async with container.lock:
            try:
                await self._begin(container)
            except EngineFault:
                # Told in its state; the engine does not try a second time either.
                container.running = container.restarting = False

    # --- the engine's own restart -----------------------------------------------------------------

    async def shut_down(self) -> None:
        """The engine ends, and every container with it."""
        alive = [one for one in self._world.containers if one.running]
        for container in alive:
            if container.restarting:
                self._call_off(container)
            elif not container.ending:
                self._after(container, self._end_with_engine(container))
        await asyncio.gather(*(one.ended.wait() for one in alive))

    async def _end_with_engine(self, container: Container) -> None:
        container.stays_down = True
        await self._end(
            container, 137 if container.behaviour.ignores_signals else container.behaviour.stop_code
        )

    async def come_back(self) -> None:
        """The engine is there again, and starts what its policies say."""

        async def one(container: Container) -> None:
            async with container.lock:
                try:
                    await self._start(container)
                except EngineFault:
                    return  # told in its state, as above

        wanted = [
            one
            for one in self._world.containers
            if not one.running and one.started_ns is not None and policies.wants_restart(one)
        ]
        await asyncio.gather(*(one(container) for container in wanted))

    # --- removal ----------------------------------------------------------------------------------

    def _forget(self, container: Container) -> None:
        """AutoRemove: with its anonymous volumes."""
        self._world.mounting.let_go(container, remove_anonymous=True)
        self._world.containers.remove(container)
        self._world.tell(container, "destroy")


async def _started(container: Container) -> None:
    """Until no start of it is under way: what is asked of it meanwhile comes after."""
    async with container.lock:
        return


def _stop_signal(container: Container) -> int:
    return signals.number(container.config.get("StopSignal") or "") or signals.TERM


def _cancel(container: Container) -> None:
    """Everything that would happen to it by itself, but for what is happening now."""
    current = asyncio.current_task()
    for task in list(container.tasks):
        if task is not current:
            task.cancel()

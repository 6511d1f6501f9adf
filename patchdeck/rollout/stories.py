"""All rollouts that the journal told of, for the fold. Pure."""

from __future__ import annotations

from patchdeck.model.facts import Value
from patchdeck.model.observations import JournalEntered, WorkerSeen
from patchdeck.model.rollouts import Rollout
from patchdeck.rollout.story import Story


class FullStories(Value, frozen=True, kw_only=True):
    """All that is kept."""

    entries: tuple[JournalEntered, ...] = ()
    workers: tuple[WorkerSeen, ...] = ()


class Stories:
    """Fed with observations in any order, duplicates too. `state` is that of another one, to go on from."""

    def __init__(self, state: FullStories | None = None) -> None:
        self._stories: dict[str, Story] = {}
        self._engines: dict[str, str] = {}
        self._workers: dict[str, WorkerSeen] = {}
        self._views: dict[str, Rollout] = {}
        """Of those that nothing was told of since."""
        known = state or FullStories()
        told: tuple[JournalEntered | WorkerSeen, ...] = (*known.entries, *known.workers)
        for observation in told:
            self.apply(observation)

    def apply(self, observation: JournalEntered | WorkerSeen) -> None:
        if isinstance(observation, WorkerSeen):
            self._worker(observation)
            return
        rollout = observation.entry.rollout
        self._engines[rollout] = observation.engine
        self._views.pop(rollout, None)
        self._story(rollout).apply(observation.entry)

    def _worker(self, seen: WorkerSeen) -> None:
        known = self._workers.get(seen.rollout)
        # Of two at one moment that which says more of the end counts, whichever came first.
        if known is None or (seen.at_ns, not seen.alive) > (known.at_ns, not known.alive):
            self._workers[seen.rollout] = seen
            self._views.pop(seen.rollout, None)
            self._story(seen.rollout).worker_seen(seen.at_ns, alive=seen.alive)

    def _story(self, rollout: str) -> Story:
        return self._stories.setdefault(rollout, Story())

    def forget(self, before_ns: int) -> None:
        """Rollouts that were over before this moment, and workers of none."""
        for rollout in list(self._stories):
            view = self._view(rollout)
            told = (
                view.ended_ns if view else self._workers[rollout].at_ns if rollout in self._workers else None
            )
            if told is not None and told < before_ns:
                del self._stories[rollout]
                self._engines.pop(rollout, None)
                self._workers.pop(rollout, None)
                self._views.pop(rollout, None)

    def rollouts(self) -> tuple[Rollout, ...]:
        """By when they were planned."""
        views = [view for rollout in self._stories if (view := self._view(rollout)) is not None]
        return tuple(sorted(views, key=lambda view: (view.began_ns or 0, view.id)))

    def _view(self, rollout: str) -> Rollout | None:
        if rollout not in self._views and (view := self._stories[rollout].rollout()) is not None:
            self._views[rollout] = view
        return self._views.get(rollout)

    def state(self) -> FullStories:
        return FullStories(
            entries=tuple(
                JournalEntered(engine=self._engines.get(rollout, ""), at_ns=entry.at_ns, entry=entry)
                for rollout, story in self._stories.items()
                for entry in story.entries
            ),
            workers=tuple(self._workers.values()),
        )

    @property
    def size(self) -> int:
        """How many objects are kept."""
        return sum(len(story.entries) for story in self._stories.values()) + len(self._workers)

"""What was asked of a rollout and is not in its journal yet. Pure."""

from __future__ import annotations

from patchdeck.model import Actor, Command, Commanded, Rollout, WorkerBegan
from patchdeck.model.facts import Value


class Submitted(Value, frozen=True, kw_only=True):
    """Nothing on the screen says that it was done before the journal does."""

    word: str
    by: Actor
    after: int
    """The sequence of the newest entry when it was asked."""
    command: Command | None = None
    """None: a new worker."""

    def answer(self, rollout: Rollout) -> Commanded | WorkerBegan | None:
        """The entry that answers it."""
        for entry in rollout.entries:
            if entry.sequence <= self.after:
                continue
            if isinstance(entry, WorkerBegan) and self.command is None:
                return entry
            if isinstance(entry, Commanded) and (entry.command, entry.by) == (self.command, self.by):
                return entry
        return None

"""The keys that record and mark, and the line that asks for a name."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from textual.app import App

from tui.footer import Footer
from tui.screens.base import ConsoleScreen

if TYPE_CHECKING:
    from patchdeck.model import Snapshot
    from patchdeck.recording.recorder import RecorderStatus
    from patchdeck.recording.switch import Switch
    from widgets.prompt import Prompt


class RecordingKeys(App[int], inherit_bindings=False):
    """An app whose state can be recorded. Without a switch nothing can be, and the keys say so."""

    def __init__(self, switch: Switch | None = None) -> None:
        super().__init__()
        self.snapshot: Snapshot | None = None
        self.switch = switch
        self._marking_ns = 0
        """The moment for which a name is being asked."""

    @property
    def recording(self) -> RecorderStatus | None:
        """How the recording that is on is doing; None where none is."""
        return None if self.switch is None else self.switch.status

    def action_record(self) -> None:
        from tui.recording import toggle  # noqa: PLC0415

        self.run_worker(toggle(self), group="recording", exclusive=True)

    async def action_mark(self) -> None:
        # The moment is that of the key, however long the name takes.
        self._marking_ns = time.time_ns()
        number = len(self.snapshot.marks) + 1 if self.snapshot else 1
        await self.ask(f"name this moment; enter alone: mark {number}", id="mark")

    async def on_prompt_answered(self, event: Prompt.Answered) -> None:
        if event.prompt.id == "mark":
            from tui.recording import mark  # noqa: PLC0415

            await event.prompt.action_close()
            await mark(self, event.text, at_ns=self._marking_ns)

    async def ask(self, question: str, *, id: str) -> None:  # noqa: A002 - as Textual has it
        """Open a line that asks; its `Prompt.Answered` comes to the app, under this id."""
        from widgets.prompt import Prompt  # noqa: PLC0415 - it brings Textual's input

        screen = self.screen
        # A page that is not there yet has nowhere to ask on.
        if isinstance(screen, ConsoleScreen) and screen.is_there and not screen.query(Prompt):
            prompt = Prompt(question, asked_from=screen.focused, id=id)
            await screen.mount(prompt, before=screen.query_one(Footer))

"""What a command that follows a rollout writes: JSON lines, plain lines, or a display that is drawn again and again."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol, TextIO

from rich.console import Console
from rich.live import Live
from rich.text import Text

from patchdeck.model import AnyEntry, Plan, Rollout, UnitMoved, UnitPhase
from tui.headless.records import json_line
from tui.headless.rollout_events import event_record
from tui.headless.rollout_lines import ending, is_progress, sentence
from tui.headless.rollout_progress import progress_lines
from tui.headless.rollout_records import end_record
from tui.headless.table import RESET
from widgets.cells import clean
from widgets.units import clock


class Override(NamedTuple):
    """The Compose file that keeps `compose up` from going back."""

    text: str = ""
    """Empty where none is wanted."""
    path: str = ""
    """Where it was written, if it was."""


class Output(Protocol):
    """Told of a rollout's progress, then once of its end."""

    def tell(self, entries: Sequence[AnyEntry], rollout: Rollout) -> None: ...

    def pause(self) -> None:
        """Something else is to be written; the next `tell` goes on."""

    def end(self, rollout: Rollout, status: int, override: Override) -> None: ...


class JsonOutput:
    """One object a line."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def tell(self, entries: Sequence[AnyEntry], rollout: Rollout) -> None:
        self._stream.writelines(json_line(event_record(entry)) + "\n" for entry in entries)
        self._stream.flush()

    def pause(self) -> None:
        """Its lines stand by themselves."""

    def end(self, rollout: Rollout, status: int, override: Override) -> None:
        self._stream.write(json_line(end_record(rollout, time.time_ns(), status, override.text)) + "\n")
        self._stream.flush()


class LineOutput:
    """A sentence for whatever is worth telling."""

    def __init__(self, stream: TextIO, *, ascii_only: bool, utc: bool) -> None:
        self._stream = stream
        self._ascii_only = ascii_only
        self._utc = utc
        self._told: set[tuple[int, UnitPhase]] = set()

    def tell(self, entries: Sequence[AnyEntry], rollout: Rollout) -> None:
        for entry in entries:
            if is_progress(entry) and not self._again(entry):
                self._write(self.line(entry, rollout.plan))
        self._stream.flush()

    def _again(self, entry: AnyEntry) -> bool:
        """A unit that goes start-first is ready twice: beside its old container, and in its place."""
        if not isinstance(entry, UnitMoved):
            return False
        known = (entry.unit, entry.phase) in self._told
        self._told.add((entry.unit, entry.phase))
        return known

    def line(self, entry: AnyEntry, plan: Plan) -> str:
        """With the time of day."""
        return f"{clock(entry.at_ns, utc=self._utc)}  {sentence(entry, plan, utc=self._utc)}"

    def pause(self) -> None:
        """Its lines stand by themselves."""

    def end(self, rollout: Rollout, status: int, override: Override) -> None:
        for line in (*ending(rollout), *_about(override)):
            self._write(line)
        self._stream.flush()

    def _write(self, line: str) -> None:
        self._stream.write(clean(line, ascii_only=self._ascii_only) + "\n")


def _about(override: Override) -> Iterator[str]:
    if override.path:
        yield f"{override.path} keeps `compose up` from going back: give it after the project's own files (-f)"
    elif override.text:
        yield "`compose up` would go back to the old image, unless this file is given after the project's own (-f):"
        yield from (f"  {line}" for line in override.text.splitlines())


class LiveOutput:
    """A display at the bottom of a terminal."""

    def __init__(self, stream: TextIO, *, colour: bool, ascii_only: bool, utc: bool) -> None:
        self._stream = stream
        self._colour = colour
        self._ascii_only = ascii_only
        self._utc = utc
        self._live: Live | None = None

    def tell(self, entries: Sequence[AnyEntry], rollout: Rollout) -> None:
        live = self._display()
        lines = progress_lines(
            rollout, time.time_ns(), width=live.console.width, ascii_only=self._ascii_only, utc=self._utc
        )
        told = (
            f"{cell.colour}{cell.text}{RESET}" if self._colour and cell.colour else cell.text
            for cell in lines
        )
        live.update(Text.from_ansi("\n".join(told)), refresh=True)

    def pause(self) -> None:
        """What was drawn last stays."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def end(self, rollout: Rollout, status: int, override: Override) -> None:
        self.pause()
        LineOutput(self._stream, ascii_only=self._ascii_only, utc=self._utc).end(rollout, status, override)

    def _display(self) -> Live:
        if self._live is None:
            console = Console(file=self._stream, highlight=False, markup=False, emoji=False)
            self._live = Live(
                console=console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False
            )
            self._live.start()
        return self._live

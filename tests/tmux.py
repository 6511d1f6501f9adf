"""A program in tmux: a terminal emulator of others' making between its keys and its screen."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.terminal import TerminalError

PROGRAM = "tmux"
_POLL_S = 0.05
_WINDOW = "p"
_CONFIGURATION = """\
set -g default-terminal {term}
set -g status off
set -g remain-on-exit on
set -sg escape-time 10
set -g monitor-bell on
"""
_COLOUR = re.compile(r"\x1b\[([0-9;]*)m")
_BASIC = {*range(30, 38), *range(40, 48), *range(90, 98), *range(100, 108)}
_LOOKS = {0, 1, 2, 4, 7, 22, 24, 27, 39, 49}


def missing() -> str:
    """Why there is no tmux here; empty where there is."""
    return "" if shutil.which(PROGRAM) else "no tmux: install the Debian package tmux"


class Tmux:
    """`argv` in a tmux server of its own, whose socket is in `folder`; ended with it.

    `term` is what the program takes the terminal for: `screen` has 16 colours at most.
    """

    def __init__(
        self,
        argv: Sequence[str],
        folder: Path,
        *,
        columns: int = 120,
        rows: int = 40,
        term: str = "screen",
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.columns, self.rows = columns, rows
        self._socket = folder / "tmux.sock"
        configuration = folder / "tmux.conf"
        configuration.write_text(_CONFIGURATION.format(term=term), encoding="ascii")
        given = {"LC_ALL": "C.UTF-8", **(environ or {})}
        command = ["env", "-u", "COLORTERM", "-u", "NO_COLOR", *(f"{k}={v}" for k, v in given.items()), *argv]
        self._status = folder / "tmux.status"
        # tmux 3.3a now and then never hears that its program ended (it stays a zombie): a shell writes it down.
        command = ["sh", "-c", 'trap : INT; "$@"; echo $? >"$0"', str(self._status), *command]
        size = ("-x", str(columns), "-y", str(rows))
        self._tmux("-f", str(configuration), "new-session", "-d", "-s", _WINDOW, *size, shlex.join(command))

    def _tmux(self, *arguments: str) -> str:
        environ = {key: value for key, value in os.environ.items() if not key.startswith("TMUX")}
        done = subprocess.run(
            [PROGRAM, "-S", str(self._socket), *arguments],
            env=environ | {"LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        if done.returncode:
            raise TerminalError(f"tmux {arguments[0]}: {done.stderr.strip()}")
        return done.stdout

    def press(self, *keys: str) -> None:
        """By tmux's names: `Enter`, `Escape`, `Down`, `C-r`, `p`."""
        self._tmux("send-keys", "-t", _WINDOW, *keys)

    def write(self, text: str) -> None:
        """As it is written."""
        self._tmux("send-keys", "-t", _WINDOW, "-l", text)

    @property
    def text(self) -> str:
        """The screen, line by line, without the blanks at their ends."""
        return self._tmux("capture-pane", "-p", "-t", _WINDOW)

    @property
    def styled(self) -> str:
        """The same with its colours and looks, as escape sequences."""
        return self._tmux("capture-pane", "-p", "-e", "-t", _WINDOW)

    @property
    def has_rung(self) -> bool:
        """The bell was rung since the terminal was opened, for nobody ever looks at this window."""
        return self._asked("window_bell_flag") == "1"

    @property
    def status(self) -> int | None:
        """The exit status of the program; None as long as it runs."""
        told = self._status.read_text(encoding="ascii") if self._status.exists() else ""
        return int(told) if told else None

    def _asked(self, name: str) -> str:
        return self._tmux("display-message", "-p", "-t", _WINDOW, f"#{{{name}}}").strip()

    def wait_for(self, condition: Callable[[str], object], timeout: float = 30.0, what: str = "") -> str:
        """Until `condition` holds of the screen's text, which is returned. Raises TerminalError, with the screen."""
        until = time.monotonic() + timeout
        while not condition(text := self.text):
            if time.monotonic() > until:
                raise TerminalError(f"{what or 'the condition'} did not come within {timeout:g} s:\n{text}")
            if self.status is not None:
                raise TerminalError(f"the program ended (status {self.status}) before {what}:\n{text}")
            time.sleep(_POLL_S)
        return text

    def wait_for_words(self, *words: str, timeout: float = 30.0) -> str:
        """Until all of them are on the screen."""
        return self.wait_for(lambda text: all(word in text for word in words), timeout, repr(words))

    def ended(self, timeout: float = 60.0) -> int:
        """Waits for the program to end; its exit status."""
        until = time.monotonic() + timeout
        while (status := self.status) is None:
            if time.monotonic() > until:
                raise TerminalError(f"the program did not end within {timeout:g} s:\n{self.text}")
            time.sleep(_POLL_S)
        return status

    def close(self) -> None:
        self._tmux("kill-server")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def beyond_16_colours(styled: str) -> list[str]:
    """The escape sequences on a screen that ask for more than the 16 colours of the terminal itself."""
    return [found for found in _COLOUR.findall(styled) if not _is_basic(found)]


def _is_basic(sequence: str) -> bool:
    return all(int(code or 0) in _BASIC | _LOOKS for code in sequence.split(";"))


def is_reversed(styled: str, words: str) -> bool:
    """Whether these words stand on the screen in reversed ink, which is seen without any colour."""
    for line in styled.split("\n"):
        looks: set[int] = set()
        plain = ""
        over: list[bool] = []
        for number, part in enumerate(_COLOUR.split(line)):
            if number % 2:
                looks = _after(looks, part)
            else:
                plain += part
                over += [7 in looks] * len(part)
        at = plain.find(words)
        if at >= 0 and all(over[at : at + len(words)]):
            return True
    return False


def _after(looks: set[int], sequence: str) -> set[int]:
    for code in (int(part or 0) for part in sequence.split(";")):
        looks = set() if code == 0 else looks - {7} if code == 27 else looks | {code}
    return looks

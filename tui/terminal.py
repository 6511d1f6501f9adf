"""What this process is connected to: a terminal or a file, its width, its locale, and whether it wants colours."""

from __future__ import annotations

import os
import select
import shutil
import sys
from collections.abc import Mapping
from typing import TextIO

_WIDTH_ELSEWHERE = 120


def locale_name(environ: Mapping[str, str]) -> str:
    """The locale that decides on characters, as the environment says; empty if it says nothing.

    Python starts in a C locale by setting LC_CTYPE itself (PEP 538): that is not what the user has set.
    """
    if environ.get("LC_ALL"):
        return environ["LC_ALL"]
    ctype = environ.get("LC_CTYPE", "")
    coerced = ctype in ("C.UTF-8", "C.utf8", "UTF-8") and environ.get("LANG", "") in ("", "C", "POSIX")
    return environ.get("LANG", "") if coerced or not ctype else ctype


def speaks_utf8(environ: Mapping[str, str]) -> bool:
    """Whether glyphs beyond ASCII may be written."""
    return locale_name(environ).lower().replace("-", "").endswith("utf8")


def width(stream: TextIO) -> int:
    """Columns: those of the terminal, or COLUMNS; where the output goes elsewhere, enough for whole names."""
    if stream.isatty() or os.environ.get("COLUMNS", "").isdigit():
        return max(shutil.get_terminal_size().columns, 40)
    return _WIDTH_ELSEWHERE


def wants_colour(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Never into a file or pipe, not where NO_COLOR asks for none."""
    return stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


def colour_system(environ: Mapping[str, str]) -> str:
    """How many colours the terminal is taken to have, by the variables that say so."""
    if environ.get("NO_COLOR"):
        return "none (NO_COLOR)"
    term = environ.get("TERM", "")
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return "24 bit"
    if term in ("", "dumb", "unknown"):
        return "none"
    return "256 colours" if term.endswith(("-256color", "-direct", "-kitty")) else "16 colours"


def out() -> TextIO:
    """Standard output; what its encoding can not write becomes a question mark and no error."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")
    return sys.stdout


def reader_gone(stream: TextIO) -> bool:
    """The other end of a pipe is closed. Without asking, a program that seldom writes would seldom find out."""
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):  # not a file of the system's
        return False
    poll = select.poll()
    poll.register(descriptor, 0)
    return any(event & (select.POLLERR | select.POLLNVAL) for _, event in poll.poll(0))

"""What this program runs in: terminal, versions, folders and the configuration file."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from importlib.metadata import version
from pathlib import Path

import msgspec
from platformdirs import user_config_path, user_state_path

from patchdeck import __version__
from patchdeck.config import default_path
from tui import terminal
from tui.headless.checks import Check, Mark, Section

_LIBRARIES = ("textual", "rich", "aiodocker", "httpx", "msgspec", "prometheus-api-client", "click")
LEAST_COLUMNS, LEAST_LINES = 80, 24


class Terminal(msgspec.Struct, frozen=True, kw_only=True):
    interactive: bool
    """Standard output is a terminal."""
    term: str
    colorterm: str
    no_color: bool
    colours: str
    columns: int | None
    lines: int | None
    locale: str
    utf8: bool


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    file: str
    found: bool
    mistake: str = ""


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    patchdeck: str
    python: str
    platform: str
    libraries: dict[str, str]
    terminal: Terminal
    configuration: Configuration
    config_folder: str
    state_folder: str


def surroundings(config: Path | None, mistake: str) -> Surroundings:
    """Looks at the process and its environment; `mistake` is what the configuration was refused for."""
    file = config or default_path()
    return Surroundings(
        patchdeck=__version__,
        python=platform.python_version(),
        platform=platform.platform(terse=True),
        libraries={name: version(name) for name in _LIBRARIES},
        terminal=_terminal(),
        configuration=Configuration(file=str(file), found=os.path.lexists(file), mistake=mistake),
        config_folder=str(user_config_path("patchdeck", appauthor=False)),
        state_folder=str(user_state_path("patchdeck", appauthor=False)),
    )


def _terminal() -> Terminal:
    interactive = sys.stdout.isatty()
    size = shutil.get_terminal_size() if interactive else None
    return Terminal(
        interactive=interactive,
        term=os.environ.get("TERM", ""),
        colorterm=os.environ.get("COLORTERM", ""),
        no_color=bool(os.environ.get("NO_COLOR")),
        colours=terminal.colour_system(os.environ),
        columns=size.columns if size else None,
        lines=size.lines if size else None,
        locale=terminal.locale_name(os.environ),
        utf8=terminal.speaks_utf8(os.environ),
    )


def terminal_section(found: Terminal) -> Section:
    """What the console will be able to draw."""
    return "Terminal", [_colours(found), _size(found), _locale(found)]


def _colours(found: Terminal) -> Check:
    variables = f"TERM={found.term or 'not set'}, COLORTERM={found.colorterm or 'not set'}"
    if found.colours == "none":
        advice = "Set TERM to what the terminal is, as in TERM=xterm-256color."
        return Check(mark=Mark.WARNING, what="colours", detail=f"none ({variables})", advice=advice)
    return Check(mark=Mark.GOOD, what="colours", detail=f"{found.colours} ({variables})")


def _size(found: Terminal) -> Check:
    if found.columns is None or found.lines is None:
        return Check(mark=Mark.NOTE, what="size", detail="standard output is no terminal")
    detail = f"{found.columns}×{found.lines}"
    if found.columns < LEAST_COLUMNS or found.lines < LEAST_LINES:
        advice = f"Make it at least {LEAST_COLUMNS}×{LEAST_LINES} for the console."
        return Check(mark=Mark.WARNING, what="size", detail=detail, advice=advice)
    return Check(mark=Mark.GOOD, what="size", detail=detail)


def _locale(found: Terminal) -> Check:
    name = found.locale or "not set"
    if found.utf8:
        return Check(mark=Mark.GOOD, what="locale", detail=name)
    advice = (
        "Set LANG to a UTF-8 locale, as in LANG=C.UTF-8, if the terminal shows UTF-8; until then it is ASCII."
    )
    return Check(mark=Mark.WARNING, what="locale", detail=f"{name}, not UTF-8", advice=advice)


def program_section(found: Surroundings) -> Section:
    """Versions, the configuration file and the folders."""
    libraries = ", ".join(f"{name} {number}" for name, number in found.libraries.items())
    return "Program", [
        Check(
            mark=Mark.GOOD,
            what=f"patchdeck {found.patchdeck}",
            detail=f"Python {found.python}, {found.platform}",
        ),
        Check(mark=Mark.NOTE, what="libraries", detail=libraries),
        _configuration(found.configuration),
        Check(mark=Mark.NOTE, what="configuration folder", detail=found.config_folder),
        Check(mark=Mark.NOTE, what="state folder", detail=found.state_folder),
    ]


def _configuration(found: Configuration) -> Check:
    if found.mistake:
        advice = (
            "Correct it; every key is in docs/config.example.toml. The rest of this report is without it."
        )
        return Check(mark=Mark.BAD, what="configuration", detail=found.mistake, advice=advice)
    if not found.found:
        return Check(
            mark=Mark.NOTE, what="configuration", detail=f"{found.file} does not exist; defaults hold"
        )
    return Check(mark=Mark.GOOD, what="configuration", detail=found.file)

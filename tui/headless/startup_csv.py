"""Startups as CSV, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable

from patchdeck.model import Startup
from patchdeck.startup import PHASES
from tui.headless.records import STARTUP_FIELDS, Json, seconds

_FLAT = [name for name in STARTUP_FIELDS if name != "phases"]
_FORMULA = tuple("=+-@＝＋－＠")


def header() -> str:
    """The names of the columns of `row`."""
    return _row([*_FLAT, *(f"phase {name} s" for name in PHASES)])


def row(startup: Startup) -> str:
    """The fields of `startup_record`, with a column for each phase there is in place of `phases`."""
    phases = {phase.name: seconds(phase.seconds) for phase in startup.phases}
    return _row([*(STARTUP_FIELDS[name](startup) for name in _FLAT), *(phases.get(name) for name in PHASES)])


def _row(values: Iterable[Json]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow([_cell(value) for value in values])
    return buffer.getvalue()


def _cell(value: Json) -> str | int | float | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        assert not isinstance(value, list | dict)
        return value
    text = "".join("�" if _acts(char) else char for char in value)
    # A spreadsheet would compute it. A quote before it is shown by none of them.
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


def _acts(char: str) -> bool:
    """Control characters, line ends, overrides of the direction, half surrogates: what ends a row or moves a cursor."""
    return unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")

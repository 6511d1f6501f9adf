"""Changing keys of one section of a configuration file, with everything else left as it is, comments above all."""

from __future__ import annotations

import os
import re
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path

from patchdeck.config import ConfigError, parse, read

_HEADER = re.compile(r"\s*\[")


def write_section(path: Path, section: str, values: Mapping[str, str]) -> None:
    """Set these keys (to strings) in the file, which is made if there is none; never half of it.

    Raises: ConfigError where the file is wrong before or would be after, or can not be written.
    """
    text = read(path, trusted=True) or ""
    parse(text, str(path))
    changed = with_section(text, section, values, name=str(path))
    parse(changed, str(path))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
        # Beside the file itself, where a link leads elsewhere: a link stays one.
        real = path.resolve()
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=real.parent, prefix=f".{real.name}.", delete=False
        ) as file:
            file.write(changed)
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).chmod(mode)
        Path(file.name).replace(real)
    except OSError as error:
        raise ConfigError(f"{path}: can not be written: {(error.strerror or str(error)).lower()}") from error


def with_section(text: str, section: str, values: Mapping[str, str], *, name: str = "config.toml") -> str:
    """The document with these keys set in `[section]`, which is added at the end where there is none."""
    lines = text.splitlines()
    begin = next((index for index, line in enumerate(lines) if _is_header(line, section)), None)
    if begin is None:
        if section in tomllib.loads(text):
            raise ConfigError(f"{name}: {section} is not a table of its own: write it as [{section}]")
        added = [f"[{section}]", *(f'{key} = "{value}"' for key, value in values.items())]
        return "\n".join([*lines, *([""] if lines else []), *added, ""])
    end = next((index for index in range(begin + 1, len(lines)) if _HEADER.match(lines[index])), len(lines))
    body = lines[begin + 1 : end]
    for key, value in values.items():
        _set(body, key, value)
    return "\n".join([*lines[: begin + 1], *body, *lines[end:], ""])


def _is_header(line: str, section: str) -> bool:
    return re.fullmatch(rf"\s*\[\s*{re.escape(section)}\s*\]\s*(#.*)?", line) is not None


def _set(body: list[str], key: str, value: str) -> None:
    """In place of the key's line, whose comment stays; else after the last line that says something."""
    pattern = re.compile(rf"""(\s*{re.escape(key)}\s*=\s*)("[^"]*"|'[^']*')(.*)""")
    for index, line in enumerate(body):
        if (found := pattern.fullmatch(line)) is not None:
            body[index] = f'{found[1]}"{value}"{found[3]}'
            return
    last = max((index for index, line in enumerate(body) if line.strip()), default=-1)
    body.insert(last + 1, f'{key} = "{value}"')

"""The configuration file: TOML to typed settings, with one clear line for a mistake.

    ~/.config/patchdeck/config.toml:12: watch.sample: expected a duration …, found 2

Every key is in docs/config.example.toml. What flags and the environment say goes over it (tui.commands.options).
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from pathlib import Path

import msgspec.inspect
from platformdirs import user_config_path

from patchdeck.config_checks import check
from patchdeck.config_lines import line_of
from patchdeck.config_values import Mistake, convert
from patchdeck.config_values import Path as KeyPath
from patchdeck.settings import Settings

_LARGEST_BYTES = 1_000_000
_POSITION = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]{1,60}")


class ConfigError(Exception):
    """A configuration that can not be used: one line with the file, the place, what was expected and what was found."""


def default_path() -> Path:
    """Where the file is looked for unless it is named: config.toml in the platform's configuration folder."""
    return user_config_path("patchdeck", appauthor=False) / "config.toml"


def load(path: Path | None = None) -> Settings:
    """The settings of this file; without one, of the file in the default place, where there need not be any.

    Raises: ConfigError.
    """
    text = read(default_path(), trusted=False) if path is None else read(path, trusted=True)
    if text is None:
        if path is not None:
            raise ConfigError(f"{path}: there is no such file")
        return Settings()
    return parse(text, str(path or default_path()))


def read(path: Path, *, trusted: bool) -> str | None:
    """The text of the file, None if there is none.

    What it says decides which engines are talked to. So nobody else may be able to write to it; and unless the user
    has named it (`trusted`), it belongs to the user or to root.

    Raises: ConfigError.
    """
    try:
        # Without O_NONBLOCK the opening of a pipe waits for someone to write to it.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            _refuse_foreign(path, os.fstat(file.fileno()), trusted=trusted)
            content = file.read(_LARGEST_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"{path}: can not be read: {(error.strerror or str(error)).lower()}") from error
    if len(content) > _LARGEST_BYTES:
        raise ConfigError(f"{path}: expected a configuration file, found more than {_LARGEST_BYTES} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"{path}:{line}: expected UTF-8, found the byte 0x{content[error.start]:02x}"
        ) from error


def _refuse_foreign(path: Path, status: os.stat_result, *, trusted: bool) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise ConfigError(f"{path}: expected a file, found a device, pipe or socket")
    if status.st_mode & stat.S_IWOTH:
        raise ConfigError(f"{path}: anyone may write to it; run `chmod o-w` on it")
    if not trusted and status.st_uid not in (0, os.geteuid()):
        raise ConfigError(
            f"{path}: belongs to user {status.st_uid}, neither to you nor to root; name it with --config to use it"
        )


def parse(text: str, name: str = "config.toml") -> Settings:
    """The settings that a document says; `name` is the file's, for messages.

    Raises: ConfigError.
    """
    try:
        document = tomllib.loads(text)
    except RecursionError as error:
        raise ConfigError(f"{name}: is nested too deeply") from error
    except ValueError as error:
        raise ConfigError(_not_toml(name, text, str(error))) from error
    try:
        settings: Settings = convert(msgspec.inspect.type_info(Settings), document, ())
        check(settings)
    except Mistake as mistake:
        # A default that a key of the same table contradicts is on no line of its own.
        line = line_of(text, mistake.path) or line_of(text, mistake.path[:-1])
        place = f"{name}:{line}" if line else name
        raise ConfigError(f"{place}: {shown(mistake.path)}: {mistake}") from mistake
    return settings


def shown(path: KeyPath) -> str:
    """`engines[0].host`, counting as TOML tools do."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        else:
            text += ("." if text else "") + (key if _BARE_KEY.fullmatch(key) else ascii(key[:60]))
    return text


def _not_toml(name: str, text: str, message: str) -> str:
    found = _POSITION.search(message)
    if found is None:
        return f"{name}: not TOML: {message}"
    line, column = found[1] or text.count("\n") + 1, found[2]
    place = f"{name}:{line}:{column}" if column else f"{name}:{line}"
    return f"{place}: not TOML: {message[: found.start()]}{'' if column else ' at the end of the file'}"

"""Who we are to Prometheus: a password or a token that is read when it is needed, and never shown."""

from __future__ import annotations

import base64
import shlex
import subprocess
import threading
from pathlib import Path
from typing import Final

from requests import PreparedRequest
from requests.auth import AuthBase

from patchdeck.settings import PrometheusSettings
from patchdeck.sources.prometheus.faults import Misconfigured

COMMAND_S: Final = 10.0
_LONGEST: Final = 16_384


class Credentials(AuthBase):
    """Signs each request. The secret is read once, and again after `forget`, which a 401 calls for.

    Without any it signs nothing; and since it is there, requests does not look for passwords of its own in ~/.netrc.
    """

    def __init__(self, settings: PrometheusSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._header: str | None = None

    @property
    def any(self) -> bool:
        settings = self._settings
        return bool(settings.user or settings.token_file or settings.token_command)

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Raises: Misconfigured."""
        if self.any:
            with self._lock:
                if self._header is None:
                    self._header = self._made()
                request.headers["Authorization"] = self._header
        return request

    def forget(self) -> None:
        """A secret that was refused may have been replaced."""
        with self._lock:
            self._header = None

    def _made(self) -> str:
        settings = self._settings
        if settings.user:
            secret = _secret(settings.password_file, settings.password_command, "prometheus.password")
            pair = base64.b64encode(f"{settings.user}:{secret}".encode()).decode()
            return f"Basic {pair}"
        token = _secret(settings.token_file, settings.token_command, "prometheus.token")
        if not token.isascii() or " " in token:
            raise Misconfigured(f"{_what(settings)} holds no token: expected one word of ASCII characters")
        return f"Bearer {token}"


def _what(settings: PrometheusSettings) -> str:
    return "prometheus.token_file" if settings.token_file else "the output of prometheus.token_command"


def _secret(file: str, command: str, key: str) -> str:
    """One line. What it says, and what a command writes besides, is never part of a message."""
    content, what = (
        (_from_file(file, f"{key}_file"), f"{key}_file")
        if file
        else (_from_command(command, f"{key}_command"), f"the output of {key}_command")
    )
    try:
        secret = content.decode().strip("\r\n")
    except UnicodeDecodeError:
        secret = ""
    if not secret or not secret.isprintable() or len(content) > _LONGEST:
        raise Misconfigured(f"{what} holds no secret: expected one line of text")
    return secret


def _from_file(file: str, key: str) -> bytes:
    path = Path(file).expanduser()
    try:
        if not path.is_file():
            raise Misconfigured(f"{key}: {path} is no file")
        with path.open("rb") as opened:
            return opened.read(_LONGEST + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise Misconfigured(f"{key}: {path} can not be read: {reason}") from error


def _from_command(command: str, key: str) -> bytes:
    try:
        done = subprocess.run(
            shlex.split(command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=COMMAND_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        # Not chained: the exception holds what was written so far.
        raise Misconfigured(f"{key} did not end within {COMMAND_S:g} s: run it by hand to see why") from None
    except (OSError, ValueError) as error:
        raise Misconfigured(f"{key} can not be run: check that its program is there") from error
    if done.returncode:
        raise Misconfigured(f"{key} ended with status {done.returncode}: run it by hand to see why")
    return done.stdout

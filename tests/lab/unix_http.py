"""HTTP over a Unix socket with the standard library: the raw way to an engine, past every client library."""

from __future__ import annotations

import http.client
import json
import socket
from pathlib import Path
from typing import Any


class EngineError(Exception):
    """The engine answered with an error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


class UnixConnection(http.client.HTTPConnection):
    """One connection, kept open between requests."""

    def __init__(self, path: Path, timeout: float = 60.0) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))

    def call(self, method: str, path: str, body: object = None) -> Any:
        """One request; the decoded JSON (text when it is none, None when there is no body)."""
        if isinstance(body, bytes):
            headers, payload = {"Content-Type": "application/x-tar"}, body
        elif body is not None:
            headers, payload = {"Content-Type": "application/json"}, json.dumps(body).encode()
        else:
            headers, payload = {}, None
        self.request(method, path, body=payload, headers=headers)
        answer = self.getresponse()
        raw = answer.read()
        try:
            value = json.loads(raw) if raw else None
        except ValueError:
            value = raw.decode(errors="replace")
        if answer.status >= 400:
            message = value.get("message", value) if isinstance(value, dict) else value
            raise EngineError(answer.status, str(message))
        return value

"""Reaching an engine on another machine through the user's own OpenSSH.

`ssh -L` carries a Unix socket made here to the engine's socket there. So the user's keys, agent, jump hosts and known
hosts count, nothing is installed on the other side, and no password is ever asked for: there may be no one to answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final
from urllib.parse import unquote, urlsplit

CONNECT_S: Final = 15.0
_END_S: Final = 0.5
_WORDS_KEPT: Final = 300


class TunnelError(ConnectionError):
    """OpenSSH could not be started, or ended; its own last words."""


class Tunnel:
    """`async with Tunnel("ssh://user@host") as path`: a local socket that is the engine's."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._process: asyncio.subprocess.Process | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    async def __aenter__(self) -> Path:
        # In the system's temporary folder and with a short name: a socket's path may be 104 bytes long at most.
        self._folder = tempfile.TemporaryDirectory(prefix="patchdeck-")
        path = Path(self._folder.name) / "engine.sock"
        try:
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *command(self._host, path),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.DEVNULL,
                    stderr=asyncio.subprocess.PIPE,
                )
            except OSError as error:
                raise TunnelError(f"ssh could not be started: {error}") from error
            await self._until_there(path)
        except BaseException:
            await self._end()
            raise
        return path

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()

    async def _until_there(self, path: Path) -> None:
        process = self._running()
        assert process.stderr is not None
        ended = asyncio.create_task(process.stderr.read(1 << 16))
        try:
            async with asyncio.timeout(CONNECT_S):
                # Another process makes it: there is nothing to wait on, and looking takes microseconds.
                while not path.exists():  # noqa: ASYNC240
                    if ended.done():
                        code = await process.wait()
                        raise TunnelError(_last_words(ended.result()) or f"ssh ended with status {code}")
                    await asyncio.sleep(0.02)
        except TimeoutError as error:
            raise TunnelError(f"ssh had no connection after {CONNECT_S:.0f} s") from error
        finally:
            ended.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await ended

    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise RuntimeError("the tunnel is not open")
        return self._process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                async with asyncio.timeout(_END_S):
                    await process.wait()
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if self._folder is not None:
            self._folder.cleanup()


def command(host: str, local: Path) -> list[str]:
    """The OpenSSH command that carries `local` to the engine at ssh://[user@]host[:port][/path]."""
    parts = urlsplit(host)
    remote = unquote(parts.path) if parts.path not in ("", "/") else "/var/run/docker.sock"
    options = [
        "BatchMode=yes",
        "ExitOnForwardFailure=yes",
        "ServerAliveInterval=5",
        "ServerAliveCountMax=3",
        f"ConnectTimeout={CONNECT_S:.0f}",
        # A shared master would carry the socket on after this process is ended.
        "ControlMaster=no",
        "ControlPath=none",
    ]
    return [
        "ssh",
        "-nNT",
        *(word for option in options for word in ("-o", option)),
        *(("-p", str(parts.port)) if parts.port else ()),
        *(("-l", unquote(parts.username)) if parts.username else ()),
        "-L",
        f"{local}:{remote}",
        "--",
        parts.hostname or "",
    ]


def _last_words(said: bytes) -> str:
    lines = said.decode(errors="replace").strip().splitlines()
    return lines[-1].strip()[:_WORDS_KEPT] if lines else ""

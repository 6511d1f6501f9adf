"""What lies between the console and a real engine, and counts what is asked of it."""

from __future__ import annotations

import re
import socket
import threading
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingUnixStreamServer
from types import TracebackType
from typing import Self

READS = frozenset({"GET", "HEAD"})
_HEAD_ENDS = b"\r\n\r\n"
_LENGTH = re.compile(rb"^content-length: *(\d+) *\r?$", re.IGNORECASE | re.MULTILINE)
_AT_ONCE = 65_536


class Requests:
    """The requests in what one client says, byte by byte as it comes: `POST /v1.41/containers/create`."""

    def __init__(self) -> None:
        self._rest = b""
        self._body = 0
        self._opaque = False
        """What follows is no request: the connection was turned into a stream of another kind."""

    def said(self, data: bytes) -> list[str]:
        """Those whose heads are complete with this."""
        found = []
        self._rest += data
        while not self._opaque:
            skipped = min(self._body, len(self._rest))
            self._rest, self._body = self._rest[skipped:], self._body - skipped
            head, end, rest = self._rest.partition(_HEAD_ENDS)
            if not end:
                break
            method, path, *_ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
            found.append(f"{method} {path}")
            length = _LENGTH.search(head)
            self._rest, self._body = rest, int(length[1]) if length else 0
            lowered = head.lower()
            self._opaque = b"\r\nupgrade:" in lowered or b"\r\ntransfer-encoding:" in lowered
        return found


class CountingProxy(ThreadingUnixStreamServer):
    """`with CountingProxy(socket of the engine, socket of its own) as proxy`: hands everything on, both ways."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, engine: Path, path: Path) -> None:
        super().__init__(str(path), _Handler)
        self.engine = engine
        self.host = f"unix://{path}"
        self._lock = threading.Lock()
        self._writes: list[str] = []
        self._reads = 0

    def note(self, request: str) -> None:
        with self._lock:
            if request.split(" ", 1)[0] in READS:
                self._reads += 1
            else:
                self._writes.append(request)

    @property
    def writes(self) -> list[str]:
        """Everything so far that was more than reading."""
        with self._lock:
            return list(self._writes)

    @property
    def reads(self) -> int:
        with self._lock:
            return self._reads

    def forget(self) -> None:
        with self._lock:
            self._writes.clear()
            self._reads = 0

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.05,), name="proxy", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown()
        self.server_close()


class _Handler(StreamRequestHandler):
    server: CountingProxy
    request: socket.socket

    def handle(self) -> None:
        requests = Requests()
        with socket.socket(socket.AF_UNIX) as engine:
            try:
                engine.connect(str(self.server.engine))
            except OSError:
                return  # the engine is away: so is the proxy's end
            back = threading.Thread(target=_handed_on, args=(engine, self.request), daemon=True)
            back.start()
            while data := _received(self.request):
                for request in requests.said(data):
                    self.server.note(request)
                if not _sent(engine, data):
                    break
            _ended(engine)
            back.join()


def _handed_on(source: socket.socket, target: socket.socket) -> None:
    while (data := _received(source)) and _sent(target, data):
        pass
    _ended(target)


# Either side may go at any time, without a goodbye; that ends the connection for the other one too.


def _received(source: socket.socket) -> bytes:
    try:
        return source.recv(_AT_ONCE)
    except OSError:
        return b""


def _sent(target: socket.socket, data: bytes) -> bool:
    try:
        target.sendall(data)
    except OSError:
        return False
    return True


def _ended(target: socket.socket) -> None:
    try:
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return

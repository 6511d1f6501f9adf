"""What lies between the console and a real Prometheus, and spoils it."""

from __future__ import annotations

import asyncio
import re
from enum import Enum

from tests.unit.fake_prometheus import FakePrometheus, Request, answer


class Break(Enum):
    NOTHING = "nothing"
    NOT_HTTP = "not HTTP"
    LOGIN_PAGE = "a login page"
    NOT_JSON = "not JSON"
    CUT_OFF = "cut off"
    OTHER_JSON = "other JSON"
    WRONG_TYPES = "wrong types"
    NO_NUMBERS = "no numbers"
    NO_TIMES = "times that can not be"
    HUGE = "huge"
    SLOW = "slow"
    DRIP = "dripping"
    HANG_UP = "hangs up"
    BAD_GATEWAY = "bad gateway"


class BrokenProxy(FakePrometheus):
    """Forwards to the Prometheus at a port of this host, unless `breaks` says otherwise."""

    def __init__(self, port: int) -> None:
        super().__init__(self._respond)
        self._port = port
        self.breaks = Break.NOTHING

    async def _respond(self, request: Request) -> bytes:
        if self.breaks is Break.SLOW:
            await asyncio.sleep(8)
        self.drip_s = 0.05 if self.breaks is Break.DRIP else 0.0
        body = await self._forwarded(request)
        return body if request.path == "/-/ready" else self._spoiled(body)

    async def _forwarded(self, request: Request) -> bytes:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            return answer(b"", 502)
        try:
            writer.write(f"GET {request.target} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode())
            head, _, body = (await reader.read(-1)).partition(b"\r\n\r\n")
        finally:
            writer.close()
        return answer(body, int(head.split(b" ", 2)[1]))

    def _spoiled(self, whole: bytes) -> bytes:
        body = whole.partition(b"\r\n\r\n")[2]
        match self.breaks:
            case Break.NOT_HTTP:
                return b"\x00\xff\x80SSH-2.0-nonsense\r\n" + bytes(range(256))
            case Break.LOGIN_PAGE:
                return answer(b"<html><form>Password</form></html>", kind="text/html")
            case Break.NOT_JSON:
                return answer(b"\xff\xfe\x80" + body[::-1] * 50)
            case Break.CUT_OFF:
                return whole[: -max(1, len(body) // 2)]
            case Break.OTHER_JSON:
                return answer(b'[{"message":"no such thing"}]')
            case Break.WRONG_TYPES:
                return answer(b'{"status":"success","data":{"result":[{"metric":[],"value":"1"}]}}')
            case Break.NO_NUMBERS:
                return answer(re.sub(rb'(\[[\d.]+,)"[^"]*"', rb'\1"many"', body))
            case Break.NO_TIMES:
                return answer(b'{"status":"success","data":{"result":[{"metric":{},"value":[1e300,"1"]}]}}')
            case Break.HUGE:
                series = b'{"metric":{"instance":"' + b"x" * 200 + b'"},"value":[1,"1"]}'
                return answer(
                    b'{"status":"success","data":{"result":[' + b",".join([series] * 40_000) + b"]}}"
                )
            case Break.HANG_UP:
                return b""
            case Break.BAD_GATEWAY:
                return answer(b"<html>Bad Gateway</html>", 502, "text/html")
            case _:
                return whole

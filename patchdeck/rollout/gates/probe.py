"""Gates that ask the new replicas themselves: over HTTP, or by connecting to a port."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from urllib.parse import urlsplit

from patchdeck.model import Verdict
from patchdeck.rollout.gates.gate import Context, Judgement, Need, Replaced, hold

AT_ONCE: Final = 8
_PORT: Final = re.compile(r"\{port:(\d+)\}")
_HOLE: Final = re.compile(r"\{[^}]*\}")


_Ask = Callable[[str], Awaitable[str]]
"""Where, to what is wrong there; empty if nothing."""


class UnknownPlaceError(ValueError):
    """A placeholder that has no value for a replica; the text says which."""


def placed(template: str, replica: Replaced) -> str:
    """The template with {name}, {address} and {port:80} (the host port that container port 80 is published at).

    Raises: UnknownPlaceError.
    """

    def port(found: re.Match[str]) -> str:
        published = next((one for one in replica.ports if one[0] == int(found[1])), None)
        if published is None:
            raise UnknownPlaceError(f"{replica.name} publishes no port {found[1]}")
        return str(published[2])

    text = _PORT.sub(port, template.replace("{name}", replica.name))
    if "{address}" in text:
        if not replica.address:
            raise UnknownPlaceError(f"{replica.name} has no address on a network")
        text = text.replace(
            "{address}", f"[{replica.address}]" if ":" in replica.address else replica.address
        )
    if hole := _HOLE.search(text):
        raise UnknownPlaceError(f"{hole[0]} is not known: use {{name}}, {{address}} or {{port:80}}")
    return text


def _targets(template: str, replaced: Sequence[Replaced]) -> list[tuple[str, str]]:
    """(whom, where): one for each replica, or one in all where nothing in it depends on the replica.

    Raises: UnknownPlaceError.
    """
    if not _HOLE.search(template):
        return [("", template)]
    return [(replica.name, placed(template, replica)) for replica in replaced]


class HttpProbe:
    """GET; it passes where every answer has a status of 200 to 399. No answer is a failure: the replica is there."""

    def __init__(self, name: str, url: str, timeout_s: float) -> None:
        self.name = name
        self._url = url
        self._timeout_s = timeout_s

    @property
    def rule(self) -> str:
        return f"GET {self._url} answers 2xx or 3xx within {self._timeout_s:g} s"

    source = "the new replicas"
    needs = frozenset({Need.REPLICAS})

    async def judge(self, context: Context) -> Judgement:
        import httpx  # noqa: PLC0415 - only where there is such a gate

        try:
            targets = _targets(self._url, context.replaced)
        except UnknownPlaceError as error:
            return hold(str(error))
        # The environment's proxies are for the way out; a replica is asked directly.
        async with httpx.AsyncClient(
            timeout=self._timeout_s, trust_env=False, follow_redirects=False
        ) as client:

            async def ask(url: str) -> str:
                try:
                    async with asyncio.timeout(self._timeout_s):
                        async with client.stream("GET", url) as answer:
                            return "" if 200 <= answer.status_code < 400 else f"HTTP {answer.status_code}"
                except TimeoutError:
                    return f"no answer within {self._timeout_s:g} s"
                except (httpx.HTTPError, httpx.InvalidURL) as error:
                    return str(error) or type(error).__name__

            return await _all_of(targets, ask)


class TcpProbe:
    """It passes where every address accepts a connection."""

    def __init__(self, name: str, address: str, timeout_s: float) -> None:
        """`address` is host:port, with the placeholders of `placed`."""
        self.name = name
        self._address = address
        self._timeout_s = timeout_s

    @property
    def rule(self) -> str:
        return f"{self._address} accepts a connection within {self._timeout_s:g} s"

    source = "the new replicas"
    needs = frozenset({Need.REPLICAS})

    async def judge(self, context: Context) -> Judgement:
        async def connect(address: str) -> str:
            try:
                parts = urlsplit(f"//{address}")
                host, port = parts.hostname, parts.port
            except ValueError as error:
                return str(error)
            if host is None or port is None:
                return f"{address} is no host:port"
            try:
                async with asyncio.timeout(self._timeout_s):
                    _, writer = await asyncio.open_connection(host, port)
                    writer.close()
                    await writer.wait_closed()
            except TimeoutError:
                return f"no connection within {self._timeout_s:g} s"
            except OSError as error:
                return error.strerror or str(error)
            return ""

        try:
            return await _all_of(_targets(self._address, context.replaced), connect)
        except UnknownPlaceError as error:
            return hold(str(error))


async def _all_of(targets: Sequence[tuple[str, str]], ask: _Ask) -> Judgement:
    if not targets:
        return hold("there is no new replica to ask")
    room = asyncio.Semaphore(AT_ONCE)

    async def one(where: str) -> str:
        async with room:
            return await ask(where)

    problems = await asyncio.gather(*(one(where) for _, where in targets))
    wrong = [
        (whom or where, problem) for (whom, where), problem in zip(targets, problems, strict=True) if problem
    ]
    if not wrong:
        return Judgement(verdict=Verdict.PASS, evidence=f"{len(targets)} of {len(targets)} answer")
    whom, problem = wrong[0]
    more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    return Judgement(verdict=Verdict.FAIL, evidence=f"{whom}: {problem}{more}")

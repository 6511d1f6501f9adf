"""Questions to Prometheus, asked on threads, answered with typed values or a fault."""

from __future__ import annotations

import asyncio
import math
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
import urllib3
from prometheus_api_client.exceptions import PrometheusApiClientException
from prometheus_api_client.prometheus_connect import PrometheusConnect
from requests import RequestException
from urllib3.util.retry import Retry

from patchdeck.settings import PrometheusSettings
from patchdeck.sources.prometheus.credentials import Credentials
from patchdeck.sources.prometheus.faults import Fault, Malformed, Misconfigured, Refused, TimedOut
from patchdeck.sources.prometheus.pool import Pool
from patchdeck.sources.prometheus.transport import SLOW, BoundedSession

AT_ONCE: Final = 4
_CLOCK_ERROR_NS: Final = 50_000_000
_LATEST_S: Final = 2**32
"""No time of a sample is later than this, in seconds since the epoch."""

T = TypeVar("T")


class Series(msgspec.Struct, frozen=True):
    """One series of an answer, with a value (of an instant) or several (of a range); seconds by Prometheus's clock."""

    metric: Mapping[str, str] = {}
    value: tuple[float, str] | None = None
    values: tuple[tuple[float, str], ...] = ()


class Answered(msgspec.Struct, frozen=True):
    """An answer, and when it was asked for and had, in nanoseconds by this host's clock."""

    series: Sequence[Series]
    asked_ns: int
    answered_ns: int

    @property
    def offset_ns(self) -> int | None:
        """How far Prometheus's clock is ahead of this host's; 0 if the way explains it, None if it does not tell."""
        told = next((one.value[0] for one in self.series if one.value is not None), None)
        if told is None:
            return None
        offset_ns = round(told * 1e9) - (self.asked_ns + self.answered_ns) // 2
        error_ns = (self.answered_ns - self.asked_ns) // 2 + _CLOCK_ERROR_NS
        return offset_ns if abs(offset_ns) > error_ns else 0


class _Line(msgspec.Struct, frozen=True):
    session: BoundedSession
    connect: Any
    """The client library's, which has no types."""


class Client:
    """One Prometheus. Every method raises `Fault`.

    Each thread has a connection of its own. A question that is still on its way is not asked again.
    """

    def __init__(self, settings: PrometheusSettings) -> None:
        self._settings = settings
        self._credentials = Credentials(settings)
        self._pool = Pool(AT_ONCE, "prometheus")
        self._own = threading.local()
        self._asking: set[str] = set()

    def close(self) -> None:
        self._pool.close()

    async def ready(self) -> None:
        """Whether it says that it is. What only speaks the query API, and has no such page, counts as ready."""
        await self._pool.run(lambda: _check_files(self._settings))
        try:
            await self._ask("ready", lambda line: line.session.get(f"{self._settings.url}/-/ready"))
        except Malformed:
            await self.instant("vector(1)")

    async def instant(self, promql: str) -> Answered:
        return await self._series(promql, lambda line: line.connect.custom_query(promql))

    async def between(self, promql: str, start_s: int, end_s: int, step_s: int) -> Answered:
        """Values from start to end, both included, a step apart. Never more than 11,000 a series."""
        start, end = (datetime.fromtimestamp(moment, UTC) for moment in (start_s, end_s))
        return await self._series(
            f"past {promql}", lambda line: line.connect.custom_query_range(promql, start, end, str(step_s))
        )

    async def _series(self, key: str, query: Callable[[_Line], Any]) -> Answered:
        asked_ns = time.time_ns()
        series = await self._ask(key, lambda line: _typed(query(line)))
        return Answered(series=series, asked_ns=asked_ns, answered_ns=time.time_ns())

    async def _ask(self, key: str, question: Callable[[_Line], T]) -> T:
        if key in self._asking:
            raise TimedOut(SLOW)
        self._asking.add(key)

        try:
            # The transport has its own bounds. This one is for what has none, as finding an address by its name.
            async with asyncio.timeout(4 * self._settings.timeout_s):
                return await self._pool.run(
                    lambda: self._asked(question), ended=lambda: self._asking.discard(key)
                )
        except TimeoutError as error:
            raise TimedOut(SLOW) from error

    def _asked(self, question: Callable[[_Line], T]) -> T:
        try:
            return _told(question, self._line())
        except Refused as refused:
            if refused.status != 401 or not self._credentials.any:
                raise
        self._credentials.forget()
        return _told(question, self._line())

    def _line(self) -> _Line:
        """This thread's own: a session of requests is not made for several."""
        line: _Line | None = getattr(self._own, "line", None)
        if line is None:
            line = self._own.line = self._made()
        return line

    def _made(self) -> _Line:
        settings = self._settings
        session = BoundedSession(settings.url, settings.timeout_s)
        session.verify = _trusted(settings)
        if not settings.verify:
            # Told on screen instead; on standard error the warning would draw over it.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        if settings.certificate_file:
            session.cert = (
                _path(settings.certificate_file),
                _path(settings.key_file or settings.certificate_file),
            )
        session.auth = self._credentials
        connect = PrometheusConnect(
            url=settings.url,
            session=session,
            retry=Retry(total=0),
            timeout=math.ceil(settings.timeout_s),
        )
        return _Line(session, connect)


def _told(question: Callable[[_Line], T], line: _Line) -> T:
    """The library picks answers apart without looking; whatever breaks in that is the answer's fault."""
    try:
        return question(line)
    except Fault:
        raise
    except (
        RequestException,
        PrometheusApiClientException,
        ValueError,
        LookupError,
        TypeError,
        RecursionError,
    ) as error:
        raise Malformed(
            "its answer is not one of Prometheus's query API: check prometheus.url and what lies before it"
        ) from error


def _typed(result: object) -> list[Series]:
    """Raises: Malformed, ValueError."""
    series = msgspec.convert(result, list[Series])
    for one in series:
        for moment, _ in one.values if one.value is None else (one.value, *one.values):
            if not 0 <= moment < _LATEST_S:
                raise Malformed("its answer tells times that can not be: check what lies before Prometheus")
    return series


def number(text: str) -> float | None:
    """A sample's value; None for NaN and the infinities, which are no answer.

    Raises: Malformed.
    """
    try:
        value = float(text)
    except ValueError as error:
        raise Malformed(
            "its answer holds values that are no numbers: check what lies before Prometheus"
        ) from error
    return value if math.isfinite(value) else None


def _check_files(settings: PrometheusSettings) -> None:
    """Before requests opens them: it says little of what is wrong, and asks the terminal for a key's password.

    Raises: Misconfigured.
    """
    for key, file in (("ca_file", settings.ca_file), ("certificate_file", settings.certificate_file)):
        try:
            if not file:
                continue
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            if key == "ca_file":
                context.load_verify_locations(_path(file))
            else:
                other = _path(settings.key_file) if settings.key_file else None
                context.load_cert_chain(_path(file), other, password=lambda: b"")
        except (OSError, ValueError) as error:
            reason = "it is no such file in PEM"
            if isinstance(error, OSError) and not isinstance(error, ssl.SSLError):
                reason = error.strerror or str(error)
            hint = (
                "" if key == "ca_file" else ", and that the key in key_file belongs to it and has no password"
            )
            raise Misconfigured(f"prometheus.{key}: {reason}: check its path{hint}") from error


def _trusted(settings: PrometheusSettings) -> bool | str:
    """Without a CA of its own the system's, not those that requests brings along."""
    if not settings.verify:
        return False
    if settings.ca_file:
        return _path(settings.ca_file)
    system = ssl.get_default_verify_paths()
    return system.cafile or system.capath or True


def _path(file: str) -> str:
    return str(Path(file).expanduser())

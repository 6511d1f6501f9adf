"""HTTP to Prometheus, bounded: in time, in size, and to the address that was named.

The client library reads answers whole, whatever their size, and says little of how one failed. So its requests go
through a session that reads them within bounds and turns every failure into one of `faults`.
"""

from __future__ import annotations

import http.client
import time
from typing import Any, Final

import msgspec
import requests
import urllib3.exceptions as below

from patchdeck.sources.prometheus.address import host_of, is_loopback
from patchdeck.sources.prometheus.faults import BadQuery, Fault, Malformed, Refused, TimedOut, Unreachable

ANSWER_BYTES: Final = 4 * 1024 * 1024
_CHUNK_BYTES: Final = 64 * 1024
_PROXY_TROUBLE: Final = frozenset({502, 504})


class Answer(requests.Response):
    """An answer that was read to its end."""

    def json(self, **_kwargs: Any) -> Any:
        """Raises: msgspec.DecodeError. requests would guess at the encoding of garbage, for seconds."""
        return msgspec.json.decode(self.content)


class BoundedSession(requests.Session):
    """Raises `Fault` where requests raises RequestException. Never follows a redirect: it would take secrets along."""

    def __init__(self, url: str, timeout_s: float) -> None:
        super().__init__()
        self._timeout_s = timeout_s
        # A proxy for the outside does not reach what listens on this machine.
        self.trust_env = not is_loopback(host_of(url))

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Raises: Fault."""
        deadline = time.monotonic() + self._timeout_s
        kwargs |= {"stream": True, "allow_redirects": False, "timeout": self._timeout_s}
        try:
            response = super().send(request, **kwargs)
            try:
                body = _read(response.raw, deadline)
            finally:
                response.close()
        except (requests.RequestException, below.HTTPError, OSError) as error:
            raise _fault(error) from error
        if response.status_code != 200:
            raise refusal(response.status_code, body, response.headers.get("Location", ""))
        answer = Answer()
        answer.status_code = response.status_code
        answer._content = body  # noqa: SLF001 - requests has no other way to say what was read
        return answer


def _read(raw: Any, deadline: float) -> bytes:
    """What one read of the socket brings, until the end: a whole chunk might drip in for ever."""
    body = bytearray()
    while chunk := raw.read1(_CHUNK_BYTES, decode_content=True):
        body += chunk
        if len(body) > ANSWER_BYTES:
            raise Malformed(
                f"its answer is longer than {ANSWER_BYTES >> 20} MiB: check that prometheus.url is Prometheus, "
                "and that your own indicators aggregate"
            )
        if time.monotonic() > deadline:
            raise TimedOut(SLOW)
    return bytes(body)


SLOW: Final = "it does not answer in time: look at its load and at the way there"
_NOT_PROMETHEUS: Final = "check that prometheus.url is Prometheus's own address"


def _fault(error: Exception) -> Fault:
    """The reasons are taken from the chain of causes; the texts of requests repeat whole addresses and queries."""
    chain = _causes(error)
    for one in chain:
        if isinstance(one, requests.exceptions.SSLError | below.SSLError):
            return Unreachable(
                f"TLS failed, {_tls_words(chain)}: check prometheus.ca_file, certificate_file and the name in "
                "prometheus.url"
            )
        if isinstance(one, requests.exceptions.ProxyError | below.ProxyError):
            return Unreachable("the proxy of HTTP_PROXY or HTTPS_PROXY does not lead there: check NO_PROXY")
        if isinstance(one, below.NameResolutionError):
            return Unreachable("the host of prometheus.url is not known: check its name")
        if isinstance(one, ConnectionRefusedError):
            return Unreachable("nothing listens there: start Prometheus, or check the port in prometheus.url")
    if any(_is_timeout(one) for one in chain):
        return TimedOut(SLOW)
    if any(_is_garbage(one) for one in chain):
        return Malformed(f"its answer is broken off or is not HTTP: {_NOT_PROMETHEUS}")
    if any(isinstance(one, ConnectionError | http.client.RemoteDisconnected) for one in chain):
        return Unreachable("it closed the connection: see whether Prometheus is running")
    system = next((one for one in chain if isinstance(one, OSError) and one.strerror), None)
    reason = str(system.strerror).lower() if system is not None else type(chain[-1]).__name__
    return Unreachable(f"it can not be reached, {reason}: check prometheus.url and the way there")


def _is_timeout(error: BaseException) -> bool:
    """urllib3 counts every connection that can not be made as one that took too long."""
    if isinstance(error, below.NewConnectionError):
        return False
    return isinstance(error, requests.ReadTimeout | below.TimeoutError | TimeoutError)


def _is_garbage(error: BaseException) -> bool:
    if isinstance(error, http.client.RemoteDisconnected):
        return False
    return isinstance(error, http.client.HTTPException | below.IncompleteRead | below.DecodeError)


def _causes(error: BaseException) -> list[BaseException]:
    """The error and all that it was raised for; requests and urllib3 wrap them as arguments as well as causes."""
    found: list[BaseException] = []
    pending: list[object] = [error]
    while pending and len(found) < 32:
        one = pending.pop(0)
        if isinstance(one, BaseException) and one not in found:
            found.append(one)
            pending += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
    return found


def _tls_words(chain: list[BaseException]) -> str:
    for one in chain:
        if message := getattr(one, "verify_message", None):
            return str(message)
    for one in chain:
        if isinstance(reason := getattr(one, "reason", None), str):
            return reason.replace("_", " ").lower()
    return "the other side does not speak it"


def refusal(status: int, body: bytes, location: str = "") -> Fault:
    """What a status other than 200 means."""
    said = _said(body)
    if status in (400, 422) and said:
        return BadQuery(said)
    if status == 503 and said:
        return BadQuery(f"it gave up on it: {said}")
    if status in (401, 403):
        return Refused(
            f"it refuses us (HTTP {status}): check prometheus.token_file, or user and password_file, and their rights",
            status,
        )
    if status == 404:
        return Malformed(
            f"there is nothing at that path (HTTP 404): {_NOT_PROMETHEUS}, with its path if it has one"
        )
    if 300 <= status < 400:
        where = host_of(location)
        return Refused(
            f"it redirects (HTTP {status}{f' to {where}' if where else ''}): name the final address in prometheus.url",
            status,
        )
    if status == 503:
        return Unreachable("it is not ready (HTTP 503): it is starting or stopping, wait for it")
    if status in _PROXY_TROUBLE:
        return Unreachable(
            f"the proxy before it can not reach it (HTTP {status}): see whether Prometheus is running"
        )
    return Unreachable(f"it answers with an error (HTTP {status}): see its log")


class _Said(msgspec.Struct):
    error: str


def _said(body: bytes) -> str:
    """Prometheus's own words for an error, cut; empty if they are not Prometheus's."""
    try:
        error = msgspec.json.decode(body, type=_Said).error
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""
    return " ".join(error.split())[:200]

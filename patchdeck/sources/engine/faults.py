"""What went wrong on the way to an engine, in one sentence, and what to do about it in another."""

from __future__ import annotations

import errno
import getpass
import socket
import ssl

import aiodocker
import aiohttp

from patchdeck.sources.attempts import Attempt, Outcome
from patchdeck.sources.engine.connection import Refused, Unreadable
from patchdeck.sources.ssh import TunnelError
from patchdeck.sources.targets import Target

FAULTS = (OSError, TimeoutError, aiohttp.ClientError, aiodocker.DockerError, Refused, Unreadable)
"""Everything that talking to an engine may raise; anything else is a bug."""

_SAID_CELLS = 160
"""Longer words than these are not an engine's."""


def fault(target: Target, error: BaseException) -> Attempt:
    """Classify an error that one of `FAULTS` covers."""
    outcome, detail, advice = _classified(target, _cause(error))
    return Attempt(host=target.host, chosen=target.chosen, outcome=outcome, detail=detail, advice=advice)


def _cause(error: BaseException) -> BaseException:
    """aiodocker says 900 for every failure to connect; aiohttp wraps the operating system's error."""
    if isinstance(error, aiodocker.DockerError):
        if error.status == 900 and error.__context__ is not None:
            return _cause(error.__context__)
        return Refused(error.status, error.message)
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return error.certificate_error
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error
    return error


def _classified(target: Target, error: BaseException) -> tuple[Outcome, str, str]:
    """The reason comes before the address: lines are cut at their end, and the engine's name stands beside them."""
    place = str(target.socket_path) if target.socket_path else target.host
    match error:
        case TunnelError():
            return Outcome.SSH_FAILURE, f"{error}: {place}", _ssh_advice(target)
        case ssl.SSLError() | ssl.CertificateError():
            return Outcome.TLS_FAILURE, f"{_tls_words(error)}: {place}", _TLS_ADVICE
        case TimeoutError():
            return Outcome.TIMED_OUT, f"no answer from {place}", _silence_advice(target)
        case socket.gaierror():
            return (
                Outcome.UNREACHABLE,
                f"no such host: {place}",
                "Check the spelling and this machine's name service.",
            )
        case Refused() if "HTTP request to an HTTPS server" in str(error):
            advice = "Set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH."
            return Outcome.TLS_FAILURE, f"TLS is wanted by {place}", advice
        case Refused() | Unreadable() | aiohttp.ClientPayloadError() | aiohttp.ClientResponseError():
            advice = "Check that a Docker-compatible engine listens there."
            return Outcome.NOT_AN_ENGINE, f"{_stranger_words(error)}: {place}", advice
        case aiohttp.ServerDisconnectedError() | ConnectionResetError() if _shows_no_certificate(target):
            # In TLS 1.3 a server refuses after the handshake is over for the client, by closing.
            words = "the connection was closed, perhaps for want of a certificate"
            return Outcome.TLS_FAILURE, f"{words}: {place}", _TLS_ADVICE
        case aiohttp.ServerDisconnectedError():
            return Outcome.REFUSED, f"the connection was closed by {place}", _refused_advice(target)
        case OSError():
            return _by_errno(target, place, error)
    return Outcome.UNREACHABLE, f"{str(error) or type(error).__name__}: {place}", ""


def _by_errno(target: Target, place: str, error: OSError) -> tuple[Outcome, str, str]:
    local = target.socket_path is not None
    match error.errno:
        case errno.ENOENT if target.tls is not None:
            return Outcome.TLS_FAILURE, f"no such file: {error.filename}", _TLS_ADVICE
        case errno.ENOENT | errno.ENOTDIR:
            return Outcome.MISSING, f"there is no {place}", "Start an engine, or name one with --host."
        case errno.EACCES | errno.EPERM:
            return Outcome.DENIED, f"permission denied: {place}", _denied_advice()
        case errno.ECONNREFUSED if target.socket_path is not None and not target.socket_path.is_socket():
            # Linux refuses a connection to a file or a folder just as one to a socket that nobody serves.
            return Outcome.MISSING, f"not a socket: {place}", "Name the engine's socket with --host."
        case errno.ECONNREFUSED | errno.ECONNRESET | errno.EPIPE:
            return Outcome.REFUSED, f"nobody listens at {place}", _refused_advice(target)
        case errno.ENOTSOCK if local:
            return Outcome.MISSING, f"not a socket: {place}", "Name the engine's socket with --host."
        case errno.ETIMEDOUT:
            return Outcome.TIMED_OUT, f"no answer from {place}", _silence_advice(target)
    words = error.strerror or str(error) or type(error).__name__
    return Outcome.UNREACHABLE, f"{words}: {place}", "Check the address and the network on the way."


_TLS_ADVICE = (
    "Check the certificates in DOCKER_CERT_PATH or in the context, and that the engine's name is in its own."
)


def _shows_no_certificate(target: Target) -> bool:
    return target.tls is not None and target.tls.certificate is None


def _tls_words(error: BaseException) -> str:
    """OpenSSL's reason without its file and line."""
    if message := getattr(error, "verify_message", None):
        return str(message)
    reason = getattr(error, "reason", None)
    return str(reason).replace("_", " ").lower() if reason else str(error)


def _stranger_words(
    error: Refused | Unreadable | aiohttp.ClientPayloadError | aiohttp.ClientResponseError,
) -> str:
    """An engine, or a proxy before one, says why in a short line; a page is another server's, and is not repeated."""
    match error:
        case Refused(message=said, status=status):
            short = len(said) <= _SAID_CELLS and said.isprintable() and "<" not in said
            return (
                f"HTTP {status}, {said}" if said and short else f"what answers is no engine (HTTP {status})"
            )
        case Unreadable():
            return str(error)
        case aiohttp.ClientPayloadError():
            return "the answer is broken off"
        case _:
            return "what answers does not speak HTTP"


def _ssh_advice(target: Target) -> str:
    name = target.parts.hostname
    return f"Check that `ssh -o BatchMode=yes {name} true` works without asking anything."


def _silence_advice(target: Target) -> str:
    paused = "that the engine is not paused or overloaded"
    if target.parts.scheme == "ssh":
        return f"{_ssh_advice(target).rstrip('.')}, and {paused}."
    if target.socket_path is not None:
        return f"Check {paused}."
    return f"Check the network and the firewall on the way, and {paused}."


def _denied_advice() -> str:
    return f"Add {getpass.getuser()} to the group that owns the socket (often `docker`) and log in again."


def _refused_advice(target: Target) -> str:
    if target.parts.scheme == "ssh":
        return "Check that the engine runs there, and that this user may open its socket."
    if target.socket_path is not None:
        return "Start the engine: the socket is there and no one serves it (`systemctl start docker`)."
    return "Check that the engine listens on that port."

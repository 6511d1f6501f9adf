"""Which engines to talk to, by Docker's own rules.

A host that was asked for goes first, then DOCKER_HOST, DOCKER_CONTEXT, the current context of Docker's config.json, and
the sockets that engines make by default. Docker's command line knows one default socket; the others here are those of
rootless Docker, Docker Desktop and Podman, tried in this order and used only if Docker's own is not there.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import msgspec

from patchdeck.settings import EngineSettings
from patchdeck.sources import contexts
from patchdeck.sources.naming import unique_names

SYSTEM_SOCKET = Path("/var/run/docker.sock")


class TargetError(ValueError):
    """A host or context that can not be used, told in one line."""


class Tls(msgspec.Struct, frozen=True, kw_only=True):
    """Files in PEM. Without a CA the system's own are trusted."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    verify: bool = True


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """One engine's address."""

    name: str
    """Short, and unique among the engines of a console."""
    host: str
    """unix:///path, tcp://host:port or ssh://[user@]host[:port][/path]."""
    chosen: str
    """Which rule named it, in words."""
    tls: Tls | None = None
    proc: Path | None = None
    """Where the pressure of its host is told, in the form of /proc. Whoever started the engine says so, never its
    answers: they name no path to read."""
    look_back_s: float = 0.0
    """At the first connect, events are asked for from so long ago; an engine keeps the last few hundred."""

    @property
    def parts(self) -> SplitResult:
        return urlsplit(self.host)

    @property
    def socket_path(self) -> Path | None:
        """The socket, of a target that is one on this host."""
        return Path(self.parts.path) if self.parts.scheme == "unix" else None


class _Named(msgspec.Struct, frozen=True, kw_only=True):
    """A target before it has its unique name."""

    wanted: str
    host: str
    chosen: str
    tls: Tls | None = None


def choose(engines: Sequence[EngineSettings], environ: Mapping[str, str], home: Path) -> tuple[Target, ...]:
    """The engines to watch: those asked for, or the one that Docker's rules select.

    Looks at files and at whether a default socket takes a connection, and asks no engine anything. Without any engine
    at all it is Docker's own default socket, so that an engine that comes up later is found there.

    Raises: TargetError for a host or a context that can not be used.
    """
    named = [_asked(engine, environ, home) for engine in engines] or [_selected(environ, home)]
    names = unique_names([(one.wanted, one.host) for one in named])
    return tuple(
        Target(name=name, host=one.host, chosen=one.chosen, tls=one.tls)
        for name, one in zip(names, named, strict=True)
    )


def asked_for(hosts: Sequence[str], engines: Sequence[EngineSettings]) -> tuple[EngineSettings, ...]:
    """What `hosts` name: configured engines by their names or addresses, and others. Without any: all `engines`.

    What the configuration says of an engine by its name holds however the engine is asked for.
    """
    if not hosts:
        return tuple(engines)
    return tuple(
        next((one for one in engines if host in (one.name, one.host)), EngineSettings(host=host))
        for host in hosts
    )


def default_sockets(environ: Mapping[str, str], home: Path) -> tuple[Path, ...]:
    """Where engines listen unless they are told otherwise, the likeliest first."""
    runtime = environ.get("XDG_RUNTIME_DIR")
    return (
        SYSTEM_SOCKET,
        *([Path(runtime) / "docker.sock"] if runtime else []),
        home / ".docker" / "run" / "docker.sock",
        *([Path(runtime) / "podman" / "podman.sock"] if runtime else []),
        Path("/run/podman/podman.sock"),
    )


def default_targets(environ: Mapping[str, str], home: Path) -> tuple[Target, ...]:
    """Every default socket as a target, for telling what was tried."""
    sockets = default_sockets(environ, home)
    names = unique_names([("", f"unix://{path}") for path in sockets])
    return tuple(
        Target(name=name, host=f"unix://{path}", chosen="default socket")
        for name, path in zip(names, sockets, strict=True)
    )


def falls_to_default_sockets(
    engines: Sequence[EngineSettings], environ: Mapping[str, str], home: Path
) -> bool:
    """Nothing names an engine, so that the default sockets are looked through."""
    return not engines and not environ.get("DOCKER_HOST") and _context_name(environ, home) is None


def _asked(engine: EngineSettings, environ: Mapping[str, str], home: Path) -> _Named:
    if not engine.host:
        selected = _selected(environ, home)
        return msgspec.structs.replace(selected, wanted=engine.name or selected.wanted)
    if "://" in engine.host:
        tls = _tls_of(engine.host, environ, home)
        return _Named(wanted=engine.name, host=checked(engine.host), chosen="--host", tls=tls)
    named = _of_context(engine.host, f"context {engine.host}", environ, home)
    return msgspec.structs.replace(named, wanted=engine.name or engine.host)


def _selected(environ: Mapping[str, str], home: Path) -> _Named:
    if host := environ.get("DOCKER_HOST"):
        tls = _tls_of(host, environ, home)
        return _Named(wanted="", host=checked(host), chosen="DOCKER_HOST", tls=tls)
    if context := _context_name(environ, home):
        rule = "DOCKER_CONTEXT" if environ.get("DOCKER_CONTEXT") else "current context"
        return _of_context(context, f"{rule} {context}", environ, home)
    sockets = default_sockets(environ, home)
    path = next((path for path in sockets if _takes_a_connection(path)), None)
    path = path or next((path for path in sockets if _is_there(path)), sockets[0])
    return _Named(wanted="", host=f"unix://{path}", chosen="default socket")


def _context_name(environ: Mapping[str, str], home: Path) -> str | None:
    try:
        name = environ.get("DOCKER_CONTEXT") or contexts.current(environ, home)
    except contexts.ContextError as error:
        raise TargetError(str(error)) from error
    return None if name in (None, "", "default") else name


def _of_context(name: str, chosen: str, environ: Mapping[str, str], home: Path) -> _Named:
    if name == "default":
        return _selected({k: v for k, v in environ.items() if k != "DOCKER_CONTEXT"}, home)
    try:
        context = contexts.read(name, environ, home)
    except contexts.ContextError as error:
        raise TargetError(str(error)) from error
    tls = None
    if context.has_tls and not context.host.startswith(("unix:", "ssh:")):
        tls = Tls(
            ca=context.ca, certificate=context.certificate, key=context.key, verify=not context.skip_verify
        )
    return _Named(wanted=name, host=checked(context.host), chosen=chosen, tls=tls)


def _tls_of(host: str, environ: Mapping[str, str], home: Path) -> Tls | None:
    """By DOCKER_TLS_VERIFY and DOCKER_TLS, of which Docker asks only whether they are empty."""
    verify = bool(environ.get("DOCKER_TLS_VERIFY"))
    wanted = verify or bool(environ.get("DOCKER_TLS")) or host.startswith("https://")
    if not wanted or not host.startswith(("tcp://", "https://")):
        return None
    folder = Path(environ.get("DOCKER_CERT_PATH") or contexts.config_folder(environ, home))
    ca, certificate, key = (contexts.existing(folder / f"{part}.pem") for part in ("ca", "cert", "key"))
    return Tls(ca=ca, certificate=certificate, key=key, verify=verify or host.startswith("https://"))


_PORTS = {"http": 2375, "https": 2376, "tcp": 2375}
_HOST_NAME = re.compile(r"^[A-Za-z0-9_.:%-]+$")


def checked(host: str) -> str:
    """The address in its one form: a scheme, a host with its port or an absolute path.

    Raises: TargetError.
    """
    try:
        parts = urlsplit(host)
        port = parts.port
    except ValueError as error:
        raise TargetError(f"{host!r} is not an address: {error}") from error
    if parts.scheme == "unix":
        path = parts.netloc + parts.path
        if not path.startswith("/"):
            raise TargetError(
                f"{host!r}: expected unix:// and an absolute path, as in unix://{SYSTEM_SOCKET}"
            )
        return f"unix://{path}"
    if parts.scheme not in ("ssh", *_PORTS):
        raise TargetError(f"{host!r}: expected unix://, tcp:// or ssh://, or the name of a Docker context")
    if not parts.hostname or not _HOST_NAME.match(parts.hostname) or parts.hostname.startswith("-"):
        raise TargetError(f"{host!r}: expected a host name after {parts.scheme}://")
    if parts.password:
        raise TargetError(
            f"{parts.scheme}://{parts.hostname}: a password in the address is not used; use keys"
        )
    if parts.scheme == "ssh":
        if (parts.username or "").startswith("-"):
            raise TargetError(f"{host!r}: {parts.username!r} is not a user name")
        return host
    name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"tcp://{name}:{port or _PORTS[parts.scheme]}"


def _is_there(path: Path) -> bool:
    try:
        return path.is_socket()
    except (
        OSError
    ):  # a folder on the way that may not be entered: there is something, and the attempt will say what
        return True


def _takes_a_connection(path: Path) -> bool:
    """A Unix socket answers at once whether anyone listens, so this does not wait."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.2)
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True

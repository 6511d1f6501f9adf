"""Engines that are reached through OpenSSH and through TLS, on loopback."""

from __future__ import annotations

import asyncio
import getpass
import os
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from patchdeck.model import AnyObservation, ContainersListed, EngineDescribed, SourceChanged, SourceState
from patchdeck.settings import EngineSettings, Settings
from patchdeck.sources.attempts import Outcome
from patchdeck.sources.engine.probe import attempt
from patchdeck.sources.engine.source import EngineSource
from patchdeck.sources.targets import Target, Tls, choose
from tests.lab.engine import Engine
from tests.live.conftest import unavailable
from tests.live.ssh_server import SSHD, SshServer
from tests.unit.fake_engine import running, until


@pytest.fixture
def ssh_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SshServer]:
    if not SSHD.exists() or shutil.which("ssh") is None:
        unavailable("openssh-server is not installed")
    server = SshServer(tmp_path)
    server.start()
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    yield server
    server.stop()


def one_target(host: str) -> Target:
    (target,) = choose([EngineSettings(host=host)], {}, Path("/nonexistent"))
    return target


def tunnels(port: int) -> list[int]:
    """PIDs of ssh clients to this port."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            continue
        if b"-nNT" in words and str(port).encode() in words:
            found.append(int(entry.name))
    return found


async def test_an_engine_through_openssh(stock: Engine, ssh_server: SshServer) -> None:
    target = one_target(f"ssh://{getpass.getuser()}@127.0.0.1:{ssh_server.port}{stock.socket}")
    assert await until_ok(target)
    seen: list[AnyObservation] = []

    def state() -> SourceState | None:
        changes = [one for one in seen if isinstance(one, SourceChanged)]
        return changes[-1].state if changes else None

    async with running(EngineSource(target, Settings(), seen.append).run()):
        assert await until(lambda: any(isinstance(one, ContainersListed) for one in seen), 15)
        (described,) = [one for one in seen if isinstance(one, EngineDescribed)]
        assert not described.local
        assert abs(described.clock_offset_s) <= described.clock_error_s + 0.05
        (tunnel,) = tunnels(ssh_server.port)
        os.kill(tunnel, 9)
        assert await until(lambda: state() is SourceState.LOST)
        assert await until(lambda: state() is SourceState.LIVE, 10)
        assert len(tunnels(ssh_server.port)) == 1
    assert not tunnels(ssh_server.port)


async def until_ok(target: Target) -> bool:
    """The server may still be starting."""
    for _ in range(50):
        if (await attempt(target)).outcome is Outcome.OK:
            return True
        await asyncio.sleep(0.1)
    return False


async def test_openssh_without_a_key_or_without_an_engine_is_told(
    stock: Engine, ssh_server: SshServer
) -> None:
    good = f"ssh://127.0.0.1:{ssh_server.port}"
    assert await until_ok(one_target(f"{good}{stock.socket}"))
    tried = await attempt(one_target(f"{good}/no/such.sock"))
    assert tried.outcome is Outcome.REFUSED
    (ssh_server.folder / "authorized").write_text("")
    tried = await attempt(one_target(f"{good}{stock.socket}"))
    assert tried.outcome is Outcome.SSH_FAILURE
    assert "Permission denied" in tried.detail


# --- TLS


def certificates(folder: Path) -> None:
    """A CA, and a server and a client it vouches for."""

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=folder)

    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *new, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=lab")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    for name in ("server", "key"):
        openssl("req", *new, "-keyout", f"{name}.pem", "-out", f"{name}.csr", "-subj", f"/CN={name}")
    for name, out in (("server", "server.crt"), ("key", "cert.pem")):
        ca = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial")
        openssl("x509", "-req", "-in", f"{name}.csr", *ca, "-out", out, "-days", "2", "-extfile", "names")


@asynccontextmanager
async def behind_tls(engine: Engine, folder: Path) -> AsyncIterator[int]:
    """The engine's socket behind a TLS port that asks for a client's certificate, as `dockerd --tlsverify` does."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / "ca.pem"))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(folder / "server.crt", folder / "server.pem")

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(1 << 16):
            writer.write(chunk)
            await writer.drain()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_unix_connection(str(engine.socket))
        ways = [
            asyncio.ensure_future(carry(reader, there_writer)),
            asyncio.ensure_future(carry(there_reader, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            there_writer.close()
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def test_an_engine_through_tls(stock: Engine, tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        unavailable("openssl is not installed")
    certificates(tmp_path)
    async with behind_tls(stock, tmp_path) as port:
        environ = {
            "DOCKER_HOST": f"tcp://127.0.0.1:{port}",
            "DOCKER_TLS_VERIFY": "1",
            "DOCKER_CERT_PATH": str(tmp_path),
        }
        (target,) = choose((), environ, tmp_path)
        assert (await attempt(target)).outcome is Outcome.OK
        unknown_ca = Target(name="x", host=target.host, chosen="", tls=Tls())
        tried = await attempt(unknown_ca)
        assert tried.outcome is Outcome.TLS_FAILURE
        assert "self-signed" in tried.detail or "issuer" in tried.detail
        assert target.tls is not None
        no_certificate = Target(name="x", host=target.host, chosen="", tls=Tls(ca=target.tls.ca))
        assert (await attempt(no_certificate)).outcome is Outcome.TLS_FAILURE

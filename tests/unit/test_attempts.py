"""What is told of an address that can not be used: what happened, and what to do."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
from pathlib import Path

import aiohttp
import pytest

from patchdeck.doctor import examine
from patchdeck.settings import EngineSettings, Settings
from patchdeck.sources.attempts import Outcome
from patchdeck.sources.engine import probe
from patchdeck.sources.engine.connection import Connection, ReadsOnly, Refused
from patchdeck.sources.engine.faults import fault
from patchdeck.sources.engine.probe import attempt
from patchdeck.sources.ssh import TunnelError, command
from patchdeck.sources.targets import Target, Tls, choose
from tests.unit.fake_engine import FakeEngine


def target(host: str, **more: object) -> Target:
    (chosen,) = choose([EngineSettings(host=host)], {}, Path("/nonexistent"))
    return chosen


async def outcome(host: str) -> Outcome:
    tried = await attempt(target(host))
    assert tried.detail
    assert "\n" not in tried.sentence
    if tried.outcome is not Outcome.OK:
        assert tried.advice.endswith(".")
    return tried.outcome


async def test_an_engine_is_ok(tmp_path: Path) -> None:
    async with FakeEngine(tmp_path) as engine:
        assert await outcome(engine.host) is Outcome.OK


async def test_missing_refused_and_not_a_socket(tmp_path: Path) -> None:
    assert await outcome(f"unix://{tmp_path}/none.sock") is Outcome.MISSING
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(tmp_path / "gone.sock"))
    assert await outcome(f"unix://{tmp_path}/gone.sock") is Outcome.REFUSED
    (tmp_path / "file").write_text("")
    assert await outcome(f"unix://{tmp_path}/file") in (Outcome.REFUSED, Outcome.MISSING)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert await outcome(f"tcp://127.0.0.1:{port}") is Outcome.REFUSED


async def test_a_server_that_is_no_engine(tmp_path: Path) -> None:
    async with FakeEngine(tmp_path) as engine:
        for answer in (b"<html>", b"[]", b"{}", b'{"Version": 5, "ApiVersion": "1.40"}', (404, b"no")):
            engine.replies["version"] = answer
            assert await outcome(engine.host) is Outcome.NOT_AN_ENGINE, answer


STRANGERS = {
    b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 22\r\n\r\n<html>\nno such\n</html>": (
        "what answers is no engine (HTTP 404)"
    ),
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>": (
        "what answers /version is no engine"
    ),
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{": "the answer is broken off",
    b"<html>\n<body>Sign in</body></html>": "what answers does not speak HTTP",
    b"SSH-2.0-OpenSSH_9.2\r\n": "what answers does not speak HTTP",
    bytes(range(256)): "what answers does not speak HTTP",
    b'HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{"message":"no one"}': (
        "HTTP 403, no one"
    ),
}


@pytest.mark.parametrize(("reply", "words"), STRANGERS.items(), ids=STRANGERS.values())
async def test_what_is_no_engine_is_told_in_one_clear_sentence(reply: bytes, words: str) -> None:
    async def strange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(strange, "127.0.0.1", 0)
    async with server:
        host = f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        told = await attempt(target(host))
    assert told.outcome is Outcome.NOT_AN_ENGINE
    assert told.sentence == f"{words}: {host}. Check that a Docker-compatible engine listens there."


NOT_PAUSED = "that the engine is not paused or overloaded."


@pytest.mark.parametrize(
    ("host", "advice"),
    [
        ("unix:///run/docker.sock", "Check " + NOT_PAUSED),
        (
            "tcp://prod:2375",
            "Check the network and the firewall on the way, and " + NOT_PAUSED,
        ),
        (
            "ssh://ops@prod",
            "Check that `ssh -o BatchMode=yes prod true` works without asking anything, and " + NOT_PAUSED,
        ),
    ],
)
def test_silence_says_what_to_check_on_the_way_there(host: str, advice: str) -> None:
    assert fault(target(host), TimeoutError()).advice == advice


async def test_a_silent_server_times_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "PATIENCE_S", 0.1)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "silent.sock"))
        silent.listen()
        assert await outcome(f"unix://{tmp_path}/silent.sock") is Outcome.TIMED_OUT


async def test_what_is_no_socket_is_not_an_engine_that_is_down(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    for path in (tmp_path, tmp_path / "plain"):
        told = await attempt(target(f"unix://{path}"))
        assert (told.outcome, told.detail) == (Outcome.MISSING, f"not a socket: {path}")


async def test_tls_to_a_server_without_it(tmp_path: Path) -> None:
    async def plain(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        secured = Target(name="x", host=f"tcp://127.0.0.1:{port}", chosen="--host", tls=Tls())
        assert (await attempt(secured)).outcome is Outcome.TLS_FAILURE
        missing = Target(name="x", host=secured.host, chosen="", tls=Tls(ca=tmp_path / "ca.pem"))
        assert (await attempt(missing)).outcome is Outcome.TLS_FAILURE


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (PermissionError(errno.EACCES, os.strerror(errno.EACCES)), Outcome.DENIED),
        (socket.gaierror(-2, "Name or service not known"), Outcome.UNREACHABLE),
        (OSError(errno.EHOSTUNREACH, "No route to host"), Outcome.UNREACHABLE),
        (OSError(errno.ETIMEDOUT, "Connection timed out"), Outcome.TIMED_OUT),
        (ssl.SSLCertVerificationError(1, "self-signed certificate"), Outcome.TLS_FAILURE),
        (Refused(400, "Client sent an HTTP request to an HTTPS server."), Outcome.TLS_FAILURE),
        (TunnelError("Permission denied (publickey)."), Outcome.SSH_FAILURE),
        (aiohttp.ServerDisconnectedError(), Outcome.REFUSED),
    ],
)
def test_errors_have_their_outcome_and_advice(error: Exception, expected: Outcome) -> None:
    told = fault(target("tcp://prod:2375"), error)
    assert told.outcome is expected
    assert told.advice.endswith(".")


async def test_the_console_only_reads(tmp_path: Path) -> None:
    async with FakeEngine(tmp_path) as engine, Connection(target(engine.host)) as connection:
        session = connection.docker.session
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            with pytest.raises(ReadsOnly, match=method):
                await session.request(method, "unix://localhost/containers/x/start")
        with pytest.raises(ReadsOnly):
            await session.ws_connect("unix://localhost/containers/x/attach/ws")
        with pytest.raises(ReadsOnly):
            await connection.docker.containers.container("x").start()
        assert [path for path in engine.asked if path != "version"] == []


async def test_an_answer_without_an_end_is_cut_off(tmp_path: Path) -> None:
    async with FakeEngine(tmp_path) as engine, Connection(target(engine.host)) as connection:
        engine.replies["big"] = b"x" * 100_000
        await connection.version()
        with pytest.raises(ValueError, match="longer than"):
            await connection.get("big", limit_bytes=50_000)
        assert await connection.get("_ping") == b"OK"


# --- ssh


def test_openssh_is_asked_for_nothing_but_a_socket() -> None:
    words = command("ssh://me@prod-a:2222/run/user/1000/docker.sock", Path("/t/e.sock"))
    assert words[:2] == ["ssh", "-nNT"]
    assert words[-2:] == ["--", "prod-a"]
    assert words[words.index("-L") + 1] == "/t/e.sock:/run/user/1000/docker.sock"
    assert words[words.index("-p") + 1] == "2222"
    assert words[words.index("-l") + 1] == "me"
    assert "BatchMode=yes" in words
    assert command("ssh://prod-a", Path("/t"))[-3] == "/t:/var/run/docker.sock"


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("echo 'me@prod: Permission denied (publickey).' >&2; exit 255", "Permission denied (publickey)"),
        ("exit 7", "status 7"),
    ],
)
async def test_what_openssh_says_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, told: str
) -> None:
    program = tmp_path / "ssh"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    tried = await attempt(target("ssh://me@prod"))
    assert tried.outcome is Outcome.SSH_FAILURE
    assert told in tried.detail
    assert "BatchMode" in tried.advice


# --- the doctor


async def test_the_doctor_tells_of_every_host_and_of_the_engine_that_answers(tmp_path: Path) -> None:
    async with FakeEngine(tmp_path) as engine:
        report = await examine(
            Settings(), [engine.host, f"unix://{tmp_path}/none"], environ={}, home=tmp_path
        )
    assert [tried.outcome for tried in report.attempts] == [Outcome.OK, Outcome.MISSING]
    assert [found.version for found in report.engines] == ["28.0.0"]
    assert report.engines[0].events.available
    assert abs(report.engines[0].clock_offset_s) <= report.engines[0].clock_error_s + 0.01
    assert not report.engines[0].local


async def test_the_doctor_tells_of_a_context_that_is_broken(tmp_path: Path) -> None:
    report = await examine(Settings(), (), environ={"DOCKER_CONTEXT": "none"}, home=tmp_path)
    assert [tried.outcome for tried in report.attempts] == [Outcome.MISCONFIGURED]
    assert "'none'" in report.attempts[0].detail
    assert not report.healthy

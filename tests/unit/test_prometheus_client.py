"""Asking Prometheus: within bounds, as ourselves, and with every failure in words that repeat no secret."""

from __future__ import annotations

import asyncio
import base64
import shutil
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from patchdeck.settings import PrometheusSettings, Settings
from patchdeck.sources.prometheus.client import AT_ONCE, Client
from patchdeck.sources.prometheus.faults import (
    BadQuery,
    Fault,
    Malformed,
    Misconfigured,
    Refused,
    TimedOut,
    Unreachable,
)
from patchdeck.sources.prometheus.pool import Pool
from patchdeck.sources.prometheus.source import warning
from tests.lab.processes import free_port
from tests.unit.fake_prometheus import (
    FakePrometheus,
    Request,
    Respond,
    answer,
    failure,
    nothing,
    sample,
    success,
)

SECRET = "hunter2-very-secret"


@asynccontextmanager
async def asking(url: str, **settings: object) -> AsyncIterator[Client]:
    client = Client(PrometheusSettings(url=url, timeout_s=0.5, **settings))  # type: ignore[arg-type]
    try:
        yield client
    finally:
        client.close()


async def fault_of(respond: Respond, **settings: object) -> Fault:
    with FakePrometheus(respond) as server:
        async with asking(server.url, **settings) as client:
            with pytest.raises(Fault) as caught:
                await client.instant("up")
    return caught.value


async def test_values_come_with_their_labels_and_the_clock() -> None:
    async def respond(request: Request) -> bytes:
        assert (request.path, request.query) == ("/prefix/api/v1/query", 'up{a="ü"}')
        return success([sample(0.5, instance="a:1")])

    with FakePrometheus(respond) as server:
        async with asking(f"{server.url}/prefix") as client:
            answered = await client.instant('up{a="ü"}')
            assert answered.series[0].metric == {"instance": "a:1"}
            assert answered.offset_ns == 0


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (failure("1:3: parse error: unclosed"), BadQuery, "1:3: parse error: unclosed"),
        (failure("query timed out", 503), BadQuery, "gave up on it: query timed out"),
        (answer(b"", 503), Unreachable, "not ready"),
        (answer(b"", 401), Refused, "refuses us (HTTP 401)"),
        (answer(b"", 403), Refused, "refuses us (HTTP 403)"),
        (answer(b"", 404), Malformed, "nothing at that path"),
        (
            answer(b"", 302, more="Location: https://sso.example/?token=x\r\n"),
            Refused,
            "redirects (HTTP 302 to sso.example)",
        ),
        (answer(b"", 500), Unreachable, "answers with an error (HTTP 500)"),
        (answer(b"", 502), Unreachable, "proxy before it"),
        (answer(b"{}"), Malformed, "query API"),
        (answer(b"[" * 100_000), Malformed, "query API"),
        (answer(b'{"data":{"result":[{"value":[NaN,"1"]}]}}'), Malformed, "query API"),
        (answer(b'{"data":{"result":[{"value":[-5,"1"]}]}}'), Malformed, "times that can not be"),
        (answer(b'{"data":{"result":null}}'), Malformed, "query API"),
        (answer(b"\xff" * 1_000_000), Malformed, "query API"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", Malformed, "broken off"),
        (answer(b"not gzip", more="Content-Encoding: gzip\r\n"), Malformed, "broken off"),
        (b"", Unreachable, "closed the connection"),
    ],
)
async def test_every_bad_answer_is_a_fault_in_words(reply: bytes, kind: type[Fault], words: str) -> None:
    async def respond(_: Request) -> bytes:
        return reply

    began = time.monotonic()
    fault = await fault_of(respond)
    assert type(fault) is kind
    assert words in str(fault)
    assert len(str(fault)) < 250
    assert time.monotonic() - began < 2


async def test_an_answer_that_is_too_long_is_not_read_to_its_end() -> None:
    async def respond(_: Request) -> bytes:
        return answer(b" " * 30_000_000)

    assert "longer than 4 MiB" in str(await fault_of(respond))


async def test_an_answer_that_drips_in_ends_in_time() -> None:
    with FakePrometheus() as server:
        server.drip_s = 0.02
        async with asking(server.url) as client:
            began = time.monotonic()
            with pytest.raises(TimedOut):
                await client.instant("up")
            assert time.monotonic() - began < 3


async def test_where_nobody_listens_and_where_no_such_host_is() -> None:
    async with asking(f"http://127.0.0.1:{free_port()}") as client:
        with pytest.raises(Unreachable, match="nothing listens there"):
            await client.ready()
    async with asking("http://nowhere.invalid:9090") as client:
        with pytest.raises(Fault):
            await client.ready()


async def test_a_question_on_its_way_is_not_asked_again() -> None:
    release = threading.Event()

    async def respond(_: Request) -> bytes:
        while not release.is_set():  # noqa: ASYNC110 - on the server's own loop
            await asyncio.sleep(0.01)
        return success([])

    with FakePrometheus(respond) as server:
        client = Client(PrometheusSettings(url=server.url, timeout_s=5))
        first = asyncio.create_task(client.instant("up"))
        others = [asyncio.create_task(client.instant(f"q{number}")) for number in range(10)]
        await asyncio.sleep(0.3)
        with pytest.raises(TimedOut):
            await client.instant("up")
        assert server.most_at_once == AT_ONCE
        release.set()
        await asyncio.gather(first, *others)
        await client.instant("up")
        client.close()


async def test_without_a_page_that_tells_readiness_a_query_does() -> None:
    async def respond(request: Request) -> bytes:
        return answer(b"", 404) if request.path == "/-/ready" else success([])

    with FakePrometheus(respond) as server:
        async with asking(server.url) as client:
            await client.ready()
            assert [one.path for one in server.requests] == ["/-/ready", "/api/v1/query"]


# ---------------------------------------------------------------------------------------------------- who we are


def wanting(header: str) -> Respond:
    async def respond(request: Request) -> bytes:
        return (
            await nothing(request) if f"\r\nAuthorization: {header}\r\n" in request.head else answer(b"", 401)
        )

    return respond


async def test_a_user_and_a_password(tmp_path: Path) -> None:
    (tmp_path / "password").write_text(f"{SECRET}\n")
    pair = base64.b64encode(f"ops:{SECRET}".encode()).decode()
    with FakePrometheus(wanting(f"Basic {pair}")) as server:
        async with asking(server.url, user="ops", password_file=str(tmp_path / "password")) as client:
            await client.ready()
        async with asking(server.url, user="ops", password_command=f"printf {SECRET}") as client:
            await client.ready()


async def test_a_token_is_read_again_when_it_is_refused(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("old")
    with FakePrometheus(wanting("Bearer old")) as server:
        async with asking(server.url, token_file=str(token)) as client:
            await client.ready()
            server.respond = wanting("Bearer new")
            with pytest.raises(Refused, match=r"token_file"):
                await client.ready()
            token.write_text("new")
            await client.ready()


async def test_passwords_of_other_programs_are_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    with FakePrometheus() as server:
        async with asking(server.url) as client:
            await client.ready()
        assert "Authorization" not in server.requests[0].head


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"token_file": "{folder}/none"}, "none is no file"),
        ({"token_file": "{folder}"}, "is no file"),
        ({"token_file": "{folder}/lines"}, "expected one line of text"),
        ({"token_file": "{folder}/words"}, "expected one word"),
        ({"token_file": "{folder}/bytes"}, "expected one line of text"),
        ({"token_command": f"sh -c 'echo {SECRET}; exit 3'"}, "ended with status 3"),
        ({"token_command": f"no-such-program {SECRET}"}, "can not be run"),
        ({"token_command": f"'{SECRET}"}, "can not be run"),
        ({"ca_file": "{folder}/none"}, "ca_file: No such file or directory"),
        ({"ca_file": "{folder}/words"}, "ca_file: it is no such file in PEM"),
        ({"certificate_file": "{folder}/words"}, "certificate_file: it is no such file in PEM"),
    ],
)
async def test_a_secret_that_can_not_be_had_is_told_and_never_shown(
    tmp_path: Path, settings: dict[str, str], words: str
) -> None:
    (tmp_path / "lines").write_text(f"{SECRET}\r\nX-More: header\n")
    (tmp_path / "words").write_text(f"{SECRET} and more")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe" + SECRET.encode())
    named = {key: value.replace("{folder}", str(tmp_path)) for key, value in settings.items()}
    with FakePrometheus() as server:
        async with asking(server.url, **named) as client:
            with pytest.raises(Misconfigured) as caught:
                await client.ready()
        assert not server.requests
    assert words in str(caught.value)
    assert SECRET not in str(caught.value)


def certificates(folder: Path) -> None:
    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=folder)

    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
    days = ("-days", "2")
    openssl("req", "-x509", *new, "-nodes", "-keyout", "ca.key", "-out", "ca.pem", *days, "-subj", "/CN=lab")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    for name in ("server", "client"):
        openssl(
            "req", *new, "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}"
        )
        ca = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial")
        openssl("x509", "-req", "-in", f"{name}.csr", *ca, "-out", f"{name}.pem", *days, "-extfile", "names")
    openssl("ec", "-in", "client.key", "-out", "locked.key", "-aes128", "-passout", "pass:x")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificates")
async def test_tls_with_an_authority_and_a_certificate_of_our_own(tmp_path: Path) -> None:
    certificates(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(tmp_path / "ca.pem"))
    context.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    context.verify_mode = ssl.CERT_REQUIRED
    ours = {"certificate_file": str(tmp_path / "client.pem"), "key_file": str(tmp_path / "client.key")}
    with FakePrometheus(tls=context) as server:
        async with asking(server.url, ca_file=str(tmp_path / "ca.pem"), **ours) as client:
            await client.ready()
        async with asking(server.url, **ours) as client:
            with pytest.raises(Unreachable, match=r"TLS failed, .*check prometheus.ca_file"):
                await client.ready()
        async with asking(server.url, verify=False, **ours) as client:
            await client.ready()
        async with asking(server.url, ca_file=str(tmp_path / "ca.pem")) as client:
            with pytest.raises(Fault):
                await client.instant("up")
        locked = ours | {"key_file": str(tmp_path / "locked.key")}
        async with asking(server.url, ca_file=str(tmp_path / "ca.pem"), **locked) as client:
            with pytest.raises(Misconfigured, match="has no password"):
                await client.ready()


def test_what_is_not_safe_is_shown() -> None:
    def shown(**settings: object) -> str:
        return warning(Settings(prometheus=PrometheusSettings(**settings)))  # type: ignore[arg-type]

    assert "not verified" in shown(url="https://prod", verify=False)
    assert shown(url="https://prod", token_file="x") == ""
    assert "token crosses the network unencrypted" in shown(url="http://prod", token_file="x")
    assert shown(url="http://127.0.0.1:9090", user="a", password_file="x") == ""
    assert shown(url="http://prod") == ""


# ---------------------------------------------------------------------------------------------------- threads


async def test_a_call_that_hangs_does_not_keep_the_program() -> None:
    script = (
        "import asyncio, time\n"
        "from patchdeck.sources.prometheus.pool import Pool\n"
        "async def main():\n"
        "    try:\n"
        "        async with asyncio.timeout(0.1): await Pool(1, 'x').run(lambda: time.sleep(60))\n"
        "    except TimeoutError: print('over')\n"
        "asyncio.run(main())\n"
    )
    began = time.monotonic()
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout == "over\n"
    assert time.monotonic() - began < 10


async def test_calls_wait_their_turn_and_those_given_up_are_not_made() -> None:
    pool = Pool(2, "test")
    release, made, ended = threading.Event(), list[int](), list[int]()

    def call(number: int) -> int:
        made.append(number)
        release.wait(5)
        return number

    def asked(number: int) -> asyncio.Task[int]:
        return asyncio.create_task(pool.run(lambda: call(number), ended=lambda: ended.append(number)))

    tasks = [asked(number) for number in range(4)]
    await asyncio.sleep(0.1)
    assert sorted(made) == [0, 1]
    tasks[2].cancel()
    await asyncio.sleep(0)
    release.set()
    assert [await tasks[number] for number in (0, 1, 3)] == [0, 1, 3]
    assert sorted(made) == [0, 1, 3]
    assert sorted(ended) == [0, 1, 2, 3]
    pool.close()

"""Asking a registry: the token it wants first, and answers that are not what was asked for.

What a registry of the lab does is tried on that; this is for token services and for registries that misbehave.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from patchdeck.registry import client, image
from patchdeck.registry.client import NoSuchPlatform, RegistryClient, RegistryFault
from patchdeck.registry.credentials import Credentials
from patchdeck.registry.image import Platform, RemoteImage
from patchdeck.registry.reference import parse

AMD64 = Platform("linux", "amd64")
SECRET = "correct-horse"


def digest(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


CONFIG = json.dumps(
    {"architecture": "amd64", "os": "linux", "config": {"User": "app"}, "rootfs": {"diff_ids": ["a", "b"]}}
).encode()
MANIFEST = json.dumps(
    {
        "config": {"digest": digest(CONFIG), "size": len(CONFIG)},
        "layers": [{"digest": "x", "size": 30}, {"digest": "y", "size": 12}],
    }
).encode()

Answer = tuple[int, dict[str, str], bytes]


class Asked:
    """One request, as far as an answer depends on it."""

    def __init__(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        self.method = handler.command
        self.host = handler.headers.get("Host", "")
        self.path = parts.path
        self.query = parse_qs(parts.query)
        self.authorization = handler.headers.get("Authorization", "")
        self.form = parse_qs(handler.rfile.read(int(handler.headers.get("Content-Length", 0))).decode())


@contextmanager
def registry(answer: Callable[[Asked], Answer]) -> Iterator[str]:
    """Its host and port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = answer(Asked(self))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - named by http.server

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as http.server has it
            """Quietly."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def documents(asked: Asked) -> Answer:
    found = {f"/v2/web/manifests/{digest(MANIFEST)}": MANIFEST, f"/v2/web/blobs/{digest(CONFIG)}": CONFIG}
    body = found.get(asked.path)
    return (200, {}, body) if body is not None else (404, {}, b"{}")


async def looked_up(host: str, who: Credentials | None = None, wanted: bytes = MANIFEST) -> RemoteImage:
    async with RegistryClient(parse(f"{host}/web:1"), host, who, insecure=True) as asking:
        return await asking.image(digest(wanted), AMD64)


async def test_an_image_is_known_by_its_manifest_and_its_configuration() -> None:
    with registry(documents) as host:
        found = await looked_up(host)
    assert found.config_digest == digest(CONFIG)
    assert found.layer_bytes == (30, 12)
    assert found.configuration.config == {"User": "app"}
    assert found.configuration.rootfs.diff_ids == ("a", "b")


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        (None, "nobody"),
        (Credentials(user="ops", password=SECRET), "ops"),
        (Credentials(identity_token=SECRET), "refreshed"),
    ],
)
async def test_a_token_is_got_for_the_users_credentials_or_for_nobody(
    who: Credentials | None, expected: str
) -> None:
    scopes: list[str] = []

    def answer(asked: Asked) -> Answer:
        if asked.path == "/token":
            if asked.method == "POST":
                assert asked.form["refresh_token"] == [SECRET]
                scopes.extend(asked.form["scope"])
                token = "refreshed"
            else:
                scopes.extend(asked.query["scope"])
                pair = base64.b64decode(asked.authorization.removeprefix("Basic ")).decode()
                assert pair in ("", f"ops:{SECRET}")
                token = pair.partition(":")[0] or "nobody"
            return 200, {}, json.dumps({"token": token}).encode()
        if asked.authorization != f"Bearer {expected}":
            realm = f'Bearer realm="http://{asked.host}/token",service="r"'
            return 401, {"WWW-Authenticate": realm}, b"{}"
        return documents(asked)

    with registry(answer) as host:
        found = await looked_up(host, who)
    assert found.layer_bytes == (30, 12)
    assert scopes == ["repository:web:pull"]


OTHER = json.dumps(
    {"manifests": [{"digest": "d", "platform": {"os": "linux", "architecture": "s390x"}}]}
).encode()
FEWER = json.dumps({"config": {"digest": digest(CONFIG)}, "layers": []}).encode()


@pytest.mark.parametrize(
    ("answer", "wanted", "told"),
    [
        (lambda _: (500, {}, b"no"), MANIFEST, "answers HTTP 500"),
        (lambda _: (200, {}, b"something else"), MANIFEST, "has another digest"),
        (lambda _: (200, {}, b"x" * 200), MANIFEST, "answers with more than 100 bytes"),
        (lambda _: (200, {}, b"{"), b"{", "manifest can not be read"),
        (lambda _: (200, {}, b"{}"), b"{}", "of a kind without sizes"),
        (lambda _: (401, {"WWW-Authenticate": "Basic realm=x"}, b""), MANIFEST, "wants a login"),
        (lambda _: (401, {"WWW-Authenticate": "Magic"}, b""), MANIFEST, "a way to log in that is not known"),
    ],
    ids=["failing", "another body", "too long", "no JSON", "no image", "basic", "magic"],
)
async def test_what_is_not_as_it_should_be_is_one_line(
    monkeypatch: pytest.MonkeyPatch, answer: Callable[[Asked], Answer], wanted: bytes, told: str
) -> None:
    monkeypatch.setattr(client, "ANSWER_BYTES", 100)
    with registry(answer) as host, pytest.raises(RegistryFault, match=told) as error:
        await looked_up(host, wanted=wanted)
    assert "\n" not in str(error.value)


async def test_layers_that_are_told_differently_twice_are_not_believed() -> None:
    def answer(asked: Asked) -> Answer:
        return (200, {}, FEWER) if "manifests" in asked.path else documents(asked)

    with registry(answer) as host, pytest.raises(RegistryFault, match="tell different layers"):
        await looked_up(host, wanted=FEWER)


async def test_an_index_without_this_platform_says_which_there_are() -> None:
    with (
        registry(lambda _: (200, {}, OTHER)) as host,
        pytest.raises(NoSuchPlatform, match="only for linux/s390x"),
    ):
        await looked_up(host, wanted=OTHER)


async def test_a_registry_that_is_not_there_is_told() -> None:
    with registry(documents) as host:
        pass
    with pytest.raises(RegistryFault, match="can not be reached from here"):
        await looked_up(host)


async def test_a_registry_that_never_comes_to_an_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "LOOK_S", 0.2)
    ended = threading.Event()

    def answer(_: Asked) -> Answer:
        ended.wait(10)
        return 200, {}, b""

    with registry(answer) as host, ExitStack() as afterwards:
        afterwards.callback(ended.set)
        with pytest.raises(RegistryFault, match=r"within 0.2 s"):
            await looked_up(host)


async def test_credentials_that_a_registry_does_not_take_are_sent_once_and_never_told() -> None:
    asked: list[str] = []

    def answer(one: Asked) -> Answer:
        asked.append(one.authorization)
        return 401, {"WWW-Authenticate": 'Basic realm="x"'}, b""

    with registry(answer) as host, pytest.raises(RegistryFault, match="answers HTTP 401") as error:
        await looked_up(host, Credentials(user="ops", password=SECRET))
    assert len(asked) == 2
    assert SECRET not in str(error.value)


def test_a_platform_without_a_variant_is_any() -> None:
    assert Platform("linux", "arm").runs(Platform("linux", "arm", "v7"))
    assert not Platform("linux", "arm", "v6").runs(Platform("linux", "arm", "v7"))
    assert not AMD64.runs(Platform("windows", "amd64"))
    assert str(Platform("linux", "arm", "v7")) == "linux/arm/v7"


def test_a_digest_that_can_not_be_checked_is_not_believed() -> None:
    with pytest.raises(image.Unusable, match="can not be checked"):
        image.checked(b"", "md5:d41d8cd98f00b204e9800998ecf8427e")

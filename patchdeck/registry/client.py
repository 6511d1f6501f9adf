"""Asking a registry for the manifest and the configuration of an image, by httpx, without pulling it.

An engine pulls by itself; this is only for telling before that what a pull would bring. Everything is bounded in size
and time, and what was asked for by digest is checked against it.
"""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote

import httpx
import msgspec

from patchdeck.registry import image
from patchdeck.registry.credentials import Credentials
from patchdeck.registry.image import Platform, RemoteImage
from patchdeck.registry.reference import Reference

ANSWER_S: Final = 10.0
LOOK_S: Final = 30.0
"""For all that is asked of one image."""
ANSWER_BYTES: Final = 4 << 20
MOST_TAGS: Final = 5_000
_PAGE_TAGS: Final = 1_000
CLIENT_ID: Final = "patchdeck"


class RegistryFault(Exception):
    """The registry could not be asked or did not answer as it should, told in one line."""


class NoSuchPlatform(RegistryFault):
    """The image exists, and not for this platform."""


class _Token(msgspec.Struct):
    token: str = ""
    access_token: str = ""


class _Tags(msgspec.Struct):
    """GET tags/list."""

    tags: list[str] | None = None


class RegistryClient:
    """Reads of one repository. Open by `async with`. Every method raises RegistryFault."""

    def __init__(
        self, reference: Reference, host: str, credentials: Credentials | None, *, insecure: bool = False
    ) -> None:
        """`insecure`: the engine takes this registry without a valid certificate, and without TLS."""
        self._reference = reference
        self._host = host
        self._credentials = credentials
        self._addresses = [f"https://{host}", *([f"http://{host}"] if insecure else [])]
        self._authorization: str | None = None
        self._http = httpx.AsyncClient(
            timeout=ANSWER_S,
            follow_redirects=True,
            verify=not insecure,
            # As for Docker, nothing on loopback goes through a proxy.
            trust_env=not insecure,
        )

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.__aexit__(kind, error, trace)

    async def image(self, digest: str, platform: Platform) -> RemoteImage:
        """The image of this digest; of an index of several, the one that runs on this platform."""
        try:
            async with asyncio.timeout(LOOK_S):
                return await self._image(digest, platform)
        except TimeoutError as error:
            raise RegistryFault(f"{self._host} did not tell all of it within {LOOK_S:g} s") from error
        except image.Unusable as error:
            raise RegistryFault(str(error)) from error

    async def tags(self) -> tuple[str, ...]:
        """The tags of the repository, at most MOST_TAGS of them, in its order."""
        known: dict[str, None] = {}
        try:
            async with asyncio.timeout(LOOK_S):
                while len(known) < MOST_TAGS:
                    # A registry may give fewer at once than it is asked for: only a page without news is the last.
                    last = f"&last={quote(next(reversed(known)))}" if known else ""
                    page = await self._tags(f"tags/list?n={_PAGE_TAGS}{last}")
                    if known.keys() >= set(page):
                        break
                    known |= dict.fromkeys(page)
        except TimeoutError as error:
            raise RegistryFault(f"{self._host} did not tell its tags within {LOOK_S:g} s") from error
        return tuple(known)[:MOST_TAGS]

    async def _tags(self, path: str) -> list[str]:
        body = await self._get(path, ("application/json",))
        try:
            return msgspec.json.decode(body, type=_Tags).tags or []
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise RegistryFault(f"{self._host} does not answer with a list of tags") from error

    async def _image(self, digest: str, platform: Platform) -> RemoteImage:
        """Raises: Unusable, and as all do."""
        found = image.manifest(await self._manifest(digest))
        if found.manifests:
            chosen = image.of_platform(found, platform)
            if chosen is None:
                there = ", ".join(sorted({str(one.platform) for one in found.manifests if one.platform}))
                raise NoSuchPlatform(f"there is none for {platform}, only for {there}")
            digest = chosen.digest
            found = image.manifest(await self._manifest(digest))
        if found.config is None:
            raise RegistryFault("the registry's manifest is of a kind without sizes")
        configuration = image.configuration(await self._blob(found.config.digest))
        if len(found.layers) != len(configuration.rootfs.diff_ids):
            raise RegistryFault("the registry's manifest and the image's configuration tell different layers")
        return RemoteImage(
            manifest_digest=digest,
            config_digest=found.config.digest,
            configuration=configuration,
            layer_bytes=tuple(layer.size for layer in found.layers),
        )

    async def _manifest(self, digest: str) -> bytes:
        return image.checked(await self._get(f"manifests/{digest}", image.MANIFEST_TYPES), digest)

    async def _blob(self, digest: str) -> bytes:
        return image.checked(await self._get(f"blobs/{digest}", ("*/*",)), digest)

    async def _get(self, path: str, accept: Sequence[str]) -> bytes:
        headers = {"Accept": ", ".join(accept)}
        path = f"/v2/{self._reference.path}/{path}"
        status, answer, body = await self._asked(path, headers)
        if status == httpx.codes.UNAUTHORIZED and self._authorization is None:
            self._authorization = await self._signed(answer.get("WWW-Authenticate", ""))
            status, answer, body = await self._asked(path, headers)
        if status != httpx.codes.OK:
            raise RegistryFault(f"{self._host} answers HTTP {status}")
        return body

    async def _asked(self, path: str, headers: dict[str, str]) -> tuple[int, httpx.Headers, bytes]:
        """By the first address that takes a connection, which is then the only one."""
        if self._authorization:
            headers = headers | {"Authorization": self._authorization}
        while True:
            try:
                return await self._sent("GET", f"{self._addresses[0]}{path}", headers=headers)
            except httpx.RequestError as error:
                if len(self._addresses) == 1:
                    raise RegistryFault(
                        f"{self._host} can not be reached from here: {_words(error)}"
                    ) from error
                self._addresses.pop(0)

    async def _sent(
        self, method: str, url: str, *, headers: dict[str, str], data: dict[str, str] | None = None
    ) -> tuple[int, httpx.Headers, bytes]:
        async with self._http.stream(method, url, headers=headers, data=data) as response:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > ANSWER_BYTES:
                    raise RegistryFault(f"{self._host} answers with more than {ANSWER_BYTES} bytes")
            return response.status_code, response.headers, bytes(body)

    async def _signed(self, challenge: str) -> str:
        """The header that a registry which answered 401 wants: our name and password, or a token got for them."""
        scheme, _, rest = challenge.partition(" ")
        if scheme.lower() == "basic":
            if self._credentials is None:
                raise RegistryFault(f"{self._host} wants a login; run `docker login {self._host}`")
            return _basic(self._credentials)
        realm, parameters = _parameters(rest)
        if scheme.lower() != "bearer" or not realm.startswith(("https://", "http://")):
            raise RegistryFault(f"{self._host} wants a way to log in that is not known")
        if realm.startswith("http://") and self._addresses[0].startswith("https://"):
            raise RegistryFault(f"{self._host} wants the password sent in the clear, which is not done")
        return f"Bearer {await self._token(realm, parameters)}"

    async def _token(self, realm: str, parameters: dict[str, str]) -> str:
        known = self._credentials
        wanted = {
            "service": parameters.get("service", ""),
            "scope": f"repository:{self._reference.path}:pull",
        }
        try:
            if known is not None and known.identity_token:
                form = {"grant_type": "refresh_token", "refresh_token": known.identity_token}
                status, _, body = await self._sent(
                    "POST", realm, headers={}, data=wanted | form | {"client_id": CLIENT_ID}
                )
            else:
                headers = {"Authorization": _basic(known)} if known else {}
                url = str(httpx.URL(realm).copy_merge_params(wanted))
                status, _, body = await self._sent("GET", url, headers=headers)
        except (httpx.RequestError, httpx.InvalidURL) as error:
            raise RegistryFault(
                f"the token service of {self._host} can not be reached: {_words(error)}"
            ) from error
        if status != httpx.codes.OK:
            raise RegistryFault(f"the token service of {self._host} answers HTTP {status}")
        try:
            told = msgspec.json.decode(body, type=_Token)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            # Not chained: the exception may hold a piece of a token.
            raise RegistryFault(f"the token service of {self._host} does not answer with a token") from None
        return told.token or told.access_token


def _basic(credentials: Credentials) -> str:
    pair = base64.b64encode(f"{credentials.user}:{credentials.password}".encode()).decode()
    return f"Basic {pair}"


_PARAMETER = re.compile(r'([a-z]+)="([^"]*)"')


def _parameters(challenge: str) -> tuple[str, dict[str, str]]:
    """The realm, and the rest, of `realm="…",service="…",scope="…"`."""
    told = dict(_PARAMETER.findall(challenge))
    return told.pop("realm", ""), told


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__

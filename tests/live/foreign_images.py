"""Images of other platforms, and indexes of several, put together in a registry: no engine here can build them."""

from __future__ import annotations

import hashlib
import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from tests.lab.registry import Registry

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"


def digest(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


class Repository:
    """One repository of a registry, for reading and writing its documents."""

    def __init__(self, registry: Registry, name: str) -> None:
        self._address = registry.address
        self._path = f"/v2/{name}"

    def put_foreign(self, tag: str, architecture: str, *, like: str) -> None:
        """A copy of the image `like`, said to be for another kind of processor."""
        manifest = json.loads(self.manifest(like))
        config = json.loads(self._call("GET", f"{self._path}/blobs/{manifest['config']['digest']}"))
        body = json.dumps(config | {"architecture": architecture}).encode()
        self._put_blob(body)
        manifest["config"] |= {"digest": digest(body), "size": len(body)}
        self._put_manifest(tag, json.dumps(manifest).encode(), MANIFEST)

    def put_index(self, tag: str, images: dict[str, str]) -> None:
        """An index of images by their architectures, named by their tags."""
        manifests: list[dict[str, Any]] = []
        for architecture, image in images.items():
            body = self.manifest(image)
            platform = {"architecture": architecture, "os": "linux"}
            manifests.append(
                {"mediaType": MANIFEST, "digest": digest(body), "size": len(body), "platform": platform}
            )
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}
        self._put_manifest(tag, json.dumps(index).encode(), INDEX)

    def manifest(self, tag: str) -> bytes:
        return self._call("GET", f"{self._path}/manifests/{tag}", headers={"Accept": MANIFEST})

    def _put_manifest(self, tag: str, body: bytes, kind: str) -> None:
        self._call("PUT", f"{self._path}/manifests/{tag}", body, {"Content-Type": kind})

    def _put_blob(self, body: bytes) -> None:
        place = urlsplit(self._begun())
        self._call("PUT", f"{place.path}?{place.query}&digest={digest(body)}", body)

    def _begun(self) -> str:
        connection = http.client.HTTPConnection(self._address, timeout=10)
        try:
            connection.request("POST", f"{self._path}/blobs/uploads/")
            return connection.getresponse().headers["Location"]
        finally:
            connection.close()

    def _call(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> bytes:
        connection = http.client.HTTPConnection(self._address, timeout=10)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        assert response.status in (200, 201), (response.status, answer)
        return answer

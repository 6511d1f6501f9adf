"""Small images from busybox, in versions that behave and versions that do not.

They share one base layer and differ in a small one above it, as the versions of a real program do. Every container
ends by itself after ten minutes, and at once when it is told to stop.
"""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.engine import Engine
from tests.lab.newer import STOCK
from tests.lab.processes import LabError
from tests.lab.registry import Registry

BASE = "lab/base:1"
WEB = "shop/web"
BLOAT_BYTES = 60_000_000

SERVE = """\
#!/bin/sh
# READY_AFTER, CRASH_AFTER and LIFE are seconds; CRASH_CODE is the exit status of a crash.
trap 'echo "told to stop"; exit 0' TERM INT
pause() { sleep "$1" & wait $!; }
echo "version ${VERSION:-none} starts"
[ -n "$READY_AFTER" ] && pause "$READY_AFTER"
touch /run/ready
echo "ready"
if [ -n "$CRASH_AFTER" ]; then
  pause "$CRASH_AFTER"
  echo "out of luck" >&2
  exit "${CRASH_CODE:-3}"
fi
pause "${LIFE:-600}"
"""

QUICK_CHECK = 'HEALTHCHECK --interval=1s --timeout=2s --retries=3 CMD ["/bin/test", "-f", "/run/ready"]'
PATIENT_CHECK = (
    "HEALTHCHECK --interval=1s --timeout=2s --retries=3 --start-period=60s"
    ' CMD ["/bin/test", "-f", "/run/ready"]'
)
HOPELESS_CHECK = 'HEALTHCHECK --interval=1s --timeout=2s --retries=2 CMD ["/bin/false"]'


@dataclass(frozen=True)
class Recipe:
    """How one version differs from the others."""

    check: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    bloat: int = 0


RECIPES: Mapping[str, Recipe] = {
    "1.0": Recipe(),
    "1.0-health": Recipe(check=QUICK_CHECK),
    "1.1": Recipe(),
    "1.1-health": Recipe(check=QUICK_CHECK),
    "1.2": Recipe(bloat=BLOAT_BYTES),
    "1.3": Recipe(check=PATIENT_CHECK, env={"READY_AFTER": "4"}),
    "1.4": Recipe(env={"CRASH_AFTER": "0.5"}),
    "1.5": Recipe(check=HOPELESS_CHECK),
}


class Images:
    """The images of one engine, each built when it is first asked for, and pushed when there is a registry.

    1.0 and 1.1 are good (`1.0-health` and `1.1-health` with a quick health check), 1.2 is 60 MB larger, 1.3 becomes
    ready after READY_AFTER seconds (4), 1.4 crashes, 1.5 never gets healthy.
    """

    def __init__(self, engine: Engine, registry: Registry | None = None) -> None:
        self.engine = engine
        self.registry = registry
        if registry is not None:
            registry.reach(engine)
        self._lock = threading.RLock()
        self._built: dict[str, str] = {}

    @property
    def repository(self) -> str:
        """`shop/web`, with the registry in front where there is one."""
        return WEB if self.registry is None else f"{self.registry.address}/{WEB}"

    def web(self, version: str = "1.0") -> str:
        """The reference of one version of shop/web, there on the engine (and in the registry)."""
        recipe = RECIPES[version]
        label = f"LABEL org.opencontainers.image.version={version}"
        lines = [label, f"ENV VERSION={version}", recipe.check]
        lines += [f"ENV {name}={value}" for name, value in recipe.env.items()]
        return self._image(f"{self.repository}:{version}", lines, version, recipe.bloat)

    @property
    def plain(self) -> str:
        """An image with no health check, no label and no registry: `lab/plain:1`."""
        return self._image("lab/plain:1", [], "plain")

    def retag(self, version: str, reference: str) -> str:
        """Moves a tag: `reference` names this version's image from now on."""
        self.engine.docker("tag", self.web(version), reference)
        return reference

    def build_all(self) -> list[str]:
        """Builds every version; the references."""
        self._base()
        with ThreadPoolExecutor(4) as pool:
            built = list(pool.map(self.web, RECIPES))
        return [self.plain, *built]

    def _image(self, reference: str, lines: list[str], text: str, bloat: int = 0) -> str:
        with self._lock:
            known = self._built.get(reference)
        if known is not None:
            return known
        self._base()
        files = {"version": text.encode()} | ({"ballast": os.urandom(bloat)} if bloat else {})
        recipe = [
            f"FROM {BASE}",
            *(f"COPY {name} /app/{name}" for name in files),
            *lines,
            'CMD ["/app/serve"]',
        ]
        context = _tar({"Dockerfile": "\n".join(recipe).encode(), **files})
        self.engine.docker("build", "--quiet", "--tag", reference, "-", stdin=context)
        if self.registry is not None and reference.startswith(self.registry.address):
            self.engine.docker("push", "--quiet", reference)
        with self._lock:
            self._built[reference] = reference
        return reference

    def _base(self) -> None:
        with self._lock:
            if BASE not in self._built:
                self.engine.docker("import", "-", BASE, stdin=_base_tar())
                self._built[BASE] = BASE


def _tar(files: Mapping[str, bytes]) -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        for name, content in files.items():
            _add(archive, name, content)
    return raw.getvalue()


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o755
    archive.addfile(entry, io.BytesIO(content))


def _base_tar() -> bytes:
    """A root with busybox, a link for each of its tools, and the program that all versions run."""
    busybox = STOCK.find("busybox")
    if busybox is None:
        raise LabError("busybox is not installed: install the Debian package busybox-static")
    tools = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split()
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        for name in ("app", "bin", "etc", "proc", "run", "sys", "tmp", "dev"):
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(entry)
        _add(archive, "bin/busybox", Path(busybox).read_bytes())
        _add(archive, "etc/passwd", b"root:x:0:0:root:/:/bin/sh\n")
        _add(archive, "app/serve", SERVE.encode())
        for tool in tools:
            if tool != "busybox":
                link = tarfile.TarInfo(f"bin/{tool}")
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                archive.addfile(link)
    return raw.getvalue()

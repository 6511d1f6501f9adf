"""Where a newer engine comes from: unpacked once from another Debian release, and shared by all later labs."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import platformdirs

SCRIPT_VARIABLE = "PATCHDECK_NEWER_ENGINE"
RELEASE_VARIABLE = "PATCHDECK_NEWER_RELEASE"
RELEASES = ("sid", "trixie")
UNPACK_TIMEOUT_S = 300.0


class NoNewerEngineError(Exception):
    """A newer engine could not be had; the message says why."""


@dataclass(frozen=True)
class Programs:
    """Folders of an engine's programs: one to put first on PATH, and one with the plugins of its command line."""

    path: str
    plugins: Path | None = None

    def find(self, program: str) -> str | None:
        return shutil.which(program, path=self.path)


STOCK = Programs("/usr/sbin:/usr/bin:/sbin:/bin")


def script() -> Path:
    """The program that unpacks a newer engine; it lies beside the checkout, or where the environment says."""
    checkout = Path(__file__).resolve().parents[2]
    given = os.environ.get(SCRIPT_VARIABLE)
    return Path(given) if given else checkout.parent / "shared" / "lab" / "newer-engine"


def releases() -> tuple[str, ...]:
    """The Debian releases to try, best first."""
    wanted = os.environ.get(RELEASE_VARIABLE)
    return (wanted, *(release for release in RELEASES if release != wanted)) if wanted else RELEASES


def newer_programs(wanted: Sequence[str] = ()) -> Programs:
    """The programs of a newer engine, unpacked if they are not there yet; the first release that works."""
    program = script()
    if not os.access(program, os.X_OK):
        raise NoNewerEngineError(
            f"{program.name} is not beside the checkout; set {SCRIPT_VARIABLE} to its path"
        )
    problems = []
    for release in wanted or releases():
        try:
            return _unpacked(program, release)
        except NoNewerEngineError as problem:
            problems.append(f"{release}: {problem}")
    raise NoNewerEngineError("; ".join(problems))


def _unpacked(program: Path, release: str) -> Programs:
    folder = _cache() / release
    with _alone(folder):
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            _unpack(program, folder, release)
            for leftover in (
                "apt",
                "deb",
            ):  # package lists and packages: of no more use, and larger than the rest
                shutil.rmtree(folder / leftover, ignore_errors=True)
            (folder / "complete").touch()
    return Programs(f"{folder / 'bin'}:{STOCK.path}", folder / "cli-plugins")


def _unpack(program: Path, folder: Path, release: str) -> None:
    try:
        done = subprocess.run(
            [str(program), str(folder), release],
            capture_output=True,
            text=True,
            check=False,
            timeout=UNPACK_TIMEOUT_S,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise NoNewerEngineError(f"not unpacked within {UNPACK_TIMEOUT_S:g} s") from None
    except OSError as error:
        raise NoNewerEngineError(f"{program.name} cannot be run: {error}") from error
    if done.returncode:
        said = done.stderr.strip().splitlines()[-3:]
        raise NoNewerEngineError(f"{program.name} failed: {' / '.join(said) or done.returncode}")
    for name in ("dockerd", "containerd", "docker"):
        if not (folder / "bin" / name).exists():
            raise NoNewerEngineError(f"{program.name} unpacked no {name}")


def _cache() -> Path:
    folder = Path(platformdirs.user_cache_dir("patchdeck")) / "lab" / "newer-engine"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two runs may want the same release at once: the second waits for the first."""
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

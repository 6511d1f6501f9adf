"""What may not be in the tree: addresses to fetch things from, and paths of one machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = sorted(ROOT.glob("requirements*.txt"))
PICTURES = sorted((ROOT / "docs").glob("*.svg"))


@pytest.mark.parametrize("path", [*LOCKS, *PICTURES], ids=lambda path: path.name)
def test_nothing_is_fetched_from_an_address(path: Path) -> None:
    addresses = set(re.findall(r"https?://[^\s\"')]+", path.read_text(encoding="utf-8")))
    assert addresses <= {"http://www.w3.org/2000/svg"}


def test_locks_hold_versions_and_hashes() -> None:
    assert LOCKS
    for path in LOCKS:
        text = path.read_text(encoding="utf-8")
        pinned = re.findall(r"^[a-z0-9][^\s=]*==", text, re.MULTILINE | re.IGNORECASE)
        assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}", text)) >= len(pinned) > 0

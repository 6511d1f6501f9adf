"""The console's session goes before others where it may."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_GROUP = Path("/proc/self/autogroup")
_TOLD = """
import os, subprocess, sys
from pathlib import Path
from tui.precedence import precedence
def nice(): return group.read_text().split()[-1] if group.exists() else "none"
group = Path("/proc/self/autogroup")
{first}
with precedence() as asked:
    told = [str(asked), nice()]
    other = [sys.executable, "-c", "print(open('/proc/self/autogroup').read().split()[-1])"]
    if group.exists() and os.geteuid() == 0:
        told.append(subprocess.run(other, start_new_session=True, capture_output=True, text=True).stdout.strip())
print(*told, nice())
"""


def told(first: str = "") -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", _TOLD.format(first=first)],
        start_new_session=True,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def test_it_is_asked_for_and_given_back_and_another_session_has_none_of_it() -> None:
    if not _GROUP.exists():
        assert told() == ["False", "none", "none"]
    elif os.geteuid() == 0:
        assert told() == ["True", "-10", "0", "0"]
    else:
        assert told() == ["False", "0", "0"]


def test_who_may_not_ask_goes_on_as_before() -> None:
    if os.geteuid() == 0 and _GROUP.exists():
        assert told("os.seteuid(65534)") == ["False", "0", "0"]


def test_a_session_that_was_given_another_place_keeps_it() -> None:
    if os.geteuid() == 0 and _GROUP.exists():
        assert told("group.write_text('5')") == ["False", "5", "0", "5"]

"""Two threads may ask engines for their versions at once: msgspec has worked out that type before either does."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
import msgspec
from patchdeck.sources.engine import wire
{before}
called = []
sys.setprofile(lambda frame, event, argument: called.append(frame.f_code.co_name))
msgspec.convert({{"Version": "28.5.2", "ApiVersion": "1.51"}}, wire.Version)
sys.setprofile(None)
print("get_class_annotations" in called)
"""


def works_it_out(before: str) -> bool:
    program = PROGRAM.format(before=before)
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return answer.stdout.strip() == "True"


def test_with_the_connection_imported_the_type_of_a_version_is_worked_out_already() -> None:
    assert works_it_out("")
    assert not works_it_out("import patchdeck.sources.engine.connection")

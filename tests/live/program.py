"""The program as a user starts it."""

import sys
from pathlib import Path

PATCHDECK = str(Path(sys.executable).parent / "patchdeck")

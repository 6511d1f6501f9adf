"""How a gate's comparison is written."""

from __future__ import annotations

import re
from typing import Final

COMPARISON: Final = re.compile(r"\s*(<=|>=|==|!=|<|>)\s*([-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)\s*")
"""As in "< 0.01"."""

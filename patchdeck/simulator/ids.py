"""Names that nobody chose, all out of one seed."""

from __future__ import annotations

import hashlib
import random


class Ids:
    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def new(self) -> str:
        """64 hexadecimal digits."""
        return f"{self._chance.getrandbits(256):064x}"

    def mac(self) -> str:
        """A locally administered address."""
        first, *rest = self._chance.randbytes(6)
        return ":".join(f"{octet:02x}" for octet in (first & 0xFC | 0x02, *rest))

    def name(self) -> str:
        """Of a container that was given none."""
        return f"{self._chance.choice(_HOW)}_{self._chance.choice(_WHO)}{self._chance.getrandbits(16)}"


def digest(text: str) -> str:
    """`sha256:…` of a text that stands for content."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


_HOW = ("bold", "calm", "eager", "kind", "quick", "wise")
_WHO = ("erlang", "hopper", "kleinrock", "liskov", "little", "turing")

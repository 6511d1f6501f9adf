"""An engine's way to say no."""

from __future__ import annotations


class EngineFault(Exception):
    """Ends the call with this HTTP status and these words, as a real engine spells them."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


class NotModified(EngineFault):
    """Nothing to do: "started already". HTTP 304 has no body."""

    def __init__(self) -> None:
        super().__init__(304, "")

"""The ways in which Prometheus fails to answer, each in one sentence that says what to do."""

from __future__ import annotations

from patchdeck.model import SourceState


class Fault(Exception):
    """Prometheus, or what lies before it, gave no usable answer. The text is for the screen and holds no secret."""

    state = SourceState.LOST


class Unreachable(Fault):
    """Nobody answers at that address, or something on the way refuses."""


class TimedOut(Fault):
    """It is there and silent."""


class Malformed(Fault):
    """It answers, and the answer is not one that Prometheus gives."""

    state = SourceState.MALFORMED


class Misconfigured(Fault):
    """A file or a command of the configuration is not what it should be."""


class Refused(Fault):
    """It does not let us in."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


class BadQuery(Fault):
    """It does not understand, or does not carry out, one expression; others may do. The text is its own."""

"""The outcome of trying to reach an engine, in words a person can act on."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Outcome(StrEnum):
    OK = "ok"
    MISSING = "missing"
    DENIED = "permission denied"
    REFUSED = "refused"
    TIMED_OUT = "timed out"
    UNREACHABLE = "unreachable"
    TLS_FAILURE = "TLS failure"
    SSH_FAILURE = "SSH failure"
    NOT_AN_ENGINE = "not an engine"
    MISCONFIGURED = "misconfigured"


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One address that was tried."""

    host: str
    """As it would be written in DOCKER_HOST; the name of a context that could not be read."""
    chosen: str
    """Which of Docker's rules named it: `--host`, `DOCKER_HOST`, `context prod`, `default socket`, …"""
    outcome: Outcome
    detail: str
    """What happened, in the words of whoever refused."""
    advice: str = ""
    """What to do about it, in one sentence; empty if nothing is to be done."""

    @property
    def sentence(self) -> str:
        return f"{self.detail}. {self.advice}" if self.advice else self.detail

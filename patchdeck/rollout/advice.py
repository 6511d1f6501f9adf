"""What a person is told of an act that the engine refused: its own words, and what helps where that is known. Pure."""

from __future__ import annotations

from typing import Final

from patchdeck.rollout.unit import Act, ActKind

_SHORT_ID: Final = 12


def refused(name: str, act: Act, status: int, message: str) -> str:
    """`name` is the replica's; the engine answered with this HTTP status and message."""
    text = f"the engine refused to {act.kind.value} {name} (HTTP {status}: {message})"
    if act.kind in (ActKind.START, ActKind.RESTART) and "already exists" in message:
        # An engine that is killed in the middle of a start or a stop may leave the container's shim behind, which
        # outlives a restart of containerd too, and no call of the engine ends it.
        shim = f"containerd-shim-runc-v2 … -id {act.container_id[:_SHORT_ID]}…"
        text += (
            f". containerd holds on to what was cut short: end the process {shim} on that host, then resume"
        )
    if "no space left" in message:
        text += ". Its disk is full: make room where the engine keeps its data"
    return text

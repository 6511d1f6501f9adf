"""What a person is told when the engine does not do what it was asked to: its words, and what helps if it is known.

Pure.
"""

from __future__ import annotations

import re
from typing import Final

_HELD: Final = re.compile(r"task \w+: already exists|/io\.containerd\.\S+: file exists")
"""How containerd says that it holds on to a container's last start or stop, which was cut short."""
_SHORT_ID: Final = 12


def refused(act: str, name: str, container_id: str, *, status: int, message: str) -> str:
    """Of an act on the container of a replica of that name; the engine answered with this HTTP status and message."""
    text = (
        f"the engine refused to {act} {name} (HTTP {status}: {message}){left_behind(container_id, message)}"
    )
    if "no space left" in message:
        text += ". Its disk is full: make room where the engine keeps its data"
    return text


def left_behind(container_id: str, error: str, *, restarting: bool = False) -> str:
    """What to do where containerd holds on to something of a container that does not come up; empty for other errors.

    An engine that is killed in the middle of a start or a stop may leave the container's shim behind, which outlives a
    restart of containerd too, and no call of the engine ends it. Either the container can not start then, or it does
    again and again, without an error that would say why.
    """
    remedy = (
        f"end the process containerd-shim-runc-v2 … -id {container_id[:_SHORT_ID]}… on that host, then resume"
    )
    if _HELD.search(error) is not None:
        return f". containerd holds on to what was cut short: {remedy}"
    if restarting and not error:
        return f". If its engine was killed, containerd may hold on to what was cut short: {remedy}"
    return ""

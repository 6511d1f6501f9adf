"""About requests that can not be read."""

from __future__ import annotations

from typing import Final

from patchdeck.simulator.errors import EngineFault
from patchdeck.simulator.words.voice import Voice

NO_SWARM: Final = (
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm'
    " and try again."
)
_STATES: Final = "created, running, paused, restarting, removing, exited, dead"


class RequestWords(Voice):
    """Requests."""

    def no_page(self) -> EngineFault:
        return EngineFault(404, "page not found")

    def empty_body(self) -> EngineFault:
        if self._new:
            return EngineFault(400, "invalid JSON: got EOF while reading request body")
        return EngineFault(500, "EOF")

    def bad_json(self, body: bytes) -> EngineFault:
        complaint = _go_complaint(body)
        return EngineFault(400, f"invalid JSON: {complaint}") if self._new else EngineFault(500, complaint)

    def unreadable_filters(self, text: str) -> EngineFault:
        return (
            EngineFault(400, "invalid filter")
            if self._new
            else EngineFault(500, _go_complaint(text.encode()))
        )

    def unknown_filter(self, name: str) -> EngineFault:
        return self._either(400, f"Invalid filter '{name}'", f"invalid filter '{name}'")

    def unknown_state(self, state: str) -> EngineFault:
        said = f"nvalid filter 'status={state}'"
        if self._newest:
            said += f": invalid value for state ({state}): must be one of {_STATES}"
        return self._either(400, f"I{said}", f"i{said}")

    def bad_time(self, text: str) -> EngineFault:
        return EngineFault(500, f'strconv.ParseInt: parsing "{text}": invalid syntax')

    def backwards(self, since: str, until: str) -> EngineFault:
        return EngineFault(400, f"`since` time ({since}) cannot be after `until` time ({until})")


def _go_complaint(body: bytes) -> str:
    """What Go's decoder says about the first byte that can not be."""
    text = body.decode(errors="replace").lstrip()
    if text.startswith("{"):
        rest = text[1:].lstrip()
        if rest and rest[0] not in '"}':
            return f"invalid character '{rest[0]}' looking for beginning of object key string"
        return "unexpected end of JSON input"
    return f"invalid character '{text[:1]}' looking for beginning of value"

"""Tells a story to an engine, and writes down what the engine answers and tells."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Self

import msgspec

from tests.conformance.shapes import shape
from tests.lab.unix_http import EngineError, UnixConnection

RECORDED: Final = Path(__file__).parent / "recorded"
PATIENCE_S: Final = 30.0
REGISTRY: Final = "REGISTRY"


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One request, and what of its answer is compared beside its status and an error's words."""

    method: str
    path: str
    """FIRST and LAST in it are when the first and the last event of the story were told."""
    body: Any = None
    values: tuple[str, ...] = ()
    """Told as they are, by their paths: `State.Status`."""
    shaped: bool = False
    """The answer's shape is compared."""
    waits: str = ""
    """For this event, `die`; `die 3` for the third of the story."""


class Told(msgspec.Struct, frozen=True):
    """What one engine made of one story."""

    answers: list[Any]
    events: list[str]
    event_shapes: list[Any] = []
    """Of the events as they come, one for each kind of thing."""


class Teller:
    """`with Teller(socket, registry) as teller: teller.tell(steps)`. Listens to the engine's events meanwhile."""

    def __init__(self, socket: Path, registry: str) -> None:
        self._socket = socket
        self._registry = registry
        self._events: list[dict[str, Any]] = []
        self._stream = UnixConnection(socket, timeout=600)
        self._listener = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Self:
        self._stream.request("GET", "/events")
        self._answer = self._stream.getresponse()
        self._listener.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream.sock is not None:
            self._stream.sock.shutdown(2)
        self._stream.close()
        self._listener.join(5)

    def _listen(self) -> None:
        try:
            for line in self._answer:
                if line.strip():
                    self._events.append(json.loads(line))
        except (OSError, ValueError, AttributeError):
            return  # the stream was closed under it, which is how it ends

    def tell(self, steps: list[Step]) -> Told:
        """Until the last step, and the last event that belongs to it."""
        before = len(self._events)
        answers = [self._step(step, before) for step in steps]
        # A marker of our own: what was told before it belongs to this story.
        marker = f"marker-{before}"
        self._call("POST", "/volumes/create", {"Name": marker})
        self._call("DELETE", f"/volumes/{marker}", None)
        self._until(
            lambda: any(_is_end(event, marker) for event in self._events[before:]), f"end of {marker}"
        )
        events = self._events[before:]
        return Told(answers, told(events, marker, self._registry), shape([_plain(event) for event in events]))

    def _step(self, step: Step, before: int) -> Any:
        try:
            answer = self._call(step.method, self._timed(step.path, before), step.body)
        except EngineError as refused:
            return {
                "asked": _asked(step),
                "refused": refused.status,
                "says": tidy(refused.message, self._registry),
            }
        said: dict[str, Any] = {"asked": _asked(step)}
        if isinstance(answer, str) and (step.values or step.shaped):
            answer = _lines_of(answer)
        if step.values:
            said["values"] = {path: tidy(_at(answer, path), self._registry) for path in step.values}
        if step.shaped:
            said["shape"] = shape(answer)
        if step.waits:
            action, _, count = step.waits.partition(" ")
            self._until(lambda: self._count(action, before) >= int(count or 1), step.waits)
        return said

    def _call(self, method: str, path: str, body: object) -> Any:
        connection = UnixConnection(self._socket, PATIENCE_S)
        try:
            filled = json.loads(json.dumps(body).replace(REGISTRY, self._registry))
            return connection.call(method, path.replace(REGISTRY, self._registry), filled)
        finally:
            connection.close()

    def _timed(self, path: str, before: int) -> str:
        """By the engine's clock, which need not be ours."""
        for name, place in (("FIRST", before), ("LAST", -1)):
            if name in path:
                at_ns = self._events[place]["timeNano"]
                path = path.replace(name, f"{at_ns // 10**9}.{at_ns % 10**9:09d}")
        return path

    def _count(self, action: str, before: int) -> int:
        return sum(event["Action"].startswith(action) for event in self._events[before:])

    def _until(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {PATIENCE_S:g} s for: {what}")
            time.sleep(0.005)


def _asked(step: Step) -> str:
    return f"{step.method} {step.path}"


def _at(document: Any, path: str) -> Any:
    """The value at a path; an entry of a list by its number, or, of mounts, by its destination."""
    for name in path.split("."):
        if not isinstance(document, list):
            document = document.get(name)
        elif name.isdecimal():
            document = document[int(name)]
        else:
            document = next(entry for entry in document if entry["Destination"] == name)
    return document


def _lines_of(text: str) -> list[Any]:
    """JSON lines, as progress comes."""
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def _plain(event: dict[str, Any]) -> dict[str, Any]:
    """Its kind as it is, so that shapes differ by it; which attributes it has is told elsewhere."""
    return {**event, "Actor": {**event["Actor"], "Attributes": {}}, event["Type"]: ""}


def _is_end(event: dict[str, Any], marker: str) -> bool:
    return (event["Type"], event["Action"], event["Actor"]["ID"]) == ("volume", "destroy", marker)


_IDS: Final = (
    (re.compile(r"\b[0-9a-f]{64}\b"), "<id>"),
    (re.compile(r"\b[0-9a-f]{12}\b"), "<short id>"),
)


_ENDPOINTS: Final = re.compile(r"(?<=network endpoints: ).*")
"""Named in any order."""


def tidy(value: Any, registry: str) -> Any:
    """Without what no two engines can have in common."""
    if isinstance(value, str):
        value = value.replace(registry, REGISTRY)
        for pattern, name in _IDS:
            value = pattern.sub(name, value)
        value = _ENDPOINTS.sub(lambda found: ", ".join(sorted(found[0].split(", "))), value)
    if isinstance(value, list):
        return [tidy(one, registry) for one in value]
    if isinstance(value, dict):
        return {tidy(key, registry): tidy(one, registry) for key, one in value.items()}
    return value


def told(events: list[dict[str, Any]], marker: str, registry: str) -> list[str]:
    """A line for each event, in an order that no engine's chance decides."""
    lines = [_line(event, registry) for event in events if event["Actor"]["ID"] != marker]
    # Volumes and networks of one container are gone through in any order, and `stop` and `die` of a newer engine
    # come from two threads.
    ordered: list[str] = []
    for line in lines:
        if ordered and line == ordered[-1] and line.startswith(("network disconnect ", "image ")):
            continue  # told twice by older engines, or for each layer
        at = len(ordered)
        while at and _free(ordered[at - 1], line) and ordered[at - 1] > line:
            at -= 1
        ordered.insert(at, line)
    return ordered


def _free(one: str, other: str) -> bool:
    """Whether the order of these two neighbours says nothing."""
    first, second = one.split(" ")[:2], other.split(" ")[:2]
    if first == second and first[0] in ("volume", "network"):
        return True
    return {tuple(first), tuple(second)} == {("container", "stop"), ("container", "die")}


def _line(event: dict[str, Any], registry: str) -> str:
    attributes = {
        name: value
        for name, value in event["Actor"]["Attributes"].items()
        if not name.startswith("patchdeck.simulator.")
    }
    if "execDuration" in attributes:
        attributes["execDuration"] = "<seconds>"
    who = event["Actor"]["ID"]
    said = " ".join(f"{name}={value}" for name, value in sorted(attributes.items()))
    return str(tidy(f"{event['Type']} {event['Action']} {who} {said}", registry)).rstrip()


def load(generation: str) -> dict[str, Told]:
    """What a real engine of this generation answered, by story."""
    return msgspec.json.decode((RECORDED / f"{generation}.json").read_bytes(), type=dict[str, Told])


def save(generation: str, recorded: dict[str, Told]) -> None:
    """A line for each answer and each event, so that a difference shows as one."""
    lines = []
    for story, told in sorted(recorded.items()):
        parts = ",\n".join(
            f'  "{name}": [\n{_lines(entries)}\n  ]'
            for name, entries in (
                ("answers", told.answers),
                ("events", told.events),
                ("event_shapes", told.event_shapes),
            )
        )
        lines.append(f" {json.dumps(story)}: {{\n{parts}\n }}")
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    (RECORDED / f"{generation}.json").write_text(text, encoding="utf-8")


def _lines(entries: list[Any]) -> str:
    return ",\n".join(f"   {json.dumps(entry, ensure_ascii=False, sort_keys=True)}" for entry in entries)

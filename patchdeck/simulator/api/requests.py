"""Reading requests, as lenient and as strict as a real engine."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from patchdeck.simulator.errors import EngineFault
from patchdeck.simulator.words import Words


async def document(request: web.Request, words: Words, *, optional: bool = False) -> dict[str, Any]:
    """The JSON object of a request. Raises: EngineFault."""
    body = await request.read()
    if not body.strip():
        if optional:
            return {}
        raise words.empty_body()
    if request.content_type != "application/json":
        raise EngineFault(
            400,
            f"unsupported Content-Type header ({request.content_type}): must be 'application/json'",
        )
    try:
        found = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise words.bad_json(body) from error
    if not isinstance(found, dict):
        raise words.bad_json(body)
    return found


def flag(request: web.Request, name: str, *, default: bool = False) -> bool:
    """As Go reads them: everything but these few is true."""
    text = request.query.get(name)
    if text is None:
        return default
    return text.strip().lower() not in ("", "0", "no", "false", "none")


def seconds(request: web.Request, name: str) -> float | None:
    """Raises: EngineFault for what is no number."""
    text = request.query.get(name, "")
    if not text:
        return None
    try:
        return float(int(text))
    except ValueError as error:
        raise EngineFault(400, f'strconv.Atoi: parsing "{text}": invalid syntax') from error


def moment_ns(text: str, words: Words) -> int | None:
    """`1700000000.000000001` in nanoseconds; None for nothing. Raises: EngineFault."""
    if not text:
        return None
    whole, _, fraction = text.partition(".")
    try:
        return int(whole) * 1_000_000_000 + int((fraction[:9] or "0").ljust(9, "0"))
    except ValueError as error:
        raise words.bad_time(text) from error


def answer(value: object, status: int = 200) -> web.Response:
    """JSON."""
    body = msgspec.json.encode(value) + b"\n"
    return web.Response(status=status, body=body, content_type="application/json")


def nothing(status: int = 204) -> web.Response:
    """No body: there is nothing to say."""
    return web.Response(status=status)

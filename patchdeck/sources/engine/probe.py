"""Trying whether an engine answers at an address."""

from __future__ import annotations

import asyncio
from typing import Final

from patchdeck.sources.attempts import Attempt, Outcome
from patchdeck.sources.engine.connection import Connection
from patchdeck.sources.engine.faults import FAULTS, fault
from patchdeck.sources.targets import Target

PATIENCE_S: Final = 5.0


async def attempt(target: Target) -> Attempt:
    """Connect and ask for the version. Every way this can fail is an outcome; nothing is raised for it."""
    try:
        async with asyncio.timeout(PATIENCE_S), Connection(target) as connection:
            version = await connection.version()
    except FAULTS as error:
        return fault(target, error)
    return Attempt(
        host=target.host,
        chosen=target.chosen,
        outcome=Outcome.OK,
        detail=f"engine {version.Version}, API {version.ApiVersion}",
    )

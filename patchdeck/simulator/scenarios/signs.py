"""The signs that a scenario waits for, as the engine tells them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Any

from patchdeck.simulator.scenarios.client import Client
from patchdeck.simulator.scenarios.script import ReadDisk, Scenario, Sign


class Signs:
    """Counts those that the scenario names, while `follow` runs."""

    def __init__(self, scenario: Scenario) -> None:
        acts = [*(at.act for at in scenario.script), *(upon.act for upon in scenario.answers)]
        wanted = [
            *(at.unless for at in scenario.script),
            *(upon.sign for upon in scenario.answers),
            *(act.until for act in acts if isinstance(act, ReadDisk)),
        ]
        self._wanted = {sign for sign in wanted if sign is not None}
        self._came: Counter[Sign] = Counter()
        self._changed = asyncio.Condition()

    def count(self, sign: Sign) -> int:
        """How often it came so far."""
        return self._came[sign]

    async def next(self, sign: Sign, then_s: float = 0.0) -> None:
        """Until it comes once more, and so much longer."""
        before = self._came[sign]
        async with self._changed:
            await self._changed.wait_for(lambda: self._came[sign] > before)
        await asyncio.sleep(then_s)

    async def follow(self, client: Client) -> None:
        """Until the engine goes away. Raises what `client` does."""
        if not self._wanted:
            return
        events = client.events({sign.kind for sign in self._wanted}, {sign.action for sign in self._wanted})
        async for event in events:
            found = [sign for sign in self._wanted if _is(event, sign)]
            if found:
                async with self._changed:
                    self._came.update(found)
                    self._changed.notify_all()


def _is(event: Mapping[str, Any], sign: Sign) -> bool:
    actor = event["Actor"]
    name = actor["Attributes"].get("image", "") if event["Type"] == "container" else actor["ID"]
    return (event["Type"], event["Action"]) == (sign.kind, sign.action) and name.startswith(sign.of)

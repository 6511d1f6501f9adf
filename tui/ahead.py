"""Views that nobody has looked at yet, made while there is nothing to do: the first key to one finds it there."""

from __future__ import annotations

import asyncio
import gc
from importlib import import_module
from typing import TYPE_CHECKING, Final

from tui import keymap

if TYPE_CHECKING:
    from tui.app import PatchdeckApp

CALM_S: Final = 2.0
"""After the first state was drawn: what comes at the very beginning is not to be held up."""
BETWEEN_S: Final = 0.5
_MODULES: Final = {
    keymap.STARTUPS: "tui.screens.startups",
    keymap.ROLLOUTS: "tui.screens.rollouts",
    keymap.CONTENTION: "tui.screens.contention",
}
"""Those most likely to be wanted first."""


async def make_views(app: PatchdeckApp) -> None:
    """Each in turn; what it is made of is imported beside the loop, which keys wait for."""
    await asyncio.sleep(CALM_S)
    for name, module in _MODULES.items():
        await asyncio.to_thread(import_module, module)
        await app.make_view(name)
        await asyncio.sleep(BETWEEN_S)
        app.settle_styles()
    # What is there now stays. Python's collector would go through all of it again and again, and a key would wait.
    gc.collect()
    gc.freeze()

"""The keys that move the cursor of a panel: the same in every panel, and never remapped."""

from __future__ import annotations

from typing import Final

from textual.binding import Binding

KEYS: Final = {
    "up": "up,k",
    "down": "down,j",
    "left": "left,h",
    "right": "right,l",
    "page_up": "pageup",
    "page_down": "pagedown",
    "first": "home",
    "last": "end",
    "open": "enter",
}
"""By what they are for."""


def cursor_keys(panel: str, **actions: str) -> list[Binding]:
    """The bindings of a kind of panel: what to do for each of `KEYS` that it takes."""
    return [
        Binding(KEYS[name], action, name.replace("_", " "), show=False, id=f"{panel}.{name}")
        for name, action in actions.items()
    ]

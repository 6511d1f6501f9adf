"""What the command palette offers: the actions of the screen beneath it, and the themes, by name."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from textual.app import App
from textual.command import SimpleCommand
from textual.screen import Screen

from themes.palettes import BY_SETTING
from tui.keymap import Action, Keymap

_NOT_OFFERED = frozenset({"commands", "back", "leave", "next_panel", "previous_panel"})


def commands_of(screen: Screen[None], name: str, keymap: Keymap) -> list[SimpleCommand]:
    """One command for each action that works on the screen of that name in the keymap, then one for each theme."""
    return [*_actions(screen, name, keymap), *_themes(screen.app)]


def _actions(screen: Screen[None], name: str, keymap: Keymap) -> Iterator[SimpleCommand]:
    for action in keymap.actions_on(name):
        if action.id not in _NOT_OFFERED:
            label = f"{action.label}  ({keymap.keys(action)[0]})"
            yield SimpleCommand(label, partial(_run, screen, action), action.tooltip)


async def _run(screen: Screen[None], action: Action) -> None:
    await screen.run_action(f"{'screen' if action.screens else 'app'}.{action.id}")


def _themes(app: App[object]) -> Iterator[SimpleCommand]:
    for name, theme in BY_SETTING.items():
        yield SimpleCommand(
            f"theme {name}", partial(setattr, app, "theme", theme.name), f"Draw with the theme {name}"
        )

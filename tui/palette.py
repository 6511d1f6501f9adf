"""What the command palette offers: the actions of the screen beneath it, and the themes, by name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from functools import partial

from textual import work
from textual.app import App
from textual.await_complete import AwaitComplete
from textual.command import CommandList, CommandPalette, SimpleCommand, SimpleProvider
from textual.css.query import NoMatches
from textual.screen import Screen

from themes.palettes import BY_SETTING
from tui.keymap import Action, Keymap

_GATHER: Callable[[CommandPalette, str], Awaitable[None]] = CommandPalette._gather_commands.__wrapped__  # type: ignore[attr-defined] # noqa: SLF001
"""Textual's search, without the worker that it runs in."""
_NOT_OFFERED = frozenset({"commands", "back", "leave", "next_panel", "previous_panel"})


class Palette(CommandPalette):
    """The commands of a screen, to be found by their names."""

    def __init__(self, screen: Screen[None], name: str, keymap: Keymap) -> None:
        provider = SimpleProvider(screen, [*commands_of(screen, name, keymap)])
        super().__init__(providers=[provider], placeholder="What shall be done?")  # type: ignore[list-item] # as Textual

    def dismiss(self, result: object = None) -> AwaitComplete:
        # Textual takes away the screen beneath, if it can, where a second click or key was on its way.
        return super().dismiss(result) if self.is_active else AwaitComplete()  # type: ignore[arg-type]

    @work(exclusive=True, group=CommandPalette._GATHER_COMMANDS_GROUP)  # noqa: SLF001 - as Textual's own
    async def _gather_commands(self, search_value: str) -> None:
        try:
            await _GATHER(self, search_value)
        except NoMatches:
            # What was searched for just before it was left, or the console was, finds no list any more.
            if self.is_active and self.children:
                raise

    def _action_command_list(self, action: str) -> None:
        # Textual's list fails on moving in it before it is laid out, and where there is no room for any of its lines.
        if self.query_one(CommandList).scrollable_content_region:
            super()._action_command_list(action)


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

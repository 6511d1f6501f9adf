"""The line at the bottom: the keys that work on this screen, made from the keymap."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events

from themes.ramps import Glyphs
from tui.keymap import REPLAY, Action, Keymap
from widgets.ink import Ink
from widgets.line import Line, Spans
from widgets.panel import Panel

_ALWAYS = frozenset({"help", "quit"})


class Footer(Panel):
    """As many keys as there is room for, and always those for help and for leaving. A click does what the key does."""

    DEFAULT_CSS = "Footer { height: 1; dock: bottom; }"

    def __init__(self, screen_name: str, keymap: Keymap, *, glyphs: Glyphs) -> None:
        super().__init__(glyphs=glyphs, framed=False)
        actions = [action for action in keymap.actions_on(screen_name) if action.footer]
        # In a replay what moves it comes first; the views are the same as ever.
        actions.sort(key=lambda action: (action.id != "back", action.only != REPLAY))
        self._keymap = keymap
        self._first = [action for action in actions if action.id not in _ALWAYS]
        self._last = [action for action in actions if action.id in _ALWAYS]
        self._places: list[tuple[range, Action]] = []

    def draw(self, width: int, height: int) -> Sequence[Spans]:
        del height
        self._places = []
        line = self.line(width).gap(1)
        needed = sum(map(self._cells, self._last))
        for action in self._first:
            if line.taken + self._cells(action) + needed > width:
                break
            self._put(line, action)
        for action in self._last:
            self._put(line, action)
        return (line.spans(),)

    def _put(self, line: Line, action: Action) -> None:
        begin = line.taken
        line.put(self._key(action), Ink.ACCENT).put(f" {action.label}", Ink.MUTED)
        self._places.append((range(begin, line.taken), action))
        line.gap(2)

    def _key(self, action: Action) -> str:
        return self._keymap.keys(action)[0]

    def _cells(self, action: Action) -> int:
        return len(self._key(action)) + 1 + len(action.label) + 2

    async def on_click(self, event: events.Click) -> None:
        for place, action in self._places:
            if event.x in place:
                event.stop()
                await self.screen.run_action(f"{'screen' if action.screens else 'app'}.{action.id}")

"""docs/keys.md, made from the keymap by docs/make_keys.py."""

from __future__ import annotations

from collections.abc import Iterator

from tui.keymap import ACTIONS, CURSOR_KEYS, GUIDED, LIVE, REPLAY, Action, Keymap

_HEAD = """\
# Keys

Made from `tui/keymap.py` by `python docs/make_keys.py`; a test compares them.

Every key but those of the cursor can be given to another action, or an action other keys, by its id in the
configuration:

    [screen.keys]
    mode = "y"
    filter = "slash,ctrl+f"

Keys are written as a single character or by name (`slash`, `ctrl+r`, `f5`). A key that would do two things on one
screen is a mistake that is told before the console opens.
"""


def page() -> str:
    """The whole page in Markdown."""
    keys = Keymap()
    parts = [_HEAD]
    for group in dict.fromkeys(action.group for action in ACTIONS):
        parts.append(f"## {group}\n\n| keys | what it does | where | id |\n| --- | --- | --- | --- |")
        parts.append("\n".join(_rows(group, keys)) + "\n")
    parts.append("## Cursor\n\n| keys | what they do |\n| --- | --- |")
    parts.append("\n".join(f"| {key} | {text} |" for key, text in CURSOR_KEYS) + "\n")
    return "\n".join(parts)


def _rows(group: str, keys: Keymap) -> Iterator[str]:
    for action in ACTIONS:
        if action.group == group:
            shown = ", ".join(f"`{key}`" for key in keys.keys(action))
            yield f"| {shown} | {action.tooltip} | {_where(action)} | `{action.id}` |"


def _where(action: Action) -> str:
    if action.screens:
        return ", ".join(action.screens)
    return {
        LIVE: "everywhere, not in a replay",
        REPLAY: "everywhere in a replay",
        GUIDED: "everywhere in the demo",
    }.get(action.only, "everywhere")

"""The one list of what keys do.

Textual's bindings, the footer, the help screen, the command palette and docs/keys.md are all made from `ACTIONS`.
An action's method is `action_<id>`, on the app where `screens` is empty, else on the screens that are named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from textual.binding import Binding
from textual.keys import Keys, format_key

DECK = "deck"
STARTUPS = "startups"
CONTENTION = "contention"
ROLLOUTS = "rollouts"
ROLLOUT = "rollout"
CONTAINER = "container"
SERVICE = "service"
CELL = "cell"
SEARCHING = "searching"
COMPOSER = "composer"
HELP = "help"
OVER_TIME = (DECK, STARTUPS, CONTENTION)
"""The views that show a stretch of time."""
VIEWS = (*OVER_TIME, ROLLOUTS)
"""The screens that are reached by a digit."""
PAGES = (CONTAINER, SERVICE, CELL, ROLLOUT, COMPOSER, HELP)
"""The screens that are laid over a view."""
SCREENS = (*VIEWS, *PAGES, SEARCHING)
LIVE, REPLAY, GUIDED = "live", "replay", "guided"
"""What the console is on: engines, a recording, or simulated engines with a guide, which has all keys of a live one."""


class KeymapError(ValueError):
    """A remapping that can not be done. Its text is one line for the person who wrote the configuration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something that a key does."""

    id: str
    """Named in `[screen.keys]` of the configuration. Never changes once released."""
    keys: str
    """Textual's names of keys, separated by commas; the first is the one that is shown."""
    label: str
    """For the footer: one word."""
    tooltip: str
    """For help, palette and docs: a sentence without its full stop."""
    group: str
    screens: tuple[str, ...] = ()
    """Where it works; empty is everywhere."""
    footer: bool = True
    always: bool = False
    """Works even while text is being typed."""
    only: str = ""
    """LIVE, REPLAY or GUIDED; empty is all."""
    acts: bool = False
    """It changes something on an engine, or leads there: a read-only console has no such keys."""

    def works_on(self, screen: str, on: str) -> bool:
        return (not self.screens or screen in self.screens) and self.works_when(on)

    def works_when(self, on: str) -> bool:
        """On whatever screen. `on` is LIVE, REPLAY or GUIDED."""
        return self.only in ("", on) or (self.only, on) == (LIVE, GUIDED)


_GO, _SHOW, _CONSOLE = "Go", "Show", "Console"


def _go(name: str, keys: str, label: str, tooltip: str, *screens: str, footer: bool = True) -> Action:
    return Action(id=name, keys=keys, label=label, tooltip=tooltip, group=_GO, screens=screens, footer=footer)


def _show(name: str, keys: str, label: str, tooltip: str, *screens: str, footer: bool = True) -> Action:
    return Action(
        id=name, keys=keys, label=label, tooltip=tooltip, group=_SHOW, screens=screens, footer=footer
    )


def _replay(name: str, keys: str, label: str, tooltip: str, *, footer: bool = True) -> Action:
    return Action(
        id=name, keys=keys, label=label, tooltip=tooltip, group="Replay", footer=footer, only=REPLAY
    )


def _record(name: str, keys: str, label: str, tooltip: str) -> Action:
    return Action(id=name, keys=keys, label=label, tooltip=tooltip, group="Record", footer=False, only=LIVE)


def _rollout(name: str, keys: str, label: str, tooltip: str) -> Action:
    # Not in the footer: the panel of the rollout says which of them do something now.
    return Action(
        id=name,
        keys=keys,
        label=label,
        tooltip=tooltip,
        group="Rollout",
        footer=False,
        only=LIVE,
        acts=True,
    )


ACTIONS: tuple[Action, ...] = (
    _go("back", "escape", "back", "Leave this page", *PAGES),
    Action(
        id="begin_rollout",
        keys="ctrl+r",
        label="begin it",
        tooltip="Begin the rollout that is planned, once it is confirmed",
        group="Rollout",
        screens=(COMPOSER,),
        only=LIVE,
        acts=True,
        always=True,
    ),
    Action(
        id="other_page",
        keys="ctrl+o",
        label="fields or plan",
        tooltip="From the fields to the plan, and back",
        group="Rollout",
        screens=(COMPOSER,),
        only=LIVE,
        always=True,
    ),
    _go("deck", "1", "deck", "Heatmap, versions, contention and events on one screen"),
    _go("startups", "2", "startups", "Every startup with its phases, newest first"),
    _go("contention", "3", "contention", "Each indicator over time, and why it stands where it does"),
    _go("rollouts", "4", "rollouts", "Rollouts, open and past; enter opens one"),
    Action(
        id="roll_out",
        keys="r",
        label="roll out",
        tooltip="Compose a rollout of this service: to which image, how, and what that would do",
        group="Rollout",
        screens=(DECK, SERVICE),
        only=LIVE,
        acts=True,
    ),
    _go("next_panel", "tab", "next", "Move to the next panel", footer=False),
    _go("previous_panel", "shift+tab", "previous", "Move to the panel before", footer=False),
    _show(
        "filter",
        "slash",
        "filter",
        "Show only services, startups and events that match, in every view",
        *VIEWS,
    ),
    _show("clear", "escape", "clear", "Take the filter away", *VIEWS, footer=False),
    _show("zoom_out", "minus", "longer", "A longer window, up to six hours", *OVER_TIME),
    _show("zoom_in", "plus,equals_sign", "shorter", "A shorter window, down to five minutes", *OVER_TIME),
    _show("mode", "m", "rows", "What the heatmap's rows are: latency, services or phases", DECK),
    _show("measure", "u", "until", "Measure startups until they are started, or until they are ready", DECK),
    _show("sort", "s", "sort", "Sort the services by the next column", DECK),
    _show("reverse", "S", "reverse", "Turn the order of the services round", DECK, footer=False),
    _show("events", "e", "events", "The event feed in place of the versions, and back", DECK),
    _show("only_failed", "f", "failed", "Only startups that failed or were never ready", STARTUPS),
    _show("only_slow", "w", "slow", "Only startups as slow as the window's p95 or slower", STARTUPS),
    _show("logs", "o", "logs", "Fetch the last log lines again", CONTAINER),
    Action(
        id="retry",
        keys="n",
        label="now",
        tooltip="Look for an engine now",
        group=_SHOW,
        screens=(SEARCHING,),
        only=LIVE,
    ),
    _rollout("arm", "A", "arm", "Arm this console, for a reason and for a while, or disarm it"),
    _rollout(
        "pause_rollout",
        "space",
        "pause",
        "Pause the rollout, or let it go on; one that lost its worker gets another",
    ),
    _rollout(
        "promote_rollout", "p", "promote", "Let the rollout go past a gate that holds, or the end of a step"
    ),
    _rollout("abort_rollout", "a", "abort", "Abort the rollout: the old containers run again"),
    _rollout("undo_rollout", "b", "roll back", "Undo a rollout that is committed, by another one"),
    _record("record", "R", "record", "Record what is seen into a file, or end the recording"),
    _record("mark", "M", "mark", "Name this moment, to find it again in the recording"),
    _replay("play", "space", "play", "Play, or pause; at the end, play from the beginning"),
    _replay("step", "full_stop", "step", "Go on to the next observation that changes something"),
    _replay("second_on", "greater_than_sign", "1s", "Go on by one second", footer=False),
    _replay("second_back", "less_than_sign", "1s back", "Go back by one second", footer=False),
    _replay("faster", "right_square_bracket", "faster", "Play faster, up to 64 times"),
    _replay("slower", "left_square_bracket", "slower", "Play more slowly, down to a quarter", footer=False),
    _replay("skip_idle", "i", "skip idle", "Skip the stretches in which nothing happens, or play them again"),
    _replay("go_to_time", "g", "go to", "Go to a time, so far on or back, or a mark by its name"),
    _replay("next_mark", "n", "mark", "Go to the next mark"),
    _replay("previous_mark", "N", "mark before", "Go to the mark before", footer=False),
    _replay("next_rollout_step", "r", "rollout", "Go to the next step of a rollout", footer=False),
    _replay("previous_rollout_step", "R", "rollout before", "Go to the rollout step before", footer=False),
    _replay("next_failure", "x", "failure", "Go to the next failure or lost engine"),
    _replay("previous_failure", "X", "failure before", "Go to the failure before", footer=False),
    _replay("beginning", "0", "beginning", "Go to the beginning", footer=False),
    _replay(
        "end",
        "dollar_sign",
        "end",
        "Go to the end, and follow it while the recording is being written",
        footer=False,
    ),
    Action(
        id="guide",
        keys="ctrl+g",
        label="guide",
        tooltip="Hide the guide through the demo, or bring it back",
        group=_CONSOLE,
        only=GUIDED,
        always=True,
    ),
    Action(
        id="theme",
        keys="t",
        label="theme",
        tooltip="The next theme: dark, light, colour-blind, ansi",
        group=_CONSOLE,
        footer=False,
    ),
    Action(
        id="commands",
        keys="colon,ctrl+p",
        label="commands",
        tooltip="Find a command by its name",
        group=_CONSOLE,
        footer=False,
    ),
    Action(
        id="help",
        keys="question_mark",
        label="help",
        tooltip="What the keys do on this screen",
        group=_CONSOLE,
    ),
    Action(id="quit", keys="q", label="quit", tooltip="Leave; nothing on any engine changes", group=_CONSOLE),
    Action(
        id="leave",
        keys="ctrl+c,ctrl+q",
        label="quit",
        tooltip="Leave, even while text is being typed",
        group=_CONSOLE,
        footer=False,
        always=True,
    ),
)

CURSOR_KEYS: tuple[tuple[str, str], ...] = (
    ("arrows, h j k l", "Move the cursor of the panel that has it"),
    ("pgup, pgdn, home, end", "Move it by a page, or all the way"),
    ("enter", "Open what the cursor is on"),
    ("left, right", "On a page: move along lines that are longer than the panel"),
)
"""Keys of the panels themselves. They are the same everywhere and can not be remapped."""
_TWINS = {"sort": "versions.sort", "reverse": "versions.reverse"}
"""Actions that a panel binds too, for when it has the keyboard."""
_CURSOR = frozenset(
    {"up", "down", "left", "right", "h", "j", "k", "l", "pageup", "pagedown", "home", "end", "enter"}
)
_MODIFIERS = frozenset({"ctrl", "alt", "shift", "super", "meta"})
_SHORT = {
    "enter": "enter",
    "backspace": "backspace",
    "up": "up",
    "down": "down",
    "left": "left",
    "right": "right",
}


def shown(key: str) -> str:
    """A key as it is written on screen, in ASCII: `/` for `slash`."""
    return _SHORT.get(key) or format_key(key)


def actions_on(screen: str, on: str = LIVE) -> Iterator[Action]:
    """Everything that works on a screen, in the order of the list. `on` is LIVE, REPLAY or GUIDED."""
    return (action for action in ACTIONS if action.works_on(screen, on))


class Keymap:
    """`ACTIONS` with the remapping of the configuration applied to them.

    Raises `KeymapError` when the remapping names an action or a key that there is not, or gives one key two meanings
    on one screen. `on` says what the console is on, LIVE, REPLAY or GUIDED; all are checked. A `read_only` one is
    without the keys that act.
    """

    def __init__(
        self, remapped: Mapping[str, str] | None = None, on: str = LIVE, *, read_only: bool = False
    ) -> None:
        self.remapped = dict(remapped or {})
        self.on = on
        self.read_only = read_only
        known = {action.id for action in ACTIONS}
        for name in self.remapped:
            if name not in known:
                raise KeymapError(f"screen.keys: no action {name!r}; there are {', '.join(sorted(known))}")
        self._keys = {
            action.id: _split(action.id, self.remapped.get(action.id, action.keys)) for action in ACTIONS
        }
        for screen in SCREENS:
            for one in (LIVE, REPLAY, GUIDED):
                self._refuse_clashes(screen, one)

    def _refuse_clashes(self, screen: str, on: str) -> None:
        meant: dict[str, str] = {}
        for action in actions_on(screen, on):
            for key in self._keys[action.id]:
                other = meant.setdefault(shown(key), action.id)
                if other != action.id:
                    raise KeymapError(
                        f"screen.keys: {shown(key)!r} would be both {other!r} and {action.id!r} ({screen})"
                    )

    @property
    def for_textual(self) -> dict[str, str]:
        """Keys by the ids of bindings, those that panels have for the same thing included."""
        twins = {_TWINS[name]: keys for name, keys in self.remapped.items() if name in _TWINS}
        return {**self.remapped, **twins}

    def actions_on(self, screen: str) -> Iterator[Action]:
        """Everything that works on a screen of this console, in the order of the list."""
        return (one for one in actions_on(screen, self.on) if not (one.acts and self.read_only))

    def keys(self, action: Action) -> tuple[str, ...]:
        """All keys of an action as they are written on screen, the main one first."""
        return tuple(shown(key) for key in self._keys[action.id])


def _split(name: str, keys: str) -> tuple[str, ...]:
    parts = tuple(part.strip() for part in keys.split(","))
    for part in parts:
        *modifiers, key = part.split("+") if len(part) > 1 else [part]
        if key in _CURSOR and not modifiers:
            raise KeymapError(f"screen.keys.{name}: {part!r} belongs to the panels and can not be remapped")
        if not _is_key(key) or not _MODIFIERS.issuperset(modifiers):
            raise KeymapError(
                f"screen.keys.{name}: no key {part!r}; write it as in 'x', 'slash', 'ctrl+r' or 'f5'"
            )
    return parts


def _is_key(key: str) -> bool:
    return len(key) == 1 or key in _NAMED_KEYS or len(format_key(key)) == 1


_NAMED_KEYS = frozenset(key.value for key in Keys)


def bindings(screen: str | None = None, on: str = LIVE, *, read_only: bool = False) -> list[Binding]:
    """The bindings of a screen, or, of None, those of an app that is on this. Remapping is Textual's, by their ids.

    `read_only` leaves out those that act.
    """
    return [
        Binding(
            action.keys,
            action.id,
            action.label,
            tooltip=action.tooltip,
            id=action.id,
            show=action.footer,
            priority=action.always,
        )
        for action in ACTIONS
        if (screen in action.screens if screen else not action.screens and action.works_when(on))
        and not (action.acts and read_only)
    ]

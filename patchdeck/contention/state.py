"""What is kept of contention, as values: from it a fold goes on as if it had seen everything itself.

Six hours of samples are most of a fold's state. Channels of one source are told at the same times, so that times are
kept once, as differences, and channels refer to them.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from itertools import accumulate

from patchdeck.contention.reading import Channel, Reading
from patchdeck.model.facts import Value


class ChannelState(Value, frozen=True, kw_only=True):
    """All readings of one thing by one source."""

    name: str
    source: str
    service: str = ""
    """Empty: of the whole engine."""
    median: bool = False
    axis: int
    """Which of the axes has its times."""
    values: list[float]
    newest: tuple[Reading, ...]


class ContentionState(Value, frozen=True, kw_only=True):
    axes: tuple[list[int], ...] = ()
    """Of each the first time, then differences, in nanoseconds."""
    channels: tuple[ChannelState, ...] = ()
    pulls: tuple[tuple[int, str], ...] = ()
    kills: tuple[tuple[int, str], ...] = ()


class Axes:
    """The times that channels share, in the order in which they were first asked for."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[int, ...], int] = {}

    def number(self, times_ns: tuple[int, ...]) -> int:
        return self._numbers.setdefault(times_ns, len(self._numbers))

    def all(self) -> tuple[list[int], ...]:
        return tuple(
            [*times_ns[:1], *map(operator.sub, times_ns[1:], times_ns)] for times_ns in self._numbers
        )


def state_of(channel: Channel, axes: Axes, *, name: str, source: str, service: str = "") -> ChannelState:
    """The times of the channel are left with `axes`."""
    times_ns, values = channel.points
    return ChannelState(
        name=name,
        source=source,
        service=service,
        median=channel.median,
        axis=axes.number(times_ns),
        values=values,
        newest=channel.newest_readings,
    )


def restored(states: Iterable[ChannelState], axes: Sequence[Sequence[int]]) -> list[Channel]:
    """In the order of `states`."""
    times_ns = [tuple(accumulate(axis)) for axis in axes]
    return [
        Channel(median=one.median, points=(times_ns[one.axis], one.values), newest=one.newest)
        for one in states
    ]

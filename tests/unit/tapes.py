"""Recordings that are told and not written: the lines of a story, and a clock that is put forward by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from patchdeck.fleet import Fleet
from patchdeck.model import AnyObservation
from patchdeck.recording.values import Cursor, Landmark, Line


class HandClock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s

    def pass_by(self, seconds: float) -> None:
        self.now_s += seconds


class Told:
    """A tape of observations, each with the moment at which it arrived. It counts how often it was sought in."""

    def __init__(
        self,
        seen: Sequence[tuple[int, AnyObservation]],
        *,
        landmarks: Sequence[Landmark] = (),
        cut_short: bool = False,
    ) -> None:
        self.landmarks = tuple(landmarks)
        self.cut_short = cut_short
        self.seeks: list[int] = []
        self.to_come: list[tuple[int, AnyObservation]] = []
        """What a refresh finds."""
        self._seen = list(seen)
        self.began_ns, self.ended_ns = self._seen[0][0], self._seen[-1][0]

    def fleet_at(self, at_ns: int) -> tuple[Fleet, Cursor]:
        self.seeks.append(at_ns)
        fleet, cursor, _ = self.advance(Fleet(), Cursor(0, 0), at_ns)
        return fleet, cursor

    def fleet_before(self, line: Line) -> Fleet:
        fleet = Fleet()
        for _, observation in self._seen[: line.cursor.line - 1]:
            fleet.apply(observation)
        return fleet

    def lines(self, cursor: Cursor) -> Iterator[Line]:
        for number in range(cursor.line, len(self._seen)):
            seen_ns, observation = self._seen[number]
            yield Line(seen_ns, observation, Cursor(0, number + 1))

    def advance(self, fleet: Fleet, cursor: Cursor, until_ns: int) -> tuple[Fleet, Cursor, int]:
        count = 0
        for line in self.lines(cursor):
            if line.seen_ns > until_ns:
                break
            fleet.apply(line.observation)
            cursor, count = line.cursor, count + 1
        return fleet, cursor, count

    def refresh(self) -> bool:
        came, self.to_come = self.to_come, []
        self._seen += came
        self.ended_ns = self._seen[-1][0]
        return bool(came)

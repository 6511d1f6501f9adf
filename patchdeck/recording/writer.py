"""From observations to the bytes of a recording. It touches no file and reads no clock.

A member ends once it is long enough that the next one's full state is worth its room: so states take no more than a
fixed share of a file, and no member takes long to read.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from patchdeck import __version__
from patchdeck.fleet import Fleet, FullState
from patchdeck.model import AnyObservation, IndicatorRead
from patchdeck.recording.kept_settings import kept_of
from patchdeck.recording.landmarks import Landmarks
from patchdeck.recording.lines import Head, Index, Place, StateLine, encode, encode_seen, tail
from patchdeck.recording.members import Kind, Member, whole
from patchdeck.recording.scrub import Scrubber
from patchdeck.recording.values import Header, Landmark
from patchdeck.settings import Settings
from patchdeck.versions import ONE_OFF_LABEL, TASK_LABEL, VERSION_LABEL

LEAST_LINES: Final = 6_000
LEAST_SHARE: Final = 0.22
"""A member has at least so many lines, and these at least so many times the bytes of its state."""

_MINUTE_NS: Final = 60_000_000_000


class Writer:
    """Every method that returns bytes returns what belongs at the end of the file next.

    `state` is what was known before the first observation, and `began_ns` the moment that it is of.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        began_ns: int,
        engines: Sequence[str] = (),
        simulated: bool = False,
        state: FullState | None = None,
    ) -> None:
        self._settings = settings
        self._fleet = Fleet(settings, state)
        self._scrub = scrubber_of(settings)
        self._header = Header(
            program=__version__,
            began_ns=began_ns,
            engines=tuple(engines),
            simulated=simulated,
            settings=kept_of(settings),
        )
        self._landmarks = Landmarks()
        self._places: list[Place] = []
        self._member = Member()
        self._member_lines = self._state_bytes = self._member_at = 0
        self._unflushed = False
        self._settled_ns = self._skipped_ns = 0
        self.seen_ns = began_ns
        """When the newest arrived."""
        self.lines = 0
        """Observations so far, without those that were skipped."""
        self.skipped = 0
        self.size = 0
        """Bytes so far."""

    # ------------------------------------------------------------------------------------------------ observations

    def begin(self) -> bytes:
        """Before anything else."""
        return self._begin_member(encode(self._header))

    def add(self, seen_ns: int, observation: AnyObservation) -> bytes:
        """Times of arrival never go back: when the clock was put back they stand still until it has caught up."""
        taken = self._take(seen_ns, observation)
        if taken is None:
            return b""
        written = self._grown(self._member.add(encode_seen(self.seen_ns, taken)))
        self.lines += 1
        self._member_lines += 1
        self._unflushed = True
        if self._member_lines >= LEAST_LINES and self._lines_bytes >= LEAST_SHARE * self._state_bytes:
            written += self.end_member() + self._begin_member()
        return written

    def skip(self, seen_ns: int, observation: AnyObservation) -> None:
        """It can not be written. It counts all the same, for the full state with which `resume` goes on."""
        if not self.skipped:
            self._skipped_ns = self.seen_ns
        if self._take(seen_ns, observation) is not None:
            self.skipped += 1

    def resume(self, why: str) -> bytes:
        """After `end_member`, where observations are missing: what was skipped leaves a hole, what is known goes on."""
        began_ns = self._skipped_ns if self.skipped else self.seen_ns
        self._landmarks.missed(began_ns, self.seen_ns, why)
        self.skipped = 0
        return self._begin_member(anew=True)

    def replace_state(self, state: FullState) -> bytes:
        """Something is known from here on that no observation told."""
        written = self.end_member()
        self._fleet = Fleet(self._settings, state)
        return written + self._begin_member(anew=True)

    def tell(self, landmark: Landmark) -> None:
        """One that is found in no observation."""
        self._landmarks.put(landmark)

    def state(self) -> FullState:
        """All that is known."""
        self._fleet.settle()
        # So that whoever goes there finds it, and need not work it out.
        self._fleet.derive()
        return self._fleet.state()

    def _take(self, seen_ns: int, observation: AnyObservation) -> AnyObservation | None:
        if isinstance(observation, IndicatorRead) and not math.isfinite(observation.value):
            return None  # it says nothing, and JSON has no word for it
        observation = self._scrub(observation)
        self.seen_ns = max(self.seen_ns, seen_ns)
        self._fleet.apply(observation)
        self._landmarks.note(self.seen_ns, observation)
        if self.seen_ns - self._settled_ns > _MINUTE_NS:
            self._settled_ns = self.seen_ns
            self._fleet.settle()
        return observation

    # ------------------------------------------------------------------------------------------------ members

    @property
    def _lines_bytes(self) -> int:
        return self.size - self._member_at - self._state_bytes

    def _begin_member(self, header: bytes = b"", *, anew: bool = False) -> bytes:
        head = Head(
            number=len(self._places),
            at_ns=self.seen_ns,
            lines_before=self.lines,
            landmarks=self._landmarks.fresh(),
            anew=anew,
        )
        place = Place(at=self.size, at_ns=self.seen_ns, lines_before=self.lines, anew=anew)
        self._places.append(place)
        self._member, self._member_lines, self._member_at = Member(), 0, self.size
        written = self._member.begin(Kind.LINES)
        written += self._member.add(header + encode(head) + encode(StateLine(state=self.state())))
        written += self._member.flush()
        self._unflushed = False
        self._state_bytes = len(written)
        return self._grown(written)

    def flush(self) -> bytes:
        """After these a reader finds all that was added."""
        if not self._unflushed:
            return b""
        self._unflushed = False
        return self._grown(self._member.flush())

    def end_member(self) -> bytes:
        """Before `resume`; `add` and `finish` see to it themselves."""
        self._unflushed = False
        return self._grown(self._member.finish())

    def finish(self) -> bytes:
        """The end of the last member, and the index by which a reader finds its way. Nothing comes after it."""
        written = self.end_member()
        index = Index(
            members=tuple(self._places),
            lines=self.lines,
            ended_ns=self.seen_ns,
            landmarks=self._landmarks.all(),
        )
        index_at = self.size
        written += self._grown(whole(Kind.INDEX, encode(index)))
        return written + self._grown(whole(Kind.TAIL, tail(index_at), compressed=False))

    def _grown(self, written: bytes) -> bytes:
        self.size += len(written)
        return written


def scrubber_of(settings: Settings) -> Scrubber:
    """Labels that name services and versions stay as they are."""
    grouping = {label for rule in settings.services.group_by for label in rule.split("+")}
    kept = grouping | {ONE_OFF_LABEL, TASK_LABEL, VERSION_LABEL}
    return Scrubber(settings.recording.secret_names, kept)

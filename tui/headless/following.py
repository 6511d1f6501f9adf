"""From one snapshot to the next: which startups are new, and what happened to the engines."""

from __future__ import annotations

from patchdeck.model import Engine, Gap, Snapshot, SourceState, Startup, StartupOutcome


class Follower:
    """Hands out each startup that began since `began_ns` (by this host's clock) once, when it is settled."""

    def __init__(self, began_ns: int) -> None:
        self._began_ns = began_ns
        self._told: set[str] = set()

    def settled(self, snapshot: Snapshot) -> list[Startup]:
        return self._new(snapshot, settled_only=True)

    def rest(self, snapshot: Snapshot) -> tuple[list[Startup], int]:
        """At the end: those with an outcome that might still change, and the number of those without one."""
        rest = self._new(snapshot, settled_only=False)
        told = [startup for startup in rest if startup.outcome is not StartupOutcome.STARTING]
        return told, len(rest) - len(told)

    def _new(self, snapshot: Snapshot, *, settled_only: bool) -> list[Startup]:
        floor_ns = {engine.name: self._began_ns + engine.clock_offset_ns for engine in snapshot.engines}
        new = [
            startup
            for startup in snapshot.startups
            if (startup.settled or not settled_only)
            and startup.startup_id not in self._told
            and startup.at_ns >= floor_ns.get(startup.engine, self._began_ns)
        ]
        # What the state has forgotten can not come again.
        self._told &= {startup.startup_id for startup in snapshot.startups}
        self._told |= {startup.startup_id for startup in new}
        return new


class News:
    """Sentences about engines that came, went or lost something, each once."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[SourceState, str]] = {}
        self._gaps: set[Gap] = set()
        self.connected: set[str] = set()
        """Engines that were live at some time."""

    def of(self, snapshot: Snapshot) -> list[str]:
        sentences = [line for engine in snapshot.engines if (line := self._engine(engine))]
        for gap in snapshot.gaps:
            if gap not in self._gaps:
                length_s = (gap.ended_ns - gap.began_ns) / 1e9
                sentences.append(
                    f"{gap.engine}: startups may be missing from a gap of {length_s:.1f} s: {gap.reason}"
                )
        self._gaps = set(snapshot.gaps)
        return sentences

    def _engine(self, engine: Engine) -> str:
        state, detail = engine.state, engine.detail
        if self._last.get(engine.name) == (state, detail):
            return ""
        self._last[engine.name] = (state, detail)
        match state:
            case SourceState.LIVE:
                again = " again" if engine.name in self.connected else ""
                self.connected.add(engine.name)
                described = engine.described
                what = f" (engine {described.version} at {described.host})" if described else ""
                return f"{engine.name}: watching{again}{what}" + (f"; {detail}" if detail else "")
            case SourceState.CONNECTING:
                return ""
            case _:
                return (
                    f"{engine.name}: {state.value}: {detail}" if detail else f"{engine.name}: {state.value}"
                )

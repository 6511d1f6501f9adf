"""The keys that act on open rollouts. They write into the journal; the rollout's worker does what is asked, or not."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from patchdeck.arming import Arming
from patchdeck.model import (
    Actor,
    Command,
    Commanded,
    PauseKind,
    Rollout,
    RolloutState,
    Snapshot,
)
from themes.ramps import Glyphs
from tui.keymap import REPLAY, ROLLOUT
from tui.off_screen import off_screen
from tui.refused_acts import RefusedActs
from tui.screens.base import ConsoleScreen
from tui.submitted import Submitted
from tui.told_of_rollouts import ToldOfRollouts
from widgets import rollout_words
from widgets.rollout_words import ABORT, ARM, PAUSE, PROMOTE, UNDO

if TYPE_CHECKING:
    from patchdeck.recording.switch import Switch
    from tui.rollout_questions import Asked
    from tui.screens.rollout import RolloutScreen

ROLLBACK = "rollback"
"""The act, where it is no command to a worker."""
_ACTIONS = (PAUSE, PROMOTE, ABORT, UNDO)
_SUBMITTED = "submitted: the journal has not answered yet"
_BY_PERSON = frozenset({PauseKind.ASKED, PauseKind.GATE, PauseKind.STEP})


class RolloutKeys(ToldOfRollouts, inherit_bindings=False):
    """An app that asks things of rollouts, as long as it is armed."""

    glyphs: Glyphs
    arming: Arming = Arming()

    def __init__(self, switch: Switch | None = None) -> None:
        super().__init__(switch)
        self.submitted: dict[str, Submitted] = {}
        """By rollout."""
        self._undoing: dict[str, str] = {}
        """By rollout that is to be undone, how far that is."""
        self._awaited = ""
        """The rollout that undoes one: its page comes with its journal."""
        self._refused_acts = RefusedActs()
        self._kept_page: RolloutScreen | None = None

    def redraw(self) -> None:
        """Draw what is known now."""
        raise NotImplementedError

    # What the screens use

    @property
    def rollout_keys(self) -> dict[str, str]:
        """By which key each action works, and arming where that has to come first; none where they do not."""
        wanted = _ACTIONS if self.arming.armed else (ARM, *_ACTIONS)
        return {
            action.id: self.keymap.keys(action)[0]
            for action in self.keymap.actions_on(self.keymap_screen)
            if action.id in wanted
        }

    @property
    def submitted_words(self) -> dict[str, str]:
        """By rollout, what was asked and not answered."""
        words = {rollout: f"{asked.word} {_SUBMITTED}" for rollout, asked in self.submitted.items()}
        return words | self._undoing

    def open_rollout(self, rollout: str) -> None:
        """Open the page of a rollout; that of the newest one looked at is kept, with its cursors."""
        from tui.screens.rollout import RolloutScreen  # noqa: PLC0415

        kept = self._kept_page
        if kept in self.screen_stack:
            self.push_screen(RolloutScreen(rollout))
            return
        if kept is None or kept.rollout_in_view != rollout:
            if kept is not None:
                self.uninstall_screen(kept)
                kept.remove()
            self._kept_page = kept = RolloutScreen(rollout)
            self.install_screen(kept, ROLLOUT)
        self.push_screen(kept)

    def hear_answers(self, snapshot: Snapshot) -> None:
        """Take what the journal has answered off the list; what was refused is told."""
        known = {rollout.id: rollout for rollout in snapshot.rollouts}
        if self._awaited in known and isinstance(self.screen, ConsoleScreen):
            begun, self._awaited = self._awaited, ""
            self._undoing.clear()
            self.open_rollout(begun)
        for rollout, asked in list(self.submitted.items()):
            if rollout not in known:
                continue
            answer = asked.answer(known[rollout])
            if answer is not None or known[rollout].state.over:
                self.submitted.pop(rollout, None)
            if isinstance(answer, Commanded) and not answer.accepted:
                self._tell(f"{known[rollout].service} does not {asked.word}: {answer.answer}", severe=True)

    # Actions

    def action_pause_rollout(self) -> None:
        self._begin(PAUSE)

    def action_promote_rollout(self) -> None:
        self._begin(PROMOTE)

    def action_abort_rollout(self) -> None:
        self._begin(ABORT)

    def action_undo_rollout(self) -> None:
        self._begin(UNDO)

    def _begin(self, action: str) -> None:
        rollout = self._in_view(past=action == UNDO)
        if isinstance(rollout, str):
            self._tell(rollout)
            return
        word = rollout_words.possible(rollout).get(action)
        if word is None:
            self._tell(_impossible(action, rollout))
        elif rollout.id in self.submitted:
            self._tell(f"{self.submitted[rollout.id].word} is submitted already and not answered yet")
        elif rollout.id in self._undoing:
            self._tell(self._undoing[rollout.id])
        elif self._may_act(_act(action, word), rollout):
            self.run_worker(self._carry_out(action, word, rollout), group="rollouts")

    async def _carry_out(self, action: str, word: str, rollout: Rollout) -> None:
        from tui import rollout_questions  # noqa: PLC0415

        glyphs = self.glyphs
        if action == UNDO:
            await self._undo(rollout)
        elif action == ABORT:
            if await self._agreed(rollout_questions.abort(rollout, glyphs), rollout, Command.ABORT):
                await self._submit(word, Command.ABORT, rollout)
        elif action == PROMOTE:
            if await self._agreed(rollout_questions.promote(rollout, glyphs), rollout, Command.PROMOTE):
                await self._submit(word, Command.PROMOTE, rollout)
        elif word == "pause":
            await self._submit(word, Command.PAUSE, rollout)
        elif _has_worker(rollout):
            await self._submit("resume", Command.RESUME, rollout)
        elif await self._agreed(rollout_questions.resume(rollout, glyphs), rollout, Command.RESUME):
            waits = any(pause.kind in _BY_PERSON for pause in rollout.pauses)
            await self._submit("resume", Command.RESUME if waits else None, rollout)

    async def _undo(self, rollout: Rollout) -> None:
        from tui import orders, rollout_questions  # noqa: PLC0415 - loads sqlite3 and the engine's client

        by, reason = _me(), self.arming.reason
        self._show_undoing(rollout.id, "the way back is being planned")
        try:
            way = await off_screen(partial(orders.plan_way_back, rollout.id, reason, self.settings))
            if way.refusals:
                await off_screen(partial(orders.enter_refusal, way, by, reason))
            asked = rollout_questions.undo(way.plan, rollout.id, way.refusals, self.glyphs)
            if await self._agreed(asked, rollout, ROLLBACK) and not way.refusals:
                self._show_undoing(rollout.id, f"roll back {_SUBMITTED}")
                self._awaited = await off_screen(partial(orders.go_back, way, by, reason, self.settings))
        except orders.NotAsked as error:
            self._tell(str(error), severe=True)
        if not self._awaited:
            self._show_undoing(rollout.id, "")

    def _show_undoing(self, rollout: str, how: str) -> None:
        self._undoing = {rollout: how} if how else {}
        self.redraw()

    async def _submit(self, word: str, command: Command | None, rollout: Rollout) -> None:
        from tui import orders  # noqa: PLC0415 - as above

        by = _me()
        after = rollout.entries[-1].sequence if rollout.entries else 0
        self.submitted[rollout.id] = Submitted(word=word, command=command, by=by, after=after)
        self.redraw()
        try:
            await off_screen(partial(orders.ask, rollout.id, command, by, self.arming.reason))
        except orders.NotAsked as error:
            self.submitted.pop(rollout.id, None)
            self._tell(f"{rollout.service}: nothing was asked for. {error}", severe=True)
            self.redraw()

    # Whether

    async def _agreed(self, asked: Asked, rollout: Rollout, act: str) -> bool:
        """Whether it was said yes to, and nothing that the question rests on has changed meanwhile."""
        from tui.screens.confirm import ConfirmScreen  # noqa: PLC0415

        question = ConfirmScreen(asked.title, asked.lines, yes=asked.yes, no=asked.no, glyphs=self.glyphs)
        if not await self.push_screen_wait(question):
            return False
        now = self._known(rollout.id)
        if now is None or _stand(now) != _stand(rollout):
            state = rollout_words.state_text(now) if now else "no longer known"
            self._tell(f"Nothing was done: {rollout.service} is {state} meanwhile. Look again.", severe=True)
            return False
        return self._may_act(act, rollout)

    def _may_act(self, act: str, rollout: Rollout) -> bool:
        """Whether it may act at this moment; where not, that is told, and kept in the journal."""
        if self.may_act():
            return True
        if self._refused_acts.is_new(rollout.id, act):
            self.run_worker(self._enter_refused(act, rollout, self.arming.why), group="refused")
        return False

    async def _enter_refused(self, act: str, rollout: Rollout, why: str) -> None:
        from tui import orders  # noqa: PLC0415 - as above

        try:
            await off_screen(partial(orders.enter_disarmed, rollout.id, act, _me(), why))
        except orders.NotAsked as error:
            self._tell(f"That it was refused is not in the journal: {error}", severe=True)

    def may_act(self) -> bool:
        """Whether it may act at this moment; where not, it is told why and what to do."""
        if self.arming.armed:
            return True
        if self.settings.arming.read_only:
            self._tell("This console is read-only: arming.read_only is set in the configuration.")
            return False
        keys = [self.keymap.keys(one)[0] for one in self.keymap.actions_on("") if one.id == ARM]
        how = f": {keys[0]} arms this console" if keys else ""
        self._tell(f"Nothing was done, {self.arming.why}{how}")
        return False

    def _in_view(self, *, past: bool) -> Rollout | str:
        """The rollout that keys act on; else why there is none."""
        rollouts = self.snapshot.rollouts if self.snapshot else ()
        if self._meant and (found := self._known(self._meant)) is not None:
            return found
        still = [one for one in rollouts if one.open]
        if len(still) == 1 and not past:
            return still[0]
        return "Choose a rollout in the view of rollouts first." if rollouts else "There is no rollout."

    def _known(self, rollout: str) -> Rollout | None:
        every = self.snapshot.rollouts if self.snapshot else ()
        return next((one for one in every if one.id == rollout), None)

    async def leave_or_stay(self) -> bool:
        """Whether to leave; with rollouts open only once it was said what goes on without this console."""
        still = [one for one in (self.snapshot.rollouts if self.snapshot else ()) if one.open]
        if not still or self.keymap.on == REPLAY:
            return True
        from tui import rollout_questions  # noqa: PLC0415
        from tui.screens.confirm import ConfirmScreen  # noqa: PLC0415

        asked = rollout_questions.leave(still, self.glyphs)
        return await self.push_screen_wait(
            ConfirmScreen(asked.title, asked.lines, yes=asked.yes, no=asked.no, glyphs=self.glyphs)
        )


def _act(action: str, word: str) -> str:
    """As the journal names it: the word of the key may be friendlier."""
    known: dict[str, str] = {PROMOTE: Command.PROMOTE, ABORT: Command.ABORT, UNDO: ROLLBACK}
    return known.get(action, Command.PAUSE if word == "pause" else Command.RESUME)


def _has_worker(rollout: Rollout) -> bool:
    ended = (RolloutState.LOST, RolloutState.NEEDS_PERSON)
    return rollout.worker_alive and rollout.state not in ended


def _stand(rollout: Rollout) -> tuple[object, ...]:
    """What a question about it rests on."""
    pauses = frozenset(pause.kind for pause in rollout.pauses)
    return (rollout.state, rollout.step, pauses, _has_worker(rollout))


def _impossible(action: str, rollout: Rollout) -> str:
    word = {PAUSE: "pause", PROMOTE: "promote", ABORT: "abort", UNDO: "roll back"}[action]
    state = rollout_words.state_text(rollout)
    if action == UNDO and rollout.open:
        return f"{rollout.service} is {state}: abort goes back as long as it is not committed"
    return f"{rollout.service} is {state}: there is nothing to {word}"


def _me() -> Actor:
    from patchdeck.rollout.processes import actor  # noqa: PLC0415

    return actor("console")

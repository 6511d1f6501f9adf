"""The composer: where to, and how, beside what that would do."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Grid
from textual.timer import Timer

from patchdeck.model import Plan, Refusal, Service
from patchdeck.policy.person import this_person
from patchdeck.policy.rules import Request, against, asks_for_name
from patchdeck.rollout.planning.presets import PRESETS, preset
from patchdeck.settings import Settings
from tui import keymap
from tui.composer import form, question
from tui.composer.desk import CannotAsk, Desk, Wish
from tui.composer.fields import FieldInput, Fields, Offer, OfferList
from tui.composer.form import IMAGE, OVERRIDE, PRESET, REASON
from tui.composer.offering import offered, proposed, running_image
from tui.off_screen import off_screen
from tui.screens.base import ConsoleScreen
from tui.shown import Shown
from widgets.plan_line import PlanLine
from widgets.plan_view import PlanView

if TYPE_CHECKING:
    from patchdeck.rollout.planning.offers import Offers
    from patchdeck.sources.targets import Target

DEBOUNCE_S: Final = 0.4
"""After the last key, before a plan is asked for."""


class ComposerScreen(ConsoleScreen, inherit_bindings=False):
    """Plans as it is typed; begins nothing without its question being answered."""

    NAME = keymap.COMPOSER
    BINDINGS: ClassVar[list[BindingType]] = [
        *keymap.bindings(keymap.COMPOSER),
        # Of the screen and not of the fields: what is typed ahead while it stands still then goes to the field that it
        # was meant for, whereas keys wait in the queue of the widget that has the keyboard when they come.
        Binding("up", "to_field(-1)", "Before", show=False, priority=True, id="field.up"),
        Binding("down,enter", "to_field(1)", "Next", show=False, priority=True, id="field.down"),
        Binding("tab", "app.next_panel", "Next", show=False, priority=True, id="field.next"),
        Binding("shift+tab", "app.previous_panel", "Before", show=False, priority=True, id="field.before"),
    ]
    AUTO_FOCUS = f"#{IMAGE}"
    DEFAULT_CSS = """
    ComposerScreen {
        & > .body { grid-size: 2; grid-columns: 50 1fr; }
        &.-short OfferList { max-height: 4; }
        &.-narrow > .body { grid-size: 1; grid-columns: 1fr; }
        &.-narrow PlanView { display: none; }
        &.-narrow.-plan PlanView { display: block; }
        &.-narrow.-plan Fields { display: none; }
        & > PlanLine { display: none; }
        &.-narrow > PlanLine { display: block; }
        &.-narrow.-plan > PlanLine, &.-too-small > PlanLine { display: none; }
    }
    """

    def __init__(self, service: Service, settings: Settings, reason: str) -> None:
        super().__init__()
        self._service = service
        self._settings = settings
        self._from = running_image(service)
        self._values = form.beginning(settings.rollout, self._from, reason)
        self._desk: Desk | None = None
        self._offers: Offers | None = None
        self._typed_image = False
        self._proposed = ""
        self._timer: Timer | None = None
        self._plan: Plan | None = None
        self._planned_for: Wish | None = None
        self._target: Target | None = None
        self._waiting = ""
        self._submitting = False
        self._submitted = ""

    def compose_body(self) -> ComposeResult:
        with Grid(classes="body"):
            yield Fields(self._values, glyphs=self.glyphs)
            yield PlanView(glyphs=self.glyphs)
        yield PlanLine(glyphs=self.glyphs)

    def opened(self) -> None:
        self._desk = Desk(self.patchdeck.watch_object, self._settings)
        self._ask_soon()
        self._look_for_offers()

    def show(self, shown: Shown) -> None:
        """Nothing here follows the state but what was submitted: its page comes when the journal tells of it."""
        if self._submitted and any(one.id == self._submitted for one in shown.snapshot.rollouts):
            rollout, self._submitted = self._submitted, ""
            self.patchdeck.pop_screen()
            self.patchdeck.open_rollout(rollout)

    # Fields

    @property
    def _fields(self) -> Fields:
        return self.query_one(Fields)

    @on(Fields.Changed)
    def _changed(self, event: Fields.Changed) -> None:
        values = self._fields.values
        if event.field == PRESET and values[PRESET] in PRESETS:
            self._fields.fill(form.texts(preset(self._settings.rollout, values[PRESET])))
        if event.field == IMAGE:
            self._typed_image = values[IMAGE] != self._proposed
            self._show_offers()
        if event.field in (REASON, OVERRIDE):
            self._show_plan()
        else:
            self._ask_soon()

    @on(OfferList.Taken)
    def _taken(self, event: OfferList.Taken) -> None:
        self._fields.fill({IMAGE: event.image})
        self.query_one(f"#{IMAGE}", FieldInput).focus()

    def _show_offers(self) -> None:
        typed = self._fields.values[IMAGE].strip()
        known = self.patchdeck.snapshot.rollouts if self.patchdeck.snapshot else ()
        offers: list[Offer] = offered(self._service, known, self._offers, typed if self._typed_image else "")
        self.query_one(OfferList).show(offers)

    @work(group="offers", exclusive=True)
    async def _look_for_offers(self) -> None:
        assert self._desk is not None
        self._show_offers()
        try:
            self._offers = await self._desk.offers(self._service.engine, self._from)
        except CannotAsk as error:
            self.notify(f"Images are not known: {error}", severity="warning", markup=False)
            return
        self._proposed = proposed(self._from, self._offers)
        # By the field itself: what was typed stays, though its message may not have come yet.
        if self._proposed and self.query_one(f"#{IMAGE}", FieldInput).value == self._from:
            self._fields.fill({IMAGE: self._proposed})
        self._show_offers()

    # The plan

    def _ask_soon(self) -> None:
        """Plan anew once nothing is typed any more; what is being planned is given up."""
        self.workers.cancel_group(self, "plan")
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        wrong = form.mistakes(self._fields.values)
        self._fields.show_wrong(wrong)
        self._planned_for = None
        if wrong:
            name, text = next(iter(wrong.items()))
            self._wait_for(f"no plan yet: {form.BY_ID[name].label}: {text}")
            return
        self._wait_for("planning")
        self._timer = self.set_timer(DEBOUNCE_S, self._begin_planning)

    def _begin_planning(self) -> None:
        self._make_plan()

    @work(group="plan", exclusive=True)
    async def _make_plan(self) -> None:
        from patchdeck.rollout.planning.duration import watched  # noqa: PLC0415

        assert self._desk is not None
        wish = self._wish_now()
        if wish is None:
            return
        shown = self.patchdeck.shown
        service = shown.service(self._service.key) if shown else None
        engine = shown.snapshot.engine(wish.engine) if shown else None
        observed = watched(service, engine.knee if engine else None)
        try:
            self._plan, self._target = await self._desk.plan(wish, observed, self._wait_for)
        except CannotAsk as error:
            self._plan = None
            self._wait_for(f"no plan: {error}")
            return
        self._planned_for = wish
        self._wait_for("")

    def _wish_now(self) -> Wish | None:
        """None: there is a mistake in a field. Of what was typed just now that is not told yet, and will be."""
        values = self._fields.values
        if form.mistakes(values):
            return None
        return Wish(
            engine=self._service.engine,
            service=self._service.name,
            image=values[IMAGE].strip(),
            strategy=form.read(values, self._settings.rollout),
        )

    @property
    def _override(self) -> str:
        return self._fields.values[OVERRIDE].strip()

    def _request(self, plan: Plan) -> Request:
        values = self._fields.values
        return Request(
            person=this_person(),
            reason=values[REASON].strip() or self.patchdeck.arming.reason,
            override=self._override,
            has_healthcheck=plan.has_healthcheck,
        )

    def _refusals(self, plan: Plan) -> tuple[Refusal, ...]:
        return against(self._settings, plan, self._request(plan), time.time_ns())

    def _wait_for(self, text: str) -> None:
        self._waiting = text
        self._show_plan()

    def _show_plan(self) -> None:
        plan = self._plan
        refusals = self._refusals(plan) if plan else ()
        title = f"Roll out {self._service.name} {self.glyphs.dot} {self._service.engine}"
        for view in self.query(PlanView):
            view.show_plan(title, plan, refusals, self._waiting)
        for line in self.query(PlanLine):
            line.show(plan, refusals, self._waiting)

    # Acts

    def action_other_page(self) -> None:
        to_plan = isinstance(self.focused, FieldInput | OfferList)
        self.set_class(to_plan, "-plan")
        view = self.query_one(PlanView)
        self.call_after_refresh(view.focus if to_plan else self.query_one(f"#{IMAGE}").focus)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "to_field" and not isinstance(self.focused, FieldInput):
            return False
        return super().check_action(action, parameters)

    def action_to_field(self, by: int) -> None:
        if by > 0:
            self.focus_next()
        else:
            self.focus_previous()

    def action_begin_rollout(self) -> None:
        # After all that was typed before it.
        (self.focused or self).call_later(self._begin_planned)

    def _begin_planned(self) -> None:
        plan, app = self._plan, self.patchdeck
        if not self.is_active:
            return  # its key was pressed again, before the question or the page of the rollout came
        if self._submitting or self._submitted:
            self._tell("It is submitted already, and waits for its journal.")
        elif plan is None or self._planned_for is None or self._planned_for != self._wish_now():
            self._tell("There is no plan of this yet: wait for it, or put right what it says.")
        elif not app.arming.armed and (why := app.cannot_arm(self._override)):
            self._tell(f"Nothing was begun, and this console can not be armed: {why}", severe=True)
            self.run_worker(self._enter_disarmed(plan, why), group="refused")
        else:
            self._begin(plan)

    @work(group="begin", exclusive=True)
    async def _begin(self, plan: Plan) -> None:
        from patchdeck.rollout.processes import actor  # noqa: PLC0415
        from tui.composer import submitting  # noqa: PLC0415 - loads sqlite3

        assert self._target is not None
        app = self.patchdeck
        if not app.arming.armed:
            if not await app.asked_to_arm(self._override):
                return
            if not self._fields.values[REASON].strip():
                self._fields.fill({REASON: app.arming.reason})
        if not self._refusals(plan) and not await self._agreed(plan):
            return
        if not app.may_act():
            await self._enter_disarmed(plan, app.arming.why)
            return
        beginning = partial(
            submitting.begin, plan, self._target, self._request(plan), actor("console"), self._settings
        )
        self._wait_for("submitting")
        # What is on its way into the journal is not called back by asking for it once more.
        self._submitting = True
        try:
            self._submitted = await off_screen(beginning)
        except submitting.NotBegun as error:
            self._wait_for("")
            self._tell(str(error), severe=True)
            return
        finally:
            self._submitting = False
        self._wait_for(f"submitted as rollout {self._submitted}; its page comes with its journal")

    async def _enter_disarmed(self, plan: Plan, why: str) -> None:
        """It was asked for, and refused: the journal is to know."""
        from patchdeck.rollout.processes import actor  # noqa: PLC0415
        from tui.composer import submitting  # noqa: PLC0415 - as above

        assert self._target is not None
        entering = partial(
            submitting.enter_disarmed, plan, self._target, self._request(plan), actor("console"), why
        )
        try:
            await off_screen(entering)
        except submitting.NotBegun as error:
            self._tell(f"That it was refused is not in the journal: {error}", severe=True)

    async def _agreed(self, plan: Plan) -> bool:
        """Whether the question was answered with yes; where policy wants it, with the service's name."""
        title, lines = question.title(plan, self.glyphs), question.lines(plan, self._override)
        if asks_for_name(self._settings.policy, plan.engine):
            from tui.screens.typed import TypedScreen  # noqa: PLC0415

            typed = await self.app.push_screen_wait(
                TypedScreen(
                    title,
                    lines,
                    f"the service's name: {plan.service}",
                    yes="roll it out",
                    no="begin nothing",
                    glyphs=self.glyphs,
                )
            )
            if typed is not None and typed != plan.service:
                self._tell(f"Nothing was begun: {typed} is not the service's name, {plan.service}.")
            return typed == plan.service
        from tui.screens.confirm import ConfirmScreen  # noqa: PLC0415

        return await self.app.push_screen_wait(
            ConfirmScreen(title, lines, yes="roll it out", no="begin nothing", glyphs=self.glyphs)
        )

    def _tell(self, text: str, *, severe: bool = False) -> None:
        self.notify(text, severity="error" if severe else "warning", markup=False)

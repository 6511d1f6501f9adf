"""The rules of the configuration against one plan, one person and one moment. Pure.

The same function judges in the composer, in `patchdeck policy check` and when a rollout is about to run, so that the
three agree.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Final

from patchdeck.model import Plan, Refusal
from patchdeck.model.facts import Value
from patchdeck.policy.windows import Opening, opening
from patchdeck.registry.reference import is_image_id, parse
from patchdeck.rollout.gates.ratio_value import ON, PASS_BELOW, REQUIRED, RatioValue, ratio_value
from patchdeck.settings import PolicySettings, Settings

WINDOW: Final = "change-window"
FREEZE: Final = "freeze"
OVERRIDABLE: Final = frozenset({WINDOW, FREEZE})
"""Rules that a reason can set aside. The others say what may run, not when."""
_ALWAYS_ON: Final = frozenset({"health"})
"""Gates that every rollout has, because they can not be turned off."""
_RATIO: Final = "ratio"
_HUB: Final = "index.docker.io"


class Person(Value, frozen=True, kw_only=True):
    """Who asks. Source: the effective user of the process and its groups."""

    user: str
    groups: tuple[str, ...] = ()


class Request(Value, frozen=True, kw_only=True):
    """What is asked for, besides the plan."""

    person: Person
    reason: str = ""
    override: str = ""
    """Why it may not wait for the window."""
    has_healthcheck: bool | None = True
    """The new image, or the containers' own configuration, has one. None: not known before it is pulled."""


def judge(settings: Settings, plan: Plan, request: Request, now_ns: int) -> tuple[Refusal, ...]:
    """Every rule that this breaks, in the order in which the documentation lists them; empty: it may run."""
    policy = settings.policy
    return (
        *_who(policy, request.person),
        *_when(settings, plan, request, now_ns),
        *_image(policy, plan),
        *_health(policy, request),
        *_growth(policy, plan),
        *_gates(settings, plan),
        *_why(policy, plan, request),
    )


def against(settings: Settings, plan: Plan, request: Request, now_ns: int) -> tuple[Refusal, ...]:
    """Everything that speaks against running this plan: its own refusals, then those of policy."""
    return (*plan.refusals, *judge(settings, plan, request, now_ns))


def against_going_back(settings: Settings, plan: Plan, request: Request, now_ns: int) -> tuple[Refusal, ...]:
    """As `against`, for a plan that undoes a rollout: what ran before needs no leave to run again, only a time and a
    person.
    """
    return (
        *plan.refusals,
        *_who(settings.policy, request.person),
        *_when(settings, plan, request, now_ns),
        *_why(settings.policy, plan, request),
    )


def is_production(policy: PolicySettings, engine: str) -> bool:
    """Whether the configuration marks this engine as production."""
    return any(fnmatchcase(engine, pattern) for pattern in policy.production)


def asks_for_name(policy: PolicySettings, engine: str) -> bool:
    """Whether the confirmation asks for the service's name to be typed."""
    return policy.type_name == "always" or (
        policy.type_name == "production" and is_production(policy, engine)
    )


def when(settings: Settings, engine: str, now_ns: int) -> Opening:
    """The windows and freezes that are about this engine."""
    return opening(
        [one for one in settings.windows if _is_about(one.engines, engine)],
        [one for one in settings.freezes if _is_about(one.engines, engine)],
        now_ns,
    )


def _is_about(patterns: Sequence[str], name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _who(policy: PolicySettings, person: Person) -> Sequence[Refusal]:
    if not policy.users and not policy.groups:
        return ()
    if person.user in policy.users or not set(policy.groups).isdisjoint(person.groups):
        return ()
    allowed = ", ".join([*policy.users, *(f"group {group}" for group in policy.groups)])
    return (Refusal(rule="who", text=f"{person.user} may not roll out: policy allows {allowed}"),)


def _when(settings: Settings, plan: Plan, request: Request, now_ns: int) -> Sequence[Refusal]:
    now = when(settings, plan.engine, now_ns)
    if now.is_open or request.override.strip():
        return ()
    rule = FREEZE if now.freeze else WINDOW
    what = "changes are" if now.freeze else "the change window is closed:"
    return (
        Refusal(rule=rule, text=f"{what} {now.text}; wait, or override with a reason (--override REASON)"),
    )


def _image(policy: PolicySettings, plan: Plan) -> Sequence[Refusal]:
    found = []
    name, tag, digest = parts(plan.to.image)
    if not any(fnmatchcase(name, pattern) for pattern in policy.images):
        what = name or f"{plan.to.image} tells no name, and so"
        allowed = ", ".join(policy.images)
        found.append(
            Refusal(rule="image", text=f"{what} is not among the images that policy allows: {allowed}")
        )
    if tag and not digest and any(fnmatchcase(tag, pattern) for pattern in policy.forbidden_tags):
        found.append(
            Refusal(rule="tag", text=f"the tag {tag} is forbidden by policy: name a version, or a digest")
        )
    if policy.digest_required and not digest:
        told = plan.to.digest or f"{name or 'NAME'}@sha256:…"
        found.append(Refusal(rule="digest", text=f"policy wants the image by its digest: --to {told}"))
    return found


def parts(reference: str) -> tuple[str, str, str]:
    """Name with its registry as it is meant, tag (latest where none is given and no digest), digest, of a reference.

    All empty for the ID of an image, which tells none of them. Raises: InvalidReference.
    """
    if is_image_id(reference):
        return "", "", ""
    found = parse(reference, default_registry=_HUB)
    return f"{found.registry or 'docker.io'}/{found.path}", found.tag, found.digest


def _health(policy: PolicySettings, request: Request) -> Sequence[Refusal]:
    if not policy.healthcheck_required or request.has_healthcheck:
        return ()
    if request.has_healthcheck is None:
        text = "policy wants a healthcheck, and whether the new image has one is not known: pull it, then ask again"
        return (Refusal(rule="healthcheck", text=text),)
    text = "policy wants a healthcheck, and neither the new image nor the service has one: add HEALTHCHECK to the image"
    return (Refusal(rule="healthcheck", text=text),)


def _growth(policy: PolicySettings, plan: Plan) -> Sequence[Refusal]:
    growth, old = plan.layers.growth_bytes, plan.origin.size_bytes
    if math.isinf(policy.most_growth):
        return ()
    allowed = f"policy allows the image to grow by {policy.most_growth:.0%}"
    if growth is None or not old:
        text = f"{allowed}, and by how much it does is not known: pull the new image, then ask again"
        return (Refusal(rule="growth", text=text),)
    if growth <= policy.most_growth * old:
        return ()
    text = f"{allowed}, and it grows by {growth / old:.0%}: look at its new layers"
    return (Refusal(rule="growth", text=text),)


def _gates(settings: Settings, plan: Plan) -> Sequence[Refusal]:
    there = {gate.name for gate in plan.gates} | _ALWAYS_ON
    required = settings.policy.required_gates
    found = [
        Refusal(
            rule="gate", text=f"policy wants the gate {name}: take away --gate {name}=off, or configure it"
        )
        for name in required
        if name not in there
    ]
    if _RATIO in required and _RATIO in there:
        found += _laxer(settings.rollout.gates.get(_RATIO, ON), plan.strategy.gates.get(_RATIO, ON))
    return found


def _laxer(configured: str, asked: str) -> Sequence[Refusal]:
    """Of all gates only this one can be there and let more through than was meant."""
    # What is off in the configuration, and required there, is on by itself.
    wanted, given = ratio_value(configured) or RatioValue(), ratio_value(asked)
    if given is None or given.asks_as_much_as(wanted):
        return ()
    text = (
        f"policy wants the gate ratio, and {_RATIO}={asked} asks for less than {_RATIO}={_named(wanted)} does"
    )
    return (Refusal(rule="gate", text=f"{text}: take away --gate {_RATIO}={asked}"),)


def _named(value: RatioValue) -> str:
    if value.pass_below != PASS_BELOW:
        return f"{value.pass_below:g}"
    return REQUIRED if value.required else ON


def _why(policy: PolicySettings, plan: Plan, request: Request) -> Sequence[Refusal]:
    wanted = policy.reason_required == "always" or (
        policy.reason_required == "production" and is_production(policy, plan.engine)
    )
    if not wanted or request.reason.strip():
        return ()
    return (Refusal(rule="reason", text="policy wants a reason for every rollout here (--reason TEXT)"),)

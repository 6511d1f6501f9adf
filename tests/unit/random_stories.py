"""Hypothesis strategies: whole stories of an engine whose containers start, crash, are stopped, refused and removed."""

from __future__ import annotations

from hypothesis import strategies as st

from patchdeck.model import SourceState
from tests.unit.stories import GENERATIONS, PROBED, ContainerStory, EngineStory, ns

GAPS_S = (0.5, 1.4, 2.5, 12.0, 45.0, 100.0, 400.0)
OFFSETS_S = (0.0, 0.25, 3600.0, -3600.0)
NETWORKS = (("bridge",), ("none",), ("front", "back"))


@st.composite
def stories(draw: st.DrawFn, most_containers: int = 3) -> EngineStory:
    """Told container by container; sort by time for the order in which it would arrive. Ends with a tick."""
    engine = EngineStory(draw(st.sampled_from(GENERATIONS)), offset_s=draw(st.sampled_from(OFFSETS_S)))
    engine.source(0.1, SourceState.LIVE)
    ends = [_live(draw, engine, number) for number in range(draw(st.integers(1, most_containers)))]
    end_s = max(ends)
    if draw(st.booleans()):
        engine.listed(end_s + 1)
    if draw(st.booleans()):
        engine.image(draw(st.floats(1, 50)), "sha256:" + "1" * 64, "web:1")
    engine.tick(end_s + draw(st.sampled_from((1.0, 15.0, 500.0))))
    return engine


def _live(draw: st.DrawFn, engine: EngineStory, number: int) -> float:
    container = engine.container(
        f"c{number}",
        healthcheck=draw(st.sampled_from((None, PROBED))),
        restart_policy=draw(st.sampled_from(("no", "always"))),
        labels=draw(st.sampled_from(({}, {"patchdeck.service": "shop"}))),
    )
    container.networks = draw(st.sampled_from(NETWORKS))
    at_s = round(draw(st.floats(1, 30)), 3)
    took_s = draw(st.sampled_from((0.2, 1.0, 8.0)))
    state = draw(st.sampled_from(("run", "create", "refuse", "before", "before stopped")))
    match state:
        case "run":
            container.run(at_s, took_s)
        case "create":
            container.create(at_s)
            container.inspect(at_s + 0.3)
        case "refuse":
            container.create(at_s)
            container.refuse(at_s + 0.1, took_s)
        case _:
            container.become(created_ns=ns(-500.5 + engine.offset_s), started_ns=ns(-500 + engine.offset_s))
            container.become(status="running")
            if state == "before stopped":
                container.become(status="exited", finished_ns=ns(-400 + engine.offset_s), exit_code=0)
            container.inspect(at_s)
    at_s += took_s
    running = state in ("run", "before")
    for _ in range(draw(st.integers(0, 6))):
        at_s += draw(st.sampled_from(GAPS_S))
        took_s = draw(st.sampled_from((0.2, 1.0)))
        if running:
            running = _while_running(draw, container, at_s)
        else:
            verb = draw(st.sampled_from(("start", "start", "refuse", "destroy", "vanish")))
            if verb == "destroy":
                container.destroy(at_s)
                return at_s
            if verb == "vanish":
                container.vanish(at_s)
                return at_s
            if verb == "start":
                container.start(at_s, took_s)
                running = True
            else:
                container.refuse(at_s, took_s)
        at_s += took_s + 0.2
    return at_s


def _while_running(draw: st.DrawFn, container: ContainerStory, at_s: float) -> bool:
    verb = draw(
        st.sampled_from(("die", "die", "crash", "oom", "stop", "restart", "well", "ill", "hand", "rename"))
    )
    match verb:
        case "die":
            container.die(at_s, 0)
        case "crash":
            container.die(at_s, 3, told=draw(st.sampled_from((0, 3))))
        case "oom":
            container.event(at_s - 0.01, "oom")
            container.become(oom_killed=True)
            container.die(at_s, 137)
        case "stop":
            container.stop(at_s)
        case "restart":
            container.restart(at_s, 0.4)
        case "well" if container.facts.healthcheck:
            container.probe(at_s, 0, "healthy")
        case "ill" if container.facts.healthcheck:
            container.probe(at_s, 1, draw(st.sampled_from(("", "unhealthy"))))
        case "hand":
            container.event(at_s, "connect", "by-hand")
            container.event(at_s + 0.1, "disconnect", "by-hand")
        case "rename":
            container.become(name=container.facts.name + "x")
            container.event(at_s, "rename")
            container.inspect(at_s + 0.01)
    return verb not in ("die", "crash", "oom", "stop")

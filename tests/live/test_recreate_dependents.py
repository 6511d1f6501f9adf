"""Containers that live in the namespaces of a replica, and go along with it."""

from __future__ import annotations

from pathlib import Path

from patchdeck.model import RolloutState
from patchdeck.rollout.worker import carry_out
from tests.lab.engine import Engine
from tests.lab.images import Images
from tests.lab.services import start_service
from tests.live.rollouts import service_now, submitted


async def test_what_shares_the_network_of_a_replica_is_made_anew_on_its_successor_and_can_be_restarted(
    engine: Engine, images: Images, tmp_path: Path
) -> None:
    old, new = images.web("1.0"), images.web("1.1")
    (web,) = start_service(engine, old, 1)
    engine.docker("run", "--detach", "--name=side", f"--network=container:{web.name}", "--volume=/own", old)
    engine.docker("run", "--detach", "--name=tail", "--network=none", "--pid=container:side", old)
    before = service_now(engine)

    state = await carry_out(await submitted(engine, tmp_path, new), tmp_path)

    assert state.end is RolloutState.COMMITTED, state.text
    now = service_now(engine)
    assert now.keys() == before.keys()
    assert now[web.name]["Image"] != before[web.name]["Image"]
    assert now["side"]["HostConfig"]["NetworkMode"] == f"container:{now[web.name]['Id']}"
    assert now["tail"]["HostConfig"]["PidMode"] == f"container:{now['side']['Id']}"
    for name in ("side", "tail"):
        assert now[name]["State"]["Running"]
        assert now[name]["Image"] == before[name]["Image"]
    assert now["side"]["Mounts"][0]["Name"] == before["side"]["Mounts"][0]["Name"]
    # A reference to a container that is gone is found out at a restart only.
    engine.docker("restart", "--time=1", "side")

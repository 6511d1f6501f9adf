"""What is asked of every engine. Each story cleans up after itself, so that the next finds nothing of it."""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.parse import quote

from tests.conformance.telling import Step

WEB: Final = "shop/web:1.0"
HEALTHY: Final = "shop/web:1.0-health"
CRASHING: Final = "shop/web:1.4"
NEVER_HEALTHY: Final = "shop/web:1.5"
PUSHED: Final = "REGISTRY/shop/web:1.1"
STATE: Final = ("State.Status", "State.Running", "State.ExitCode", "State.Error", "RestartCount")


def get(path: str, *values: str, shaped: bool = False) -> Step:
    return Step(method="GET", path=path, values=values, shaped=shaped)


def post(path: str, body: Any = None, *, waits: str = "", shaped: bool = False) -> Step:
    return Step(method="POST", path=path, body=body, waits=waits, shaped=shaped)


def delete(path: str, *, waits: str = "") -> Step:
    return Step(method="DELETE", path=path, waits=waits)


def create(name: str, image: str = WEB, host: dict[str, Any] | None = None, **config: Any) -> Step:
    body = {"Image": image, **config} | ({"HostConfig": host} if host else {})
    return post(f"/containers/create?name={name}", body)


def state(name: str) -> Step:
    return get(f"/containers/{name}/json", *STATE)


def start(name: str, *, waits: str = "") -> Step:
    return post(f"/containers/{name}/start", waits=waits)


def gone(name: str) -> Step:
    return delete(f"/containers/{name}?force=1&v=1", waits="destroy")


def _at(network: str, address: str) -> dict[str, Any]:
    """An address that is asked for."""
    return {"NetworkingConfig": {"EndpointsConfig": {network: {"IPAMConfig": {"IPv4Address": address}}}}}


def _deaf(name: str) -> Step:
    """Of a program that does not listen."""
    return create(
        name,
        Entrypoint=["/bin/sh", "-c", "trap '' TERM; while :; do sleep 1; done"],
        Labels={"patchdeck.simulator.ignores_signals": "true"},
    )


def _events(*values: str, **filters: list[str]) -> Step:
    """Those of the story so far that the filters let through."""
    return get(
        f"/events?since=FIRST&until=LAST&filters={quote(json.dumps(filters))}", *values, shaped=bool(values)
    )


PORT: Final = {"PortBindings": {"80/tcp": [{"HostPort": "18080"}]}}

STORIES: Final[dict[str, list[Step]]] = {
    "what an engine says of itself": [
        get("/version", "Os", "Arch", shaped=True),
        get("/info", "Swarm.LocalNodeState", "CgroupVersion", shaped=True),
        get("/_ping"),
    ],
    "pages that are not there, and versions that are too new": [
        get("/nope"),
        get("/v1.41/nope"),
        Step(method="PUT", path="/version"),
        get("/v1.99/version"),
        get("/v1.10/version"),
    ],
    "no swarm": [get("/swarm"), get("/services"), get("/nodes"), get("/tasks")],
    "creates that can not be": [
        create("bad", "none:1"),
        create("-bad"),
        post("/containers/create?name=bad"),
        post("/containers/create?name=bad", {}),
        create("bad", host={"RestartPolicy": {"Name": "sometimes"}}),
        create("bad", host={"RestartPolicy": {"Name": "no", "MaximumRetryCount": 3}}),
        create("bad", host={"RestartPolicy": {"Name": "always"}, "AutoRemove": True}),
        create("bad", host={"Memory": 100}),
        create("bad", host={"NanoCpus": 100_000_000_000}),
        create("bad", host={"VolumesFrom": ["nobody"]}),
        get("/containers/bad/json"),
    ],
    "what is not there at the start": [
        create("side", host={"NetworkMode": "container:nobody"}),
        start("side"),
        gone("side"),
        create("web", host={"NetworkMode": "nope"}),
        start("web"),
        state("web"),
        gone("web"),
    ],
    "calls about a container that is not there": [
        get("/containers/nobody/json"),
        get("/containers/nobody/logs?stdout=1"),
        get("/containers/nobody/stats?stream=0"),
        *(
            post(f"/containers/nobody/{call}")
            for call in ("start", "stop", "kill", "restart", "pause", "unpause", "rename?name=new", "wait")
        ),
        post("/containers/nobody/update", {}),
        delete("/containers/nobody"),
    ],
    "a life from create to remove": [
        create(
            "web",
            Env=["A=1"],
            Labels={"a": "b"},
            ExposedPorts={"80/tcp": {}},
            Volumes={"/anon": {}},
            host=PORT
            | {
                "Binds": ["data:/data"],
                "Mounts": [{"Type": "tmpfs", "Target": "/t"}],
                "Memory": 64 << 20,
                "NanoCpus": 500_000_000,
                "RestartPolicy": {"Name": "unless-stopped"},
            },
        ),
        get(
            "/containers/web/json",
            *STATE,
            "Path",
            "Config.Env",
            "Config.Cmd",
            "NetworkSettings.Ports",
            shaped=True,
        ),
        get("/containers/json?all=1", "0.State", "0.Status", "0.Names", "0.Ports", shaped=True),
        get("/containers/json"),
        start("web"),
        get(
            "/containers/web/json",
            *STATE,
            "NetworkSettings.Ports",
            "NetworkSettings.Networks.bridge.IPAddress",
            "HostConfig.NetworkMode",
            "HostConfig.RestartPolicy",
            "HostConfig.MemorySwap",
            "HostConfig.PortBindings",
            "Config.Hostname",
            "Config.Volumes",
            "Mounts./data.Mode",
            shaped=True,
        ),
        get("/containers/json", "0.State", "0.Ports", "0.HostConfig", shaped=True),
        get("/containers/web/stats?stream=0&one-shot=1", "memory_stats.limit", shaped=True),
        post("/containers/web/stop?t=5"),
        get("/containers/web/json", *STATE, "NetworkSettings.Ports", shaped=True),
        get("/containers/web/stats?stream=0&one-shot=1", shaped=True),
        start("web"),
        post("/containers/web/restart?t=5"),
        post("/containers/web/kill?signal=HUP"),
        post("/containers/web/kill"),
        state("web"),
        post("/containers/web/restart?t=5"),
        gone("web"),
        delete("/volumes/data"),
    ],
    "calls in the wrong state": [
        create("web"),
        post("/containers/web/stop"),
        post("/containers/web/kill"),
        post("/containers/web/pause"),
        post("/containers/web/unpause"),
        get("/containers/web/logs"),
        start("web"),
        start("web"),
        create("web"),
        delete("/containers/web"),
        post("/containers/web/kill?signal=NOPE"),
        post("/containers/web/pause"),
        state("web"),
        post("/containers/web/pause"),
        start("web"),
        delete("/containers/web"),
        post("/containers/web/unpause"),
        post("/containers/web/stop?t=5"),
        post("/containers/web/stop?t=5"),
        post("/containers/web/kill"),
        gone("web"),
        delete("/containers/web"),
    ],
    "a paused container is let go before it is restarted": [
        create("web"),
        start("web"),
        post("/containers/web/pause"),
        post("/containers/web/restart?t=5"),
        state("web"),
        gone("web"),
    ],
    "names": [
        create("one"),
        create("two"),
        post("/containers/one/rename?name=one"),
        post("/containers/one/rename"),
        post("/containers/one/rename?name=two"),
        post("/containers/one/rename?name=uno"),
        get("/containers/one/json"),
        create("one"),
        start("one"),
        post("/containers/one/rename?name=one--old-1"),
        post("/containers/two/rename?name=one"),
        get("/containers/one/json", "Name"),
        gone("one"),
        gone("one--old-1"),
        gone("uno"),
    ],
    "updates": [
        create("web", host={"RestartPolicy": {"Name": "unless-stopped"}}),
        post("/containers/web/update", {"RestartPolicy": {"Name": "no"}}, shaped=True),
        get("/containers/web/json", "HostConfig.RestartPolicy"),
        post("/containers/web/update", {"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 2}}),
        get("/containers/web/json", "HostConfig.RestartPolicy"),
        post("/containers/web/update", {"RestartPolicy": {"Name": "sometimes"}}),
        post("/containers/web/update", {"CpuShares": 512}),
        get("/containers/web/json", "HostConfig.RestartPolicy", "HostConfig.CpuShares"),
        gone("web"),
        create("once", host={"AutoRemove": True}),
        post("/containers/once/update", {"RestartPolicy": {"Name": "always"}}),
        post("/containers/once/update", {"RestartPolicy": {"Name": "no"}}),
        gone("once"),
    ],
    "removed at its end": [
        create("once", host={"AutoRemove": True}, Volumes={"/anon": {}}),
        start("once"),
        Step(method="POST", path="/containers/once/stop?t=5", waits="destroy"),
        get("/containers/once/json"),
    ],
    "one that does not listen": [
        _deaf("deaf"),
        start("deaf"),
        post("/containers/deaf/stop?t=1"),
        state("deaf"),
        gone("deaf"),
    ],
    "a crash, and again by its policy": [
        create("loop", CRASHING, host={"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 2}}),
        start("loop", waits="die 3"),
        post("/containers/loop/wait", shaped=True),
        state("loop"),
        gone("loop"),
    ],
    "a kill is the end, whatever the policy": [
        create("web", host={"RestartPolicy": {"Name": "always"}}),
        start("web"),
        post("/containers/web/kill"),
        state("web"),
        gone("web"),
    ],
    "one whose program is not there": [
        create("lost", Cmd=["/nope"], Labels={"patchdeck.simulator.missing_program": "true"}),
        start("lost"),
        state("lost"),
        gone("lost"),
    ],
    "a health check that passes": [
        create("well", HEALTHY),
        start("well", waits="health_status"),
        get("/containers/well/json", "State.Health.Status", "State.Health.FailingStreak", shaped=True),
        post("/containers/well/stop?t=5"),
        get("/containers/well/json", "State.Status", "State.Health.Status"),
        gone("well"),
    ],
    "a health check that does not": [
        create("ill", NEVER_HEALTHY),
        start("ill", waits="health_status"),
        get("/containers/ill/json", "State.Health.Status", "State.Health.FailingStreak"),
        gone("ill"),
    ],
    "a port that is taken": [
        create("one", host=PORT, ExposedPorts={"80/tcp": {}}),
        create("two", host=PORT, ExposedPorts={"80/tcp": {}}),
        create("hidden", host=PORT),
        start("one"),
        start("two"),
        get("/containers/two/json", "State.Status", "State.ExitCode", "State.Error"),
        post("/containers/one/stop?t=5"),
        start("two"),
        start("hidden"),
        get("/containers/hidden/json", "State.Status", "NetworkSettings.Ports"),
        gone("one"),
        gone("two"),
        gone("hidden"),
    ],
    "networks": [
        post("/networks/create", {"Name": "front", "CheckDuplicate": True}, shaped=True),
        post("/networks/create", {"Name": "front", "CheckDuplicate": True}),
        post("/networks/create", {"Name": "host"}),
        post("/networks/create", {"Name": ""}),
        post(
            "/networks/create",
            {"Name": "back", "Internal": True, "IPAM": {"Config": [{"Subnet": "10.77.0.0/24"}]}},
        ),
        post("/networks/create", {"Name": "over", "IPAM": {"Config": [{"Subnet": "10.77.0.0/24"}]}}),
        get("/networks/nobody"),
        delete("/networks/bridge"),
        create(
            "web",
            host={"NetworkMode": "front"},
            NetworkingConfig={"EndpointsConfig": {"front": {"Aliases": ["w"]}}},
        ),
        post("/networks/back/connect", {"Container": "web", "EndpointConfig": {"Aliases": ["b"]}}),
        start("web"),
        get(
            "/containers/web/json",
            "NetworkSettings.Networks.front.Aliases",
            "NetworkSettings.Networks.back.Gateway",
            "NetworkSettings.Networks.back.IPAddress",
            shaped=True,
        ),
        get("/networks/front", "Name", "Driver", "Internal", shaped=True),
        post("/networks/back/connect", {"Container": "web"}),
        post("/networks/back/connect", {"Container": "nobody"}),
        post("/networks/nobody/connect", {"Container": "web"}),
        delete("/networks/front"),
        post("/networks/back/disconnect", {"Container": "web"}),
        post("/networks/back/disconnect", {"Container": "web"}),
        post("/networks/back/connect", {"Container": "web"}),
        gone("web"),
        delete("/networks/front"),
        delete("/networks/back"),
    ],
    "one that lives in another's network": [
        create("main"),
        create("side", host={"NetworkMode": "container:main"}),
        start("side"),
        start("main"),
        start("side"),
        get("/containers/side/json", "HostConfig.NetworkMode", "NetworkSettings.Networks", "Config.Hostname"),
        post("/containers/main/stop?t=5"),
        post("/containers/side/restart?t=5"),
        gone("main"),
        start("side"),
        gone("side"),
    ],
    "addresses that are asked for": [
        post("/networks/create", {"Name": "back", "IPAM": {"Config": [{"Subnet": "10.77.0.0/24"}]}}),
        post("/networks/create", {"Name": "front"}),
        create("one", host={"NetworkMode": "back"}, **_at("back", "10.77.0.9")),
        create("two", host={"NetworkMode": "back"}, **_at("back", "10.77.0.9")),
        start("one"),
        start("two"),
        get("/containers/one/json", "NetworkSettings.Networks.back.IPAddress", "HostConfig.NetworkMode"),
        get(
            "/containers/two/json",
            "State.Status",
            "State.ExitCode",
            "NetworkSettings.Networks.back.IPAddress",
        ),
        gone("one"),
        start("two"),
        post("/networks/front/connect", {"Container": "two"}),
        gone("two"),
        create("lost", host={"NetworkMode": "front"}, **_at("front", "172.18.0.9")),
        start("lost"),
        gone("lost"),
        create("named", NetworkingConfig={"EndpointsConfig": {"bridge": {"Aliases": ["a"]}}}),
        start("named"),
        gone("named"),
        create(
            "both",
            host={"NetworkMode": "front"},
            NetworkingConfig={"EndpointsConfig": {"front": {}, "back": {"Aliases": ["b"]}}},
        ),
        start("both"),
        get("/containers/both/json", "NetworkSettings.Networks.back.Aliases"),
        gone("both"),
        delete("/networks/front"),
        delete("/networks/back"),
    ],
    "no network, and the host's": [
        create("alone", host={"NetworkMode": "none"}),
        start("alone"),
        get("/containers/alone/json", "NetworkSettings.Networks.none.IPAddress", shaped=True),
        post("/networks/bridge/connect", {"Container": "alone"}),
        gone("alone"),
        create("open", host={"NetworkMode": "host"}),
        start("open"),
        gone("open"),
    ],
    "volumes": [
        post("/volumes/create", {"Name": "vol", "Labels": {"k": "v"}}, shaped=True),
        post("/volumes/create", {"Name": "vol"}),
        post("/volumes/create", {"Name": "-b"}),
        get("/volumes/vol", "Name", "Labels"),
        get("/volumes/nobody"),
        delete("/volumes/nobody"),
        delete("/volumes/nobody?force=1"),
        create(
            "web",
            host={"Binds": ["vol:/v:ro"], "Mounts": [{"Type": "volume", "Source": "other", "Target": "/o"}]},
        ),
        get("/containers/web/json", "Mounts./v.Mode", "Mounts./v.RW", "Mounts./o.Mode", "Mounts./o.Name"),
        create("heir", host={"VolumesFrom": ["web"]}),
        delete("/volumes/vol"),
        gone("web"),
        delete("/volumes/vol"),
        gone("heir"),
        delete("/volumes/vol"),
        delete("/volumes/other"),
    ],
    "images": [
        get(f"/images/{HEALTHY}/json", "RepoTags", "Os", "Architecture", "Config.Healthcheck", shaped=True),
        get(f"/images/{WEB}/history", "0.Tags", shaped=True),
        get("/images/none:1/json"),
        get("/images/none:1/history"),
        post(f"/images/{WEB}/tag?repo=shop/copy&tag=x"),
        post("/images/none:1/tag?repo=a&tag=b"),
        post(f"/images/{WEB}/tag?repo=BAD&tag=b"),
        get("/images/shop/copy:x/json", "Config.Cmd"),
        create("web", "shop/copy:x"),
        delete("/images/shop/copy:x"),
        delete("/images/none:1"),
        gone("web"),
    ],
    "pulls": [
        get(f"/distribution/{PUSHED}/json", "Platforms", "Descriptor.mediaType", shaped=True),
        get("/distribution/REGISTRY/shop/none:1/json"),
        post(f"/images/create?fromImage={PUSHED}", waits="pull", shaped=True),
        delete(f"/images/{PUSHED}"),
        post(f"/images/create?fromImage={PUSHED}", waits="pull 2", shaped=True),
        get(f"/images/{PUSHED}/json", "RepoTags", "RepoDigests"),
        post("/images/create?fromImage=REGISTRY/shop/none&tag=1"),
        post("/images/create?fromImage=REGISTRY/shop/web&tag=none"),
        post("/images/create?fromImage=BAD%20X&tag=1"),
    ],
    "events of the past, by time and by what they are": [
        create("web"),
        start("web"),
        post("/containers/web/kill", waits="die"),
        _events("0.Action", "1.Action", "2.Action", container=["web"], event=["create", "start", "die"]),
        _events("0.Type", "0.Action", "1.Type", "1.Action", event=["connect", "start"]),
        _events("0.Actor.ID", "1.Actor.ID", type=["container"], event=["start", "die"], image=[WEB]),
        _events(container=["nobody"]),
        get("/events?since=5&until=1"),
        gone("web"),
    ],
    "questions that can not be read": [
        get("/containers/json?filters=bad"),
        get("/containers/json?filters=%7B%22nope%22:%5B%22x%22%5D%7D"),
        get("/containers/json?filters=%7B%22status%22:%5B%22nope%22%5D%7D"),
        get("/events?since=abc&until=1"),
    ],
}

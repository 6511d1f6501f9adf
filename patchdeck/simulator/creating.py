"""POST /containers/create."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from patchdeck.simulator.behaviour import with_labels
from patchdeck.simulator.container import MANUAL_POLICIES, Container, Endpoint
from patchdeck.simulator.defaults import container_config, host_config
from patchdeck.simulator.errors import EngineFault
from patchdeck.simulator.images import Image
from patchdeck.simulator.volumes import ROOT
from patchdeck.simulator.world import PROCESSORS, World

_NAME: Final = re.compile(r"/?[a-zA-Z0-9][a-zA-Z0-9_.-]+", re.ASCII)
_POLICIES: Final = ("", "no", "always", "unless-stopped", "on-failure")
LEAST_MEMORY: Final = 6 << 20
ENDPOINT_FIELDS: Final = ("IPAMConfig", "Links", "Aliases", "MacAddress", "DriverOpts", "GwPriority")


class Creating:
    def __init__(self, world: World) -> None:
        self._world = world

    async def create(self, name: str, body: dict[str, Any]) -> Container:
        """Raises: EngineFault."""
        world = self._world
        began_ns = world.clock.now_ns()
        self._check(name, body)
        image = world.images.get(body["Image"]).image
        container_id = world.ids.new()
        name = name.removeprefix("/") or self._free_name()
        world.containers.reserve(name, container_id)
        try:
            container = await self._made(container_id, name, image, began_ns, body)
        except BaseException:
            world.containers.release(name)
            raise
        world.mounting.hold(container)
        world.containers.add(container)
        world.tell(container, "create")
        return container

    async def _made(
        self, container_id: str, name: str, image: Image, began_ns: int, body: dict[str, Any]
    ) -> Container:
        world = self._world
        host = host_config(body.get("HostConfig") or {}, world.generation)
        config = container_config(body, image.config)
        if not (config["Entrypoint"] or config["Cmd"]):
            raise EngineFault(400, "no command specified")
        self._resolve_network(host)
        config["Hostname"] = config["Hostname"] or self._host_name(container_id, host)
        try:
            behaviour = with_labels(image.behaviour, config["Labels"])
        except msgspec.ValidationError as error:
            raise EngineFault(400, f"a label of the simulator can not be read: {error}") from error
        await world.costs.create(container_id)
        if world.faults.disk_full:
            raise EngineFault(500, f"mkdir {ROOT}/overlay2/{container_id}-init: no space left on device")
        world.mounting.check(host)
        endpoints = self._endpoints(host, body.get("NetworkingConfig") or {})
        made = Container(
            id=container_id,
            name=name,
            created_ns=began_ns,
            image=image,
            behaviour=behaviour,
            config=config,
            host=host,
            mounts=[],
            endpoints=endpoints,
        )
        try:
            made.mounts = world.mounting.of(config, host)
        except EngineFault:
            # It was there already, if for a moment.
            world.tell(made, "destroy")
            raise
        return made

    def _check(self, name: str, body: dict[str, Any]) -> None:
        words, host = self._world.words, body.get("HostConfig") or {}
        if not any(key in body for key in ("Image", "Cmd", "Entrypoint", "Env", "Labels")):
            raise words.no_config()
        if name and not _NAME.fullmatch(name):
            raise words.bad_name(name)
        if not body.get("Image"):
            raise EngineFault(400, "no image specified")
        check_policy(host.get("RestartPolicy") or {}, self._world)
        policy = (host.get("RestartPolicy") or {}).get("Name") or ""
        if host.get("AutoRemove") and policy not in MANUAL_POLICIES:
            raise words.auto_remove_with_policy()
        check_limits(host, self._world)

    def _free_name(self) -> str:
        while self._world.containers.owner(name := self._world.ids.name()) is not None:
            pass
        return name

    def _resolve_network(self, host: dict[str, Any]) -> None:
        """Whose network is shared is kept by ID; that there is no such container shows at the start only."""
        kind, colon, whose = str(host["NetworkMode"]).partition(":")
        if colon and kind == "container" and (found := self._world.containers.find(whose)) is not None:
            host["NetworkMode"] = f"container:{found.id}"

    def _host_name(self, container_id: str, host: dict[str, Any]) -> str:
        mode = host["NetworkMode"]
        if mode == "host":
            return self._world.name
        kind, _, whose = mode.partition(":")
        shared = self._world.containers.find(whose) if kind == "container" else None
        return container_id[:12] if shared is None else str(shared.config["Hostname"])

    def _endpoints(self, host: dict[str, Any], networking: dict[str, Any]) -> dict[str, Endpoint]:
        mode = host["NetworkMode"]
        if mode.startswith("container:"):
            return {}
        asked = dict(networking.get("EndpointsConfig") or {})
        main = self._network_name(mode)
        found = {}
        if mode in asked or main not in asked:
            found[main] = endpoint(asked.pop(mode, None) or asked.pop(main, None) or {})
        for name, settings in asked.items():
            found[self._network_name(name)] = endpoint(settings or {})
        self._check_endpoints(found, networking)
        return found

    def _check_endpoints(self, found: dict[str, Endpoint], networking: dict[str, Any]) -> None:
        """Newer engines look at it at once, older ones at the start; those connect only one network at create."""
        words, names = self._world.words, list(networking.get("EndpointsConfig") or {})
        if not self._world.generation.since_24:
            if len(names) > 1:
                raise words.too_many_endpoints(names)
            return
        for name, one in found.items():
            if complaints := self._world.networks.complaints(name, one):
                raise words.bad_endpoint(name, complaints)

    def _network_name(self, name: str) -> str:
        if name == "default":
            return "bridge"
        network = self._world.networks.find(name)
        return name if network is None else network.name


def endpoint(asked: dict[str, Any]) -> Endpoint:
    """A place on a network, as EndpointsConfig asks for it."""
    return Endpoint({key: asked.get(key) for key in ENDPOINT_FIELDS})


def check_policy(policy: dict[str, Any], world: World) -> None:
    """Raises: EngineFault for a restart policy that can not be."""
    name, count = policy.get("Name") or "", policy.get("MaximumRetryCount") or 0
    if name not in _POLICIES:
        raise world.words.unknown_policy(name)
    if count and name != "on-failure":
        raise world.words.useless_count(name)


def check_limits(host: dict[str, Any], world: World) -> None:
    """Raises: EngineFault for limits that the host can not keep."""
    if 0 < (host.get("Memory") or 0) < LEAST_MEMORY:
        raise world.words.too_little_memory()
    if (host.get("NanoCpus") or 0) > PROCESSORS * 1_000_000_000:
        raise world.words.processors_out_of_range(PROCESSORS)

"""A day of 200 containers as a console would observe it, made up: rates and shapes are those of the sources.

Samples, pings and statistics every two seconds, six containers asked for their use in each; every service is patched
every four hours, one after the other, each replica removed and started anew. Digits are random where they are in life,
and as many.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final

from patchdeck.model import (
    AnyObservation,
    ContainerEvent,
    ContainerFacts,
    ContainerInspected,
    ContainersListed,
    EngineAnswered,
    EngineDescribed,
    HostSampled,
    ImageFacts,
    ImageInspected,
    IndicatorRead,
    Layer,
    Limits,
    SourceChanged,
    SourceState,
    Ticked,
)
from patchdeck.sources.emitting import significant

SERVICES: Final = 25
REPLICAS: Final = 8
SAMPLE_S: Final = 2
ASKED: Final = 6
PATCH_EVERY_S: Final = 4 * 3600
_S: Final = 1_000_000_000
_ENGINE: Final = "prod-a"


class Day:
    """Arrivals, oldest first, from `began_ns` on."""

    def __init__(self, began_ns: int, *, patch_every_s: int = PATCH_EVERY_S, seed: int = 1) -> None:
        self._chance = random.Random(seed)
        self._began_ns = began_ns
        self._patch_every_s = patch_every_s
        self._containers: dict[tuple[int, int], str] = {}
        self._versions = [0] * SERVICES

    def arrivals(self, seconds: int) -> Iterator[tuple[int, AnyObservation]]:
        yield from self._opening()
        for second in range(seconds):
            at_ns = self._began_ns + second * _S
            yield self._at(at_ns), Ticked(engine="", at_ns=self._at(at_ns))
            if second % SAMPLE_S == 0:
                yield from self._sampled(at_ns)
            service, within = divmod(second % self._patch_every_s, 60)
            if second >= 60 and service < SERVICES and within % 5 == 0 and within // 5 < REPLICAS:
                if within == 0:
                    self._versions[service] += 1
                yield from self._replaced(at_ns, service, within // 5)

    def _at(self, at_ns: int) -> int:
        """As a loop's timers are late: by some milliseconds."""
        return at_ns + int(self._chance.expovariate(1 / 2e6))

    def _opening(self) -> Iterator[tuple[int, AnyObservation]]:
        at_ns = self._began_ns
        yield (
            at_ns,
            EngineDescribed(
                engine=_ENGINE,
                at_ns=at_ns,
                host="unix:///var/run/docker.sock",
                version="28.5.2",
                api_version="1.51",
            ),
        )
        yield at_ns, SourceChanged(engine=_ENGINE, at_ns=at_ns, source="engine", state=SourceState.LIVE)
        for service in range(SERVICES):
            yield at_ns, self._image(at_ns, service)
            for replica in range(REPLICAS):
                self._containers[service, replica] = f"{self._chance.getrandbits(256):064x}"
                yield at_ns, self._inspected(at_ns, service, replica, at_ns - 3600 * _S)
        yield (
            at_ns,
            ContainersListed(engine=_ENGINE, at_ns=at_ns, container_ids=tuple(self._containers.values())),
        )

    def _sampled(self, at_ns: int) -> Iterator[tuple[int, AnyObservation]]:
        share = self._chance.random
        now_ns = self._at(at_ns)
        yield (
            now_ns,
            HostSampled(
                engine=_ENGINE,
                at_ns=now_ns,
                cpu_some_10=round(share() * 0.3, 4),
                cpu_some_60=round(share() * 0.3, 4),
                memory_some_10=0.0,
                memory_full_10=0.0,
                memory_full_60=0.0,
                io_some_10=round(share() * 0.1, 4),
                io_full_10=round(share() * 0.05, 4),
                io_full_60=round(share() * 0.05, 4),
                cpu_busy=self._chance.randrange(400) / 400,
                cpu_iowait=self._chance.randrange(40) / 400,
                cpu_steal=0.0,
            ),
        )
        now_ns = self._at(at_ns)
        yield (
            now_ns,
            EngineAnswered(engine=_ENGINE, at_ns=now_ns, response_s=significant(0.001 + share() * 0.004)),
        )
        now_ns = self._at(at_ns) + int(share() * 1e8)
        for service in self._chance.sample(range(SERVICES), ASKED):
            for read in self._used(now_ns, f"shop/service-{service}"):
                yield now_ns, read
        for read in self._used(now_ns, ""):
            yield now_ns, read

    def _used(self, at_ns: int, service: str) -> Iterator[IndicatorRead]:
        share = self._chance.random
        for indicator, value, unit, detail in (
            ("throttling", share() * 0.2, "share", "throttled periods"),
            ("limits", share(), "share", "its memory limit is used by"),
            ("used-cpu" if service else "cpu", share() * 2, "processors", "processors in use"),
            ("used-memory" if service else "io", share() * 1e9, "bytes", "memory in use"),
            ("used-io", share() * 1e6, "bytes/s", "block IO"),
        ):
            if service or indicator in ("throttling", "limits", "cpu", "io"):
                yield IndicatorRead(
                    engine=_ENGINE,
                    at_ns=at_ns,
                    indicator=indicator,
                    source="stats",
                    value=significant(value),
                    window_s=significant(10.0 + share() * 5),
                    service=service,
                    detail=detail,
                    unit=unit,
                )

    def _replaced(self, at_ns: int, service: int, replica: int) -> Iterator[tuple[int, AnyObservation]]:
        """The old container stops and is removed, the new one is created and started."""
        old = self._containers[service, replica]
        new = self._containers[service, replica] = f"{self._chance.getrandbits(256):064x}"
        if replica == 0:
            yield at_ns, self._image(at_ns, service)
        for number, (container, action) in enumerate(
            (
                (old, "kill"),
                (old, "die"),
                (old, "disconnect"),
                (old, "stop"),
                (old, "destroy"),
                (new, "create"),
                (new, "connect"),
                (new, "start"),
            )
        ):
            event_ns = at_ns + number * 70_000_000 + self._chance.randrange(60_000_000)
            yield (
                event_ns,
                ContainerEvent(
                    engine=_ENGINE,
                    at_ns=event_ns,
                    container_id=container,
                    action=action,
                    name=f"shop-service-{service}-{replica + 1}",
                    image=f"registry.example/shop/service-{service}:1.{self._versions[service]}",
                    exit_code=0 if action == "die" else None,
                ),
            )
            if action in ("start", "die"):
                where = (service, replica) if container == new else None
                if where:
                    yield (
                        event_ns,
                        self._inspected(event_ns + 4_000_000, service, replica, event_ns - 250_000_000),
                    )

    def _inspected(self, at_ns: int, service: int, replica: int, created_ns: int) -> ContainerInspected:
        labels = {
            "com.docker.compose.project": "shop",
            "com.docker.compose.service": f"service-{service}",
            "com.docker.compose.container-number": str(replica + 1),
            "com.docker.compose.oneoff": "False",
            "com.docker.compose.version": "2.40.0",
            "org.opencontainers.image.version": f"1.{self._versions[service]}",
            "org.opencontainers.image.revision": f"{service * 7919 + self._versions[service]:040x}",
        }
        facts = ContainerFacts(
            container_id=self._containers[service, replica],
            name=f"shop-service-{service}-{replica + 1}",
            image=f"registry.example/shop/service-{service}:1.{self._versions[service]}",
            image_id=self._image_id(service),
            created_ns=created_ns,
            status="running",
            labels=labels,
            started_ns=created_ns + 180_000_000 + self._chance.randrange(50_000_000),
            restart_policy="unless-stopped",
            limits=Limits(memory_bytes=512 << 20, cpus=1.0),
            networks=("shop_default",),
            network_mode="shop_default",
            environment_names=("PATH", "LANG", "SERVICE_PORT", "DATABASE_URL", "LOG_LEVEL"),
            program="/usr/local/bin/service",
            argument_count=4,
            host_name=self._containers[service, replica][:12],
            log_driver="json-file",
            platform="linux",
        )
        return ContainerInspected(engine=_ENGINE, at_ns=at_ns, container=facts)

    def _image(self, at_ns: int, service: int) -> ImageInspected:
        layers = tuple(Layer(diff_id=f"sha256:{service * 31 + number:064x}") for number in range(6))
        facts = ImageFacts(
            image_id=self._image_id(service),
            tags=(f"registry.example/shop/service-{service}:1.{self._versions[service]}",),
            created_ns=at_ns - 86_400 * _S,
            size_bytes=180_000_000,
            layers=layers,
        )
        return ImageInspected(engine=_ENGINE, at_ns=at_ns, image=facts)

    def _image_id(self, service: int) -> str:
        return f"sha256:{random.Random(service * 1_000 + self._versions[service]).getrandbits(256):064x}"

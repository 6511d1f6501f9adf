"""What goes along with a replica, and what the recreate says about it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from patchdeck.rollout.planning.core import to_replace
from patchdeck.rollout.planning.members import replicas
from patchdeck.rollout.planning.replacing import Replacing, replacing_of
from patchdeck.rollout.planning.rules import Rule
from patchdeck.rollout.planning.world import ContainerSeen, World
from tests.unit.plan_values import NEW, OLD, here, image, replica, world

COMPOSE = {"com.docker.compose.project": "shop"}


def inspected(
    number: int,
    *,
    service: str = "shop/web",
    network: str = "none",
    depends_on: str = "",
    environment: tuple[str, ...] = (),
    **more: Any,
) -> ContainerSeen:
    """A container of a Compose service, with as much of its inspect as the recreate asks for."""
    labels = COMPOSE | {
        "com.docker.compose.service": service.rpartition("/")[2],
        "com.docker.compose.container-number": str(number),
        "com.docker.compose.depends_on": depends_on,
    }
    seen = replica(number, service=service, labels=labels, **more)
    inspect = {
        "Id": seen.facts.container_id,
        "Name": f"/{seen.facts.name}",
        "Image": seen.facts.image_id,
        "Created": "2026-01-31T23:41:00Z",
        "State": {"Running": True, "StartedAt": seen.started_at},
        "Config": {"Image": seen.facts.image, "Labels": labels, "Env": list(environment)},
        "HostConfig": {"NetworkMode": network},
        "NetworkSettings": {"Networks": {}},
        "Mounts": [],
    }
    return msgspec.structs.replace(seen, inspect=inspect)


def seen_of(*containers: ContainerSeen, environment: tuple[str, ...] = ()) -> World:
    old = msgspec.structs.replace(image(), inspect={"Id": OLD, "Config": {"Env": list(environment)}})
    target = msgspec.structs.replace(here(), inspect={"Id": NEW, "Config": {"Env": ["MODE=new"]}})
    return world(containers, images={OLD: old}, target=target)


def replacing(of: World, service: str = "shop/web") -> dict[str, Replacing]:
    return replacing_of(of, service, to_replace(of, replicas(of.containers, service)))


WEB = [inspected(1), inspected(2)]
RESTART = "web:service_healthy:true,cache:service_started:false"


def test_what_lives_in_a_replicas_network_is_recreated_with_it_and_that_is_why_it_stops_first() -> None:
    side = inspected(3, service="shop/side", network=f"container:{WEB[1].facts.container_id}")
    first, second = replacing(seen_of(*WEB, side)).values()
    assert (first.hindrances, first.dependents) == ((), ())
    assert [(one.container, one.recreate) for one in second.dependents] == [("shop-side-3", True)]
    assert [hindrance.rule for hindrance in second.hindrances] == ["dependents"]
    assert "takes its network from shop-web-2" in second.dependents[0].why


def test_what_asks_to_be_restarted_with_the_service_is_once_and_with_the_last_replica() -> None:
    front = inspected(3, service="shop/front", depends_on=RESTART)
    calm = inspected(4, service="shop/calm", depends_on="web:service_healthy:false")
    elsewhere = inspected(5, service="other/front", depends_on=RESTART)
    elsewhere = msgspec.structs.replace(
        elsewhere,
        facts=msgspec.structs.replace(
            elsewhere.facts, labels=dict(elsewhere.facts.labels) | {"com.docker.compose.project": "other"}
        ),
    )
    first, second = replacing(seen_of(*WEB, front, calm, elsewhere)).values()
    assert first.dependents == ()
    assert [(one.container, one.recreate) for one in second.dependents] == [("shop-front-3", False)]


def test_what_lives_in_the_namespaces_of_a_restarted_one_is_restarted_after_it() -> None:
    front = inspected(5, service="shop/front", depends_on=RESTART)
    before = inspected(
        3, service="shop/before", network=f"container:{front.facts.container_id}", depends_on=RESTART
    )
    after = inspected(4, service="shop/after", network=f"container:{front.facts.container_id}")
    *_, last = replacing(seen_of(*WEB, front, before, after)).values()
    names = [one.container for one in last.dependents]
    assert names == ["shop-front-5", "shop-after-4", "shop-before-3"]
    assert not any(one.recreate for one in last.dependents)


def test_a_port_out_of_a_range_is_told_since_such_replicas_can_not_start_all_at_once() -> None:
    asked = {"PortBindings": {"80/tcp": [{"HostPort": "8080-8090"}]}}
    ranged = msgspec.structs.replace(WEB[0], inspect={**WEB[0].inspect, "HostConfig": asked})
    first, second = replacing(seen_of(ranged, WEB[1])).values()
    assert (first.port_range, second.port_range) == (True, False)


def test_replicas_that_can_not_be_without_each_other_are_refused() -> None:
    tied = inspected(3, network=f"container:{WEB[0].facts.container_id}")
    found = replacing(seen_of(*WEB, tied))
    assert [refusal.rule for how in found.values() for refusal in how.refusals] == [Rule.ENTANGLED]


def test_a_dependent_whose_own_image_is_gone_is_refused() -> None:
    side = inspected(
        3,
        service="shop/side",
        network=f"container:{WEB[1].facts.container_id}",
        image_id="sha256:" + "7" * 64,
    )
    found = replacing(seen_of(*WEB, side))
    assert [refusal.rule for how in found.values() for refusal in how.refusals] == [Rule.NO_OLD_IMAGE]


def test_changes_are_told_only_where_the_new_configuration_is_known() -> None:
    web = inspected(1, environment=("OWN=1", "MODE=old"))
    of = seen_of(web, environment=("MODE=old",))
    (known,) = replacing(of).values()
    assert [(change.what, change.name) for change in known.changes] == [("environment", "MODE")]
    blind = msgspec.structs.replace(of, target=msgspec.structs.replace(of.target, inspect=None))
    (unknown,) = replacing(blind).values()
    assert (unknown.changes, unknown.unclear, unknown.refusals) == ((), (), ())


def test_files_that_compose_wrote_are_refused() -> None:
    of = msgspec.structs.replace(
        seen_of(*WEB), compose_files={WEB[0].facts.container_id: ("/run/secrets/key",)}
    )
    first, second = replacing(of).values()
    assert [refusal.rule for refusal in first.refusals] == [Rule.COMPOSE_FILES]
    assert second.refusals == ()


@pytest.mark.parametrize(
    ("own", "of_image", "expected"),
    [
        (None, None, False),
        (None, ["CMD", "x"], True),
        (["CMD", "y"], None, True),
        (["NONE"], ["CMD", "x"], False),
        (None, ["NONE"], False),
    ],
)
def test_a_successor_has_the_services_own_healthcheck_or_the_images(
    own: list[str] | None, of_image: list[str] | None, *, expected: bool
) -> None:
    web = inspected(1)
    config = dict(web.inspect["Config"]) | ({"Healthcheck": {"Test": own}} if own else {})
    of = seen_of(msgspec.structs.replace(web, inspect=dict(web.inspect) | {"Config": config}))
    new = {"Id": NEW, "Config": {"Healthcheck": {"Test": of_image}} if of_image else {}}
    of = msgspec.structs.replace(of, target=msgspec.structs.replace(of.target, inspect=new))
    assert [how.has_healthcheck for how in replacing(of).values()] == [expected]
    blind = msgspec.structs.replace(of, target=msgspec.structs.replace(of.target, inspect=None))
    assert [how.has_healthcheck for how in replacing(blind).values()] == [None]

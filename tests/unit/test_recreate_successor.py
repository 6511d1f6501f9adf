"""A container's successor as a whole: its request, what is told of it, and where there is none."""

from __future__ import annotations

from typing import Any

import pytest

from patchdeck.rollout.recreate import compose
from patchdeck.rollout.recreate.successor import Successor, Surroundings, rebuilt, successor
from tests.unit.recreate_documents import DB, NEW_IMAGE, OLD_IMAGE, VOLUME, WEB, container, image, volume

AROUND = Surroundings(api=(1, 41))
OLD = image(Env=["PATH=/bin", "VERSION=1.0"], Cmd=["serve"], Labels={"version": "1.0"}, User="app")
NEW = image(NEW_IMAGE, Env=["PATH=/bin", "VERSION=1.1", "TOKEN=x"], Cmd=["serve"], Labels={"version": "1.1"})
COMPOSE_LABELS = {
    compose.PROJECT: "shop",
    compose.SERVICE: "web",
    compose.NUMBER: "2",
    compose.IMAGE: OLD_IMAGE,
}


def made(web: dict[str, Any], around: Surroundings = AROUND, **more: Any) -> Successor:
    return successor(web, OLD, NEW, around, image="shop/web:1.1", **more)


def inherited(**config: Any) -> dict[str, Any]:
    return {**OLD["Config"], **config}


def rules(web: dict[str, Any], *others: dict[str, Any]) -> list[str]:
    around = Surroundings(api=(1, 41), containers=(web, *others))
    return [one.rule for one in made(web, around).hindrances]


# --- the request ----------------------------------------------------------------------------------


def test_a_plain_container_is_asked_for_by_its_image_alone() -> None:
    found = made(container(config=inherited()))
    assert found.body == {"Image": "shop/web:1.1", "HostConfig": {"NetworkMode": "default"}}
    assert (found.name, found.image_id, found.refusals, found.start_first) == ("web", NEW_IMAGE, (), True)


def test_the_host_config_is_carried_over_whole_and_what_is_not_known_here_with_it() -> None:
    host_config = {"Memory": 64, "CapAdd": ["NET_ADMIN"], "Annotations": {"a": "b"}, "NewThing": [1]}
    body = made(container(host_config={**host_config, "ContainerIDFile": "/tmp/id"})).body
    assert body["HostConfig"] == {"NetworkMode": "default", **host_config}


def test_kernel_memory_is_asked_for_only_where_engines_still_know_it() -> None:
    web = container(host_config={"KernelMemory": 5})
    assert made(web).body["HostConfig"]["KernelMemory"] == 5
    assert "KernelMemory" not in made(web, Surroundings(api=(1, 42))).body["HostConfig"]


@pytest.mark.parametrize(
    ("hostname", "host_config", "kept"),
    [
        (WEB[:12], {}, False),
        ("c" * 12, {}, False),
        ("shop", {}, True),
        ("shop", {"NetworkMode": f"container:{DB}"}, False),
        ("shop", {"UTSMode": "host"}, False),
    ],
    ids=["of its ID", "of a predecessor's ID", "its own", "of another", "of the host"],
)
def test_a_host_name_is_kept_where_it_is_the_containers_own(
    hostname: str, host_config: dict[str, Any], kept: bool
) -> None:
    around = Surroundings(api=(1, 41), containers=(container(DB, "db"),), predecessors=frozenset({"c" * 64}))
    web = container(config={"Hostname": hostname}, host_config=host_config)
    assert ("Hostname" in made(web, around).body) is kept


def test_a_mac_address_goes_where_the_api_wants_it() -> None:
    web = container(config={"MacAddress": "02:11:22:33:44:55"})
    older, newer = made(web).body, made(web, Surroundings(api=(1, 44))).body
    assert older["MacAddress"] == "02:11:22:33:44:55"
    assert "NetworkingConfig" not in older
    assert "MacAddress" not in newer
    assert newer["NetworkingConfig"]["EndpointsConfig"] == {"default": {"MacAddress": "02:11:22:33:44:55"}}


def test_the_input_is_left_as_it_was() -> None:
    web = container(host_config={"Binds": ["/data"]}, mounts=[volume(VOLUME, "/data")])
    made(web)
    assert web["HostConfig"] == {"NetworkMode": "default", "Binds": ["/data"]}


# --- the same container again ---------------------------------------------------------------------


def test_a_rebuilt_container_says_everything_itself_and_names_its_image_by_id() -> None:
    web = container(config=inherited(Env=["A=1", "VERSION=1.0"]), mounts=[volume(VOLUME, "/data")])
    found = rebuilt(web, OLD, AROUND)
    assert found.body["Image"] == OLD_IMAGE
    assert found.body["Env"] == ["A=1", "VERSION=1.0"]
    assert found.body["Cmd"] == ["serve"]
    assert [one.name for one in found.adopted] == [VOLUME]
    assert found.changes == ()


def test_a_rebuilt_container_names_its_image_as_before_as_long_as_the_tag_has_not_moved() -> None:
    tagged = {**OLD, "RepoTags": ["shop/web:1.0"]}
    assert rebuilt(container(), tagged, AROUND).body["Image"] == "shop/web:1.0"
    assert rebuilt(container(config={"Image": "shop/web"}), tagged, AROUND).body["Image"] == OLD_IMAGE


def test_a_dependent_is_rebuilt_on_the_successor_of_what_it_depends_on() -> None:
    side = container(DB, "side", host_config={"NetworkMode": f"container:{WEB}"})
    found = rebuilt(side, OLD, Surroundings(api=(1, 41), replaced={WEB: "9" * 64}))
    assert found.body["HostConfig"]["NetworkMode"] == f"container:{'9' * 64}"


# --- what is told ---------------------------------------------------------------------------------


def test_what_changes_with_the_image_is_told_without_a_value_of_the_environment() -> None:
    found = made(container(config=inherited()))
    assert [(one.what, one.name, one.old, one.new) for one in found.changes] == [
        ("user", "", "app", ""),
        ("environment", "TOKEN", "", "set"),
        ("environment", "VERSION", "set", "set otherwise"),
        ("label", "version", "1.0", "1.1"),
    ]
    assert found.unclear == ("user", "label version")


def test_what_the_container_decides_itself_does_not_change_with_the_image() -> None:
    config = inherited(User="0", Env=["VERSION=7", "PATH=/bin"], Labels={"version": "mine"})
    assert [one.name for one in made(container(config=config)).changes] == ["TOKEN"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ({}, {"Test": ["CMD", "a b"], "Interval": 2_000_000_000}, ("", "CMD 'a b' interval=2s")),
        ({"Test": ["NONE"]}, {"Retries": 2}, ("NONE", "retries=2")),
    ],
)
def test_a_healthcheck_is_told_in_words(
    old: dict[str, Any], new: dict[str, Any], told: tuple[str, str]
) -> None:
    web = container(config={"Healthcheck": old})
    (one,) = successor(
        web, image(Healthcheck=old), image(NEW_IMAGE, Healthcheck=new), AROUND, image="x"
    ).changes
    assert (one.what, one.old, one.new) == ("healthcheck", *told)


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize("gone", [None, NEW])
def test_without_the_old_image_nothing_is_touched(gone: dict[str, Any] | None) -> None:
    found = successor(container(), gone, NEW, AROUND, image="x")
    assert [one.rule for one in found.refusals] == ["no-old-image"]
    assert (found.body, found.start_first) == ({}, False)


def test_a_volume_whose_name_cannot_be_had_is_refused() -> None:
    web = container(mounts=[{"Type": "volume", "Source": "/elsewhere", "Destination": "/data"}])
    assert [one.rule for one in made(web).refusals] == ["unnamed-volume"]


def test_files_that_compose_wrote_into_the_layer_are_refused() -> None:
    found = made(container(), compose_files=["/app.conf"])
    assert [one.rule for one in found.refusals] == ["compose-files"]
    assert "/app.conf" in found.refusals[0].text


# --- start-first or why not -----------------------------------------------------------------------


def test_a_container_without_anything_of_its_own_may_run_beside_its_successor() -> None:
    assert rules(container(host_config={"PortBindings": {"80/tcp": [{"HostPort": ""}]}})) == []


@pytest.mark.parametrize(
    ("rule", "web"),
    [
        ("host-network", container(host_config={"NetworkMode": "host"}, networks={"host": {}})),
        ("host-port", container(host_config={"PortBindings": {"80/tcp": [{"HostPort": "8080"}]}})),
        (
            "address",
            container(
                host_config={"NetworkMode": "n"}, networks={"n": {"IPAMConfig": {"IPv4Address": "10.0.0.9"}}}
            ),
        ),
        ("address", container(config={"MacAddress": "02:11:22:33:44:55"})),
        ("namespace", container(host_config={"PidMode": f"container:{DB}"})),
        ("volume", container(mounts=[volume("files", "/data")])),
        ("hostname", container(config={"Hostname": "shop-1"})),
    ],
)
def test_what_only_one_can_have_forbids_start_first(rule: str, web: dict[str, Any]) -> None:
    assert rules(web, container(DB, "db")) == [rule]


def test_a_container_that_others_depend_on_goes_stop_first() -> None:
    side = container(DB, "side", host_config={"NetworkMode": f"container:{WEB}"})
    assert rules(container(), side) == ["dependents"]


def test_a_volume_that_running_replicas_share_forbids_nothing_and_one_only_read_neither() -> None:
    web = container(mounts=[volume("files", "/data"), volume("more", "/more", RW=False)])
    other = container(DB, "web-2", mounts=[volume("files", "/data")])
    assert rules(web, other) == []
    assert rules(web, {**other, "State": {"Running": False}}) == ["volume"]


def test_a_range_of_host_ports_forbids_start_first_only_when_it_is_full() -> None:
    asked = {"PortBindings": {"80/tcp": [{"HostPort": "8080-8081"}]}}
    web = container(host_config=asked, ports={"80/tcp": [{"HostPort": "8080"}]})
    assert rules(web) == []
    assert rules(web, container(DB, "other", ports={"9/udp": [{"HostPort": "8081"}]})) == []
    assert rules(web, container(DB, "other", ports={"9/tcp": [{"HostPort": "8081"}]})) == ["port-range"]


# --- Compose --------------------------------------------------------------------------------------


def test_compose_finds_its_labels_and_learns_the_new_image() -> None:
    labels = made(container(config={"Labels": COMPOSE_LABELS})).body["Labels"]
    assert labels == {**COMPOSE_LABELS, compose.IMAGE: NEW_IMAGE, compose.REPLACE: "web-2"}


def test_what_compose_is_told_is_no_change_of_the_image() -> None:
    changes = successor(
        container(config={"Labels": COMPOSE_LABELS}), image(), image(NEW_IMAGE), AROUND, image="x"
    )
    assert changes.changes == ()


def test_a_file_that_compose_wrote_is_told_by_its_place_or_by_its_time() -> None:
    created_ns = 1_700_000_000_400_000_000
    modified_ns = {
        "/run/secrets/token": created_ns + 90_000_000_000,
        "/app.conf": 1_700_000_000_000_000_000,
        "/etc/app/late.conf": 1_700_000_001_000_000_000,
        "/var/log/start": 1_700_000_000_912_345_678,
        "/opt/unpacked": 1_600_000_000_000_000_000,
    }
    found = compose.written_files(created_ns, modified_ns)
    assert found == ("/app.conf", "/etc/app/late.conf", "/run/secrets/token")


def test_only_files_in_the_layer_of_a_container_that_compose_made_are_looked_at() -> None:
    changed = [
        {"Path": "/etc", "Kind": 0},
        {"Path": "/etc/app.conf", "Kind": 0},
        {"Path": "/gone", "Kind": 2},
        {"Path": "/data", "Kind": 1},
        {"Path": "/new", "Kind": 1},
    ]
    web = container(config={"Labels": COMPOSE_LABELS}, mounts=[volume(VOLUME, "/data")])
    assert compose.candidates(web, changed) == ("/new", "/etc/app.conf")
    assert compose.candidates(container(), changed) == ()


def test_the_override_file_names_the_image_of_each_service() -> None:
    assert compose.override({"web": "shop/web:1.1", "a b": 'x"y'}) == (
        'services:\n  "a b":\n    image: "x\\"y"\n  "web":\n    image: "shop/web:1.1"\n'
    )

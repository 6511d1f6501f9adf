"""Networks, volumes, ports and references of a container, as its successor asks for them."""

from __future__ import annotations

from typing import Any

import pytest

from patchdeck.rollout.recreate import mounts, ports, references
from patchdeck.rollout.recreate.mounts import AdoptedVolume
from patchdeck.rollout.recreate.networks import Connection, networks
from tests.unit.recreate_documents import DB, VOLUME, WEB, container, volume

OLD_API, NEW_API = (1, 41), (1, 51)
FRONT = {
    "NetworkID": "1" * 64,
    "IPAMConfig": {"IPv4Address": "10.0.0.9", "IPv6Address": ""},
    "Aliases": ["www", WEB[:12]],
    "Links": ["db:store"],
    "DriverOpts": {"mtu": "1400"},
    "GwPriority": 5,
    "IPAddress": "10.0.0.9",
    "MacAddress": "02:42:0a:00:00:09",
    "Gateway": "10.0.0.1",
    "EndpointID": "e" * 64,
}
BACK = {"NetworkID": "2" * 64, "IPAMConfig": {}, "Aliases": [WEB[:12]], "IPAddress": "10.1.0.2"}


# --- networks -------------------------------------------------------------------------------------


def test_an_endpoint_keeps_what_was_asked_for_and_drops_what_the_engine_found_out() -> None:
    web = container(host_config={"NetworkMode": "front"}, networks={"front": FRONT})
    (one,) = networks(web, NEW_API).at_create
    assert one.endpoint == {
        "IPAMConfig": {"IPv4Address": "10.0.0.9"},
        "Aliases": ["www"],
        "Links": ["db:store"],
        "DriverOpts": {"mtu": "1400"},
        "GwPriority": 5,
    }


def test_an_older_engine_takes_one_network_at_create_and_is_connected_to_the_rest() -> None:
    web = container(host_config={"NetworkMode": "front"}, networks={"back": BACK, "front": FRONT})
    older, newer = networks(web, OLD_API), networks(web, NEW_API)
    assert [one.network for one in older.at_create] == ["front"]
    assert older.connect == (Connection(network="back", endpoint={}),)
    assert [one.network for one in newer.at_create] == ["front", "back"]
    assert newer.connect == ()


@pytest.mark.parametrize("mode", ["1" * 64, "1" * 12])
def test_a_network_that_was_named_by_its_id_is_asked_for_once_and_by_that_id(mode: str) -> None:
    recorded = {mode: FRONT, "front": FRONT} if len(mode) == 12 else {"front": FRONT}
    found = networks(container(host_config={"NetworkMode": mode}, networks=recorded), NEW_API)
    assert (found.mode, [one.network for one in found.at_create]) == (mode, [mode])


def test_a_container_on_the_default_network_asks_for_nothing() -> None:
    assert networks(container(), OLD_API).at_create == ()


@pytest.mark.parametrize("mode", ["host", "none", f"container:{DB}"])
def test_without_a_network_of_its_own_a_container_asks_for_no_endpoint(mode: str) -> None:
    found = networks(container(host_config={"NetworkMode": mode}, networks={"host": {}}), NEW_API)
    assert (found.mode, found.at_create, found.connect) == (mode, (), ())


def test_a_network_that_the_container_has_left_is_not_joined_again() -> None:
    left = container(host_config={"NetworkMode": "default"}, networks={"back": BACK})
    assert networks(left, OLD_API).mode == "back"
    assert networks(container(networks={}), OLD_API).mode == "none"


def test_the_host_name_that_older_engines_list_as_an_alias_is_no_alias() -> None:
    end = {**BACK, "Aliases": [WEB[:12], "shop", "www"]}
    web = container(config={"Hostname": "shop"}, host_config={"NetworkMode": "n"}, networks={"n": end})
    assert networks(web, OLD_API).at_create[0].endpoint == {"Aliases": ["www"]}
    assert networks(web, NEW_API).at_create[0].endpoint == {"Aliases": ["shop", "www"]}


@pytest.mark.parametrize(
    ("api", "mac", "kept", "unclear"),
    [
        ((1, 47), "02:42:0a:01:00:02", False, False),  # derived from the address 10.1.0.2
        ((1, 47), "02:11:22:33:44:55", True, False),  # such engines make none up
        ((1, 48), "02:11:22:33:44:55", False, True),
        ((1, 48), "00:11:22:33:44:55", True, False),  # none made up says that it is globally unique
    ],
)
def test_a_mac_address_is_kept_where_it_is_surely_the_containers_own(
    api: tuple[int, int], mac: str, kept: bool, unclear: bool
) -> None:
    ends = {"front": FRONT, "back": {**BACK, "MacAddress": mac}}
    found = networks(container(host_config={"NetworkMode": "front"}, networks=ends), api)
    assert (found.at_create[1].endpoint.get("MacAddress") == mac) is kept
    assert bool(found.unclear) is unclear


# --- volumes --------------------------------------------------------------------------------------


def adopted(web: dict[str, Any], *others: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one.name, one.destination) for one in mounts.adopted(web, others)]


def test_an_anonymous_volume_is_adopted_by_its_name() -> None:
    assert adopted(container(mounts=[volume(VOLUME, "/data")])) == [(VOLUME, "/data")]


def test_a_volume_without_a_name_is_known_by_its_folder() -> None:
    nameless = {"Type": "volume", "Source": f"/engine/volumes/{VOLUME}/_data", "Destination": "/data"}
    assert adopted(container(host_config={"Binds": ["/data"]}, mounts=[nameless])) == [(VOLUME, "/data")]


@pytest.mark.parametrize(
    "host_config",
    [
        {"Binds": ["files:/data"]},
        {"Binds": ["files:/data/:ro,z"]},
        {"Mounts": [{"Type": "volume", "Source": "files", "Target": "/data"}]},
    ],
)
def test_a_volume_that_is_asked_for_by_name_is_not_adopted(host_config: dict[str, Any]) -> None:
    assert adopted(container(host_config=host_config, mounts=[volume("files", "/data")])) == []


def test_a_volume_that_comes_from_another_container_is_not_adopted_but_one_beside_it_is() -> None:
    db = container(DB, "db", mounts=[volume(VOLUME, "/data")])
    web = container(
        host_config={"VolumesFrom": ["db:ro"]}, mounts=[volume(VOLUME, "/data"), volume("d" * 64, "/own")]
    )
    assert adopted(web, db) == [("d" * 64, "/own")]


def test_an_adopted_volume_takes_the_place_of_the_request_for_a_new_one() -> None:
    asked: dict[str, Any] = {
        "Binds": ["/a", "files:/b"],
        "Mounts": [{"Type": "volume", "Target": "/c", "VolumeOptions": {"NoCopy": True}}],
    }
    volumes = [AdoptedVolume(name=name * 64, destination=f"/{name}") for name in "acd"]
    assert mounts.with_adopted(asked, volumes) == {
        "Binds": [f"{'a' * 64}:/a", "files:/b"],
        "Mounts": [
            {"Type": "volume", "Source": "c" * 64, "Target": "/c", "VolumeOptions": {"NoCopy": True}},
            {"Type": "volume", "Source": "d" * 64, "Target": "/d"},
        ],
    }


def test_an_adopted_volume_stays_read_only() -> None:
    (one,) = mounts.adopted(container(mounts=[volume(VOLUME, "/data", RW=False)]), ())
    assert mounts.with_adopted({}, [one])["Mounts"][0]["ReadOnly"] is True


# --- ports ----------------------------------------------------------------------------------------


def test_host_ports_are_frozen_where_any_free_one_was_taken() -> None:
    bindings = {
        "80/tcp": [{"HostIp": "", "HostPort": ""}],
        "81/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8081"}],
    }
    has = {
        "80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "32768"}, {"HostIp": "::", "HostPort": "32768"}],
        "81/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8081"}],
    }
    web = container(host_config={"PortBindings": bindings}, ports=has)
    assert ports.frozen(web["HostConfig"], web)["PortBindings"] == {
        "80/tcp": [{"HostIp": "", "HostPort": "32768"}],
        "81/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8081"}],
    }
    assert bindings["80/tcp"][0]["HostPort"] == ""


def test_ports_that_were_published_all_are_frozen_too() -> None:
    web = container(
        host_config={"PublishAllPorts": True}, ports={"80/tcp": [{"HostPort": "32768"}], "9/udp": None}
    )
    assert ports.frozen(web["HostConfig"], web)["PortBindings"] == {"80/tcp": [{"HostPort": "32768"}]}


@pytest.mark.parametrize(
    ("host_port", "from_range"), [("8080-8090", True), ("8080-8080", False), ("8080", False), ("", False)]
)
def test_a_port_out_of_a_range_is_known_from_a_fixed_and_from_any_free_one(
    host_port: str, *, from_range: bool
) -> None:
    web = container(host_config={"PortBindings": {"80/tcp": [{"HostPort": host_port}]}})
    assert ports.from_range(web) is from_range


# --- references -----------------------------------------------------------------------------------


def holder(identifier: str, name: str, **host_config: Any) -> dict[str, Any]:
    return container(identifier * 64, name, host_config=host_config)


def test_dependents_come_after_what_they_refer_to() -> None:
    web = container()
    side = holder("c", "side", NetworkMode=f"container:{WEB}")
    tail = holder("d", "a-tail", PidMode=f"container:{'c' * 64}", NetworkMode=f"container:{WEB}")
    files = holder("e", "files", VolumesFrom=[f"{WEB}:ro"])
    link = holder("1", "link", Links=["/web:/link/backend"])
    other = holder("2", "other", NetworkMode=f"container:{DB}")
    found = references.dependents(WEB, [tail, other, files, side, link, web, container(DB, "db")])
    assert [one.container for one in found] == ["files", "link", "side", "a-tail"]
    assert [one.what for one in found] == ["volumes", "link", "network", "network"]


def test_a_circle_of_references_ends() -> None:
    one = holder("1", "one", VolumesFrom=["two"])
    two = holder("2", "two", VolumesFrom=["one"])
    assert [found.container for found in references.dependents("1" * 64, [one, two])] == ["two"]


def test_references_move_to_the_successor_and_links_are_asked_for_as_the_command_line_does() -> None:
    host_config = {
        "NetworkMode": f"container:{DB}",
        "PidMode": "host",
        "IpcMode": f"container:{WEB}",
        "VolumesFrom": [f"{DB}:ro", "files"],
        "Links": ["/db:/web/store"],
    }
    assert references.remapped(host_config, {DB: "9" * 64}) == {
        "NetworkMode": f"container:{'9' * 64}",
        "PidMode": "host",
        "IpcMode": f"container:{WEB}",
        "VolumesFrom": [f"{'9' * 64}:ro", "files"],
        "Links": ["db:store"],
    }


def test_a_reference_to_a_container_that_is_gone_is_refused_unless_it_was_replaced() -> None:
    side = holder("c", "side", NetworkMode=f"container:{WEB}")
    (refusal,) = references.gone(side, [], {})
    assert refusal.rule == "reference-gone"
    assert references.gone(side, [container()], {}) == ()
    assert references.gone(side, [], {WEB: DB}) == ()

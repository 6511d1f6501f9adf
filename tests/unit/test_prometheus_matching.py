"""Which instance is which engine: by what is certain, and never by guessing."""

from __future__ import annotations

import pytest

from patchdeck.model import EngineDescribed
from patchdeck.sources.prometheus.expressions import Role
from patchdeck.sources.prometheus.matching import Instance, Match, Wanted, find, listed, place_of


def node(instance: str, node_name: str = "") -> Instance:
    return Instance(instance=instance, role=Role.NODE, node_name=node_name)


def advisor(instance: str) -> Instance:
    return Instance(instance=instance, role=Role.CADVISOR)


def daemon(instance: str, engine_id: str = "") -> Instance:
    return Instance(instance=instance, role=Role.ENGINE, engine_id=engine_id)


def described(host_name: str, *, engine_id: str = "", local: bool = False) -> EngineDescribed:
    return EngineDescribed(
        engine="e",
        at_ns=1,
        host="",
        version="28.0.0",
        api_version="1.48",
        host_name=host_name,
        engine_id=engine_id,
        local=local,
    )


def match(wanted: Wanted, *instances: Instance, here: bool = False) -> Match:
    return find(wanted, instances, prometheus_here=here)


@pytest.mark.parametrize(
    ("instance", "place"),
    [
        ("prod-a:9100", "prod-a"),
        ("Prod-A.example.:9100", "prod-a.example"),
        ("prod-a", "prod-a"),
        ("10.0.0.5:9100", "10.0.0.5"),
        ("[fd00::5]:9100", "fd00::5"),
        ("127.0.0.1:9100", "localhost"),
        ("[::1]:9100", "localhost"),
        ("localhost:8080", "localhost"),
    ],
)
def test_the_place_of_an_instance_has_no_port(instance: str, place: str) -> None:
    assert place_of(instance) == place


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(name="e", address="prod-a.example"),
        Wanted(name="e", address="10.0.0.5", described=described("prod-a")),
        Wanted(name="e", described=described("PROD-A", local=True)),
    ],
    ids=["its address", "its host name", "a local engine's host name"],
)
def test_an_engine_is_found_by_name(wanted: Wanted) -> None:
    found = match(wanted, node("prod-a:9100"), node("prod-b:9100"))
    assert found == Match(instances={Role.NODE: "prod-a:9100"})


def test_an_address_is_found_by_the_name_that_its_exporter_tells() -> None:
    wanted = Wanted(name="e", address="prod-a", described=described("prod-a"))
    found = match(
        wanted, node("10.0.0.5:9100", "prod-a"), node("10.0.0.6:9100", "prod-b"), advisor("10.0.0.5:8080")
    )
    # cAdvisor tells no name; it is where the exporter is.
    assert found.instances == {Role.NODE: "10.0.0.5:9100", Role.CADVISOR: "10.0.0.5:8080"}


def test_a_whole_name_goes_before_its_first_part() -> None:
    wanted = Wanted(name="e", address="db.eu.example")
    assert match(wanted, node("db:9100"), node("db.eu.example:9100")).instances == {
        Role.NODE: "db.eu.example:9100"
    }
    assert match(wanted, node("db:9100")).instances == {Role.NODE: "db:9100"}
    assert match(wanted, node("db.us.example:9100")).instances == {}


def test_two_hosts_of_one_first_name_are_a_doubt_and_no_match() -> None:
    found = match(Wanted(name="e", address="db"), node("db.eu.example:9100"), node("db.us.example:9100"))
    assert found.instances == {}
    assert found.doubts == (
        "several instances may be its node metrics: db.eu.example:9100 and db.us.example:9100",
    )


def test_two_exporters_on_one_host_are_a_doubt_until_the_config_says_which() -> None:
    instances = (node("prod-a:9100"), node("prod-a:9101"), advisor("prod-a:8080"))
    found = match(Wanted(name="e", address="prod-a"), *instances)
    assert found.instances == {Role.CADVISOR: "prod-a:8080"}
    assert len(found.doubts) == 1
    settled = match(Wanted(name="e", address="prod-a", mapped=("prod-a:9101",)), *instances)
    assert settled == Match(instances={Role.NODE: "prod-a:9101", Role.CADVISOR: "prod-a:8080"})


def test_what_the_config_says_goes_over_names() -> None:
    wanted = Wanted(name="e", address="prod-a", mapped=("exporter-17:9100",))
    found = match(wanted, node("prod-a:9100"), node("exporter-17:9100"), advisor("exporter-17:8080"))
    assert found.instances == {Role.NODE: "exporter-17:9100", Role.CADVISOR: "exporter-17:8080"}


def test_engines_on_one_host_are_told_apart_by_their_ids() -> None:
    instances = (node("prod-a:9100"), daemon("prod-a:9323", "ID1"), daemon("prod-a:9324", "ID2"))
    wanted = Wanted(name="e", address="prod-a", described=described("prod-a", engine_id="ID2"))
    assert match(wanted, *instances).instances == {Role.NODE: "prod-a:9100", Role.ENGINE: "prod-a:9324"}


def test_an_engine_with_another_id_is_another_engine() -> None:
    wanted = Wanted(name="e", address="prod-a", described=described("prod-a", engine_id="ID3"))
    assert match(wanted, daemon("prod-a:9323", "ID1")) == Match()


def test_an_engines_own_metrics_tell_where_it_is() -> None:
    wanted = Wanted(name="e", described=described("inside", engine_id="ID1"))
    found = match(
        wanted, daemon("10.0.0.5:9323", "ID1"), node("10.0.0.5:9100", "outside"), node("10.0.0.6:9100")
    )
    assert found.instances == {Role.ENGINE: "10.0.0.5:9323", Role.NODE: "10.0.0.5:9100"}


def test_loopback_is_this_host_only_where_prometheus_is() -> None:
    local = Wanted(name="e", described=described("here", local=True))
    assert match(local, node("localhost:9100", "here"), here=True).instances == {Role.NODE: "localhost:9100"}
    assert match(local, node("localhost:9100"), here=True).instances == {Role.NODE: "localhost:9100"}
    assert match(local, node("localhost:9100"), here=False) == Match()
    remote = Wanted(name="e", address="prod-a", described=described("prod-a"))
    assert match(remote, node("localhost:9100"), here=True) == Match()


def test_prometheus_behind_a_tunnel_is_not_taken_for_this_host() -> None:
    local = Wanted(name="e", described=described("here", local=True))
    instances = (node("127.0.0.1:9100", "far-away"), advisor("127.0.0.1:8080"))
    assert match(local, *instances, here=True) == Match()


def test_a_thousand_names_are_told_in_one_line() -> None:
    names = [f"host-{number:04d}:9100" for number in range(1000)]
    assert listed(names) == "host-0000:9100, host-0001:9100, host-0002:9100, host-0003:9100 and 996 more"
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"

"""What a container was created with, told from what came with its image."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchdeck.rollout.recreate import environment
from patchdeck.rollout.recreate.subtract import merged, subtracted, whole

OLD: dict[str, Any] = {
    "Env": ["PATH=/bin", "MODE=calm", "VERSION=1.0"],
    "Entrypoint": ["/entry"],
    "Cmd": ["serve"],
    "Labels": {"tier": "front", "version": "1.0"},
    "Healthcheck": {"Test": ["CMD", "check"], "Interval": 5, "Retries": 3},
    "User": "app",
    "WorkingDir": "/app",
    "StopSignal": "SIGINT",
    "ExposedPorts": {"80/tcp": {}},
    "Volumes": {"/data": {}},
}
NEW: dict[str, Any] = {
    "Env": ["PATH=/bin:/opt", "VERSION=1.1", "EXTRA=1"],
    "Entrypoint": ["/entry2"],
    "Cmd": ["serve", "--fast"],
    "Labels": {"version": "1.1"},
    "Healthcheck": {"Test": ["CMD", "check2"], "Interval": 7, "Timeout": 2},
    "User": "other",
    "WorkingDir": "/srv",
    "StopSignal": "SIGTERM",
    "ExposedPorts": {"8080/tcp": {}},
    "Volumes": {"/cache": {}},
}


def moved(own: dict[str, Any]) -> dict[str, Any]:
    """The configuration on the new image of what was created as `own` on the old one."""
    return merged(subtracted(merged(own, OLD), OLD), NEW)


def test_a_container_without_settings_of_its_own_gets_those_of_the_new_image() -> None:
    assert moved({}) == merged({}, NEW)


@pytest.mark.parametrize(
    "own",
    [
        {"Env": ["MODE=wild"]},
        {"Env": ["VERSION=7", "OTHER=1"]},
        {"Env": ["MODE=calm"]},
        {"Env": ["OTHER=", "VERSION=1.0"]},
        {"Env": ["VERSION"]},
        {"Cmd": ["worker"]},
        {"Entrypoint": ["/mine"]},
        {"Entrypoint": ["/mine"], "Cmd": ["worker"]},
        {"Entrypoint": ["/mine"], "Cmd": ["serve"]},
        {"Entrypoint": ["/entry"]},
        {"Entrypoint": [""], "Cmd": ["/bin/sh", "-c", "true"]},
        {"Labels": {"tier": "back", "mine": "1", "empty": ""}},
        {"Healthcheck": {"Test": ["NONE"]}},
        {"Healthcheck": {"Interval": 9}},
        {"Healthcheck": {"Test": ["CMD-SHELL", "true"], "StartInterval": 1, "StartPeriod": 4}},
        {"User": "0", "WorkingDir": "/tmp", "StopSignal": "SIGQUIT"},
        {"ExposedPorts": {"443/tcp": {}}, "Volumes": {"/more": {}}},
        {"Domainname": "example", "StopTimeout": 3, "SomethingNew": {"a": 1}},
    ],
    ids=lambda own: "+".join(f"{key}={value}" for key, value in own.items()),
)
def test_what_is_the_containers_own_goes_along_and_the_rest_comes_from_the_new_image(
    own: dict[str, Any],
) -> None:
    assert moved(own) == merged(own, NEW)


def test_an_image_without_defaults_takes_nothing_away() -> None:
    own = {"Env": ["A=1"], "Cmd": ["x"], "Labels": {"a": "b"}, "User": "1"}
    assert merged(subtracted(merged(own, {}), {}), NEW) == merged(own, NEW)


def test_an_entrypoint_that_was_switched_off_stays_off() -> None:
    own = subtracted(merged({"Entrypoint": [""], "Cmd": ["x"]}, OLD), OLD)
    assert own["Entrypoint"] == [""]


def test_a_published_port_stays_exposed_though_the_old_image_exposed_it_too() -> None:
    config = merged({"ExposedPorts": {"80/tcp": {}}}, OLD)
    assert "80/tcp" not in subtracted(config, OLD)["ExposedPorts"]
    assert "80/tcp" in subtracted(config, OLD, published=frozenset({"80/tcp"}))["ExposedPorts"]


def test_a_variable_that_stands_before_the_images_is_the_containers_own_though_its_value_is_the_images() -> (
    None
):
    own, inherited = environment.split(["MODE=calm", "PATH=/bin", "VERSION=1.0"], OLD["Env"])
    assert own == ["MODE=calm"]
    assert inherited == ["PATH=/bin", "VERSION=1.0"]


def test_where_the_order_is_not_dockers_equal_values_are_the_images() -> None:
    shuffled = ["VERSION=1.0", "MODE=calm", "PATH=/bin", "Z=1"]
    assert environment.split(shuffled, OLD["Env"])[0] == ["Z=1"]


def test_only_what_stands_before_an_inherited_path_is_unclear() -> None:
    assert environment.unclear(OLD["Env"], OLD["Env"]) == []
    assert environment.unclear(["MODE=calm", "X=1"], ["MODE=calm", "X=1"]) == ["MODE", "X"]


def test_the_same_container_again_has_its_configuration_whatever_was_inherited() -> None:
    for own in ({}, {"Entrypoint": [""], "Cmd": ["x"]}, {"Entrypoint": ["/entry"]}, {"Env": ["MODE=calm"]}):
        config = merged(own, OLD)
        assert merged(whole(config, OLD), OLD) == config


NAMES = st.sampled_from(["A", "B", "C", "D"])
ENTRIES = st.dictionaries(NAMES, st.sampled_from(["1", "2"]), max_size=4).map(
    lambda found: [f"{name}={value}" for name, value in found.items()]
)
WORDS = st.lists(st.sampled_from(["x", "y"]), max_size=2)
MAPS = st.dictionaries(NAMES, st.sampled_from(["1", "2"]), max_size=3)
CHECKS = st.dictionaries(st.sampled_from(["Interval", "Timeout", "Retries"]), st.integers(1, 2), max_size=3)
CONFIGS = st.fixed_dictionaries(
    {
        "Env": ENTRIES,
        "Labels": MAPS,
        "Cmd": WORDS,
        "Entrypoint": WORDS,
        "Healthcheck": CHECKS,
        "User": st.sampled_from(["", "0", "app"]),
        "ExposedPorts": st.dictionaries(NAMES, st.just({}), max_size=2),
    }
)


@given(own=CONFIGS, image=CONFIGS)
def test_on_its_own_image_every_container_comes_out_as_it_was(
    own: dict[str, Any], image: dict[str, Any]
) -> None:
    config = merged(own, image)
    assert merged(subtracted(config, image), image) == config


@given(own=ENTRIES, image=ENTRIES)
def test_no_variable_is_lost_or_made_up_and_none_of_its_own_is_taken_for_the_images(
    own: list[str], image: list[str]
) -> None:
    config = environment.merged(own, image)
    mine, inherited = environment.split(config, image)
    assert sorted([*mine, *inherited]) == sorted(config)
    assert [entry for entry in own if entry not in image] == [entry for entry in mine if entry not in image]

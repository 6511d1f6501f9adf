"""An engine's answers to observations: exact times, no secrets, nothing made up."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from patchdeck.model import ContainerEvent, ContainerFacts, Healthcheck, ImageEvent
from patchdeck.settings import ServiceSettings
from patchdeck.sources.engine import wire
from patchdeck.sources.engine.events import EventDecoder, Unreadable
from patchdeck.sources.engine.facts import OUTPUT_KEPT_CHARACTERS, container_facts
from patchdeck.sources.engine.images import image_facts, layer_sizes
from patchdeck.sources.engine.times import parse_ns
from tests.unit.fake_engine import inspect_of

# --- times


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-11-21T02:14:01.825906312Z", 1795227241825906312),
        ("2026-11-21T02:14:01.8Z", 1795227241800000000),
        ("2026-11-21T03:14:01.000000001+01:00", 1795227241000000001),
        ("2026-11-20T20:44:01.5-05:30", 1795227241500000000),
        ("0001-01-01T00:00:00Z", None),
        ("", None),
    ],
)
def test_times_are_exact_to_the_nanosecond(text: str, ns: int | None) -> None:
    assert parse_ns(text) == ns


@given(st.integers(min_value=0, max_value=4_000_000_000), st.integers(min_value=0, max_value=999_999_999))
def test_every_time_survives(second: int, nanosecond: int) -> None:
    whole = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    assert parse_ns(f"{whole}.{nanosecond:09d}Z") == second * 1_000_000_000 + nanosecond


@pytest.mark.parametrize(
    "text", ["yesterday", "2026-13-01T00:00:00Z", "2026-11-21T02:14:01", "２026-11-21T02:14:01Z"]
)
def test_what_is_no_time_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_ns(text)


# --- containers


def facts(**changes: Any) -> ContainerFacts:
    return container_facts(inspect_of("c" * 64, **changes))


SECRETS = ["hunter2", "s3cret", "t0ken"]


def test_no_secret_gets_past_the_decoder() -> None:
    seen = facts(
        Path="/bin/server",
        Args=["--password", "hunter2"],
        Config={
            "Image": "i:1",
            "Env": ["PASSWORD=s3cret", "EMPTY=", "BARE"],
            "Cmd": ["/bin/server", "--password", "hunter2"],
            "Healthcheck": {"Test": ["CMD-SHELL", "TOKEN='t0ken t0ken' curl -H t0ken localhost"]},
        },
    )
    assert seen.environment_names == ("PASSWORD", "EMPTY", "BARE")
    assert (seen.program, seen.argument_count) == ("/bin/server", 2)
    assert seen.healthcheck is not None
    assert seen.healthcheck.test == "CMD-SHELL curl"
    encoded = msgspec.json.encode(seen).decode()
    assert not [secret for secret in SECRETS if secret in encoded]


@pytest.mark.parametrize(
    ("test", "told"),
    [
        (["CMD", "/bin/check", "--key", "t0ken"], "CMD /bin/check"),
        (["CMD-SHELL", "curl -f http://localhost || exit 1"], "CMD-SHELL curl"),
        (["CMD-SHELL", "KEY='t0ken"], "CMD-SHELL"),
        (["CMD-SHELL", "$(cat t0ken)"], "CMD-SHELL"),
        (["CMD-SHELL", ""], "CMD-SHELL"),
        (["CMD"], "CMD"),
    ],
)
def test_of_a_health_check_only_kind_and_program_are_kept(test: list[str], told: str) -> None:
    seen = facts(Config={"Image": "i:1", "Healthcheck": {"Test": test}}).healthcheck
    assert seen is not None
    assert seen.test == told


def test_zero_durations_of_a_health_check_are_the_engines_defaults() -> None:
    seen = facts(Config={"Image": "i", "Healthcheck": {"Test": ["CMD", "x"], "Interval": 10**9}}).healthcheck
    assert seen == Healthcheck(
        test="CMD x", interval_s=1.0, timeout_s=30.0, start_period_s=0.0, start_interval_s=5.0, retries=3
    )


@pytest.mark.parametrize("check", [None, {"Test": ["NONE"]}, {"Test": []}, {}])
def test_no_health_check_is_none(check: object) -> None:
    assert facts(Config={"Image": "i", "Healthcheck": check}).healthcheck is None


def test_a_probes_output_is_bounded() -> None:
    log = [
        {
            "Start": "2026-11-21T02:14:01Z",
            "End": "2026-11-21T02:14:02Z",
            "ExitCode": 1,
            "Output": "x" * 10_000,
        }
    ]
    state = {
        "Status": "running",
        "Running": True,
        "Health": {"Status": "starting", "FailingStreak": 1, "Log": log},
    }
    health = facts(State=state).health
    assert health is not None
    assert len(health.probes[0].output) == OUTPUT_KEPT_CHARACTERS
    assert health.probes[0].ended_ns - health.probes[0].began_ns == 1_000_000_000


@pytest.mark.parametrize(
    ("state", "exit_code"),
    [
        ({"Status": "running", "Running": True, "ExitCode": 0}, None),
        ({"Status": "created", "ExitCode": 0}, None),
        ({"Status": "created", "ExitCode": 127, "Error": "no such file"}, 127),
        ({"Status": "exited", "ExitCode": 0, "FinishedAt": "2026-11-21T02:14:01Z"}, 0),
    ],
)
def test_an_exit_code_is_told_only_of_what_has_ended(state: dict[str, Any], exit_code: int | None) -> None:
    assert facts(State=state).exit_code == exit_code


def test_limits_are_none_where_there_is_no_limit() -> None:
    limits = facts(HostConfig={"CpuQuota": 50_000, "CpuPeriod": 0, "PidsLimit": -1, "Memory": 0}).limits
    assert (limits.cpus, limits.memory_bytes, limits.pids) == (0.5, None, None)
    assert facts(HostConfig={"NanoCpus": 1_500_000_000}).limits.cpus == 1.5


def test_ports_read_as_docker_writes_them() -> None:
    ports = {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}], "81/tcp": None}
    assert facts(NetworkSettings={"Ports": ports}).ports == ("0.0.0.0:8080->80/tcp", "81/tcp")


def test_nulls_are_what_the_api_means_by_them() -> None:
    seen = facts(
        Args=None, Mounts=None, NetworkSettings=None, Config={"Image": "i", "Labels": None, "Env": None}
    )
    assert (seen.labels, seen.mounts, seen.networks, seen.argument_count) == ({}, (), (), 0)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
@hypothesis_settings(max_examples=40, deadline=None)
def test_any_json_is_facts_or_a_value_error(answer: Any) -> None:
    with pytest.raises(ValueError, match=r".*"):
        container_facts(json.dumps(answer).encode("utf-8", "surrogatepass"))


# --- images


def test_layers_have_the_sizes_of_the_instructions_that_made_them() -> None:
    history = [
        wire.HistoryEntry(Size=0, CreatedBy='/bin/sh -c #(nop)  CMD ["x"]'),
        wire.HistoryEntry(Size=3_216, CreatedBy="/bin/busybox --install"),
        wire.HistoryEntry(Size=1_982_256, CreatedBy="/bin/sh -c #(nop) COPY file:1 in /bin"),
    ]
    assert layer_sizes(2, history) == [1_982_256, 3_216]


def test_an_empty_layer_is_told_from_an_instruction_without_one() -> None:
    history = [
        wire.HistoryEntry(Size=0, CreatedBy="ENV A=1"),
        wire.HistoryEntry(Size=0, CreatedBy="RUN /bin/sh -c true # buildkit"),
        wire.HistoryEntry(Size=5, CreatedBy="COPY a /a # buildkit"),
    ]
    assert layer_sizes(2, history) == [5, 0]


def test_sizes_that_can_not_be_told_stay_unknown() -> None:
    assert layer_sizes(3, [wire.HistoryEntry(Size=5)]) == [None, None, None]
    seen = image_facts(b'{"Id":"sha256:1","RootFS":{"Layers":["sha256:a"]}}', None)
    assert [layer.size_bytes for layer in seen.layers] == [None]


# --- events


def decoded(line: dict[str, Any], group_by: tuple[str, ...] = ServiceSettings().group_by) -> Any:
    found = EventDecoder("e", group_by).decode(json.dumps(line).encode())
    return found and found[1]


def container_event(action: str, **attributes: str) -> dict[str, Any]:
    return {
        "Type": "container",
        "Action": action,
        "Actor": {"ID": "c1", "Attributes": attributes},
        "timeNano": 5,
    }


def test_health_probes_and_other_chatter_are_dropped() -> None:
    for action in ("exec_create: /bin/sh -c t", "exec_start: x", "exec_die", "top", "resize", "attach"):
        assert decoded(container_event(action)) is None
    assert decoded({"Type": "volume", "Action": "create", "Actor": {}, "timeNano": 5}) is None


def test_health_is_what_comes_after_the_colon() -> None:
    event = decoded(container_event("health_status: healthy", name="web-1"))
    assert (event.action, event.detail, event.name) == ("health_status", "healthy", "web-1")


def test_only_a_create_carries_labels_and_only_those_that_grouping_needs() -> None:
    labels = {
        "team": "a",
        "com.docker.compose.project": "shop",
        "com.docker.compose.oneoff": "True",
        "secret": "t0ken",
    }
    event = decoded(container_event("create", **labels), group_by=("team", "com.docker.compose.project+x"))
    assert event.labels == {key: value for key, value in labels.items() if key != "secret"}
    assert decoded(container_event("start", **labels)).labels == {}


@pytest.mark.parametrize(
    ("text", "code"), [("137", 137), ("0", 0), ("", None), ("-1", None), ("t0ken", None), ("9" * 5_000, None)]
)
def test_a_label_named_like_the_exit_code_is_no_exit_code(text: str, code: int | None) -> None:
    assert decoded(container_event("die", exitCode=text)).exit_code == code


def test_networks_speak_of_their_container() -> None:
    line = {
        "Type": "network",
        "Action": "connect",
        "Actor": {"ID": "n1", "Attributes": {"container": "c1", "name": "bridge"}},
        "timeNano": 5,
    }
    event = decoded(line)
    assert event == ContainerEvent(engine="e", at_ns=5, container_id="c1", action="connect", detail="bridge")


def test_images_are_told_by_name_where_they_have_one() -> None:
    line = {
        "Type": "image",
        "Action": "tag",
        "Actor": {"ID": "sha256:1", "Attributes": {"name": "a:1"}},
        "timeNano": 5,
    }
    assert decoded(line) == ImageEvent(engine="e", at_ns=5, action="tag", image="a:1")


def test_two_connects_of_one_moment_are_two() -> None:
    def key(container: str) -> object:
        line = {"Type": "network", "Action": "connect", "timeNano": 5}
        actor = {"ID": "n", "Attributes": {"container": container}}
        found = EventDecoder("e", ()).decode(json.dumps(line | {"Actor": actor}).encode())
        return found and found[0]

    assert key("a") != key("b")


@given(st.binary(max_size=200))
def test_any_bytes_are_an_event_or_unreadable(line: bytes) -> None:
    with pytest.raises(Unreadable):
        EventDecoder("e", ()).decode(line)

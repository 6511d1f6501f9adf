"""Which engine is chosen, by Docker's own rules."""

from __future__ import annotations

import hashlib
import json
import socket
from pathlib import Path

import pytest

from patchdeck.settings import EngineSettings
from patchdeck.sources import targets as targets_module
from patchdeck.sources.naming import unique_names
from patchdeck.sources.targets import (
    Target,
    TargetError,
    Tls,
    asked_for,
    checked,
    choose,
    falls_to_default_sockets,
)


@pytest.fixture(autouse=True)
def no_system_socket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(targets_module, "SYSTEM_SOCKET", tmp_path / "run" / "docker.sock")


def context(home: Path, name: str, host: str, *, tls: bool = False, skip_verify: bool = False) -> None:
    digest = hashlib.sha256(name.encode()).hexdigest()
    meta = home / ".docker" / "contexts" / "meta" / digest
    meta.mkdir(parents=True)
    endpoint = {"Host": host, "SkipTLSVerify": skip_verify}
    (meta / "meta.json").write_text(json.dumps({"Name": name, "Endpoints": {"docker": endpoint}}))
    if tls:
        folder = home / ".docker" / "contexts" / "tls" / digest / "docker"
        folder.mkdir(parents=True)
        for part in ("ca", "cert", "key"):
            (folder / f"{part}.pem").write_text("pem")


def current(home: Path, name: str) -> None:
    (home / ".docker").mkdir(exist_ok=True)
    (home / ".docker" / "config.json").write_text(json.dumps({"currentContext": name, "auths": {}}))


def one(home: Path, *hosts: str, **environ: str) -> Target:
    (target,) = choose([EngineSettings(host=host) for host in hosts], environ, home)
    return target


def test_docker_host_outranks_contexts_and_a_flag_outranks_both(tmp_path: Path) -> None:
    context(tmp_path, "prod", "tcp://prod:2375")
    current(tmp_path, "prod")
    environ = {"DOCKER_HOST": "tcp://there:2375", "DOCKER_CONTEXT": "prod"}
    assert one(tmp_path, "tcp://asked:1", **environ).host == "tcp://asked:1"
    assert one(tmp_path, **environ).host == "tcp://there:2375"
    assert one(tmp_path, **environ).chosen == "DOCKER_HOST"
    assert one(tmp_path, DOCKER_CONTEXT="prod").chosen == "DOCKER_CONTEXT prod"
    chosen = one(tmp_path)
    assert (chosen.host, chosen.name, chosen.chosen) == ("tcp://prod:2375", "prod", "current context prod")


def test_a_configured_engine_keeps_its_name_however_it_is_asked_for() -> None:
    engines = (
        EngineSettings(name="prod-a", host="tcp://10.0.0.1:2376"),
        EngineSettings(name="prod-b", host="prod"),
    )
    assert asked_for((), engines) == engines
    assert asked_for(("tcp://10.0.0.1:2376", "prod-b"), engines) == engines
    assert asked_for(("prod", "other"), engines) == (engines[1], EngineSettings(host="other"))


def test_the_default_context_is_no_context(tmp_path: Path) -> None:
    context(tmp_path, "prod", "tcp://prod:2375")
    current(tmp_path, "prod")
    assert falls_to_default_sockets((), {"DOCKER_CONTEXT": "default"}, tmp_path)
    assert not falls_to_default_sockets((), {}, tmp_path)
    assert one(tmp_path, DOCKER_CONTEXT="default").chosen == "default socket"


def test_docker_config_moves_the_folder(tmp_path: Path) -> None:
    context(tmp_path / "other", "prod", "tcp://prod:2375")
    (tmp_path / "elsewhere").mkdir()
    folder = str(tmp_path / "other" / ".docker")
    assert one(tmp_path / "elsewhere", "prod", DOCKER_CONFIG=folder).host == "tcp://prod:2375"


def test_a_context_brings_its_certificates(tmp_path: Path) -> None:
    context(tmp_path, "prod", "tcp://prod:2376", tls=True, skip_verify=True)
    tls = one(tmp_path, "prod").tls
    assert tls is not None
    assert not tls.verify
    assert tls.ca is not None
    assert tls.ca.name == "ca.pem"


def test_tls_is_by_dockers_variables(tmp_path: Path) -> None:
    for part in ("ca", "cert", "key"):
        (tmp_path / f"{part}.pem").write_text("pem")
    environ = {"DOCKER_HOST": "tcp://prod:2376", "DOCKER_CERT_PATH": str(tmp_path)}
    assert one(tmp_path, **environ).tls is None
    assert one(tmp_path, **environ, DOCKER_TLS_VERIFY="1").tls == Tls(
        ca=tmp_path / "ca.pem", certificate=tmp_path / "cert.pem", key=tmp_path / "key.pem"
    )
    unverified = one(tmp_path, **environ, DOCKER_TLS="1").tls
    assert unverified is not None
    assert not unverified.verify
    environ["DOCKER_HOST"] = "unix:///run/x.sock"
    assert one(tmp_path, **environ, DOCKER_TLS_VERIFY="1").tls is None


def test_of_the_default_sockets_the_first_that_someone_serves(tmp_path: Path) -> None:
    runtime = tmp_path / "runtime"
    dead = tmp_path / "run" / "docker.sock"
    for path in (dead, runtime / "docker.sock"):
        path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(dead))
    assert one(tmp_path, XDG_RUNTIME_DIR=str(runtime)).host == f"unix://{dead}"
    with socket.socket(socket.AF_UNIX) as served:
        served.bind(str(runtime / "docker.sock"))
        served.listen()
        assert one(tmp_path, XDG_RUNTIME_DIR=str(runtime)).host == f"unix://{runtime}/docker.sock"


def test_without_any_engine_it_is_dockers_own_default(tmp_path: Path) -> None:
    assert one(tmp_path).host == f"unix://{tmp_path}/run/docker.sock"


@pytest.mark.parametrize(
    ("host", "form"),
    [
        ("unix:///run/docker.sock", "unix:///run/docker.sock"),
        ("tcp://prod", "tcp://prod:2375"),
        ("https://prod", "tcp://prod:2376"),
        ("tcp://[::1]:2375", "tcp://[::1]:2375"),
        ("ssh://me@prod:2222/run/user/1/docker.sock", "ssh://me@prod:2222/run/user/1/docker.sock"),
    ],
)
def test_addresses_have_one_form(host: str, form: str) -> None:
    assert checked(host) == form


@pytest.mark.parametrize(
    "host",
    [
        "unix://",
        "unix://relative/path",
        "tcp://",
        "tcp://prod:notaport",
        "npipe:////./pipe/docker_engine",
        "fd://",
        "ssh://-oProxyCommand=evil/",
        "ssh://-l@prod",
        "ssh://me:t0ken@prod",
        "tcp://a b:1",
    ],
)
def test_what_is_no_address_is_one_clear_error(tmp_path: Path, host: str) -> None:
    with pytest.raises(TargetError) as raised:
        one(tmp_path, host)
    assert "\n" not in str(raised.value)
    assert "t0ken" not in str(raised.value)


@pytest.mark.parametrize("meta", [None, "}{", '{"Endpoints": {}}', '{"Endpoints": {"docker": {"Host": 5}}}'])
def test_a_context_that_can_not_be_read_is_one_clear_error(tmp_path: Path, meta: str | None) -> None:
    if meta is not None:
        context(tmp_path, "prod", "tcp://prod:1")
        next((tmp_path / ".docker").rglob("meta.json")).write_text(meta)
    with pytest.raises(TargetError, match="context 'prod'"):
        one(tmp_path, "prod")


def test_a_config_that_can_not_be_read_is_an_error_and_not_another_engine(tmp_path: Path) -> None:
    current(tmp_path, "prod")
    (tmp_path / ".docker" / "config.json").write_text("{")
    with pytest.raises(TargetError, match=r"config\.json"):
        one(tmp_path)


def test_names_are_short_and_unique() -> None:
    hosts = [
        ("", "unix:///var/run/docker.sock"),
        ("", "unix:///run/user/1000/docker.sock"),
        ("", "unix:///tmp/lab/d1/docker.sock"),
        ("", "ssh://me@prod-a.example.org"),
        ("", "tcp://prod-a.example.net:2376"),
        ("", "tcp://10.0.0.1:2375"),
        ("", "tcp://10.0.0.1:2376"),
        ("prod-a", "tcp://x:1"),
    ]
    assert unique_names(hosts) == (
        "local",
        "rootless",
        "d1",
        "prod-a",
        "prod-a.example.net",
        "10.0.0.1",
        "10.0.0.1:2376",
        "prod-a-2",
    )

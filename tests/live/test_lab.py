"""The lab itself, tried on real parts: what it starts works, and what it takes down is gone."""

from __future__ import annotations

from tests.lab import herd
from tests.lab.engine import Engine
from tests.lab.images import Images


def test_an_engine_answers_by_socket_and_by_command_line(engine: Engine) -> None:
    assert engine.docker("version", "--format", "{{.Server.Version}}") == engine.version
    assert (engine.major <= 26) == (engine.generation == "stock")


def test_a_herd_is_timed_from_the_clients_side(engine: Engine, images: Images) -> None:
    fired = herd.fire(engine, images.plain, 12, labels={"lab": "herd"})
    assert not fired.failed
    assert len({start.id for start in fired.starts}) == 12
    for start in fired.starts:
        assert start.created is not None
        assert start.started is not None
        assert start.create_sent < start.created < start.started
    assert {container["State"] for container in engine.containers()} == {"running"}

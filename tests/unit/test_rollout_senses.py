"""Where the successors of a rollout can be asked."""

from __future__ import annotations

import pytest

from patchdeck.rollout.senses import replaced_of


@pytest.mark.parametrize(
    ("document", "address", "ports"),
    [
        (
            {
                "NetworkSettings": {
                    "Networks": {"host": {"IPAddress": ""}, "shop": {"IPAddress": "172.18.0.5"}},
                    "Ports": {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "49153"}], "81/tcp": None},
                }
            },
            "172.18.0.5",
            ((80, "0.0.0.0", 49153),),
        ),
        ({"NetworkSettings": {"Networks": {"six": {"GlobalIPv6Address": "fd00::5"}}}}, "fd00::5", ()),
        ({}, "", ()),
        ({"NetworkSettings": {"Networks": None, "Ports": None}}, "", ()),
    ],
)
def test_where_a_successor_can_be_asked_is_read_from_its_document(
    document: dict[str, object], address: str, ports: tuple[tuple[int, str, int], ...]
) -> None:
    told = replaced_of("web-1", "f" * 64, document)
    assert (told.address, told.ports) == (address, ports)

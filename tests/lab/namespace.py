"""A network namespace for one engine: its bridges and iptables rules live in it and go with it.

The namespace hangs on this machine by one veth pair in 198.18.0.0/15 (set aside for tests of networks), without a way
out. Engines find it by `nsenter` and not by `ip netns exec`, which would hide the control groups from them.
"""

from __future__ import annotations

import ipaddress
import json
import random
import subprocess
from collections.abc import Sequence

from tests.lab.leftovers import delete_namespace, host_interface
from tests.lab.processes import LabError

RANGE = ipaddress.ip_network("198.18.0.0/15")


class Namespace:
    """One namespace with one veth pair; `address` is the namespace's end, `host_address` this machine's."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.address = ""
        self.host_address = ""

    def create(self) -> None:
        host, inside = _free_pair()
        self.host_address, self.address = str(host), str(inside)
        here, there = host_interface(self.name), f"{self.name}n"
        ip("netns", "add", self.name)
        try:
            ip("-n", self.name, "link", "set", "lo", "up")
            ip("link", "add", here, "type", "veth", "peer", "name", there, "netns", self.name)
            ip("address", "add", f"{host}/30", "dev", here)
            ip("link", "set", here, "up")
            ip("-n", self.name, "address", "add", f"{inside}/30", "dev", there)
            ip("-n", self.name, "link", "set", there, "up")
        except LabError:
            self.delete()
            raise

    def enter(self, argv: Sequence[str]) -> list[str]:
        """The same command, run in this namespace; it keeps its PID."""
        return ["nsenter", f"--net=/run/netns/{self.name}", "--", *argv]

    def delete(self) -> None:
        delete_namespace(self.name)


def ip(*arguments: str) -> str:
    """Runs iproute2's `ip`."""
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False, timeout=30)
    if done.returncode:
        raise LabError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def _free_pair() -> tuple[ipaddress.IPv4Address, ipaddress.IPv4Address]:
    """The two addresses of a /30 that no interface and no route of this machine uses."""
    used = [
        ipaddress.ip_network(route["dst"])
        for route in json.loads(ip("-json", "-4", "route", "show", "table", "all"))
        if route["dst"] != "default"
    ]
    for _ in range(100):
        first = ipaddress.IPv4Address(
            int(RANGE.network_address) + 4 * random.randrange(RANGE.num_addresses // 4)
        )
        pair = ipaddress.IPv4Network((first, 30))
        if not any(pair.overlaps(other) for other in used if isinstance(other, ipaddress.IPv4Network)):
            return first + 1, first + 2
    raise LabError(f"no free addresses in {RANGE}")

"""Who an engine is, and what its clock says."""

from __future__ import annotations

import os
import sys
import time
from typing import Final

import msgspec

from patchdeck.model import EngineDescribed
from patchdeck.sources.engine import wire
from patchdeck.sources.engine.connection import Connection, Unreadable
from patchdeck.sources.engine.times import parse_ns
from patchdeck.sources.targets import Target

SIMULATED_LABEL: Final = "patchdeck.simulated=true"
"""By which a simulated engine says that it is one."""


class Clock(msgspec.Struct, frozen=True):
    """An engine host's wall clock, as told by this host's and the offset between them."""

    offset_ns: int = 0

    def now_ns(self) -> int:
        return time.time_ns() + self.offset_ns


class Described(msgspec.Struct, frozen=True):
    observation: EngineDescribed
    clock: Clock
    podman: bool
    """It speaks Docker's API with gaps: its event filters know other words."""


async def describe(connection: Connection) -> Described:
    """GET /version and /info. Raises as `Connection` does."""
    version = await connection.version()
    asked_ns = time.time_ns()
    body = await connection.get("info")
    answered_ns = time.time_ns()
    try:
        info = _INFO.decode(body)
        engine_ns = parse_ns(info.SystemTime)
    except ValueError as error:
        raise Unreadable(f"the answer to /info is not an engine's: {error}") from error
    middle_ns = (asked_ns + answered_ns) // 2
    offset_ns = 0 if engine_ns is None else engine_ns - middle_ns
    error_ns = (answered_ns - asked_ns) // 2
    local = runs_here(connection.target, info)
    if local:
        # One machine has one clock: what was measured is only how long /info took to answer.
        offset_ns = error_ns = 0
    clock = Clock(offset_ns)
    return Described(
        observation=EngineDescribed(
            engine=connection.target.name,
            at_ns=clock.now_ns(),
            host=connection.target.host,
            version=version.Version,
            api_version=version.ApiVersion,
            engine_id=info.ID,
            host_name=info.Name,
            operating_system=info.OperatingSystem,
            kernel=info.KernelVersion,
            architecture=info.Architecture,
            storage_driver=info.Driver,
            cgroup_version=info.CgroupVersion,
            cpus=info.NCPU,
            memory_bytes=info.MemTotal,
            clock_offset_s=offset_ns / 1e9,
            clock_error_s=error_ns / 1e9,
            local=local,
            swarm=info.Swarm is not None and info.Swarm.LocalNodeState == "active",
            simulated=SIMULATED_LABEL in (info.Labels or ()),
        ),
        clock=clock,
        podman=any("podman" in part.Name.lower() for part in version.Components or ()),
    )


_INFO = msgspec.json.Decoder(wire.Info)


def runs_here(target: Target, info: wire.Info) -> bool:
    """The engine shares this machine's kernel, so that /proc/pressure and the clock here are its own.

    A Unix socket alone does not say so: it may lead into Docker Desktop's virtual machine or through a tunnel. The
    kernel's release and the exact size of memory together do.
    """
    if target.socket_path is None or sys.platform != "linux":
        return False
    memory_bytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return info.KernelVersion == os.uname().release and info.MemTotal == memory_bytes

"""What goes wrong on demand, beside what the events and the registry lose and refuse themselves."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Faults:
    disk_full: bool = False
    """Nothing can be created or pulled."""
    probes_fail: bool = False
    """Every health probe fails, whatever the container does."""

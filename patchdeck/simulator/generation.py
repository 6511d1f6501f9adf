"""In what the engines of three generations differ, as far as a client sees it."""

from __future__ import annotations

from typing import Final

import msgspec


class Generation(msgspec.Struct, frozen=True, kw_only=True):
    version: str
    api: str
    least_api: str
    since_24: bool
    """Tells in `die`, which then comes last, how long the process lived; says no in newer words."""
    since_27: bool
    """Stamps StartedAt before the container's process is there, and connects networks late."""

    @property
    def holds_inspects(self) -> bool:
        """An inspect of a container that is being started waits until it is."""
        return not self.since_27


GENERATIONS: Final = {
    "20.10": Generation(version="20.10.24", api="1.41", least_api="1.12", since_24=False, since_27=False),
    "26.1": Generation(version="26.1.5", api="1.45", least_api="1.24", since_24=True, since_27=False),
    "28.5": Generation(version="28.5.2", api="1.51", least_api="1.24", since_24=True, since_27=True),
}
NEWEST: Final = "28.5"

"""The settings that a worker goes by: those of whoever submitted the rollout, handed on through the journal.

A worker may be started from another console, or by hand after a crash; the gates that the plan names stay the same.
Credentials are no part of it: settings name the files and commands that they come from.
"""

from __future__ import annotations

from typing import Final

import msgspec

from patchdeck.rollout.journal import Journal
from patchdeck.settings import Settings

SETTINGS: Final = "settings"
"""The document's name in the journal."""

_SECTIONS: Final = (
    "services",
    "startups",
    "pressure",
    "prometheus",
    "indicators",
    "watch",
    "rollout",
    "gates",
)


def document(settings: Settings) -> dict[str, object]:
    """What of them concerns a worker."""
    return {section: getattr(settings, section) for section in _SECTIONS}


def settings_of(journal: Journal, rollout: str) -> Settings:
    """Those that the rollout was submitted with; the defaults where none were. Raises JournalError."""
    kept = journal.kept(rollout, SETTINGS)
    return Settings() if kept is None else msgspec.json.decode(kept, type=Settings)

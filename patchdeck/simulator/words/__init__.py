"""What engines say when they say no: statuses and sentences, as those of each generation have them."""

from __future__ import annotations

from patchdeck.simulator.words.containers import ContainerWords, StartWords
from patchdeck.simulator.words.requests import NO_SWARM, RequestWords
from patchdeck.simulator.words.things import ImageWords, NetworkWords, VolumeWords

__all__ = ["NO_SWARM", "Words"]


class Words(RequestWords, ContainerWords, StartWords, NetworkWords, VolumeWords, ImageWords):
    """Each method makes an error, to be raised."""

"""The domain of Patchdeck: what containers do when they start, told from observations."""

__version__ = "0.1.0.dev0"

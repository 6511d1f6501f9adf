"""Errors of sources that the screen and the command line show; importing them loads no engine client."""

from __future__ import annotations


class LogsUnavailable(Exception):
    """Why there are no lines of a container's log, in one sentence."""


class NotWatching(LogsUnavailable):
    """The watch is not running, not yet or not any more, so that nothing can be asked of it."""

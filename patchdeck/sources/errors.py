"""Errors of sources that the screen and the command line show; importing them loads no engine client."""

from __future__ import annotations


class LogsUnavailable(Exception):
    """Why there are no lines of a container's log, in one sentence."""

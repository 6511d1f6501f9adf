"""The numbers of a rollout that is over, in one line."""

from __future__ import annotations

from patchdeck.model import Summary
from widgets.units import latency


def in_numbers(summary: Summary) -> str:
    """`12s in all; never fewer than 5 ready; 5 startups; p50 0.41s, p95 0.60s; …`"""
    parts = [f"{latency(summary.seconds)} in all"]
    if summary.fewest_ready is not None:
        parts.append(f"never fewer than {summary.fewest_ready} ready")
    parts.append("1 startup" if summary.startups == 1 else f"{summary.startups} startups")
    if summary.new_p50_s is not None:
        parts.append(f"p50 {latency(summary.new_p50_s)}, p95 {latency(summary.new_p95_s)}")
    if summary.old_p50_s is not None:
        parts.append(f"old version p50 {latency(summary.old_p50_s)}, p95 {latency(summary.old_p95_s)}")
    if summary.pace is not None:
        parts.append(f"pace {summary.pace:g}")
    if summary.worker_restarts:
        parts.append(f"worker restarted {summary.worker_restarts} times")
    return "; ".join(parts)

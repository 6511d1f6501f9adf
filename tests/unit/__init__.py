"""Tests without a terminal and without an engine."""

"""Rollouts: planned, carried out, journalled."""

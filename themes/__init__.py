"""Palettes, ramps and style sheets."""

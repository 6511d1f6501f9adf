"""Tests of the console against fixed values."""

"""Captured sessions that ship with the program, as data files of this package."""

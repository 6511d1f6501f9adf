"""Recordings: the observations of a watch, kept in a file from which the very same snapshots can be made again."""

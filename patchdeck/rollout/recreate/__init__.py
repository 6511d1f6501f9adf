"""Faithful recreate: from the inspect document of a container to one that differs by its image only. Pure.

`successor.successor` is the way in; `successor.rebuilt` makes the same container again on its own image.
"""

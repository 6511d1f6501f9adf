"""docs/benchmarks.md, section by section: each stands until it is measured again."""

from __future__ import annotations

import re

HEAD = """# Benchmarks

What the program promises, measured. Every section says when and on what: `make bench` measures them all, `make bench
ARGS='opening idling'` some, and each run replaces the sections that it measured. Compare the rows of one section, not
machines.
"""

_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)


def sections(page: str) -> dict[str, str]:
    """What stands under each heading of the second level, by title, with the heading."""
    found = list(_HEADING.finditer(page))
    ends = [*(one.start() for one in found), len(page)][1:]
    return {one[1]: page[one.start() : end] for one, end in zip(found, ends, strict=True)}


def with_section(page: str, section: str) -> str:
    """The page with this section in the place of the one of its title, or at the end."""
    (title,) = sections(section)
    everything = {**sections(page), title: section}
    return "\n".join([HEAD, *(one.strip() + "\n" for one in everything.values())])

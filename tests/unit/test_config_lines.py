from __future__ import annotations

import pytest

from patchdeck.config_lines import line_of

DOCUMENT = '''
first = """
sample = 1
"""
[watch]
sample = [
  1,
]  # the end

[[engines]]
host = "a"
[[engines]]
host.x = "b"
screen = { theme = "x" }
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("first",), 2),
        (("watch",), 5),
        (("watch", "sample"), 6),
        (("watch", "sample", 0), 6),
        (("engines", 0), 10),
        (("engines", 0, "host"), 11),
        (("engines", 1, "host", "x"), 13),
        (("engines", 1, "screen", "theme"), 14),
        (("engines", 2), None),
        (("nowhere",), None),
    ],
)
def test_the_line_of_a_key_is_that_of_its_statement(path: tuple[str | int, ...], line: int | None) -> None:
    assert line_of(DOCUMENT, path) == line


def test_of_a_document_that_is_too_long_no_line_is_told() -> None:
    assert line_of("\n" * 3000 + "a = 1", ("a",)) is None

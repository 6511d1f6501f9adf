"""Starts in flight, against counting by hand."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from patchdeck.crowd import Crowd, peaks

moments = st.integers(0, 50)
spans = st.tuples(moments, st.one_of(st.none(), moments))


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.one_of(st.none(), spans)), max_size=40))
def test_others_are_those_that_had_begun_and_not_ended(
    changes: list[tuple[str, tuple[int, int | None] | None]],
) -> None:
    crowd = Crowd()
    by_hand: dict[str, tuple[int, int | None]] = {}
    for key, span in changes:
        if span is None:
            was = by_hand.pop(key, None)
            assert crowd.remove(key) == (was[0] if was else None)
            continue
        began, ended = span
        crowd.set(key, began, ended)
        by_hand[key] = (began, None if ended is None else max(began, ended))
    assert len(crowd) == len(by_hand)
    for key, (began, _) in by_hand.items():
        others = sum(
            other != key and b <= began and (e is None or e > began) for other, (b, e) in by_hand.items()
        )
        assert crowd.others_of(key) == others


@given(
    st.lists(st.tuples(moments, moments), max_size=30),
    st.lists(moments, min_size=2, max_size=12, unique=True).map(sorted),
)
def test_peaks_are_the_most_at_once_in_each_stretch(
    given_spans: list[tuple[int, int]], edges: list[int]
) -> None:
    expected = [
        max(sum(began <= moment < ended for began, ended in given_spans) for moment in range(low, high))
        for low, high in itertools.pairwise(edges)
    ]
    assert peaks(given_spans, edges) == expected

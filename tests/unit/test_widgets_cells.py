"""Whatever comes from outside takes exactly its cells and acts on nothing."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len, get_character_cell_size

from widgets.cells import clean, fit, short

HOSTILE = [
    "\x1b[31mred\x1b[0m",
    "\x9b31mred",
    "a\nb\tc\rd\x00e\x7f",
    "safe\u202egnitsil\u202c",
    "\u2066isolate\u2069",
    "zero\u200bwidth\u200d\ufeff",
    "flood" + "\u0301" * 500,
    "lone \ud800 surrogate \udcff",
    "e\u0301 composed",
    "日本語のコンテナ",
    "👩‍💻 🇩🇪 ❤️ 👍🏽",
    "\u2028line\u2029paragraph\x85next",
    "שלום عالم",
    "[red]markup[/] [@click=app.quit]x[/]",
    "\u1160\u11ff jamo",
    "\ue000\U0010ffff\U000e0041",
    "x" * 10_000,
    "\u0301" * 10_000,
    "",
]
ANY_TEXT = st.text(alphabet=st.characters(categories=None, exclude_categories=()), max_size=200)


def is_harmless(text: str) -> bool:
    return all(
        unicodedata.category(char)[0] != "C"
        and unicodedata.category(char) not in ("Zl", "Zp")
        and unicodedata.bidirectional(char)
        not in ("R", "AL", "RLO", "RLE", "RLI", "LRO", "LRE", "LRI", "FSI")
        and get_character_cell_size(char) > 0
        for char in text
    )


@given(text=ANY_TEXT, width=st.integers(0, 60), align=st.sampled_from(["left", "right", "center"]))
def test_any_text_fits_exactly_and_is_harmless(text: str, width: int, align: str) -> None:
    for cut in ("end", "middle"):
        fitted = fit(text, width, align, cut=cut)  # type: ignore[arg-type]
        assert cell_len(fitted) == width
        assert is_harmless(fitted)


@given(text=ANY_TEXT, width=st.integers(0, 60))
def test_reduced_to_ascii_it_fits_as_exactly(text: str, width: int) -> None:
    fitted = fit(text, width, ellipsis="~", ascii_only=True)
    assert fitted.isascii()
    assert len(fitted) == width
    assert fitted.isprintable()


@given(text=ANY_TEXT)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(text=ANY_TEXT, most=st.integers(1, 40))
def test_a_shortened_text_takes_no_more_than_it_needs(text: str, most: int) -> None:
    assert cell_len(short(text, most)) == min(cell_len(clean(text)), most)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("width", [1, 2, 7, 40])
def test_known_attacks_stay_in_their_cell(text: str, width: int) -> None:
    fitted = fit(text, width)
    assert cell_len(fitted) == width
    assert is_harmless(fitted)
    fitted.encode("utf-8")


def test_what_was_there_can_still_be_told() -> None:
    assert clean("a\x1b[0m\n") == "a␛[0m␊"
    assert clean("e\u0301") == "é"
    assert clean("[red]x[/]") == "[red]x[/]"
    assert clean("a\u202eb") == "a�b"
    assert clean("❤\ufe0f") == "❤"


def test_a_cut_shows_an_ellipsis_at_its_place() -> None:
    assert fit("shop-web-canary-17", 10) == "shop-web-…"
    assert fit("shop-web-canary-17", 10, cut="middle") == "shop-…y-17"
    assert fit("日本語のコンテナ", 6) == "日本… "
    assert fit("ab", 5, "right") == "   ab"
    assert fit("ab", 5, "center") == " ab  "


def test_the_end_of_a_long_name_survives_a_cut_in_the_middle() -> None:
    assert fit("x" * 20_000 + "-end", 12, cut="middle").endswith("-end")


@pytest.mark.parametrize("text", ["x" * 10_000, "\u0301" * 10_000, "\x1b[31m" * 2_500, "日" * 10_000])
def test_ten_thousand_characters_cost_little_more_than_a_hundred(text: str) -> None:
    def cost(sample: str) -> float:
        began = time.thread_time()
        for _ in range(50):
            fit(sample, 30)
        return time.thread_time() - began

    cost(text)
    assert min(cost(text) for _ in range(5)) < 20 * min(cost(text[:100]) for _ in range(5)) + 0.01

"""Ramps and palettes: every step can be told, in every number of colours."""

import pytest
from rich.color import Color as RichColor
from rich.color import ColorSystem
from textual.color import Color

from patchdeck.model import HEAT_LEVELS
from themes.palettes import BY_SETTING, THEMES, VARIABLE_DEFAULTS
from themes.ramps import ASCII, EMBER, HEAT_STEPS, INFERNO, SIXTEEN, UNICODE, VIRIDIS, Glyphs


def lightness(colour: str) -> float:
    return Color.parse(colour).brightness


def test_there_are_as_many_steps_as_the_grid_has_levels() -> None:
    assert HEAT_STEPS == HEAT_LEVELS
    for ramp in (INFERNO, VIRIDIS, EMBER, SIXTEEN):
        assert len(ramp) == HEAT_STEPS
    for glyphs in (UNICODE, ASCII):
        assert len(glyphs.heat) == HEAT_STEPS + 1


@pytest.mark.parametrize(("ramp", "sign"), [(INFERNO, 1), (VIRIDIS, 1), (EMBER, -1)])
def test_lightness_goes_one_way_so_that_a_ramp_can_be_read_in_grey(ramp: tuple[str, ...], sign: int) -> None:
    values = [sign * lightness(colour) for colour in ramp]
    assert values == sorted(values)


@pytest.mark.parametrize("ramp", [INFERNO, VIRIDIS, EMBER])
def test_eight_shades_are_left_in_256_colours(ramp: tuple[str, ...]) -> None:
    assert len({RichColor.parse(colour).downgrade(ColorSystem.EIGHT_BIT).number for colour in ramp}) >= 8


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
def test_shades_are_told_by_glyph_without_any_colour(glyphs: Glyphs) -> None:
    assert glyphs.heat[0] == " "
    assert len(set(glyphs.heat)) >= 6
    firsts = [glyphs.heat.index(glyph) for glyph in glyphs.heat]
    assert firsts == sorted(firsts)
    states = (glyphs.live, glyphs.connecting, glyphs.stale, glyphs.lost, glyphs.absent)
    assert len(set(states)) == len(states)


def test_the_ascii_alphabet_is_ascii() -> None:
    words = [getattr(ASCII, name) for name in Glyphs.__slots__]
    assert all(word.isascii() for word in words if isinstance(word, str))


def test_all_themes_say_the_same_things() -> None:
    for theme in THEMES:
        assert set(VARIABLE_DEFAULTS) <= {*theme.variables, "footer-background"}
    assert list(BY_SETTING.values()) == list(THEMES)


def test_the_sixteen_colour_theme_uses_nothing_but_the_terminal_s_own() -> None:
    theme = BY_SETTING["ansi"]
    colours = {name: value for name, value in theme.variables.items() if not name.endswith("style")}
    assert all(value.startswith("ansi_") for value in colours.values())


@pytest.mark.parametrize("name", ["dark", "light", "colour-blind"])
@pytest.mark.parametrize(
    "word", ["calm", "busy", "saturated", "failed", "version-old", "version-new", "armed", "muted"]
)
def test_words_can_be_read_on_the_ground(name: str, word: str) -> None:
    theme = BY_SETTING[name]
    assert theme.background is not None
    ground, ink = Color.parse(theme.background), Color.parse(theme.variables[word])
    assert _contrast(ground, ink) >= 4.5


def _contrast(one: Color, two: Color) -> float:
    """The ratio of WCAG 2."""
    high, low = sorted((_luminance(one), _luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: Color) -> float:
    parts = [
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.normalized
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

"""What the console is made of in a given terminal, and how it says that it can not be opened."""

import pytest

from patchdeck.settings import ScreenSettings, Settings
from themes.ramps import ASCII, UNICODE
from tui import console


@pytest.mark.parametrize(
    ("environ", "theme"),
    [
        ({"TERM": "xterm-256color"}, "dark"),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, "dark"),
        ({"TERM": "xterm"}, "ansi"),
        ({"TERM": "linux"}, "ansi"),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, "ansi"),
    ],
)
def test_the_theme_is_chosen_by_the_terminal(
    environ: dict[str, str], theme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TERM", "COLORTERM", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert console.theme_for(Settings()) == theme
    assert console.theme_for(Settings(screen=ScreenSettings(theme="light"))) == "light"


@pytest.mark.parametrize(
    ("locale", "glyphs"), [("de_DE.UTF-8", UNICODE), ("C", ASCII), ("en_US.ISO-8859-1", ASCII)]
)
def test_glyphs_are_chosen_by_the_locale(
    locale: str, glyphs: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", locale)
    assert console.glyphs_for(Settings()) is glyphs
    assert console.glyphs_for(Settings(screen=ScreenSettings(ascii=True))) is ASCII
    assert console.glyphs_for(Settings(screen=ScreenSettings(ascii=False))) is UNICODE


@pytest.mark.parametrize(
    ("settings", "hosts", "expected"),
    [
        (Settings(screen=ScreenSettings(keys={"sort": "m"})), (), "'m' would be both 'mode' and 'sort'"),
        (Settings(), ("unix://relative",), "unix://relative"),
        (Settings(), ("tcp://127.0.0.1:1",), "needs a terminal"),
    ],
)
def test_what_can_not_be_opened_is_one_line(
    settings: Settings, hosts: tuple[str, ...], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert console.run(settings, hosts) == 2
    told = capsys.readouterr().err
    assert expected in told
    assert told.count("\n") == 1

"""Draws docs/deck.svg, the picture of the console in the README.

python docs/make_screenshots.py --lab                        of a real engine, brought up for it: five minutes
python docs/make_screenshots.py                              of the made-up state that the tests use
python docs/make_screenshots.py --host URL --after 30        of a real engine, after watching it so many seconds
python docs/make_screenshots.py --size 200x60 --theme light --press 2 --to docs/startups.svg
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from docs.scene import LASTS_S, played
from patchdeck.settings import THEMES, EngineSettings, ScreenSettings, Settings
from patchdeck.sources.targets import choose
from patchdeck.watch import WatchThread
from tests.ui import sample
from tests.ui.app_host import FakeWatch, stopped_clock
from tui.app import PatchdeckApp
from tui.bridge import Watch

WatchMaker = Callable[[], Watch]


def of_the_tests() -> WatchMaker:
    """The state in tests/ui/sample.py, with harmless names."""
    return lambda: FakeWatch(sample.snapshot(texts=()))


def of_an_engine(host: str) -> WatchMaker:
    """What is on a real engine now."""
    settings = Settings(engines=(EngineSettings(host=host),))
    return lambda: WatchThread(settings, choose(settings.engines, os.environ, Path.home()))


async def draw(
    make_watch: WatchMaker, *, size: tuple[int, int], theme: str, after_s: float, keys: list[str]
) -> str:
    """The screen as SVG, once it has watched for `after_s` seconds and `keys` have been pressed."""
    app = PatchdeckApp(Settings(screen=ScreenSettings(utc=True)), make_watch, theme=theme)
    async with app.run_test(size=size) as pilot:
        await pilot.pause(after_s)
        await pilot.press(*keys)
        await pilot.pause(0.5)
        return app.export_screenshot(title="patchdeck")


def self_contained(picture: str) -> str:
    """Without the fonts and the comment that Textual would have fetched from elsewhere."""
    picture = re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)
    picture = re.sub(r"<!--.*?-->\s*", "", picture, flags=re.DOTALL)
    return picture.replace("font-family: Fira Code", "font-family: Menlo, Consolas, 'DejaVu Sans Mono'")


def main() -> None:
    """Read the command line, draw, write."""
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--host", help="an engine to watch; without it the state of the tests is drawn")
    arguments.add_argument(
        "--lab", action="store_true", help="bring up an engine, and play docs/scene.py on it"
    )
    arguments.add_argument("--after", type=float, default=1.0, metavar="SECONDS")
    arguments.add_argument("--size", default="120x40", metavar="COLUMNSxROWS")
    arguments.add_argument("--theme", choices=THEMES, default="dark")
    arguments.add_argument("--press", nargs="*", default=[], metavar="KEY")
    arguments.add_argument("--to", type=Path, default=Path(__file__).with_name("deck.svg"), metavar="FILE")
    asked = arguments.parse_args()
    columns, rows = (int(part) for part in asked.size.split("x"))
    size = (columns, rows)
    if asked.lab:
        with played() as engine:
            make_watch = of_an_engine(engine.host)
            picture = asyncio.run(
                draw(
                    make_watch,
                    size=size,
                    theme=asked.theme,
                    after_s=LASTS_S - 20,
                    keys=["plus", "plus", *asked.press],
                )
            )
    else:
        make_watch = of_an_engine(asked.host) if asked.host else of_the_tests()
        with nullcontext() if asked.host else stopped_clock():
            picture = asyncio.run(
                draw(make_watch, size=size, theme=asked.theme, after_s=asked.after, keys=asked.press)
            )
    asked.to.write_text(self_contained(picture), encoding="utf-8")
    print(asked.to)


if __name__ == "__main__":
    main()

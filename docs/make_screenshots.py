"""Draws docs/deck.svg, the picture of the console in the README, from a recording that ships with the program.

python docs/make_screenshots.py                              of recordings/all-at-once, in the middle of its herd
python docs/make_screenshots.py --recording crash-loop --at 'the patch is taken back' --to docs/crash.svg
python docs/make_screenshots.py --tests                      of the made-up state that the tests use
python docs/make_screenshots.py --host URL --after 30        of a real engine, after watching it so many seconds
python docs/make_screenshots.py --size 200x60 --theme light --press 2 --to docs/startups.svg
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from patchdeck.recording.reader import Recording
from patchdeck.recording.values import LandmarkKind
from patchdeck.replay.moment import parse
from patchdeck.replay.thread import ReplayThread
from patchdeck.settings import THEMES, EngineSettings, ScreenSettings, Settings
from patchdeck.sources.targets import choose
from patchdeck.watch import WatchThread
from recordings import SHIPPED, path_of
from tests.ui import sample
from tests.ui.app_host import FakeWatch, settle, stopped_clock
from tui.app import PatchdeckApp
from tui.replay import ReplayApp

SETTINGS = Settings(screen=ScreenSettings(utc=True))


def of_the_tests(theme: str) -> PatchdeckApp:
    """The state in tests/ui/sample.py, with harmless names."""
    return PatchdeckApp(SETTINGS, lambda: FakeWatch(sample.snapshot(texts=())), theme=theme)


def of_an_engine(host: str, theme: str) -> PatchdeckApp:
    """What is on a real engine now."""
    targets = choose((EngineSettings(host=host),), os.environ, Path.home())
    return PatchdeckApp(SETTINGS, lambda: WatchThread(SETTINGS, targets), theme=theme)


def of_a_recording(name: str, moment: str, theme: str) -> PatchdeckApp:
    """Paused at a moment, as `patchdeck replay` has it; without one, halfway from its first mark to the next."""
    recording = Recording.open(path_of(name))
    marks = [one.at_ns for one in recording.landmarks if one.kind is LandmarkKind.MARK]
    halfway_ns = (marks[0] + marks[1]) // 2
    at_ns = parse(moment, ReplayThread(recording).position, UTC) if moment else halfway_ns
    return ReplayApp(SETTINGS, ReplayThread(recording, at_ns=at_ns, playing=False), theme=theme)


async def draw(app: PatchdeckApp, *, size: tuple[int, int], after_s: float, keys: Sequence[str]) -> str:
    """The screen as SVG, once it has watched for `after_s` seconds and `keys` have been pressed."""
    async with app.run_test(size=size) as pilot:
        await pilot.pause(after_s)
        await pilot.press(*keys)
        await settle(pilot)
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
    of = arguments.add_mutually_exclusive_group()
    of.add_argument("--recording", choices=list(SHIPPED), default="all-at-once", metavar="NAME")
    of.add_argument("--host", help="an engine to watch")
    of.add_argument("--tests", action="store_true", help="the made-up state of the tests")
    arguments.add_argument(
        "--at", default="", metavar="TIME", help="of the recording: a time, or a mark's name"
    )
    arguments.add_argument("--after", type=float, default=1.0, metavar="SECONDS")
    arguments.add_argument("--size", default="120x40", metavar="COLUMNSxROWS")
    arguments.add_argument("--theme", choices=THEMES, default="dark")
    arguments.add_argument("--press", nargs="*", default=["plus", "plus"], metavar="KEY")
    arguments.add_argument("--to", type=Path, default=Path(__file__).with_name("deck.svg"), metavar="FILE")
    asked = arguments.parse_args()
    columns, rows = (int(part) for part in asked.size.split("x"))
    if asked.tests:
        app = of_the_tests(asked.theme)
    elif asked.host:
        app = of_an_engine(asked.host, asked.theme)
    else:
        app = of_a_recording(asked.recording, asked.at, asked.theme)
    with stopped_clock() if asked.tests else nullcontext():
        picture = asyncio.run(draw(app, size=(columns, rows), after_s=asked.after, keys=asked.press))
    asked.to.write_text(self_contained(picture), encoding="utf-8")
    print(asked.to)


if __name__ == "__main__":
    main()

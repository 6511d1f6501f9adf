"""What happens on a real engine of the lab while the README's picture is taken: five minutes of a patch.

A calm fleet, a restart here and there, a herd of a new version fired all at once, and a version that crashes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.lab.engine import Engine
from tests.lab.images import Images
from tests.lab.lab import Lab
from tests.lab.services import start_service

LASTS_S = 290.0


@contextmanager
def played() -> Iterator[Engine]:
    """The engine, with the scene going on behind it; ended and taken down with the context."""
    with Lab() as lab:
        engine = lab.engine("stock")
        images = Images(engine)
        for version in ("1.0", "1.1", "1.4"):
            images.web(version)
        ended = threading.Event()
        player = threading.Thread(target=_play, args=(engine, images, ended), name="scene")
        player.start()
        try:
            yield engine
        finally:
            ended.set()
            player.join()


def _play(engine: Engine, images: Images, ended: threading.Event) -> None:
    began = time.monotonic()
    start_service(engine, images.web("1.0"), 12, service="web", at_once=2)
    start_service(engine, images.web("1.0"), 6, service="api", at_once=2)
    start_service(engine, images.web("1.1"), 4, service="search", at_once=1)
    number = 100
    herd = crash = False
    while not ended.wait(6) and (passed := time.monotonic() - began) < LASTS_S:
        number += 1
        start_service(
            engine, images.web("1.0"), 2, project="jobs", service="mailer", first=number * 2, at_once=1
        )
        if passed > 130 and not herd:
            herd = True
            start_service(engine, images.web("1.1"), 24, service="web", first=13, at_once=24)
        if passed > 200 and not crash:
            crash = True
            start_service(engine, images.web("1.4"), 3, service="api", first=7, env={"CRASH_AFTER": "0.4"})
        engine.remove(f"jobs-mailer-{number * 2}")
        engine.remove(f"jobs-mailer-{number * 2 + 1}")

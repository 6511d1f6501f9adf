"""Plans for services that Compose itself made."""

from __future__ import annotations

from pathlib import Path

from patchdeck.model import Order
from tests.lab.engine import Engine
from tests.lab.images import Images
from tests.live.planning import planned, rules

PROJECT = """\
services:
  web:
    image: shop/web:1.0
    network_mode: none
    scale: 2
  told:
    image: shop/web:1.0
    network_mode: none
    configs: [greeting]
  front:
    image: shop/web:1.0
    network_mode: none
    depends_on: {web: {condition: service_started, restart: true}}
  beside:
    image: shop/web:1.0
    network_mode: service:front
configs:
  greeting:
    content: hello
"""


async def test_what_compose_says_of_its_services_is_in_the_plan(
    newer_one: Engine, newer_images: Images, tmp_path: Path
) -> None:
    to = newer_images.web("1.1")
    newer_images.web("1.0")
    (tmp_path / "compose.yaml").write_text(PROJECT)
    newer_one.docker("compose", "--project-name=shop", "--project-directory", str(tmp_path), "up", "--detach")

    web = await planned(newer_one, "shop/web", to)
    assert rules(web) == []
    assert [unit.container for unit in web.units] == ["shop-web-1", "shop-web-2"]
    assert web.units[0].dependents == ()
    assert [(one.container, one.recreate) for one in web.units[1].dependents] == [
        ("shop-front-1", False),
        ("shop-beside-1", False),
    ]

    front = await planned(newer_one, "shop/front", to)
    assert rules(front) == []
    assert front.units[0].order is Order.STOP_FIRST
    assert [(one.container, one.recreate) for one in front.units[0].dependents] == [("shop-beside-1", True)]

    told = await planned(newer_one, "shop/told", to)
    assert rules(told) == ["compose-files"]
    assert "/greeting" in told.refusals[0].text

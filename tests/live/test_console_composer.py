"""What the composer offers, on a real engine and a real registry."""

from __future__ import annotations

from pathlib import Path

from patchdeck.rollout.planning.offers import read_offers
from tests.lab.engine import Engine
from tests.lab.images import Images
from tests.lab.registry import Registry
from tests.live.planning import connection

NOWHERE = Path("/nowhere")


async def test_the_images_of_the_engine_and_the_tags_of_the_registry_are_offered(
    stock: Engine, registry: Registry, stock_images: Images
) -> None:
    here = stock_images.plain
    names = tuple(f"{registry.address}/shop/offered:{tag}" for tag in ("1.0", "1.1"))
    for name in names:
        stock.docker("tag", here, name)
        stock.docker("push", "--quiet", name)
    async with connection(stock) as opened:
        offers = await read_offers(opened, names[0], environ={}, home=NOWHERE)
        unknown = await read_offers(opened, f"{registry.address}/shop/none:1", environ={}, home=NOWHERE)
    assert sorted(offers.tags) == sorted(names)
    assert here in offers.here
    assert not offers.trouble
    assert unknown.tags == ()
    assert "HTTP 404" in unknown.trouble

"""Which tag is newer: by the numbers of versions, never by the order of letters."""

from __future__ import annotations

import pytest

from patchdeck.registry.newer import newest_first, newest_patch
from patchdeck.rollout.planning.presets import CAREFUL, PRESETS, preset
from patchdeck.rollout.planning.strategy import from_settings
from patchdeck.settings import RolloutSettings
from tui.composer import form


@pytest.mark.parametrize(
    ("tag", "tags", "newest"),
    [
        ("1.4.2", ["1.4.3", "1.4.10", "1.5.0", "2.0.0", "latest"], "1.4.10"),
        ("1.4.2-alpine", ["1.4.9", "1.4.3-alpine"], "1.4.3-alpine"),
        ("v1.4.2", ["1.4.3", "v1.4.4"], "v1.4.4"),
        ("1.4.3", ["1.4.2", "1.4.3"], ""),
        ("latest", ["1.4.3"], ""),
        ("1.4", ["1.4.3", "1.5"], "1.5"),
    ],
)
def test_the_newest_patch_is_of_the_same_version_and_flavour(tag: str, tags: list[str], newest: str) -> None:
    assert newest_patch(tag, tags) == newest


def test_the_newest_comes_first_and_what_is_no_version_last() -> None:
    assert newest_first(["latest", "1.9.0", "1.10.0", "edge"]) == ["1.10.0", "1.9.0", "edge", "latest"]


@pytest.mark.parametrize("name", PRESETS)
def test_what_a_preset_writes_into_the_fields_reads_back_as_its_strategy(name: str) -> None:
    settings = preset(RolloutSettings(), name)
    values = {**form.beginning(RolloutSettings(), "shop/web:1.1", ""), **form.texts(settings)}
    assert form.mistakes(values) == {}
    assert form.read(values, RolloutSettings()) == from_settings(settings)


@pytest.mark.parametrize(
    ("configured", "careful"),
    [("off", "required"), ("on", "required"), ("2", "required"), ("1.1", "1.1")],
)
def test_to_be_careful_never_lets_more_through_than_the_configuration(configured: str, careful: str) -> None:
    settings = RolloutSettings(gates={"ratio": configured})
    assert preset(settings, CAREFUL).gates == {"ratio": careful}


def test_every_mistake_of_a_field_is_told_where_it_is() -> None:
    values = form.beginning(RolloutSettings(), "shop/web:1.1", "")
    for name in (
        "image",
        "preset",
        "canary",
        "order",
        "pace",
        "bake_s",
        "deadline_s",
        "gates",
        "pause_after",
    ):
        wrong = form.mistakes({**values, name: "Not That!"})
        assert set(wrong) == {name}
        assert "\n" not in wrong[name]

"""Image references: their parts, their defaults, and the one line for what is none."""

from __future__ import annotations

import pytest

from patchdeck.registry.reference import InvalidReference, is_image_id, parse

DIGEST = "sha256:" + "a" * 64
HUB = "index.registry.example"


@pytest.mark.parametrize(
    ("text", "registry", "path", "tag", "digest"),
    [
        ("web", "", "library/web", "latest", ""),
        ("shop/web:1.1", "", "shop/web", "1.1", ""),
        ("localhost/web", "localhost", "web", "latest", ""),
        ("127.0.0.1:5000/shop/web:1", "127.0.0.1:5000", "shop/web", "1", ""),
        ("[::1]:5000/web:1", "[::1]:5000", "web", "1", ""),
        (f"registry.example/web@{DIGEST}", "registry.example", "web", "", DIGEST),
        (f"shop/web:1.1@{DIGEST}", "", "shop/web", "1.1", DIGEST),
        ("registry.example/web:1", "registry.example", "web", "1", ""),
    ],
)
def test_a_reference_has_a_registry_a_repository_and_a_tag_or_digest(
    text: str, registry: str, path: str, tag: str, digest: str
) -> None:
    found = parse(text)
    assert (found.registry, found.path, found.tag, found.digest) == (registry, path, tag, digest)


@pytest.mark.parametrize("text", [f"{HUB}/library/web:1", "registry.example/library/web:1", "web:1"])
def test_naming_the_engines_default_registry_is_the_same_as_naming_none(text: str) -> None:
    assert parse(text, default_registry=HUB) == parse("web:1")


def test_a_digest_decides_over_a_tag() -> None:
    assert parse(f"web:1@{DIGEST}").version == DIGEST
    assert parse("web:1").version == "1"


@pytest.mark.parametrize(
    "text",
    ["", "Web", "web:", "web:a b", "web@sha256:12", "-x", "a//b", "host:99999999/web", "web\n", "x" * 300],
)
def test_what_names_no_image_is_told_in_one_line(text: str) -> None:
    with pytest.raises(InvalidReference, match=r"^expected an image, as in .*, found .*$"):
        parse(text)


def test_an_image_id_is_known_from_a_name() -> None:
    assert is_image_id("a" * 64)
    assert is_image_id("sha256:" + "a" * 12)
    assert not is_image_id("abcdef")
    assert not is_image_id(f"web@{DIGEST}")

"""What importing a part of the program brings with it, asked of a fresh interpreter.

The import-linter contracts forbid the wrong direction in the source text; these tests look at what is
really loaded. They guard two promises: the domain runs without a screen, and `patchdeck --version`
answers before a slow library could have been imported.
"""

import json
import subprocess
import sys

import pytest

SCREEN = {"textual", "rich", "tui", "widgets", "themes"}
SLOW_TO_IMPORT = {
    "textual",
    "aiodocker",
    "aiohttp",
    "httpx",
    "prometheus_api_client",
    "requests",
    "asyncio",
    "sqlite3",
}


def loaded_by(module: str) -> set[str]:
    """The top-level packages in sys.modules after importing `module` and nothing else."""
    script = (
        "import importlib, json, sys\n"
        f"importlib.import_module({module!r})\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    names: list[str] = json.loads(done.stdout)
    return set(names)


@pytest.mark.parametrize("module", ["patchdeck", "patchdeck.model", "patchdeck.fleet"])
def test_the_pure_middle_of_the_domain_loads_neither_a_screen_nor_an_engine_client(module: str) -> None:
    assert loaded_by(module).isdisjoint(SCREEN | {"aiodocker", "aiohttp", "httpx", "prometheus_api_client"})


def test_the_watch_thread_needs_no_screen() -> None:
    assert loaded_by("patchdeck.watch").isdisjoint(SCREEN)


def test_the_command_line_answers_before_anything_slow_is_imported() -> None:
    assert loaded_by("tui.cli").isdisjoint(SLOW_TO_IMPORT)


def test_themes_know_neither_the_domain_nor_the_widgets() -> None:
    assert loaded_by("themes").isdisjoint({"patchdeck", "tui", "widgets"})

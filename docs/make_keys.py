"""Writes docs/keys.md anew from the keymap."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tui.keys_page import page

if __name__ == "__main__":
    Path(__file__).with_name("keys.md").write_text(page(), encoding="utf-8")

"""A shortcut is found by its key, whatever the layout."""

from __future__ import annotations

import pytest

from desktop.view.keys import letter


@pytest.mark.parametrize(
    "keysym, keycode, platform, expected",
    [
        ("c", 54, "linux", "c"),
        ("C", 54, "linux", "c"),
        ("Cyrillic_es", 54, "linux", "c"),
        ("Cyrillic_EM", 55, "linux", "v"),
        ("с", 67, "win32", "c"),
        ("Cyrillic_es", 8 << 16 | 0x441, "darwin", "c"),
        ("comma", 59, "linux", "comma"),
        ("Cyrillic_be", 59, "linux", "comma"),
        ("Return", 36, "linux", "Return"),
    ],
)
def test_the_letter_of_the_key_is_found(keysym: str, keycode: int, platform: str, expected: str):
    assert letter(keysym, keycode, platform) == expected


def test_a_latin_layout_that_moves_letters_is_believed():
    # On AZERTY the key at the place of Q says A.
    assert letter("a", 24, "linux") == "a"

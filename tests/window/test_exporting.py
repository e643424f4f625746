"""Exporting through the real window: by its key, with a picture, and given up while the relay hangs."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from tests.desktop.export.readers import assert_harmless, read_page
from tests.desktop.link.clients import clients_in
from tests.desktop.link.exports.test_exports import sends_file
from tests.desktop.link.relays import relay_in
from tests.window.hands import ACCENT, OWN_BUBBLE, WITHIN_S, Hands, registers, window

T = TypeVar("T")

pytestmark = pytest.mark.window

TIMELINE_TOP = 70
COMPOSER_TOP = 690
KEEP_BOTH, IN_BACKGROUND = 88, 160
"""How wide these main buttons are at least; the one before them is narrower."""


def seen(fact: Callable[[], T | None]) -> T:
    """Wait for something on the disk."""
    until = time.monotonic() + WITHIN_S
    while not (found := fact()):
        assert time.monotonic() < until, "not within the time"
        time.sleep(0.02)
    return found


@pytest.mark.timeout(120)
def test_a_conversation_is_exported_by_its_key_and_the_next_one_given_up(hands: Hands, tmp_path: Path, artifacts: Path):
    people = tmp_path / "people"
    documents = people / "Documents"
    picture = Path(__file__).parents[2] / "docs" / "images" / "relays.png"
    with relay_in(tmp_path / "relay") as relay, clients_in(tmp_path) as enter:
        boris = enter("boris")
        boris.register(relay.address, "boris")
        sends_file(boris, picture)
        there = {"SERVER_HOST": "127.0.0.1", "SERVER_PORT": str(relay.port)}
        with window(tmp_path / "anna", hands.display, HOME=str(people), XDG_CONFIG_HOME=str(people), **there) as anna:
            registers(hands)
            hands.until_colour(ACCENT, wide=300, below=COMPOSER_TOP)
            hands.type("<b>Hello</b>")
            hands.press("Return")
            hands.until_colour(OWN_BUBBLE, below=TIMELINE_TOP)
            hands.press("ctrl+e")
            hands.until_button(wide=40, below=TIMELINE_TOP)
            hands.look().save(artifacts / "window-export.png")
            hands.press("Return")
            folder = seen(lambda: next((path for path in documents.glob("*") if path.suffix != ".part"), None))
            hands.until_button(wide=40, below=TIMELINE_TOP)
            hands.look().save(artifacts / "window-exported.png")
            page = read_page(folder / "index.html")
            assert_harmless(page)
            assert [text.text for text in page.all(kind="t")] == ["<b>Hello</b>"]
            assert (folder / "files" / "relays.png").read_bytes() == picture.read_bytes()

            hands.press("Escape")
            hands.until_colour(ACCENT, wide=300, below=COMPOSER_TOP)
            relay.pause()
            hands.press("ctrl+e")
            hands.until_button(wide=40, below=TIMELINE_TOP)
            hands.press("Return")
            hands.until_button(wide=KEEP_BOTH, below=TIMELINE_TOP)  # there is one of today already
            hands.press("Return")
            hands.until_button(wide=IN_BACKGROUND, below=TIMELINE_TOP)
            seen(lambda: list(documents.glob("*.part")))
            hands.press("Tab")
            hands.press("space")
            seen(lambda: not list(documents.glob("*.part")))
            hands.look().save(artifacts / "window-export-given-up.png")
            assert list(documents.iterdir()) == [folder]
            relay.go_on()
            hands.press("Escape")
            hands.close()
            assert anna.ends() == ""

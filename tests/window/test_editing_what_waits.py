"""A message written while the relay is away, through the real window: taken back into the composer, changed, deleted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.desktop.link.clients import clients_in
from tests.desktop.link.relays import relay_in
from tests.window.hands import ACCENT, OWN_BUBBLE, Hands, registers, window
from tests.window.test_the_whole_path import COMPOSER_TOP, TIMELINE_TOP

pytestmark = pytest.mark.window
DANGER = (0xC0, 0x28, 0x2E)
"""The button that deletes, in the light theme."""


@pytest.mark.timeout(120)
def test_anna_changes_what_waits_and_deletes_it(hands: Hands, tmp_path: Path, artifacts: Path):
    with relay_in(tmp_path / "relay") as relay, clients_in(tmp_path) as enter:
        boris = enter("boris")
        boris.register(relay.address, "boris")
        there = {"SERVER_HOST": "127.0.0.1", "SERVER_PORT": str(relay.port)}
        with window(tmp_path / "anna", hands.display, **there) as anna:
            registers(hands)
            hands.until_colour(ACCENT, wide=300, below=COMPOSER_TOP)
            relay.stop()

            hands.type("tee")
            hands.press("Return")
            hands.until_colour(OWN_BUBBLE, below=TIMELINE_TOP)
            hands.press("Up")
            hands.until(lambda: None if hands.find(OWN_BUBBLE, below=TIMELINE_TOP) else (0, 0, 1, 1), "no bubble")
            hands.press("BackSpace")
            hands.type("a")
            hands.press("Return")
            hands.until_colour(OWN_BUBBLE, below=TIMELINE_TOP)

            hands.type("coffee")
            hands.press("Return")
            hands.press("shift+F6", "Up", "Menu")
            hands.look().save(artifacts / "window-waiting.png")
            hands.press("Escape", "Delete")
            danger = hands.until_colour(DANGER)
            hands.look().save(artifacts / "window-delete-what-waits.png")
            hands.click(danger)
            hands.until_colour(OWN_BUBBLE, below=TIMELINE_TOP)
            hands.type("milk")
            hands.press("Return")
            hands.look().save(artifacts / "window-deleted-what-waited.png")
            relay.start()
            boris.until(lambda: "milk" in boris.messages())
            assert boris.messages() == ["tea", "milk"]
            hands.close()
            assert anna.ends() == ""

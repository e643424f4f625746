"""Choosing a relay from the list, on a LAN of its own: it is announced, found, clicked, and talked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lan.test_discovery import hears, relay_on, talker_on
from tests.lan.wires import lan_of_namespaces
from tests.window.hands import ACCENT, Hands, registers, window

pytestmark = [pytest.mark.window, pytest.mark.lan]

LIST_TOP = 110
"""Below the heading and the moving bar, which has the accent colour too."""
COMPOSER_TOP = 690


async def test_a_relay_is_chosen_from_the_list_and_talked_at(
    network_namespaces: None, hands: Hands, tmp_path: Path, artifacts: Path
):
    async with lan_of_namespaces(tmp_path) as lan:
        relay_host, boris_host, anna_host = lan.host(), lan.host(), lan.host()
        await relay_on(relay_host, "Мастерская")
        boris = await talker_on(boris_host, "boris")
        with window(tmp_path / "anna", hands.display, prefix=("ip", "netns", "exec", anna_host.namespace)) as anna:
            join = hands.until_button(wide=30, below=LIST_TOP)
            hands.look().save(artifacts / "window-choosing.png")
            hands.click(join)
            registers(hands)
            hands.until_colour(ACCENT, wide=300, below=COMPOSER_TOP)
            hands.type("Нашла сама, без адреса")
            hands.press("Return")
            assert not (await boris.told(hears("Нашла сама, без адреса")))["mine"]
            hands.close()
            assert anna.ends() == ""

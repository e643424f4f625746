"""Somebody starts the client that is open already."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.window.hands import Hands, window

pytestmark = pytest.mark.window


def test_the_second_window_ends_by_itself_and_the_first_goes_on(hands: Hands, tmp_path: Path) -> None:
    home, alone = tmp_path / "anna", {"SERVER_HOST": "127.0.0.1", "SERVER_PORT": "9"}
    with window(home, hands.display, **alone) as first:
        hands.until_button(wide=60)
        with window(home, hands.display, **alone) as second:
            assert second.ends() == ""
        hands.find_window()
        hands.close()
        assert first.ends() == ""

"""Staying signed in by the keyring of a real desktop session: without a question the next day, and not after signing out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.link.vault import FILE_NAME
from tests.desktop.link.clients import clients_in
from tests.desktop.link.relays import RelayProcess, relay_in
from tests.secret_service import Prompter, SecretService, choose_afresh, secret_service
from tests.window.hands import ACCENT, Box, Hands, registers, window

pytestmark = pytest.mark.window

COMPOSER_TOP = 690
LIST_TOP = 110
"""Below the heading and the moving bar, which has the accent colour too."""
SETTINGS_TOP = 170
DANGER = (0xC0, 0x28, 0x2E)
LINK = (0x21, 0x60, 0xD6)
"""The button of a question that takes something away, in the light theme."""


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[SecretService]:
    """An unlocked keyring."""
    with secret_service(monkeypatch) as made:
        made.start()
        choose_afresh()
        yield made


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[RelayProcess]:
    with relay_in(tmp_path / "relay") as process:
        yield process


@pytest.mark.timeout(120)
def test_the_next_day_nothing_is_asked_and_after_signing_out_nothing_is_kept(
    service: SecretService, hands: Hands, relay: RelayProcess, tmp_path: Path
) -> None:
    there = {"SERVER_HOST": "127.0.0.1", "SERVER_PORT": str(relay.port)}
    home = tmp_path / "anna"
    with window(home, hands.display, **there) as anna:
        registers(hands)
        hands.until_colour(ACCENT, wide=300, below=COMPOSER_TOP)
        hands.close()
        assert anna.ends() == ""
    (record,) = service.records()
    assert relay.said["relay_id"] in record
    assert not (home / FILE_NAME).exists()

    with window(home, hands.display, **there) as anna:
        hands.until_colour(ACCENT, wide=300, below=COMPOSER_TOP)
        hands.find_window()
        _signs_out(hands)
        hands.until(lambda: _gone(relay.said["relay_id"] not in service.records()[0]), "a keyring without the token")
        anna.is_asked_to_end()
        assert anna.ends() == ""

    with window(home, hands.display, **there) as anna:
        hands.until_button(wide=300)
        anna.is_asked_to_end()
        assert anna.ends() == ""


@pytest.mark.timeout(120)
def test_a_locked_keyring_is_told_and_when_it_is_unlocked_the_conversations_are_there(
    service: SecretService, hands: Hands, relay: RelayProcess, tmp_path: Path, artifacts: Path
) -> None:
    there = {"SERVER_HOST": "127.0.0.1", "SERVER_PORT": str(relay.port)}
    home = tmp_path / "anna"
    with clients_in(tmp_path) as enter:
        enter("anna").register(relay.address, "anna")

    service.lock()
    prompter = Prompter(service)
    with window(home, hands.display, **there) as anna:
        prompter.is_asked()
        hands.until_button(wide=30, below=LIST_TOP)
        hands.look().save(artifacts / "window-keyring-locked.png")
        service.unlock()
        prompter.leave()
        hands.until_colour(ACCENT, wide=300, below=COMPOSER_TOP)
        anna.is_asked_to_end()
        assert "the keyring did not answer" in anna.ends()
    assert not (home / FILE_NAME).exists()


def _signs_out(hands: Hands) -> None:
    """In the settings, in the second section, where the link for it is all that is in that colour."""
    hands.press("ctrl+comma")
    # The frame of the keyboard, around the first section: what is pressed before it is there goes elsewhere.
    hands.until_colour(LINK, wide=180, below=SETTINGS_TOP)
    hands.press("Down")
    hands.click(hands.until_colour(LINK, wide=40, below=400))
    hands.click(hands.until_colour(DANGER, wide=40))


def _gone(is_so: bool) -> Box | None:
    return (0, 0, 0, 0) if is_so else None

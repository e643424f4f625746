"""The whole path through the real window: go to the relay, register, talk, close, come back, with and without the relay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.events.conversations import ReadSeen
from tests.desktop.link.clients import Client, clients_in
from tests.desktop.link.relays import RelayProcess, relay_in
from tests.window.hands import ACCENT, OTHER_BUBBLE, OWN_BUBBLE, Hands, registers, window

pytestmark = pytest.mark.window

TIMELINE_TOP = 70
"""Below the header, where the bubbles are."""
COMPOSER_TOP = 690
"""The composer's field begins below this, and is framed in the accent colour while it has the keyboard."""


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[RelayProcess]:
    with relay_in(tmp_path / "relay") as process:
        yield process


@pytest.fixture
def boris(tmp_path: Path, relay: RelayProcess) -> Iterator[Client]:
    """The second client: the real link, without a window, so that a test can read what it shows."""
    with clients_in(tmp_path) as enter:
        client = enter("boris")
        client.register(relay.address, "boris")
        client.link.open_group(client.general)
        yield client


@pytest.mark.timeout(120)
def test_anna_registers_talks_and_comes_back(hands, relay, boris, tmp_path, artifacts):
    there = {"SERVER_HOST": "127.0.0.1", "SERVER_PORT": str(relay.port)}
    home = tmp_path / "anna"

    with window(home, hands.display, **there) as anna:
        registers(hands)
        boris.until(lambda: any(user.username == "anna" for user in boris.people.values()))
        her = next(user for user in boris.people.values() if user.username == "anna")
        assert her.display_name == "Анна Петрова"
        hands.until_colour(ACCENT, wide=300, below=COMPOSER_TOP)
        hands.type("Чайник вскипел, идите пить чай!")
        hands.press("Return")
        boris.until(lambda: boris.messages() == ["Чайник вскипел, идите пить чай!"])
        (said,) = [entry for entry in boris.log[boris.general].values() if entry.kind == "message"]
        assert said.sender == her.id
        hands.until_colour(OWN_BUBBLE, below=TIMELINE_TOP)

        boris.says("Иду")
        boris.until(lambda: "Иду" in boris.messages())
        answer = max(boris.log[boris.general])
        # She has the window in front of her, so what comes is read.
        boris.until(
            lambda: any(
                isinstance(event, ReadSeen) and event.user == her.id and event.seq >= answer for event in boris.events
            )
        )
        hands.until_colour(OTHER_BUBBLE, wide=40, below=TIMELINE_TOP)
        hands.look().save(artifacts / "window-talking.png")
        hands.close()
        assert anna.ends() == ""

    relay.stop()
    with window(home, hands.display, **there) as anna:
        # What was said is there without the relay, and what is said now waits.
        hands.until_colour(OWN_BUBBLE, below=TIMELINE_TOP)
        hands.find_window()
        hands.until_colour(ACCENT, wide=300, below=COMPOSER_TOP)
        hands.type("Кто забрал сахар?")
        hands.press("Return")
        hands.until(lambda: _own_bubbles(hands, 2), "the message that waits")
        hands.look().save(artifacts / "window-without-relay.png")
        hands.close()
        assert anna.ends() == ""

    relay.start()
    with window(home, hands.display, **there) as anna:
        boris.until(lambda: boris.messages() == ["Чайник вскипел, идите пить чай!", "Иду", "Кто забрал сахар?"])
        hands.find_window()
        anna.is_asked_to_end()
        assert anna.ends() == ""
    assert boris.told_twice == []


def _own_bubbles(hands: Hands, count: int) -> tuple[int, int, int, int] | None:
    """The box around own bubbles, once it is as high as *count* of them."""
    box = hands.find(OWN_BUBBLE, wide=60, below=TIMELINE_TOP)
    return box if box is not None and box[3] - box[1] >= 40 * count else None

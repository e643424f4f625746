"""Somebody looks elsewhere and is told by the system: the real window, a real relay, and a desktop's service on a real bus."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.events.conversations import ReadSeen
from tests.desktop.link.clients import Client, clients_in
from tests.desktop.link.relays import RelayProcess, relay_in
from tests.managed import active_window
from tests.notification_service import NotificationService, Watcher, desktop_session
from tests.session_bus import SessionBus
from tests.window.hands import ACCENT, Box, Hands, registers, window

pytestmark = pytest.mark.window

COMPOSER_TOP = 690


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[SessionBus]:
    with desktop_session(monkeypatch) as bus:
        yield bus


@pytest.fixture
def service(bus: SessionBus) -> Iterator[NotificationService]:
    service = NotificationService(bus)
    yield service
    service.leave()


@pytest.fixture
def watcher(bus: SessionBus) -> Iterator[Watcher]:
    watcher = Watcher(bus)
    yield watcher
    watcher.leave()


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[RelayProcess]:
    with relay_in(tmp_path / "relay") as process:
        yield process


@pytest.fixture
def boris(tmp_path: Path, relay: RelayProcess) -> Iterator[Client]:
    with clients_in(tmp_path) as enter:
        client = enter("boris")
        client.register(relay.address, "boris")
        client.link.open_group(client.general)
        yield client


@pytest.fixture
def hands(managed_display: str, artifacts: Path) -> Hands:
    return Hands(managed_display, artifacts)


@pytest.fixture
def elsewhere(hands: Hands) -> Iterator[tk.Tk]:
    """Another program's window at the corner of the screen."""
    other = tk.Tk(screenName=hands.display)
    other.title("Elsewhere")
    other.withdraw()
    other.update()
    yield other
    other.destroy()


def _goes_elsewhere(hands: Hands, other: tk.Tk) -> None:
    other.deiconify()
    other.lift()
    other.focus_force()
    hands.until(lambda: _is_in_front(hands, "Elsewhere", other), "the other window in front")


def _is_in_front(hands: Hands, name: str, other: tk.Tk) -> Box | None:
    other.update()
    return (0, 0, 0, 0) if name in active_window(hands.display) else None


@pytest.mark.timeout(90)
def test_a_message_is_told_by_the_system_and_a_click_goes_to_it(hands, service, relay, boris, elsewhere, tmp_path):
    there = {"SERVER_HOST": "127.0.0.1", "SERVER_PORT": str(relay.port)}
    with window(tmp_path / "anna", hands.display, **there) as anna:
        registers(hands)
        hands.until_colour(ACCENT, wide=300, below=COMPOSER_TOP)
        boris.says("Seen, as she looks")
        boris.until(lambda: _has_read(boris, "Seen, as she looks"))
        assert service.is_silent

        _goes_elsewhere(hands, elsewhere)
        boris.says("The kettle boils")
        shown = service.shown()
        assert (shown.title, shown.body) == ("General", "New message from Boris")
        service.click(shown, stays=True)
        hands.until(lambda: _is_in_front(hands, "Py_messenger", elsewhere), "the window in front")
        assert service.taken_away() == shown.number
        boris.until(lambda: _has_read(boris, "The kettle boils"))

        _goes_elsewhere(hands, elsewhere)
        boris.says("Still boiling")
        last = service.shown()
        anna.is_asked_to_end()
        # What could not be opened any more does not stay there.
        assert service.taken_away() == last.number
        assert anna.ends() == ""


@pytest.mark.timeout(90)
def test_a_closed_window_stays_beside_the_clock_and_comes_back(hands, watcher, relay, elsewhere, tmp_path):
    there = {"SERVER_HOST": "127.0.0.1", "SERVER_PORT": str(relay.port)}
    home = tmp_path / "anna"
    home.mkdir()
    (home / "settings.json").write_text('{"tray": true}')
    with window(home, hands.display, **there) as anna:
        registers(hands)
        hands.until_colour(ACCENT, wide=300, below=COMPOSER_TOP)
        item = watcher.registered()
        assert watcher.looks(item)["Title"] == "Py_messenger"
        _goes_elsewhere(hands, elsewhere)
        hands.find_window()
        hands.press("alt+F4")
        hands.until(lambda: _is_in_front(hands, "Elsewhere", elsewhere), "the client put away")
        watcher.press(item)
        hands.until(lambda: _is_in_front(hands, "Py_messenger", elsewhere), "the window in front")
        lines = watcher.menu(item)
        watcher.choose(item, lines["Quit"])
        assert anna.ends() == ""


def _has_read(boris: Client, text: str) -> bool:
    assert boris.user is not None
    own = boris.user.id
    seqs = [entry.seq for entry in boris.log[boris.general].values() if entry.body == text]
    reads = [event for event in boris.events if isinstance(event, ReadSeen) and event.user != own]
    return bool(seqs) and any(event.seq >= seqs[0] for event in reads)

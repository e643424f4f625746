"""The icon beside the clock, with a watcher and a panel on a real bus: it is there only when somebody really draws it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from desktop.notifications import TrayPressed, TraySeen
from tests.desktop.notify.test_notifier import Hearing, bus, hearing  # noqa: F401 - fixtures
from tests.notification_service import Watcher
from tests.session_bus import WITHIN_S, SessionBus


@pytest.fixture
def watcher(bus: SessionBus) -> Iterator[Watcher]:  # noqa: F811
    watcher = Watcher(bus)
    yield watcher
    if watcher.connection.sock.fileno() >= 0:
        watcher.leave()


def appears(hearing: Hearing, watcher: Watcher) -> str:  # noqa: F811
    """It is wanted, registered and drawn; gives its name on the bus."""
    hearing.notifier.want_tray(True)
    item = watcher.registered()
    watcher.looks(item)
    while not hearing.next(TraySeen).shown:
        pass
    return item


def test_where_nobody_watches_icons_there_is_none(bus, hearing):  # noqa: F811
    hearing.notifier.want_tray(True)
    hearing.notifier.stop(WITHIN_S)
    assert [event for event in hearing.rest if isinstance(event, TraySeen)] == []


def test_a_watcher_without_a_panel_is_not_enough(bus, hearing):  # noqa: F811
    watcher = Watcher(bus, has_host=False)
    hearing.notifier.want_tray(True)
    hearing.notifier.look()
    watcher.host_comes(True)
    assert hearing.next(TraySeen) == TraySeen(shown=False, possible=True)
    watcher.leave()


def test_it_counts_as_there_only_when_the_panel_has_asked_for_its_looks(watcher, hearing):  # noqa: F811
    hearing.notifier.want_tray(True)
    item = watcher.registered()
    assert hearing.next(TraySeen) == TraySeen(shown=False, possible=True)
    looks = watcher.looks(item)
    assert hearing.next(TraySeen) == TraySeen(shown=True, possible=True)
    assert [(width, height, bytes(pixels[:4])) for width, height, pixels in looks["IconPixmap"]] == [
        (22, 22, b"\xff\x10\x20\x30"),
        (44, 44, b"\xff\x10\x20\x30"),
    ]


def test_the_settings_can_ask_whether_one_could_be(watcher, hearing):  # noqa: F811
    hearing.notifier.look()
    assert hearing.next(TraySeen) == TraySeen(shown=False, possible=True)


def test_it_says_how_many_messages_wait(watcher, hearing):  # noqa: F811
    item = appears(hearing, watcher)
    hearing.notifier.count(3)
    hearing.notifier.look()
    while watcher.looks(item)["ToolTip"][3] != "3 unread messages":
        pass  # bounded by the test's own time limit


def test_pressing_it_and_choosing_from_its_menu_is_told(watcher, hearing):  # noqa: F811
    item = appears(hearing, watcher)
    watcher.press(item)
    assert hearing.next(TrayPressed) == TrayPressed("open")
    lines = watcher.menu(item)
    assert list(lines) == ["Open Py_messenger", "Quit"]
    watcher.choose(item, lines["Quit"])
    assert hearing.next(TrayPressed) == TrayPressed("quit")


def test_when_it_is_not_wanted_any_more_it_goes(watcher, hearing):  # noqa: F811
    appears(hearing, watcher)
    hearing.notifier.want_tray(False)
    assert hearing.next(TraySeen) == TraySeen(shown=False, possible=True)


def test_a_panel_that_goes_is_noticed(watcher, hearing):  # noqa: F811
    appears(hearing, watcher)
    watcher.host_comes(False)
    assert hearing.next(TraySeen) == TraySeen(shown=False, possible=False)


def test_a_watcher_that_dies_and_comes_back_gets_it_again(bus, watcher, hearing):  # noqa: F811
    appears(hearing, watcher)
    watcher.leave()
    assert hearing.next(TraySeen) == TraySeen(shown=False, possible=False)
    again = Watcher(bus)
    item = again.registered()
    again.looks(item)
    while not hearing.next(TraySeen).shown:
        pass
    again.leave()

"""Notifications over a real bus, to a service that keeps what it was sent; without one; and with one that dies and comes back."""

from __future__ import annotations

import queue
import sys
from collections.abc import Iterator
from typing import TypeVar

import pytest

from common.ids import GroupId, RelayId, Seq
from desktop.notifications import (
    BellWanted,
    Notification,
    NotificationClicked,
    NotifierEvent,
    ServiceSeen,
    TestShown,
)
from desktop.notify.notifier import Notifier
from desktop.notify.worker import Build
from tests.notification_service import NotificationService, desktop_session
from tests.session_bus import WITHIN_S, SessionBus

RELAY = RelayId("K7QF2M3DZXWAPL4T" * 3 + "ABCD")
STORE, OFFICE = GroupId(2), GroupId(3)
Kind = TypeVar("Kind")


def about(
    group: GroupId | None = STORE, seq: int = 7, text: str = "The kettle boils", sound: bool = True
) -> Notification:
    return Notification(RELAY, group, Seq(seq), "Boris", text, sound)


class Hearing:
    """Takes what a notifier tells."""

    def __init__(self, build: Build | None = None) -> None:
        self._told: queue.Queue[NotifierEvent] = queue.Queue()
        self.notifier = Notifier(
            self._told.put, lambda size, _count: (size, size, b"\x10\x20\x30\xff" * size * size), build
        )

    def next(self, kind: type[Kind]) -> Kind:
        """The next event of that kind; waits for it."""
        while True:
            event = self._told.get(timeout=WITHIN_S)
            if isinstance(event, kind):
                return event

    def until(self, kind: type[Kind]) -> list[NotifierEvent]:
        """All events up to the next one of that kind; waits for it."""
        told: list[NotifierEvent] = []
        while not told or not isinstance(told[-1], kind):
            told.append(self._told.get(timeout=WITHIN_S))
        return told

    @property
    def rest(self) -> list[NotifierEvent]:
        return [self._told.get_nowait() for _ in range(self._told.qsize())]


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[SessionBus]:
    with desktop_session(monkeypatch) as bus:
        yield bus


@pytest.fixture
def hearing() -> Iterator[Hearing]:
    hearing = Hearing()
    yield hearing
    hearing.notifier.stop(WITHIN_S)


class TestWhatIsShown:
    @pytest.fixture
    def service(self, bus: SessionBus) -> Iterator[NotificationService]:
        service = NotificationService(bus)
        yield service
        service.leave()

    def test_it_says_who_and_what_and_is_heard(self, service, hearing):
        hearing.notifier.show(about(text="Чайник вскипел 😀"))
        shown = service.shown()
        assert (shown.title, shown.body) == ("Boris", "Чайник вскипел 😀")
        assert shown.has_sound
        assert shown.hints["image-data"][:3] == (64, 64, 256)

    def test_without_a_sound_it_is_not_heard(self, service, hearing):
        hearing.notifier.show(about(sound=False))
        assert not service.shown().has_sound

    def test_what_people_write_is_no_markup(self, service, hearing):
        hearing.notifier.show(about(text='<b>1</b> & <img src="http://elsewhere/">'))
        assert service.shown().body == '&lt;b&gt;1&lt;/b&gt; &amp; &lt;img src="http://elsewhere/"&gt;'

    def test_the_next_of_a_conversation_takes_the_place_of_the_one_before(self, service, hearing):
        hearing.notifier.show(about())
        first = service.shown()
        hearing.notifier.show(about(OFFICE))
        assert service.shown().replaces == 0
        hearing.notifier.show(about(seq=8))
        assert service.shown().replaces == first.number

    def test_one_is_taken_away_and_then_all(self, service, hearing):
        for group in (STORE, OFFICE, None):
            hearing.notifier.show(about(group))
        numbers = {group: service.shown().number for group in (STORE, OFFICE, None)}
        hearing.notifier.withdraw(OFFICE)
        assert service.taken_away() == numbers[OFFICE]
        hearing.notifier.withdraw_all()
        assert {service.taken_away(), service.taken_away()} == {numbers[STORE], numbers[None]}

    def test_the_end_of_the_client_takes_all_away(self, service, hearing):
        hearing.notifier.show(about())
        shown = service.shown()
        hearing.notifier.stop(WITHIN_S)
        assert service.taken_away() == shown.number

    def test_one_that_the_person_closed_is_not_replaced(self, service, hearing):
        hearing.notifier.show(about())
        service.closed(service.shown().number, 2)
        hearing.notifier.look()
        assert hearing.next(ServiceSeen)
        hearing.notifier.show(about(seq=8))
        assert service.shown().replaces == 0

    def test_a_click_says_what_was_clicked_and_brings_what_the_desktop_gives_for_it(self, service, hearing):
        hearing.notifier.show(about(seq=7))
        shown = service.shown()
        assert shown.actions[0] == "default"
        service.click(shown, token="focus-me")
        assert hearing.next(NotificationClicked) == NotificationClicked(RELAY, STORE, Seq(7), "focus-me")

    def test_one_that_stays_after_a_click_can_be_taken_away(self, service, hearing):
        hearing.notifier.show(about())
        shown = service.shown()
        service.click(shown, stays=True)
        assert hearing.next(NotificationClicked)
        hearing.notifier.withdraw(STORE)
        assert service.taken_away() == shown.number

    def test_while_the_service_is_slow_only_the_newest_of_a_conversation_waits(self, service, hearing):
        service.may_answer.clear()
        hearing.notifier.show(about(text="message 1"))
        assert service.is_busy()
        for number in range(2, 7):
            hearing.notifier.show(about(text=f"message {number}"))
        hearing.notifier.show(about(OFFICE, text="another"))
        service.may_answer.set()
        assert [service.shown().body for _ in range(3)] == ["message 1", "message 6", "another"]
        assert service.is_silent

    def test_the_system_s_do_not_disturb_is_noticed(self, service, hearing):
        service.is_paused = True
        hearing.notifier.look()
        assert hearing.next(ServiceSeen) == ServiceSeen("Testboard", "silenced")
        service.is_paused = False
        hearing.notifier.look()
        assert hearing.next(ServiceSeen) == ServiceSeen("Testboard", "")

    def test_a_test_says_that_it_went(self, service, hearing):
        hearing.notifier.test(about(None))
        assert service.shown().title == "Boris"
        assert hearing.next(TestShown) == TestShown(True)


def test_a_service_that_makes_no_sound_leaves_it_to_the_window(bus, hearing):
    service = NotificationService(bus, abilities=("body",))
    hearing.notifier.show(about(text="a < b"))
    shown = service.shown()
    assert (shown.body, shown.actions, shown.has_sound) == ("a < b", (), False)
    assert hearing.next(BellWanted)
    service.leave()


def test_a_service_that_refuses_is_told_of_once_and_every_message_rings(bus, hearing):
    service = NotificationService(bus)
    service.refuses = True
    for seq in (1, 2):
        hearing.notifier.show(about(seq=seq))
        assert hearing.next(BellWanted)
    hearing.notifier.test(about(None))
    assert hearing.next(TestShown) == TestShown(False)
    service.leave()


class TestNoService:
    def test_it_is_told_once_and_every_message_rings(self, bus, hearing):
        hearing.notifier.show(about())
        assert hearing.next(ServiceSeen) == ServiceSeen("", "missing")
        assert hearing.next(BellWanted)
        hearing.notifier.show(about(OFFICE))
        hearing.notifier.test(about(None))
        assert hearing.until(TestShown) == [BellWanted(), BellWanted(), TestShown(False)]

    def test_a_silent_message_does_not_ring(self, bus, hearing):
        hearing.notifier.show(about(sound=False))
        assert hearing.next(ServiceSeen) == ServiceSeen("", "missing")
        hearing.notifier.stop(WITHIN_S)
        assert hearing.rest == []

    @pytest.mark.parametrize("address", ["", "unix:path=/nowhere/bus", "disabled:", "tcp:host=127.0.0.1,port=9"])
    def test_no_bus_at_all_is_no_more_trouble(self, address, hearing, monkeypatch, caplog):
        if address:
            monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        hearing.notifier.test(about(None))
        assert hearing.next(ServiceSeen) == ServiceSeen("", "missing")
        assert hearing.next(TestShown) == TestShown(False)
        assert "Traceback" not in caplog.text

    def test_nobody_is_asked_before_there_is_something_to_show(self, bus, hearing):
        hearing.notifier.withdraw(STORE)
        hearing.notifier.withdraw_all()
        hearing.notifier.count(3)
        hearing.notifier.want_tray(False)
        assert hearing.notifier._thread is None

    def test_a_service_that_comes_later_is_used(self, bus, hearing):
        hearing.notifier.show(about())
        assert hearing.next(BellWanted)
        service = NotificationService(bus)
        assert hearing.next(ServiceSeen) == ServiceSeen("Testboard", "")
        hearing.notifier.show(about(seq=8))
        assert service.shown().has_sound
        service.leave()

    def test_a_bus_that_comes_back_is_found(self, bus, hearing, monkeypatch):
        service = NotificationService(bus)
        hearing.notifier.show(about())
        service.shown()  # waits for it
        service.leave()
        bus.close()
        hearing.notifier.show(about(seq=8))
        assert hearing.next(BellWanted)
        with desktop_session(monkeypatch) as other:
            service = NotificationService(other)
            hearing.notifier.show(about(seq=9))
            shown = service.shown()
            service.click(shown)
            assert hearing.next(NotificationClicked).seq == 9
            service.leave()


def test_a_service_that_dies_and_comes_back_shows_the_next_one_anew(bus, hearing):
    before = NotificationService(bus)
    hearing.notifier.show(about())
    assert before.shown().number == 1
    before.leave()
    assert hearing.next(ServiceSeen) == ServiceSeen("", "missing")
    after = NotificationService(bus, abilities=("body",), first=50)
    assert hearing.next(ServiceSeen) == ServiceSeen("Testboard", "")
    hearing.notifier.show(about(seq=8, text="1 < 2"))
    shown = after.shown()
    # Neither what the other one had shown nor what it could is taken for this one's.
    assert (shown.replaces, shown.number, shown.body) == (0, 50, "1 < 2")
    after.leave()


def test_a_system_that_nobody_has_tried_has_nothing(hearing, monkeypatch):
    monkeypatch.setitem(sys.modules, "desktop.notify.session", None)  # the library for the bus is not installed
    hearing.notifier.show(about())
    assert hearing.next(ServiceSeen) == ServiceSeen("", "missing")
    assert hearing.next(BellWanted)

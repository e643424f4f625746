"""The way through desktop-notifier, which Windows and macOS take: here with its D-Bus side, to a service that keeps what it was sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from common.ids import Seq
from desktop.notifications import BellWanted, NotificationClicked, ServiceSeen, TestShown
from desktop.notify.native import native_parts
from desktop.notify.pictures import Draw
from desktop.notify.service import Changed, Parts, Tell
from tests.desktop.notify.test_notifier import OFFICE, RELAY, STORE, Hearing, about, bus  # noqa: F401 - a fixture
from tests.notification_service import NotificationService
from tests.session_bus import WITHIN_S, SessionBus

pytest.importorskip("desktop_notifier")


@pytest.fixture
def hearing() -> Iterator[Hearing]:
    made: list[Any] = []

    def build(tell: Tell, _changed: Changed, draw: Draw) -> Parts:
        made.append(native_parts(tell, draw))
        return made[0]  # type: ignore[no-any-return]

    hearing = Hearing(build)
    yield hearing
    hearing.notifier.stop(WITHIN_S)
    # The library leaves its connection open, as its other systems have none.
    backend = made[0].service._notifier._backend
    if hasattr(backend, "bus"):
        backend.bus._sock.close()


@pytest.fixture
def service(bus: SessionBus) -> Iterator[NotificationService]:  # noqa: F811
    service = NotificationService(bus)
    yield service
    service.leave()


def test_it_says_who_and_what_and_takes_it_away_again(service, hearing):
    hearing.notifier.show(about(text="Чайник вскипел 😀"))
    shown = service.shown()
    assert (shown.title, shown.body) == ("Boris", "Чайник вскипел 😀")
    hearing.notifier.withdraw(STORE)
    assert service.taken_away() == shown.number


def test_the_next_of_a_conversation_takes_the_place_of_the_one_before(service, hearing):
    hearing.notifier.show(about())
    first = service.shown()
    hearing.notifier.show(about(OFFICE))
    other = service.shown()
    hearing.notifier.show(about(seq=8))
    assert service.taken_away() == first.number
    assert service.shown().number not in (first.number, other.number)


def test_a_click_says_what_was_clicked(service, hearing):
    hearing.notifier.test(about(seq=7))
    shown = service.shown()
    # The library does not know what was clicked before it knows that it is shown.
    assert hearing.next(TestShown) == TestShown(True)
    service.click(shown)
    assert hearing.next(NotificationClicked) == NotificationClicked(RELAY, STORE, Seq(7))


def test_a_test_says_that_it_went_and_what_shows_it(service, hearing):
    hearing.notifier.test(about(None))
    assert service.shown().title == "Boris"
    assert hearing.next(TestShown) == TestShown(True)
    assert hearing.next(ServiceSeen) == ServiceSeen("DBusDesktopNotifier", "")


@pytest.mark.allows_errors  # the library logs a traceback of its own
def test_without_a_service_every_message_rings(bus, hearing):  # noqa: F811
    hearing.notifier.test(about(None))
    assert hearing.next(BellWanted)
    assert hearing.next(TestShown) == TestShown(False)

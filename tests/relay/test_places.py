"""Who gets a place, who gives way when there is none, and what is kept for whom."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from common.errors import TooManyConnections
from relay import places
from relay.places import FILES, PATIENCE_S, Guest, Places, neighbourhood


class Hall:
    """Places with a clock that goes on when it is told to; *gone* are those who had to leave."""

    def __init__(self, files: int = FILES) -> None:
        self.at = 0.0
        self.places = Places(lambda: self.at, files)
        self.gone: list[str] = []

    def comes(self, address: str, name: str = "") -> Guest | None:
        return self.places.enter(address, self._noting(name or address))

    def must_come(self, address: str, name: str = "") -> Guest:
        guest = self.comes(address, name)
        assert guest is not None
        return guest

    def _noting(self, name: str) -> Callable[[], None]:
        return lambda: self.gone.append(name)


@pytest.fixture
def hall(monkeypatch: pytest.MonkeyPatch) -> Hall:
    for name, value in {
        "STRANGERS_IN_ALL": 6,
        "STRANGERS_PER_ADDRESS": 3,
        "STRANGERS_KEPT": 2,
        "KNOWN_IN_ALL": 5,
        "KNOWN_PER_ADDRESS": 3,
        "KEPT": 2,
    }.items():
        monkeypatch.setattr(places, name, value)
    return Hall()


def test_of_one_address_the_one_who_stood_idle_for_longest_gives_way(hall: Hall):
    for name in ("first", "second", "third"):
        hall.must_come("a", name)
    assert hall.comes("a") is None, "nobody had the time yet to say anything"
    hall.at += PATIENCE_S
    hall.must_come("a", "fourth")
    assert hall.gone == ["first"]
    hall.must_come("b")
    assert hall.gone == ["first"], "others are not touched"


def test_who_is_being_answered_stays(hall: Hall):
    first, _second, _third = (hall.must_come("a", name) for name in ("first", "second", "third"))
    hall.at += PATIENCE_S
    with first.busy():
        hall.must_come("a", "fourth")
    assert hall.gone == ["second"]


def test_when_there_are_too_many_in_all_it_is_one_of_those_who_are_most(hall: Hall):
    for address in ("b", "a", "a", "a", "c", "d"):
        hall.must_come(address)
    assert hall.comes("e") is None
    hall.at += PATIENCE_S
    hall.must_come("e")
    assert hall.gone == ["a"]


def test_where_somebody_has_shown_a_token_there_are_places_in_a_flood_of_strangers(hall: Hall):
    hall.must_come("home").shows("member")
    for number in range(6):
        hall.must_come(f"{number}")
    assert hall.comes("elsewhere") is None
    hall.must_come("home")
    hall.must_come("home")
    assert hall.comes("home") is None, "so many, and no more"


def test_who_has_shown_a_token_gives_way_to_nobody(hall: Hall):
    member = hall.must_come("a", "member")
    member.shows("member")
    hall.at += 10 * PATIENCE_S
    for _ in range(20):
        hall.comes("a", "stranger")
        hall.at += PATIENCE_S
    assert set(hall.gone) == {"stranger"}
    assert hall.places.known == 1


def test_places_are_kept_for_owners_and_admins(hall: Hall):
    for number in range(5):
        hall.must_come(f"{number}").shows("member")
    late = hall.must_come("late")
    with pytest.raises(TooManyConnections):
        late.shows("member")
    assert hall.places.strangers == 1, "it stays, as a stranger"
    late.shows("owner")
    hall.must_come("later").shows("admin")
    with pytest.raises(TooManyConnections):
        hall.must_come("latest").shows("owner")


def test_at_a_crowded_address_too(hall: Hall):
    for _ in range(3):
        hall.must_come("a").shows("member")
    with pytest.raises(TooManyConnections):
        hall.must_come("a").shows("member")
    hall.must_come("a").shows("owner")


def test_a_place_is_free_once_somebody_has_left(hall: Hall):
    guests = [hall.must_come("a") for _ in range(3)]
    guests[0].left()
    guests[0].left()
    hall.must_come("a").shows("member")
    hall.must_come("a")
    assert (hall.places.strangers, hall.places.known) == (3, 1)
    assert hall.gone == []


def test_a_system_with_few_open_files_has_few_places():
    hall = Hall(files=1024)
    taken = 0
    while hall.comes(f"10.0.{taken // 200}.{taken % 200}") is not None:
        taken += 1
    assert taken == 256


@pytest.mark.parametrize(
    "one, other, are_one",
    [
        ("192.168.1.2", "192.168.1.3", False),
        ("::ffff:192.168.1.2", "192.168.1.2", True),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("fe80::1%eth0", "fe80::2%eth0", False),
        ("fe80::1%eth0", "fe80::1%eth0", True),
        ("", "", True),
    ],
)
def test_an_ipv6_network_is_one_neighbourhood(one: str, other: str, are_one: bool):
    assert (neighbourhood(one) == neighbourhood(other)) is are_one

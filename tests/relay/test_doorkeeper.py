"""Who is let in before any token is looked at."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from common.errors import ForeignOrigin, TooManyConnections
from common.protocol import limits
from relay.doorkeeper import Doorkeeper


@pytest.fixture
def doorkeeper() -> Doorkeeper:
    return Doorkeeper(["", "chat.example.org", "Host.Example.com."])


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "192.168.1.20:5000",
        "[::1]:5000",
        "[fe80::1%2]:5000",
        "[fd00::2]",
        "localhost:5000",
        "relay",
        "notebook.local:5000",
        "nas.home.arpa",
        "chat.example.org:5000",
        "CHAT.example.org.",
        "host.example.com",
    ],
)
def test_addresses_and_names_of_the_lan_are_known(doorkeeper: Doorkeeper, host: str):
    doorkeeper.check(host, None)


@pytest.mark.parametrize("host", [None, "", "evil.example.com", "127.0.0.1.evil.com", "chat.example.org.evil.com", "["])
def test_other_names_are_not(doorkeeper: Doorkeeper, host: str | None):
    with pytest.raises(ForeignOrigin):
        doorkeeper.check(host, None)


@pytest.mark.parametrize("origin", ["https://127.0.0.1:5000", "null", "", "https://evil.example.com"])
def test_no_web_page_is_let_in(doorkeeper: Doorkeeper, origin: str):
    with pytest.raises(ForeignOrigin):
        doorkeeper.check("127.0.0.1", origin)


def test_links_are_counted_by_address_and_in_all(doorkeeper: Doorkeeper, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "LINKS_PER_ADDRESS", 2)
    monkeypatch.setattr(limits, "LINKS_IN_ALL", 3)
    with ExitStack() as links:
        links.enter_context(doorkeeper.link_from("a"))
        with ExitStack() as others:
            others.enter_context(doorkeeper.link_from("a"))
            with pytest.raises(TooManyConnections):
                others.enter_context(doorkeeper.link_from("a"))
            others.enter_context(doorkeeper.link_from("b"))
            with pytest.raises(TooManyConnections):
                others.enter_context(doorkeeper.link_from("c"))
        links.enter_context(doorkeeper.link_from("a"))
    assert not doorkeeper._links


def test_requests_of_strangers_are_counted_apart(doorkeeper: Doorkeeper, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "LINKS_UNAUTHENTICATED_PER_ADDRESS", 1)
    with doorkeeper.link_from("a"), doorkeeper.stranger_from("a"), doorkeeper.stranger_from("b"):
        again = doorkeeper.stranger_from("a")
        with pytest.raises(TooManyConnections):
            again.__enter__()

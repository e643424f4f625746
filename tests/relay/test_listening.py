"""Where the relay listens."""

from __future__ import annotations

import socket
from contextlib import ExitStack, closing

import pytest

from common.errors import StartupError
from relay.listening import open_sockets


def opened(stack: ExitStack, host: str, port: int, asked: bool) -> list[socket.socket]:
    sockets = open_sockets(host, port, is_asked_for=asked)
    for each in sockets:
        stack.enter_context(closing(each))
    return sockets


def has_ipv6() -> bool:
    try:
        with closing(socket.socket(socket.AF_INET6)) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def test_all_addresses_are_both_ip_versions_on_one_port():
    with ExitStack() as stack:
        sockets = opened(stack, "", 0, True)
        assert {each.family for each in sockets} == {socket.AF_INET, *([socket.AF_INET6] if has_ipv6() else [])}
        assert len({each.getsockname()[1] for each in sockets}) == 1


def test_a_busy_port_gives_way_to_the_next_when_nobody_asked_for_it():
    with ExitStack() as stack:
        busy = opened(stack, "127.0.0.1", 0, True)[0].getsockname()[1]
        port = opened(stack, "127.0.0.1", busy, False)[0].getsockname()[1]
        assert busy < port <= busy + 100


def test_a_busy_port_that_was_asked_for_is_refused_in_words():
    with ExitStack() as stack:
        busy = opened(stack, "127.0.0.1", 0, True)[0].getsockname()[1]
        with pytest.raises(StartupError, match=f"Another program already listens on 127.0.0.1, port {busy}"):
            open_sockets("127.0.0.1", busy, is_asked_for=True)


@pytest.mark.parametrize("host", ["no.such.name.invalid", "192.0.2.77"])
def test_an_address_that_is_not_of_this_machine_is_refused_in_words(host: str):
    with pytest.raises(StartupError, match=host):
        open_sockets(host, 0, is_asked_for=True)

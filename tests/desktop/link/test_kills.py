"""The relay is killed again and again while four real links send: each message ends up in the log once, and every outbox drains."""

from __future__ import annotations

import pytest

from tests.desktop.link.clients import Client, Enter
from tests.desktop.link.relays import RelayProcess

KILLS = 20
NAMES = ("anna", "boris", "vera", "gleb")
EACH_ROUND = 4


def until_so_many(client: Client, least: int) -> None:
    client.until(lambda: len(client.messages()) >= least)


@pytest.mark.chaos
@pytest.mark.timeout(240)
def test_twenty_kills_lose_nothing_and_double_nothing(relay: RelayProcess, enter: Enter) -> None:
    clients: list[Client] = []
    for name in NAMES:
        client = enter(name)
        client.register(relay.address, name)
        clients.append(client)
    said: list[str] = []
    for kill in range(KILLS):
        for number in range(EACH_ROUND):
            for client, name in zip(clients, NAMES, strict=True):
                said.append(f"{name} {kill} {number}")
                client.says(said[-1])
        # Somebody's messages are on their way while others are stored and others still wait.
        until_so_many(clients[kill % len(clients)], kill * EACH_ROUND * len(NAMES) + 2)
        relay.kill()
        relay.start()
        for client in clients:
            client.link.network_changed()
    for client in clients:
        client.until(lambda c=client: c.waiting() == [] and len(c.messages()) == len(said), 60)  # type: ignore[misc]
        assert sorted(client.messages()) == sorted(said)
        seqs = sorted(client.log[client.general])
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs))), "the log has no gaps"
        assert client.told_twice == []
        for name in NAMES:
            own = [body for body in client.messages() if body.startswith(name)]
            assert own == [body for body in said if body.startswith(name)], "in the order in which they were written"

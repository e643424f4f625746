"""Who signs out while the relay is away is signed out there too, once it is back."""

from __future__ import annotations

import asyncio
import json

import pytest

from common.protocol.messages import Groups, ListGroups
from desktop.events.link import SignedOut
from desktop.link.address import parse_address
from desktop.link.denied import Denied
from desktop.link.door import ask
from desktop.link.pinning import PinnedSession
from tests.desktop.link.clients import Client, Enter
from tests.desktop.link.relays import RelayProcess


def kept(client: Client) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = json.loads((client.home / "secrets.json").read_text())
    return found


async def refusal(relay: RelayProcess, token: str) -> str:
    """What the relay says to who shows that token; empty: it takes it."""
    session = PinnedSession(relay.said["relay_id"])
    try:
        await ask(session, parse_address(relay.address), ListGroups(), Groups, token)
    except Denied as denied:
        return denied.code
    finally:
        await session.close()
    return ""


@pytest.mark.parametrize("closed_meanwhile", [False, True])
def test_the_relay_is_told_when_it_is_back(relay: RelayProcess, enter: Enter, closed_meanwhile: bool) -> None:
    anna = enter("anna")
    anna.register(relay.address, "anna")
    token = kept(anna)["tokens"][0]["token"]
    relay.stop()
    anna.until_not_connected()
    anna.link.sign_out()
    anna.until_told(SignedOut)
    assert kept(anna)["tokens"] == []
    assert [one["token"] for one in kept(anna)["unsaid"]] == [token]
    if closed_meanwhile:
        anna.ends()
        anna = enter("anna")
        anna.link.resume()
        anna.until_told(SignedOut)
    relay.start()
    assert asyncio.run(refusal(relay, token)) == "", "it has not heard of it yet"
    anna.link.look_for_relays(True)
    told = asyncio.run(until_refused(relay, token))
    assert told == "not_signed_in"


async def until_refused(relay: RelayProcess, token: str) -> str:
    async with asyncio.timeout(10):
        while not (said := await refusal(relay, token)):  # noqa: ASYNC110  # the relay tells nobody
            await asyncio.sleep(0.05)
    return said

"""Files by the whole link, as the window asks for them."""

from __future__ import annotations

import os
from pathlib import Path

from common.ids import GroupId
from common.protocol.messages import FileInfo
from desktop.events.transfers import Transfer, TransferChanged
from tests.desktop.link.clients import Client, clients_in
from tests.desktop.link.relays import relay_in


def transfer_of(client: Client, key: str) -> Transfer | None:
    told = [event.transfer for event in client.events if isinstance(event, TransferChanged)]
    return next((transfer for transfer in reversed(told) if transfer.key == key), None)


def done(client: Client, key: str) -> Transfer:
    def fact() -> Transfer | None:
        transfer = transfer_of(client, key)
        return transfer if transfer is not None and transfer.state in ("done", "failed") else None

    found = client.until(fact)
    assert found.state == "done", found.problem
    return found


def test_a_file_goes_up_and_comes_down_through_the_link(tmp_path: Path):
    content = os.urandom(3_000_000)
    (tmp_path / "kettle.bin").write_bytes(content)
    with relay_in(tmp_path / "relay") as relay, clients_in(tmp_path) as enter:
        anna = enter("anna")
        anna.register(relay.address, "anna")
        anna.link.send_file("up", GroupId(1), tmp_path / "kettle.bin")
        sent = done(anna, "up")
        anna.link.fetch_file("down", GroupId(1), FileInfo(sent.file, sent.name, sent.size), tmp_path / "downloads")
        assert done(anna, "down").path.read_bytes() == content

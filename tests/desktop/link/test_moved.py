"""The relay has moved to another computer: clients go there, told by it or asking for it, with everything and without a question."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from desktop.events.conversations import EpochBegan
from desktop.events.link import SignedOut, Waiting
from relay.moving.asking import Leaving
from tests.desktop.link.clients import Client, Enter
from tests.desktop.link.relays import ROOT, RelayProcess, relay_in

pytestmark = pytest.mark.timeout(240)  # four relays are started, one after the other


def ordered(relay: RelayProcess, *words: str, line: str = "") -> dict[str, Any]:
    """What `python -m relay` says that it did, with that relay's data folder and key file."""
    where = ["--data-dir", str(relay.folder / "data")]
    if "offer" not in words:
        where += ["--key-file", str(relay.folder / "key" / "relay.key")]
    command = [sys.executable, "-m", "relay", *words, "--json", *where]
    done = subprocess.run(command, cwd=ROOT, input=f"{line}\n", capture_output=True, text=True, timeout=60, check=False)
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert said["type"] != "NotDone", said
    return said


def taken_over(here: RelayProcess, there: RelayProcess) -> None:
    link = ordered(here, "move", "offer")["link"]
    there.folder.mkdir(parents=True, exist_ok=True)
    assert ordered(there, "move", "receive", line=link)["relay_id"] == here.said["relay_id"]


@pytest.fixture
def there(tmp_path: Path) -> Iterator[RelayProcess]:
    process = RelayProcess(tmp_path / "there")
    yield process
    process.stop()


def sees(client: Client, *bodies: str) -> None:
    client.until(lambda: client.messages() == list(bodies) and client.waiting() == [])


def test_who_is_linked_and_who_comes_later_find_it_where_it_is(
    relay: RelayProcess, there: RelayProcess, enter: Enter
) -> None:
    anna, boris = enter("anna"), enter("boris")
    anna.register(relay.address, "anna")
    boris.register(relay.address, "boris")
    anna.says("до переезда")
    for client in (anna, boris):
        sees(client, "до переезда")
    boris.ends()
    taken_over(relay, there)
    anna.says("во время переезда")
    anna.until(lambda: len(anna.waiting()) == 1)
    there.start()
    sees(anna, "до переезда", "во время переезда")
    assert not [event for event in anna.events if isinstance(event, EpochBegan | SignedOut)]
    assert anna.told_twice == []

    # Boris knows only where it was; what is left there says where it is.
    boris = enter("boris")
    boris.link.resume()
    boris.until(lambda: boris.messages()[-1:] == ["во время переезда"])
    assert not [event for event in boris.events if isinstance(event, EpochBegan | SignedOut)]

    # From then on the old place is needed no more.
    boris.ends()
    relay.stop()
    boris = enter("boris")
    boris.link.resume()
    boris.until_connected()
    boris.says("я здесь")
    sees(anna, "до переезда", "во время переезда", "я здесь")


def test_where_another_identity_answers_nobody_goes(
    relay: RelayProcess, there: RelayProcess, enter: Enter, tmp_path: Path
) -> None:
    anna = enter("anna")
    anna.register(relay.address, "anna")
    anna.says("до переезда")
    sees(anna, "до переезда")
    taken_over(relay, there)
    mark = json.loads((there.folder / "data" / "relay.receiving").read_text())
    with relay_in(tmp_path / "stranger") as stranger:
        leaving = Leaving("127.0.0.1", relay.port, mark["relay_id"], mark["claim"])
        leaving.arrived([stranger.address])
        anna.until(lambda: isinstance(anna.state, Waiting))
        anna.says("никому чужому")
        there.start()
        sees(anna, "до переезда", "никому чужому")
        assert not [event for event in anna.events if isinstance(event, EpochBegan | SignedOut)]

"""Words and files that were not sent before somebody was taken out of a group: theirs to have, also after a restart."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from common.ids import GroupId
from desktop.events.outbox import DraftFilesKnown, OutboxState
from desktop.unsent import FormerKnown, UnsentSaved
from tests.desktop.link.clients import Client, Enter, clients_in
from tests.desktop.link.relays import RelayProcess, relay_in


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[RelayProcess]:
    with relay_in(tmp_path / "relay") as process:
        yield process


@pytest.fixture
def enter(tmp_path: Path) -> Iterator[Enter]:
    with clients_in(tmp_path) as enter:
        yield enter


def taken_out(relay: RelayProcess, enter: Enter, picture: bytes) -> tuple[Client, GroupId]:
    """Boris, who has begun something in a private group of Anna's, said something else there, and is out of it now."""
    anna, boris = enter("anna"), enter("boris")
    anna.register(relay.address, "anna")
    boris.register(relay.address, "boris")
    assert boris.user is not None
    anna.link.create_group("Чай", private=True)
    tea = anna.until(lambda: next((group.id for group in anna.groups.values() if group.name == "Чай"), None))
    anna.link.add_member(tea, boris.user.id)
    boris.until(lambda: tea in boris.groups or None)
    boris.link.save_draft(tea, "ещё не всё")
    since = len(boris.events)
    boris.link.attach_picture(tea, picture, "чайник.png")
    boris.until_told(DraftFilesKnown, since)
    anna.link.remove_member(tea, boris.user.id)
    boris.until(lambda: tea not in boris.groups or None)
    boris.says("поздно", tea)
    boris.until(lambda: [item.state for item in boris.outbox.get(tea, ())] == [OutboxState.FAILED])
    return boris, tea


def test_what_was_not_sent_is_there_after_a_restart_and_its_files_can_be_saved(
    relay: RelayProcess, enter: Enter, tmp_path: Path
):
    written = io.BytesIO()
    Image.new("RGB", (30, 20), "teal").save(written, "PNG")
    boris, tea = taken_out(relay, enter, written.getvalue())
    boris.ends()
    boris = enter("boris")
    boris.link.resume()
    boris.until_connected()
    assert boris.until_told(FormerKnown).names == {tea: "Чай"}
    assert boris.waiting(tea) == ["поздно"]
    assert boris.drafts[tea] == "ещё не всё"
    (tmp_path / "чайник.png").write_bytes(b"another one")
    for _time in range(2):
        since = len(boris.events)
        boris.link.save_unsent(tea, tmp_path)
        told = boris.until_told(UnsentSaved, since)
        assert (told.count, told.problem) == (1, "")
    copies = [path.read_bytes() for path in sorted(tmp_path.glob("чайник*.png"))]
    assert sorted(copies) == sorted([b"another one", written.getvalue(), written.getvalue()])
    since = len(boris.events)
    boris.link.save_unsent(tea, tmp_path / "nowhere")
    told = boris.until_told(UnsentSaved, since)
    assert told.count == 0
    assert "чайник.png" in told.problem


def test_what_was_given_up_is_gone_and_forgotten(relay: RelayProcess, enter: Enter):
    boris, tea = taken_out(relay, enter, b"\x89PNG\r\n\x1a\nno picture")
    boris.link.drop_unsent(tea)
    boris.until(lambda: boris.waiting(tea) == [] and boris.attached.get(tea) == ())
    boris.ends()
    boris = enter("boris")
    boris.link.resume()
    boris.until_connected()
    assert tea not in boris.drafts
    assert boris.waiting(tea) == []
    assert not [event for event in boris.events if isinstance(event, FormerKnown)]
    deadline = time.monotonic() + 10
    while kept := [path for path in boris.home.glob("pasted-*/*") if path.is_file()]:  # deleted beside all else
        assert time.monotonic() < deadline, f"still there: {kept}"
        threading.Event().wait(0.02)

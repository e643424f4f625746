"""Messages with files over a real relay: on the disk before anything is sent, said once when all files are there, through every accident."""

from __future__ import annotations

import io
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from common.ids import Nonce
from common.protocol.messages import FileInfo
from desktop.events.outbox import FilesLookedAt, OutboxItem, OutboxListed, OutboxState, PreviewMade
from desktop.events.transfers import Transfer
from tests.desktop.link.clients import Client, Enter, unix_ms
from tests.desktop.link.relays import ROOT, RelayProcess, relay_in

BIG = 64 * 1024 * 1024
GONE = "No such file"


@pytest.fixture
def kettle(tmp_path: Path) -> Path:
    """A file that takes a while."""
    path = tmp_path / "чайник.bin"
    with path.open("wb") as file:
        file.truncate(BIG)
        file.write(os.urandom(100_000))
    return path


def three(folder: Path) -> list[Path]:
    """Three small files."""
    paths = [folder / f"{name}.txt" for name in ("раз", "два", "три")]
    for path in paths:
        path.write_text(path.stem)
    return paths


def picture(size: tuple[int, int] = (300, 200)) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, "#c03020").save(written, "PNG")
    return written.getvalue()


def talk(relay: RelayProcess, enter: Enter) -> tuple[Client, Client]:
    anna, boris = enter("anna"), enter("boris")
    anna.register(relay.address, "anna")
    boris.register(relay.address, "boris")
    return anna, boris


def back(relay: RelayProcess, *clients: Client) -> None:
    """The relay is there again, and nobody has to wait until they look for it by themselves."""
    relay.start()
    for client in clients:
        client.link.network_changed()


def failed(client: Client, nonce: Nonce) -> OutboxItem:
    def fact() -> OutboxItem | None:
        item = client.item(nonce)
        return item if item is not None and item.state is OutboxState.FAILED else None

    return client.until(fact)


def under_way(client: Client, name: str) -> Transfer:
    """The upload of that file, once the relay has given it an id."""
    return client.until(
        lambda: next(
            (one for one in client.transfers.values() if one.name == name and one.file and one.done < BIG), None
        )
    )


def fetched(client: Client, file: FileInfo, folder: Path) -> bytes:
    client.link.fetch_file(file.id, client.general, file, folder)
    client.until(lambda: file.id in client.transfers and client.transfers[file.id].state == "done")
    return client.transfers[file.id].path.read_bytes()


def files_of(client: Client, nonce: Nonce) -> list[str]:
    """Names of the files that came with the message."""
    entry = client.until(lambda: client.entry(nonce))
    return [file.name for file in entry.files]


def until_none_at(relay: RelayProcess) -> None:
    """Nobody is told when a relay has taken the contents of a file away, so look again and again."""
    until = time.monotonic() + 10
    while files_at(relay):
        assert time.monotonic() < until, "files are left at the relay"
        time.sleep(0.02)


def files_at(relay: RelayProcess) -> int:
    return sum(path.is_file() for path in (relay.folder / "data" / "files").rglob("*"))


# -- as it should go ---------------------------------------------------------------------------------------------------


def test_files_and_their_caption_arrive_as_one_message(relay: RelayProcess, enter: Enter, tmp_path: Path):
    anna, boris = talk(relay, enter)
    (tmp_path / "фото.png").write_bytes(picture())
    paths = [*three(tmp_path), tmp_path / "фото.png"]
    nonce = anna.sends("Смотрите", *paths)
    assert files_of(boris, nonce) == [path.name for path in paths]
    got = boris.entry(nonce)
    assert got is not None
    assert (got.body, [file.size for file in got.files]) == ("Смотрите", [path.stat().st_size for path in paths])
    assert (got.files[3].mime, got.files[3].width, got.files[3].height) == ("image/png", 300, 200)
    for file, path in zip(got.files, paths, strict=True):
        assert fetched(boris, file, tmp_path / "downloads") == path.read_bytes()
    anna.until_gone(nonce)
    assert anna.entry(nonce) == got, "what the author sees is what everybody sees"
    anna.until(lambda: anna.transfers == {})


def test_a_message_may_be_nothing_but_a_file(relay: RelayProcess, enter: Enter, tmp_path: Path):
    anna, boris = talk(relay, enter)
    nonce = anna.sends("", three(tmp_path)[0])
    assert files_of(boris, nonce) == ["раз.txt"]
    anna.until_gone(nonce)
    there = boris.entry(nonce)
    assert there is not None
    assert there.body is None
    assert anna.entry(nonce) == there


def test_words_that_are_written_later_do_not_wait_for_a_large_file(relay: RelayProcess, enter: Enter, kettle: Path):
    anna, boris = talk(relay, enter)
    film = anna.sends("фильм", kettle)
    anna.says("а пока поговорим")
    boris.until(lambda: boris.messages() == ["а пока поговорим", "фильм"])
    anna.until_gone(film)


def test_what_is_pasted_is_sealed_on_this_computer_until_it_is_sent(relay: RelayProcess, enter: Enter, tmp_path: Path):
    anna, boris = talk(relay, enter)
    relay.kill()
    anna.until_not_connected()
    content = picture((640, 480))
    anna.link.attach_picture(anna.general, content, "picture.png")
    small = anna.until_told(PreviewMade)
    with Image.open(io.BytesIO(small.png)) as shown:
        assert max(shown.size) <= 160
    anna.until(lambda: [(file.width, file.height) for file in anna.attached[anna.general]] == [(640, 480)])
    nonce = Nonce("ab" * 16)
    anna.link.act(OutboxItem(anna.general, nonce, "", unix_ms(), uploads=anna.attached[anna.general]))
    anna.until(lambda: anna.item(nonce) and anna.attached[anna.general] == ())
    everything = b"".join(path.read_bytes() for path in anna.home.rglob("*") if path.is_file())
    assert len(list(anna.home.glob("pasted-*/*"))) == 1
    assert not any(piece in everything for piece in (content[:64], b"picture.png"))
    back(relay, anna, boris)
    assert files_of(boris, nonce) == ["picture.png"]
    entry = boris.entry(nonce)
    assert entry is not None
    assert fetched(boris, entry.files[0], tmp_path / "downloads") == content
    anna.until(lambda: not list(anna.home.glob("pasted-*/*")))


# -- accidents ---------------------------------------------------------------------------------------------------------


def test_a_relay_that_is_killed_in_the_middle_gets_the_rest_when_it_is_back(
    relay: RelayProcess, enter: Enter, kettle: Path, tmp_path: Path
):
    anna, boris = talk(relay, enter)
    nonce = anna.sends("чайник", *three(tmp_path), kettle)
    under_way(anna, kettle.name)
    relay.kill()
    anna.until_not_connected()
    item = anna.item(nonce)
    assert item is not None
    assert len(item.uploads) == 4
    back(relay, anna, boris)
    assert files_of(boris, nonce) == ["раз.txt", "два.txt", "три.txt", kettle.name]
    assert boris.messages() == ["чайник"]


def test_a_client_that_is_closed_in_the_middle_goes_on_when_it_is_started_again(
    relay: RelayProcess, enter: Enter, kettle: Path
):
    anna, boris = talk(relay, enter)
    nonce = anna.sends("чайник", kettle)
    begun = under_way(anna, kettle.name)
    anna.ends()
    anna = enter("anna")
    anna.link.resume()
    anna.until(lambda: anna.item(nonce) or anna.entry(nonce))
    assert files_of(boris, nonce) == [kettle.name]
    anna.until(lambda: anna.entry(nonce))
    entry = boris.entry(nonce)
    assert entry is not None
    assert entry.files[0].id == begun.file, "it went on with the same upload"
    assert boris.messages() == ["чайник"]


_KILLED = """
import sys, time
from pathlib import Path
from tests.desktop.link.clients import Client
client = Client(Path(sys.argv[1]))
client.link.resume()
client.until_connected()
nonce = client.sends("чайник", *map(Path, sys.argv[2:]))
client.until(lambda: any(one.file for one in client.transfers.values()))
print(nonce, flush=True)
time.sleep(60)
"""


def test_a_client_that_is_killed_in_the_middle_loses_nothing(
    relay: RelayProcess, enter: Enter, kettle: Path, tmp_path: Path
):
    anna, boris = talk(relay, enter)
    anna.ends()
    command = [sys.executable, "-c", _KILLED, str(anna.home), str(kettle), *map(str, three(tmp_path))]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        nonce = Nonce(process.stdout.readline().decode().strip())
        process.kill()
    assert boris.entry(nonce) is None, "it was killed before it was done"
    anna = enter("anna")
    anna.link.resume()
    assert files_of(boris, nonce) == [kettle.name, "раз.txt", "два.txt", "три.txt"]
    anna.until(lambda: anna.entry(nonce) and anna.item(nonce) is None)
    assert boris.messages() == ["чайник"]
    anna.until(lambda: anna.transfers == {})


def test_of_three_files_only_the_one_that_failed_is_sent_again(relay: RelayProcess, enter: Enter, tmp_path: Path):
    anna, boris = talk(relay, enter)
    one, two, third = three(tmp_path)
    anna.attaches(one, two, third)
    two.unlink()
    nonce = anna.sends_attached("все три")
    problem = failed(anna, nonce).problem
    assert "два.txt" in problem
    assert GONE in problem

    def states() -> dict[str, str]:
        return {one.name: one.state for one in anna.transfers.values()}

    anna.until(lambda: states() == {"раз.txt": "done", "два.txt": "failed", "три.txt": "done"})
    assert boris.messages() == []
    two.write_text("снова здесь")
    since = len(anna.events)
    anna.link.retry(nonce)
    assert files_of(boris, nonce) == ["раз.txt", "два.txt", "три.txt"]
    again = [event for event in anna.events[since:] if isinstance(event, OutboxListed)]
    assert again
    told = [getattr(event, "transfer", None) for event in anna.events[since:]]
    sent = {transfer.name for transfer in told if transfer is not None}
    assert sent == {"два.txt"}
    entry = boris.entry(nonce)
    assert entry is not None
    assert fetched(boris, entry.files[1], tmp_path / "downloads") == "снова здесь".encode()


def test_a_file_that_changed_since_it_was_chosen_is_not_sent_unasked(relay: RelayProcess, enter: Enter, tmp_path: Path):
    anna, boris = talk(relay, enter)
    path = three(tmp_path)[0]
    anna.attaches(path)
    path.write_text("совсем другой отчёт")
    nonce = anna.sends_attached("отчёт")
    assert "changed" in failed(anna, nonce).problem
    anna.link.retry(nonce)
    entry = boris.until(lambda: boris.entry(nonce))
    assert fetched(boris, entry.files[0], tmp_path / "downloads") == "совсем другой отчёт".encode()


WAITS = ("waiting", "running")
"""How a transfer stands that nobody has to do anything about."""


def started_again(client: Client, enter: Enter, boris: Client) -> Client:
    """The client of the same person closed and started; whatever it sends by itself is sent before these words."""
    client.ends()
    client = enter(client.home.name)
    client.link.resume()
    client.until_connected()
    client.until(lambda: client.transfers)
    client.says("снова тут")
    boris.until(lambda: "снова тут" in boris.messages())
    return client


def the_upload(client: Client) -> Transfer:
    (transfer,) = client.transfers.values()
    return transfer


def test_a_paused_file_stays_paused_when_the_client_is_started_again(relay: RelayProcess, enter: Enter, tmp_path: Path):
    anna, boris = talk(relay, enter)
    relay.kill()
    anna.until_not_connected()
    nonce = anna.sends("не сейчас", three(tmp_path)[0])
    anna.until(lambda: anna.transfers)
    anna.link.pause_transfer(the_upload(anna).key)
    anna.until(lambda: the_upload(anna).state == "paused")
    back(relay, boris)
    anna = started_again(anna, enter, boris)
    assert the_upload(anna).state == "paused"
    assert boris.messages() == ["снова тут"]
    anna.link.resume_transfer(the_upload(anna).key)
    assert files_of(boris, nonce) == ["раз.txt"]


def test_a_file_that_changed_is_not_sent_unasked_when_the_client_is_started_again(
    relay: RelayProcess, enter: Enter, kettle: Path, tmp_path: Path
):
    anna, boris = talk(relay, enter)
    nonce = anna.sends("чайник", kettle)
    under_way(anna, kettle.name)
    relay.kill()
    anna.until_not_connected()
    kettle.write_text("совсем другой чайник")
    back(relay, anna, boris)
    problem = failed(anna, nonce).problem
    assert "changed" in problem
    anna = started_again(anna, enter, boris)
    assert failed(anna, nonce).problem == problem
    assert (the_upload(anna).state, boris.messages()) == ("failed", ["снова тут"])
    anna.link.retry(nonce)
    entry = boris.until(lambda: boris.entry(nonce))
    assert fetched(boris, entry.files[0], tmp_path / "downloads") == "совсем другой чайник".encode()


def test_what_was_let_go_is_what_is_sent_and_nothing_that_came_after(relay: RelayProcess, enter: Enter, tmp_path: Path):
    anna, boris = talk(relay, enter)
    path = three(tmp_path)[0]
    anna.attaches(path)
    path.write_text("второй отчёт")
    nonce = anna.sends_attached("отчёт")
    assert "changed" in failed(anna, nonce).problem
    relay.kill()
    anna.until_not_connected()
    anna.link.retry(nonce)
    anna.until(lambda: (the_upload(anna).state, the_upload(anna).size) in [(state, 23) for state in WAITS])
    path.write_text("третий, о котором никого не спросили")
    back(relay, anna, boris)
    anna.until(lambda: "changed" in the_upload(anna).problem)
    assert boris.messages() == []
    anna.link.retry(nonce)
    entry = boris.until(lambda: boris.entry(nonce))
    assert fetched(boris, entry.files[0], tmp_path / "downloads") == "третий, о котором никого не спросили".encode()


def test_what_failed_waits_for_the_person_when_the_client_is_started_again(
    relay: RelayProcess, enter: Enter, tmp_path: Path
):
    anna, boris = talk(relay, enter)
    path = three(tmp_path)[0]
    anna.attaches(path)
    path.unlink()
    nonce = anna.sends_attached("раз")
    problem = failed(anna, nonce).problem
    assert GONE in problem
    path.write_text("раз")
    anna = started_again(anna, enter, boris)
    assert failed(anna, nonce).problem == problem
    assert (the_upload(anna).state, boris.messages()) == ("failed", ["снова тут"])
    anna.link.retry(nonce)
    assert files_of(boris, nonce) == ["раз.txt"]


def test_to_try_again_after_another_refusal_is_no_leave_to_send_other_contents(
    relay: RelayProcess, enter: Enter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    anna, boris = talk(relay, enter)
    relay.kill()
    anna.until_not_connected()
    path = tmp_path / "большой.bin"
    path.write_bytes(bytes(2049))
    nonce = anna.sends("", path)
    anna.until(lambda: anna.transfers)
    monkeypatch.setenv("RELAY_FILE_MAX", "2048")
    back(relay, anna, boris)
    assert "larger than the relay takes" in failed(anna, nonce).problem
    path.write_text("другое")
    anna.link.retry(nonce)
    anna.until(lambda: "changed" in the_upload(anna).problem)
    anna.link.retry(nonce)
    assert files_of(boris, nonce) == ["большой.bin"]


def test_without_the_file_that_failed_the_others_go(relay: RelayProcess, enter: Enter, tmp_path: Path):
    anna, boris = talk(relay, enter)
    one, two, third = three(tmp_path)
    anna.attaches(one, two, third)
    two.unlink()
    nonce = anna.sends_attached("")
    item = anna.until(lambda: anna.item(nonce))
    failed(anna, nonce)
    anna.link.cancel_upload(nonce, item.uploads[1].key)
    assert files_of(boris, nonce) == ["раз.txt", "три.txt"]


def test_a_message_that_is_given_up_leaves_nothing_at_the_relay(
    relay: RelayProcess, enter: Enter, kettle: Path, tmp_path: Path
):
    anna, boris = talk(relay, enter)
    nonce = anna.sends("зря", three(tmp_path)[0], kettle)
    under_way(anna, kettle.name)
    anna.until(lambda: any(one.state == "done" for one in anna.transfers.values()))
    anna.link.discard(nonce)
    anna.until(lambda: anna.item(nonce) is None and anna.transfers == {})
    anna.says("после")
    boris.until(lambda: boris.messages() == ["после"])
    until_none_at(relay)
    assert kettle.exists(), "the person's own file stays"


def test_a_message_taken_back_is_a_draft_with_its_files(relay: RelayProcess, enter: Enter, tmp_path: Path):
    anna, _boris = talk(relay, enter)
    relay.kill()
    anna.until_not_connected()
    paths = three(tmp_path)
    nonce = anna.sends("подождите", *paths)
    anna.until(lambda: anna.item(nonce))
    paths[2].unlink()
    since = len(anna.events)
    anna.link.take_back(nonce)
    told = anna.until_told(FilesLookedAt, since)
    assert not told.asked
    assert "три.txt" in told.problems[0]
    anna.until(lambda: [file.name for file in anna.attached[anna.general]] == ["раз.txt", "два.txt"])
    assert anna.item(nonce) is None
    anna.ends()
    anna = enter("anna")
    anna.link.resume()
    anna.until(lambda: [file.name for file in anna.attached.get(anna.general, ())] == ["раз.txt", "два.txt"])


def test_what_the_relay_forgot_is_uploaded_once_more(relay: RelayProcess, enter: Enter, tmp_path: Path):
    anna, boris = talk(relay, enter)
    one, two, _three = three(tmp_path)
    relay.kill()
    anna.until_not_connected()
    nonce = anna.sends("день спустя", one, two)
    anna.until(lambda: anna.item(nonce))
    two.unlink()
    back(relay, anna, boris)
    failed(anna, nonce)
    first = anna.until(lambda: next((got for got in anna.transfers.values() if got.state == "done"), None))
    _forget(relay, first.file)
    back(relay, anna, boris)
    two.write_text("два")
    anna.link.retry(nonce)
    assert files_of(boris, nonce) == ["раз.txt", "два.txt"]


def _forget(relay: RelayProcess, file: str) -> None:
    """As the relay does a day later."""
    relay.kill()
    with sqlite3.connect(next((relay.folder / "data").glob("*.db"))) as conn:
        assert conn.execute("DELETE FROM files WHERE id = ?", (file,)).rowcount == 1
    conn.close()


# -- what cannot be sent -----------------------------------------------------------------------------------------------


def test_what_cannot_be_sent_is_said_before_anything_is(relay: RelayProcess, enter: Enter, tmp_path: Path):
    anna, _boris = talk(relay, enter)
    small = three(tmp_path)[0]
    (tmp_path / "папка").mkdir()
    os.mkfifo(tmp_path / "труба")
    told = anna.attaches(tmp_path / "папка", tmp_path / "нет такого", tmp_path / "труба", small, small)
    assert ["папка" in told.problems[0], GONE in told.problems[1], "труба" in told.problems[2]] == [True] * 3
    assert "folder" in told.problems[0]
    assert len(told.problems) == 3
    assert [file.name for file in anna.attached[anna.general]] == ["раз.txt"], "and nothing twice"
    anna.link.detach(anna.general, anna.attached[anna.general][0].key)
    anna.until(lambda: anna.attached[anna.general] == ())


@contextmanager
def limited(folder: Path, monkeypatch: pytest.MonkeyPatch, **settings: str) -> Iterator[RelayProcess]:
    """A relay that takes less."""
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with relay_in(folder / "limited") as relay:
        yield relay


def test_a_file_that_is_too_large_is_not_even_attached(enter: Enter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "большой.bin").write_bytes(bytes(2049))
    with limited(tmp_path, monkeypatch, RELAY_FILE_MAX="2048") as relay:
        anna = enter("anna")
        anna.register(relay.address, "anna")
        (problem,) = anna.attaches(tmp_path / "большой.bin", *three(tmp_path)).problems
        assert problem == "большой.bin is too large: this relay takes files of up to 2.0 KB."
        assert len(anna.attached[anna.general]) == 3


def test_a_relay_without_files_says_so_before_anything_is_attached(
    enter: Enter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with limited(tmp_path, monkeypatch, RELAY_FILE_MAX="0") as relay:
        anna = enter("anna")
        anna.register(relay.address, "anna")
        assert anna.attaches(three(tmp_path)[0]).problems == ("This relay takes no files.",)
        since = len(anna.events)
        anna.link.attach_picture(anna.general, picture(), "p.png")
        assert anna.until_told(FilesLookedAt, since).problems == ("This relay takes no files.",)
        assert list(anna.home.glob("pasted-*/*")) == []


def test_more_than_a_person_may_have_is_refused_before_a_byte_is_sent(
    enter: Enter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "первый.bin").write_bytes(bytes(1000))
    (tmp_path / "второй.bin").write_bytes(bytes(1000))
    with limited(tmp_path, monkeypatch, RELAY_FILES_PER_PERSON="1500") as relay:
        anna = enter("anna")
        anna.register(relay.address, "anna")
        first = anna.sends("", tmp_path / "первый.bin")
        anna.until(lambda: anna.entry(first) and anna.item(first) is None)
        second = anna.sends("", tmp_path / "второй.bin")
        problem = failed(anna, second).problem
        assert (
            problem
            == "второй.bin: You have as much in files on this relay as you may: 1.5 KB. Delete messages with files."
        )
        assert files_at(relay) == 1


def test_a_relay_that_takes_less_than_before_fails_the_message_with_the_reason(
    relay: RelayProcess, enter: Enter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    anna, _boris = talk(relay, enter)
    relay.kill()
    anna.until_not_connected()
    (tmp_path / "большой.bin").write_bytes(bytes(2049))
    nonce = anna.sends("", tmp_path / "большой.bin")
    monkeypatch.setenv("RELAY_FILE_MAX", "2048")
    back(relay, anna)
    assert "larger than the relay takes" in failed(anna, nonce).problem

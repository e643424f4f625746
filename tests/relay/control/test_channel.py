"""The control channel: only who may read the data folder gives orders, and whatever else comes disturbs nobody."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from common.errors import InternalError, NotAllowed
from relay.control import place as places
from relay.control.asking import OrderRefused, order
from relay.control.place import NotRunning, Place, read_place, write_place
from relay.control.server import Control
from relay.control.words import AnyOrder, Done, ListPeople, Outcome, People, Progress, RevokeSessions, ShowKeys


async def obey(what: AnyOrder, tell: Callable[[Progress], None]) -> Outcome:
    """Does what the tests need of a relay."""
    if isinstance(what, ListPeople):
        return People([])
    if isinstance(what, RevokeSessions):
        raise NotAllowed("Not this one.")
    raise RuntimeError("a fault")


async def asked(folder: Path, what: AnyOrder, expected: type[Outcome]) -> Outcome:
    return await asyncio.to_thread(order, folder, what, expected)


@pytest.fixture
async def folder(tmp_path: Path):
    control = Control(tmp_path, obey)
    await control.start()
    yield tmp_path
    await control.close()


def sent(folder: Path, line: bytes) -> dict[str, object]:
    """What a stranger's *line* is answered."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        connection.connect(read_place(folder).path)
        connection.sendall(line)
        said = b""
        while piece := connection.recv(4096):
            said += piece
    answer: dict[str, object] = json.loads(said)
    return answer


async def test_an_order_is_done_and_answered(folder: Path):
    assert await asked(folder, ListPeople(), People) == People([])


async def test_only_the_user_of_the_relay_reaches_it(folder: Path):
    for name in (places.FILE, places.SOCKET):
        assert stat.S_IMODE((folder / name).lstat().st_mode) == 0o600


async def test_what_is_refused_has_its_code_and_its_words(folder: Path):
    with pytest.raises(OrderRefused, match=r"Not this one\.") as refused:
        await asked(folder, RevokeSessions("anna"), Done)
    assert refused.value.code == NotAllowed.code


@pytest.mark.allows_errors
async def test_a_fault_is_answered_and_the_next_order_is_done(folder: Path):
    with pytest.raises(OrderRefused) as refused:
        await asked(folder, ShowKeys(), Done)
    assert refused.value.code == InternalError.code
    assert await asked(folder, ListPeople(), People) == People([])


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"{}\n",
        b"\xff\xfe\n",
        b'{"key": "K", "order": {"type": "Unknown"}}\n',
        b'{"key": "K", "order": {"type": "ListPeople", "more": 1}}\n',
        b'{"key": 1, "order": {"type": "ListPeople"}}\n',
        b"[" * 100_000 + b"\n",
    ],
)
async def test_what_is_no_order_is_refused(folder: Path, line: bytes):
    line = line.replace(b'"K"', json.dumps(read_place(folder).key).encode())
    answer = await asyncio.to_thread(sent, folder, line)
    assert (answer["type"], answer["code"]) == ("NotDone", "bad_request")
    assert await asked(folder, ListPeople(), People) == People([])


async def test_without_the_key_nothing_is_done(folder: Path):
    answer = await asyncio.to_thread(sent, folder, b'{"key": "other", "order": {"type": "ListPeople"}}\n')
    assert (answer["type"], answer["code"]) == ("NotDone", "not_allowed")


async def test_where_no_relay_runs_the_words_say_how_to_start_one(tmp_path: Path):
    with pytest.raises(NotRunning, match="python -m relay run"):
        await asked(tmp_path, ListPeople(), People)


async def test_what_a_killed_relay_left_is_found_dead_and_replaced_by_the_next(tmp_path: Path):
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / places.SOCKET))
    write_place(tmp_path, Place(str(tmp_path / places.SOCKET), 0, "old"))
    with pytest.raises(NotRunning):
        await asked(tmp_path, ListPeople(), People)
    control = Control(tmp_path, obey)
    await control.start()
    assert await asked(tmp_path, ListPeople(), People) == People([])
    await control.close()
    assert await asyncio.to_thread(os.listdir, tmp_path) == []


async def test_a_folder_whose_path_is_too_long_for_a_socket_is_reached_by_the_loopback(tmp_path: Path):
    deep = tmp_path / ("long " * 30)
    deep.mkdir()
    control = Control(deep, obey)
    await control.start()
    try:
        assert (read_place(deep).path, read_place(deep).port > 0) == ("", True)
        assert await asked(deep, ListPeople(), People) == People([])
    finally:
        await control.close()


async def test_a_folder_that_cannot_be_written_costs_the_orders_and_nothing_else(tmp_path: Path):
    control = Control(tmp_path / "gone", obey)
    await control.start()
    await control.close()
    with pytest.raises(NotRunning):
        await asked(tmp_path / "gone", ListPeople(), People)


def test_the_key_is_in_no_repr():
    assert "secret" not in repr(Place("/run/relay.sock", 0, "secret"))

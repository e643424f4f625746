"""What has had its time is deleted, really; everybody is told before and after; and while all is held, nothing is."""

from __future__ import annotations

import asyncio
import json
import secrets
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from common.ids import Millis
from common.protocol.messages import FileInfo
from relay.operating.purging import Purger
from relay.storage.transaction import Transaction
from tests.people import Json, Person, Stage, quiet_config, staged

DAY_MS = 24 * 60 * 60 * 1000
BEGIN = Millis(1_750_000_000_000)


class Clock:
    def __init__(self) -> None:
        self.now = BEGIN

    def __call__(self) -> Millis:
        return self.now

    def passes(self, days: float) -> None:
        self.now = Millis(self.now + int(days * DAY_MS))


@asynccontextmanager
async def relay_of(folder: Path, clock: Clock) -> AsyncIterator[Stage]:
    async with staged(quiet_config(folder), now=clock) as stage:
        yield stage


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def stage(tmp_path: Path, clock: Clock) -> AsyncIterator[Stage]:
    async with relay_of(tmp_path, clock) as made:
        yield made


async def owner_of(stage: Stage, name: str) -> Person:
    """Somebody who owns the relay, with a link."""
    code = await stage.relay.parts.store.read(lambda tables: tables.meta.waiting_owner_code())
    person = await stage.registers(name, code=code)
    await person.comes()
    return person


async def purges(stage: Stage) -> None:
    """What the relay does by itself now and then."""
    await Purger(stage.relay.parts).look()


def raw(folder: Path) -> bytes:
    """The database and its log, byte for byte."""
    return b"".join(
        path.read_bytes() for name in ("relay.db", "relay.db-wal") if (path := folder / "data" / name).exists()
    )


def sealed_bodies(folder: Path, group: int) -> dict[int, bytes]:
    """What is stored of the entries of *group*, as another program sees it."""
    with closing(sqlite3.connect(f"file:{folder / 'data' / 'relay.db'}?mode=ro", uri=True)) as conn:
        return dict(
            conn.execute("SELECT seq, body FROM entries WHERE group_id = ? AND body IS NOT NULL", (group,)).fetchall()
        )


async def until_tidy(stage: Stage) -> None:
    """The log is emptied of what was destroyed; the relay does it by itself within seconds."""
    store = stage.relay.parts.store
    while store.holds_destroyed:
        await store.checkpoint(truncate=True)


# -- by days -----------------------------------------------------------------------------------------------------------


async def test_old_messages_go_and_new_ones_stay(stage: Stage, clock: Clock):
    anna, boris = await stage.enter("anna", "boris", group="tea")
    await anna.says("long ago")
    clock.passes(20)
    kept = await anna.says("lately")
    await anna.gets({"type": "set_retention", "group": anna.group, "days": 30})
    clock.passes(15)
    await purges(stage)
    assert (await boris.reads())[0]["seq"] == kept
    told = await boris.hears(lambda event: event["type"] == "purged")
    assert told == {"type": "purged", "group": anna.group, "floor": kept - 1}


async def test_seqs_go_on_where_they_were(stage: Stage, clock: Clock):
    (anna,) = await stage.enter("anna", group="tea")
    before = await anna.says("one")
    await anna.gets({"type": "set_retention", "group": anna.group, "days": 1})
    last = (await anna.gets({"type": "history", "group": anna.group, "limit": 1}))["entries"][-1]["seq"]
    clock.passes(2)
    await purges(stage)
    page = await anna.gets({"type": "history", "group": anna.group})
    assert (page["entries"], page["more"], page["floor"]) == ([], False, last)
    assert await anna.says("two") == last + 1 > before
    page = await anna.gets({"type": "history", "group": anna.group, "after": 0})
    assert ([entry["body"] for entry in page["entries"]], page["more"]) == (["two"], False)


async def test_seqs_go_on_after_a_restart(tmp_path: Path, clock: Clock):
    async with relay_of(tmp_path, clock) as stage:
        (anna,) = await stage.enter("anna", group="tea")
        last = await anna.says("one")
        token, group, epoch = anna.token, anna.group, anna.welcome["epoch"]
        await stage.relay.parts.journal.change(lambda tx: tx.purge(group, last))
    async with relay_of(tmp_path, clock) as stage:
        anna = Person(stage, "anna", token, anna.user)
        stage.people.append(anna)
        welcome = await anna.comes(epoch, {group: last})
        (info,) = (each for each in welcome["groups"] if each["id"] == group)
        assert (info["floor"], info["last_seq"], "last" in info, "strayed" in welcome) == (last, last, False, True)
        assert welcome["strayed"] == []
        assert await anna.says("two", group) == last + 1
        await purges(stage)
        assert [entry["body"] for entry in await anna.reads(group)] == ["two"]


# -- by number ---------------------------------------------------------------------------------------------------------


async def test_by_number_nothing_goes_on_its_first_day(stage: Stage, clock: Clock):
    (anna,) = await stage.enter("anna", group="tea")
    for number in range(10):
        await anna.says(f"message {number}")
    await anna.gets({"type": "set_retention", "group": anna.group, "entries": 3})
    await purges(stage)
    assert len(await anna.reads()) == 12
    clock.passes(1.5)
    await purges(stage)
    assert [entry.get("body") for entry in await anna.reads()][:2] == ["message 8", "message 9"]


# -- what goes with them -----------------------------------------------------------------------------------------------


async def test_all_that_was_said_of_them_goes_too(stage: Stage, clock: Clock):
    anna, boris = await stage.enter("anna", "boris", group="tea")
    old = await anna.says("long ago", mentions=[boris.id])
    act = {"group": anna.group, "target": old}
    clock.passes(20)
    nonce = secrets.token_hex
    await anna.gets({"type": "edit", **act, "nonce": nonce(16), "body": "long ago, said anew"})
    await boris.gets({"type": "react", **act, "nonce": nonce(16), "emoji": "👍"})
    await boris.gets({"type": "pin", **act, "nonce": nonce(16)})
    await anna.gets({"type": "set_retention", "group": anna.group, "days": 30})
    clock.passes(15)
    await purges(stage)
    kinds = {entry["kind"]: entry for entry in await boris.reads()}
    assert kinds["edit"]["redacted"]
    assert "body" not in kinds["edit"]
    assert "body" not in kinds["reaction"]
    assert (await boris.gets({"type": "list_pins", "group": anna.group}))["entries"] == []
    info = await info_of(boris)
    assert (info.get("unread", 0), info.get("mentions", 0)) == (0, 0)
    assert (await boris.gets({"type": "search", "query": "long ago"}))["hits"] == []


async def info_of(person: Person, group: int | None = None) -> Json:
    groups = (await person.gets({"type": "list_groups"}))["groups"]
    return next(each for each in groups if each["id"] == (group or person.group))


async def test_what_points_to_them_is_refused_in_words(stage: Stage, clock: Clock):
    (anna,) = await stage.enter("anna", group="tea")
    old, nonce = await anna.says("long ago"), secrets.token_hex(16)
    answer = await anna.says("an answer", nonce=nonce, reply_to=old)
    clock.passes(2)
    kept = await anna.says("lately")
    await anna.gets({"type": "set_retention", "group": anna.group, "days": 1, "loses": 2})
    await purges(stage)
    act = {"group": anna.group, "target": old, "nonce": secrets.token_hex(16)}
    assert kept == answer + 1
    assert await anna.is_refused(
        {"type": "post", "group": anna.group, "nonce": "0" * 32, "body": "x", "reply_to": old}
    ) == ("unknown_target")
    for kind, more in (("edit", {"body": "x"}), ("redact", {}), ("react", {"emoji": "👍"}), ("pin", {})):
        assert await anna.is_refused({"type": kind, **act, **more}) == "unknown_target"
    forward = {"group": anna.group, "seq": old}
    assert await anna.is_refused({"type": "post", "group": stage.general, "nonce": "1" * 32, "forward": forward}) == (
        "unknown_target"
    )


async def test_who_repeats_an_answer_gets_its_place_though_what_it_answers_is_gone(stage: Stage, clock: Clock):
    (anna,) = await stage.enter("anna", group="tea")
    old, nonce = await anna.says("long ago"), secrets.token_hex(16)
    clock.passes(1.5)
    answer = await anna.says("an answer", nonce=nonce, reply_to=old)
    await anna.gets({"type": "set_retention", "group": anna.group, "days": 1, "loses": 1})
    await purges(stage)
    assert await anna.says("an answer", nonce=nonce, reply_to=old) == answer


# -- nobody is surprised -----------------------------------------------------------------------------------------------


async def test_a_rule_that_costs_messages_wants_their_number(stage: Stage, clock: Clock):
    anna, boris = await stage.enter("anna", "boris", group="tea")
    for number in range(5):
        await anna.says(f"message {number}")
    clock.passes(10)
    rule = {"group": anna.group, "days": 7}
    assert (await anna.gets({"type": "count_expired", **rule}))["messages"] == 5
    for loses in (0, 4):
        assert await anna.is_refused({"type": "set_retention", **rule, "loses": loses}) == "would_delete"
    await purges(stage)
    assert len(await anna.reads()) == 7
    assert (await anna.gets({"type": "set_retention", **rule, "loses": 5}))["messages"] == 5
    said = await boris.hears(lambda event: event.get("kind") == "retention")
    assert (said["sender"], json.loads(said["body"])) == (anna.id, {"days": 7, "own": True})
    changed = await boris.hears(lambda event: event["type"] == "group" and "keeps" in event["group"])
    assert changed["group"]["keeps"] == {"days": 7, "own": True}


async def test_a_group_keeps_less_than_the_relay_and_only_its_owner_more(stage: Stage):
    olga = await owner_of(stage, "olga")
    anna, boris = await stage.enter("anna", "boris", group="tea")
    await olga.gets({"type": "join_group", "group": anna.group})
    await olga.gets({"type": "set_retention", "days": 30})
    await boris.hears(lambda event: event["type"] == "retention")
    assert (await info_of(boris))["keeps"] == {"days": 30}
    assert await boris.is_refused({"type": "set_retention", "group": anna.group, "days": 7}) == "not_allowed"
    assert await anna.is_refused({"type": "set_retention", "days": 7}) == "not_allowed"
    await anna.gets({"type": "set_retention", "group": anna.group, "days": 0})
    assert (await info_of(boris))["keeps"] == {"days": 30, "own": True}
    await anna.gets({"type": "set_retention", "group": anna.group, "days": 7})
    assert (await info_of(boris))["keeps"] == {"days": 7, "own": True}
    await olga.gets({"type": "set_retention", "group": anna.group, "days": 365})
    assert (await info_of(boris))["keeps"] == {"days": 365, "own": True}
    await anna.gets({"type": "set_retention", "group": anna.group})
    assert (await info_of(boris))["keeps"] == {"days": 30}
    assert (await anna.gets({"type": "get_retention"}))["keeps"] == {"days": 30}
    direct = (await anna.gets({"type": "open_direct", "user": boris.id}))["group"]
    assert direct["keeps"] == {"days": 30}
    assert await anna.is_refused({"type": "set_retention", "group": direct["id"], "days": 7}) == "not_allowed"


# -- a hold ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("everywhere", [True, False])
async def test_while_all_is_held_neither_the_relay_nor_people_delete(stage: Stage, clock: Clock, everywhere: bool):
    olga = await owner_of(stage, "olga")
    anna, boris = await stage.enter("anna", "boris", group="tea")
    await olga.gets({"type": "join_group", "group": anna.group})
    seq = await anna.says("to be kept")
    where = {} if everywhere else {"group": anna.group}
    assert await anna.is_refused({"type": "set_hold", **where}) == "not_allowed"
    await olga.gets({"type": "set_hold", **where})
    await anna.gets({"type": "set_retention", "group": anna.group, "days": 1})
    clock.passes(5)
    await purges(stage)
    assert "to be kept" in [entry.get("body") for entry in await boris.reads()]
    act = {"type": "redact", "group": anna.group, "target": seq, "nonce": secrets.token_hex(16)}
    assert await anna.is_refused(act) == "on_hold"
    assert (await info_of(boris))["keeps"]["held"]
    assert await olga.is_refused({"type": "set_hold", **where, "on": False}) == "would_delete"
    await olga.gets({"type": "set_hold", **where, "on": False, "loses": 1})
    await purges(stage)
    assert "to be kept" not in [entry.get("body") for entry in await boris.reads()]


@pytest.mark.parametrize("everywhere", [True, False])
async def test_how_many_go_when_a_hold_ends_is_told_before(stage: Stage, clock: Clock, everywhere: bool):
    olga = await owner_of(stage, "olga")
    (anna,) = await stage.enter("anna", group="tea")
    await olga.gets({"type": "join_group", "group": anna.group})
    for number in range(3):
        await anna.says(f"message {number}")
    where = {} if everywhere else {"group": anna.group}
    await olga.gets({"type": "set_hold", **where})
    await olga.gets({"type": "set_retention", "group": anna.group, "days": 1})
    clock.passes(5)
    counted = await olga.gets({"type": "count_expired", **where, "release": True})
    assert counted["messages"] == 3
    assert (await info_of(anna))["keeps"]["held"]
    await olga.gets({"type": "set_hold", **where, "on": False, "loses": counted["messages"]})


# -- the disk ----------------------------------------------------------------------------------------------------------


async def test_the_sealed_bytes_are_gone_from_the_disk_and_the_file_is_smaller(tmp_path: Path, clock: Clock):
    async with relay_of(tmp_path, clock) as stage:
        anna, boris = await stage.enter("anna", "boris", group="tea")
        await asyncio.gather(*(anna.says(f"message {number} " + "x" * 3000) for number in range(200)))
        clock.passes(3)
        kept = await anna.says("lately")
        group = anna.group
        await stage.relay.parts.store.checkpoint(truncate=True)
        bodies = sealed_bodies(tmp_path, group)
        before = raw(tmp_path)
        old = {seq: body for seq, body in bodies.items() if seq < kept}
        # A long body is spread over pages, each with a few bytes of its own before it: look for pieces.
        pieces = {seq: [body[at : at + 30] for at in range(0, len(body) - 29, 500)] for seq, body in old.items()}
        assert len(old) > 200
        assert all(any(piece in before for piece in some) for some in pieces.values())
        size = (tmp_path / "data" / "relay.db").stat().st_size
        assert await anna.gets({"type": "set_retention", "group": group, "days": 1, "loses": 200})
        await purges(stage)
        await until_tidy(stage)
        after = raw(tmp_path)
        assert [seq for seq, some in pieces.items() if any(piece in after for piece in some)] == []
        assert bodies[kept][:30] in after
        assert (tmp_path / "data" / "relay.db").stat().st_size < size // 4
        assert (await boris.reads())[0]["seq"] == kept


async def test_files_go_with_the_last_message_that_names_them(tmp_path: Path, stage: Stage, clock: Clock):
    (anna,) = await stage.enter("anna", group="tea")
    file_id = await stage.relay.parts.journal.change(lambda tx: whole_file(tx, anna.id))
    await anna.says("see this", files=[file_id])
    clock.passes(5)
    await anna.says("see this again", files=[file_id])
    await anna.gets({"type": "set_retention", "group": anna.group, "days": 3, "loses": 1})
    await purges(stage)
    store = stage.relay.parts.store
    assert await store.read(lambda tables: tables.files.get(file_id)) is not None
    clock.passes(5)
    await purges(stage)
    assert await store.read(lambda tables: tables.files.get(file_id)) is None


def whole_file(transaction: Transaction, owner: Any) -> str:
    file = transaction.files.add(owner, FileInfo("", "tea.txt", 3), transaction.now)
    transaction.files.set_whole(file.id, "00" * 32, transaction.now)
    return file.id


async def test_a_search_index_on_disk_that_knew_them_is_not_believed(tmp_path: Path, clock: Clock):
    async with relay_of(tmp_path, clock) as stage:
        (anna,) = await stage.enter("anna", group="tea")
        seq = await anna.says("remarkable words")
        assert (await anna.gets({"type": "search", "query": "remarkable"}))["hits"]
        token, group = anna.token, anna.group
    snapshot = (tmp_path / "data" / "search.snapshot").read_bytes()
    async with relay_of(tmp_path, clock) as stage:
        await stage.relay.parts.journal.change(lambda tx: tx.purge(group, seq))
    (tmp_path / "data" / "search.snapshot").write_bytes(
        snapshot
    )  # as if it had been killed before it could be taken away
    async with relay_of(tmp_path, clock) as stage:
        anna = Person(stage, "anna", token, anna.user)
        stage.people.append(anna)
        await anna.comes()
        assert (await anna.gets({"type": "search", "query": "remarkable"}))["hits"] == []
        index = stage.relay.parts.search._follower.index
        assert all(shard._groups.count(0) == len(shard._groups) for shard in index._shards.values())

"""Nothing that a person typed stands in clear, and what was tampered with does not open."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from common.ids import GroupId, Millis, Seq, UserId
from common.protocol.messages import Entry
from relay.storage.entries import Draft
from relay.storage.vault import DAMAGED_NAME
from tests.relay.stores import add_person, database_in, log_of, message, store_in, tamper

MARKS = {
    "body": "МАРКЕР-тело-kettle-7731",
    "username": "маркер_имя_7732",
    "display name": "Маркер Показ 7733",
    "group": "МАРКЕР-склад-7734",
    "topic": "МАРКЕР-о-ящиках-7735",
    "new name": "МАРКЕР-кухня-7736",
    "device": "МАРКЕР-телефон-7737",
    "relay": "МАРКЕР-реле-7738",
    "password hash": "$argon2id$маркер7739",
}


async def _write_marks(folder: Path) -> None:
    async with store_in(folder, name=MARKS["relay"]) as store:

        def work(transaction):
            user = transaction.people.add(MARKS["username"], MARKS["display name"], MARKS["password hash"], "member", 1)
            group = transaction.groups.create("group", MARKS["group"], MARKS["topic"], False, 1)
            transaction.sessions.add(user.id, b"t" * 32, MARKS["device"], 1)
            transaction.append(message(group, user.id, MARKS["body"]))
            transaction.groups.rename(group, MARKS["new name"])
            transaction.append(Draft(group, user.id, "rename", MARKS["new name"]))

        await store.write(work)
        _assert_no_mark(folder)  # the write-ahead log too
        assert store.owner_code is not None
        assert store.recovery_code is not None
        _assert_absent(folder, [store.owner_code, store.recovery_code])
        _assert_absent(folder, [store.owner_code.replace("-", ""), store.recovery_code.replace("-", "")])


def _assert_no_mark(folder: Path) -> None:
    _assert_absent(folder, list(MARKS.values()))


def _assert_absent(folder: Path, texts: list[str]) -> None:
    files = [path for path in (folder / "data").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) > 50_000
    for path in files:
        content = path.read_bytes()
        for text in texts:
            for form in (text, text.casefold()):
                for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
                    assert form.encode(encoding) not in content, f"{text} stands in {path.name} ({encoding})"


async def test_no_byte_of_the_data_folder_tells_what_was_typed(tmp_path: Path) -> None:
    await _write_marks(tmp_path)
    _assert_no_mark(tmp_path)


async def test_the_marks_are_really_there_for_who_has_the_key(tmp_path: Path) -> None:
    await _write_marks(tmp_path)
    async with store_in(tmp_path, name=MARKS["relay"]) as store:
        group = await store.read(lambda tables: tables.groups.all()[1])
        user = await store.read(lambda tables: tables.people.all()[0])
        account = await store.read(lambda tables: tables.people.account(MARKS["username"]))
        session = await store.read(lambda tables: tables.sessions.by_token(b"t" * 32, Millis(1)))
        bodies = [entry.body for entry in await log_of(store, group.id)]

        assert (group.name, group.topic) == (MARKS["new name"], MARKS["topic"])
        assert (user.username, user.display_name) == (MARKS["username"], MARKS["display name"])
        assert account is not None
        assert session is not None
        assert (account.password_hash, session.device) == (MARKS["password hash"], MARKS["device"])
        assert bodies == [MARKS["body"], MARKS["new name"]]
        assert await store.read(lambda tables: tables.meta.relay_name()) == MARKS["relay"]


# -- entries that were tampered with -----------------------------------------------------------------------------------


async def _three_messages(folder: Path) -> GroupId:
    async with store_in(folder) as store:
        anna, boris = await add_person(store, "anna"), await add_person(store, "boris")
        drafts = [
            message(store.general, anna, "один"),
            message(store.general, anna, "два"),
            message(store.general, boris, "три"),
        ]
        await store.write(lambda tx: tx.append_all(drafts))
        other = await store.write(lambda tx: tx.groups.create("group", "склад", "", False, tx.now))
        await store.write(lambda tx: tx.append(message(other, anna, "там")))
        return other


_SWAP = """
WITH bodies AS MATERIALIZED (SELECT 3 - seq AS seq, body FROM entries WHERE group_id = 1 AND seq IN (1, 2))
UPDATE entries SET body = bodies.body FROM bodies WHERE entries.seq = bodies.seq AND entries.group_id = 1
"""
_FLIP = """
UPDATE entries SET body = CAST(substr(body, 1, 30) || iif(substr(body, 31, 1) = x'00', x'01', x'00') || substr(body, 32) AS BLOB)
WHERE seq = 1 AND group_id = 1
"""


@pytest.mark.parametrize(
    "statement, damaged",
    [
        pytest.param(_SWAP, [1, 2], id="two bodies swapped"),
        pytest.param(_FLIP, [1], id="a byte changed"),
        pytest.param("UPDATE entries SET body = x'00' WHERE seq = 2 AND group_id = 1", [2], id="cut short"),
        pytest.param(
            "UPDATE entries SET body = substr(body, 1, length(body) - 1) WHERE seq = 2 AND group_id = 1",
            [2],
            id="last byte gone",
        ),
        pytest.param(
            "UPDATE entries SET sender = 2 WHERE seq = 1 AND group_id = 1", [1], id="put into another's mouth"
        ),
        pytest.param("UPDATE entries SET at = at + 1 WHERE seq = 3 AND group_id = 1", [3], id="another time"),
        pytest.param("UPDATE entries SET kind = 'rename' WHERE seq = 3 AND group_id = 1", [3], id="another kind"),
        pytest.param(
            "UPDATE entries SET target = 1 WHERE seq = 3 AND group_id = 1", [3], id="an answer to something else"
        ),
        pytest.param(
            "UPDATE entries SET key_id = 2 WHERE seq = 3 AND group_id = 1", [3], id="the key of another group"
        ),
        pytest.param(
            "UPDATE entries SET key_id = 77 WHERE seq = 3 AND group_id = 1", [3], id="a key that is not there"
        ),
        pytest.param(
            "UPDATE data_keys SET wrapped = zeroblob(72) WHERE group_id = 1", [1, 2, 3], id="the data key destroyed"
        ),
        pytest.param(
            "UPDATE data_keys SET wrapped = (SELECT wrapped FROM data_keys WHERE group_id = 2) WHERE group_id = 1",
            [1, 2, 3],
            id="the data key of another group",
        ),
        pytest.param("UPDATE entries SET group_id = 1, seq = 4 WHERE group_id = 2", [4], id="moved into another group"),
    ],
)
async def test_a_record_that_was_tampered_with_is_shown_as_damaged_and_stops_nothing(
    tmp_path: Path, statement: str, damaged: list[int]
) -> None:
    await _three_messages(tmp_path)
    assert tamper(tmp_path, statement)
    async with store_in(tmp_path) as store:
        entries = await log_of(store, store.general)
        await log_of(store, store.general)  # is counted once

        assert [entry.seq for entry in entries if entry.damaged] == damaged
        assert all(entry.body is None for entry in entries if entry.damaged)
        assert all(entry.body for entry in entries if not entry.damaged)
        assert store.damaged == len(damaged)
        stored = await store.write(lambda tx: tx.append(message(store.general, UserId(1), "дальше")))
        assert (await log_of(store, store.general))[-1] == stored


@pytest.mark.parametrize(
    "column, value",
    [
        ("kind", b"\xff"),
        ("sender", None),
        ("at", "noon"),
        ("nonce", 1.5),
        ("target", b"?"),
        ("key_id", None),
        ("body", 7),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
async def test_a_row_that_is_no_row_any_more_is_shown_as_damaged_and_stops_nothing(
    tmp_path: Path, column: str, value: object
) -> None:
    await _three_messages(tmp_path)
    async with store_in(tmp_path) as store:
        _put_against_the_rules(tmp_path, column, value)
        entries = await log_of(store, store.general)

        assert [(entry.seq, entry.damaged, entry.body) for entry in entries] == [
            (1, False, "один"),
            (2, True, None),
            (3, False, "три"),
        ]
        assert msgspec.json.decode(msgspec.json.encode(entries), type=list[Entry]) == entries  # a client can read it
        assert store.damaged == 1


def _put_against_the_rules(folder: Path, column: str, value: object) -> None:
    """Put *value* into entry 2 of the general group as a damaged page would, whatever type the column has."""
    with closing(sqlite3.connect(database_in(folder), isolation_level=None)) as conn:
        (strict,) = conn.execute("SELECT sql FROM sqlite_schema WHERE name = 'entries'").fetchone()
        loose = re.sub(r"(NOT NULL ?)?(CHECK \(length.*?\) = 16\))?", "", strict).replace("STRICT", "")
        _write_schema(conn, loose)
    with closing(sqlite3.connect(database_in(folder), isolation_level=None)) as conn:
        text = isinstance(value, bytes) and column == "kind"
        stored = "CAST(? AS TEXT)" if text else "?"
        conn.execute(f"UPDATE entries SET {column} = {stored} WHERE group_id = 1 AND seq = 2", (value,))
        _write_schema(conn, strict)


def _write_schema(conn: sqlite3.Connection, sql: str) -> None:
    conn.execute("PRAGMA writable_schema = ON")
    conn.execute("UPDATE sqlite_schema SET sql = ? WHERE name = 'entries'", (sql,))


async def test_a_redacted_entry_keeps_its_place_and_is_not_damaged(tmp_path: Path) -> None:
    await _three_messages(tmp_path)
    tamper(tmp_path, "UPDATE entries SET body = NULL WHERE seq = 2 AND group_id = 1")
    async with store_in(tmp_path) as store:
        entries = await log_of(store, store.general)

        assert [(entry.seq, entry.redacted, entry.damaged) for entry in entries] == [
            (1, False, False),
            (2, True, False),
            (3, False, False),
        ]
        assert store.damaged == 0


@pytest.mark.parametrize("column", ["username", "display_name"])
async def test_a_damaged_name_has_a_stand_in(tmp_path: Path, column: str) -> None:
    await _three_messages(tmp_path)
    tamper(tmp_path, f"UPDATE users SET {column} = (SELECT {column} FROM users WHERE id = 2) WHERE id = 1")
    async with store_in(tmp_path) as store:
        anna, boris = await store.read(lambda tables: tables.people.many([UserId(1), UserId(2)]))

        assert getattr(anna, column) == DAMAGED_NAME
        assert boris.username == "boris"
        assert store.damaged == 1


async def test_nobody_signs_in_with_somebody_elses_password_hash(tmp_path: Path) -> None:
    await _three_messages(tmp_path)
    tamper(tmp_path, "UPDATE users SET password_hash = (SELECT password_hash FROM users WHERE id = 2) WHERE id = 1")
    async with store_in(tmp_path) as store:
        account = await store.read(lambda tables: tables.people.account("anna"))

        assert account is not None
        assert account.password_hash is None


async def test_a_group_gets_a_new_data_key_after_so_many_entries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relay.storage.transaction.KEY_ENTRIES", 4)
    async with store_in(tmp_path) as store:
        anna = await add_person(store, "anna")
        drafts = [message(store.general, anna, str(number)) for number in range(10)]
        await store.write(lambda tx: tx.append_all(drafts[:6]))
    async with store_in(tmp_path) as store:
        await store.write(lambda tx: tx.append_all(drafts[6:]))
    async with store_in(tmp_path) as store:
        assert [entry.body for entry in await log_of(store, store.general)] == [str(number) for number in range(10)]
        keys = await store.read(
            lambda tables: tables.entries._conn.execute("SELECT first_seq FROM data_keys").fetchall()
        )

    assert keys == [(1,), (5,), (9,)]


async def test_a_data_key_that_was_undone_is_not_used(tmp_path: Path) -> None:
    async with store_in(tmp_path) as store:
        anna = await add_person(store, "anna")

        def fail(transaction):
            transaction.append(message(store.general, anna, "никогда"))
            raise LookupError

        with pytest.raises(LookupError):
            await store.write(fail)
        await store.write(lambda tx: (tx.attempt(fail), tx.append(message(store.general, anna, "раз"))))
    async with store_in(tmp_path) as store:
        assert [(entry.seq, entry.body) for entry in await log_of(store, store.general)] == [(Seq(1), "раз")]
        assert store.damaged == 0

"""The schema: made whole or not at all, never backwards, never over somebody else's data."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from common.errors import DatabaseTooNew, StartupError
from common.ids import Millis
from relay.storage.migrate import forget_copies, migrate, migrations, version_of

FIRST = {1: "CREATE TABLE words (word TEXT) STRICT; -- first\n"}
SECOND = FIRST | {2: "ALTER TABLE words ADD COLUMN language TEXT;\nUPDATE words SET language = 'ru';\n"}
BROKEN = SECOND | {3: "CREATE TABLE more (x INTEGER) STRICT;\nINSERT INTO nowhere VALUES (1);\n"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "relay.db"


@pytest.fixture
def conn(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        yield conn


def _schema(conn: sqlite3.Connection) -> list[tuple[str, str]]:
    return conn.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()


def test_migrations_are_numbered_without_gaps() -> None:
    assert list(migrations()) == list(range(1, len(migrations()) + 1))


def test_an_empty_database_gets_the_newest_schema(conn: sqlite3.Connection, path: Path) -> None:
    migrate(conn, path)

    assert version_of(conn) == max(migrations())
    assert {name for name, _ in _schema(conn)} >= {"entries", "groups", "users", "data_keys", "key_slots"}
    assert list(path.parent.glob("*.before-*")) == []


def test_every_table_is_strict(conn: sqlite3.Connection, path: Path) -> None:
    migrate(conn, path)
    tables = conn.execute(
        "SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite_%'"
    )

    assert {name for name, strict in tables if not strict} == set()


def test_migrating_twice_changes_nothing(conn: sqlite3.Connection, path: Path) -> None:
    migrate(conn, path)
    before = _schema(conn)
    migrate(conn, path)

    assert _schema(conn) == before


def test_what_is_there_is_kept_and_copied_before_the_upgrade(conn: sqlite3.Connection, path: Path) -> None:
    migrate(conn, path, FIRST)
    conn.execute("INSERT INTO words VALUES ('чайник')")
    migrate(conn, path, SECOND)

    assert conn.execute("SELECT * FROM words").fetchall() == [("чайник", "ru")]
    with closing(sqlite3.connect(path.with_name("relay.db.before-0002"))) as copy:
        assert copy.execute("SELECT * FROM words").fetchall() == [("чайник",)]
        assert version_of(copy) == 1


def test_a_migration_that_fails_leaves_everything_as_it_was(conn: sqlite3.Connection, path: Path) -> None:
    migrate(conn, path, FIRST)
    conn.execute("INSERT INTO words VALUES ('чайник')")
    before = _schema(conn)
    with pytest.raises(sqlite3.OperationalError):
        migrate(conn, path, BROKEN)

    assert (_schema(conn), version_of(conn)) == (before, 1)
    assert conn.execute("SELECT * FROM words").fetchall() == [("чайник",)]


def test_a_newer_database_is_refused_untouched(conn: sqlite3.Connection, path: Path) -> None:
    migrate(conn, path, SECOND)
    content = path.read_bytes()
    with pytest.raises(DatabaseTooNew, match="version 2"):
        migrate(conn, path, FIRST)

    assert path.read_bytes() == content


def test_another_programs_database_is_refused(conn: sqlite3.Connection, path: Path) -> None:
    conn.execute("CREATE TABLE bookmarks (url TEXT)")
    with pytest.raises(StartupError, match="another program"):
        migrate(conn, path)

    assert [name for name, _ in _schema(conn)] == ["bookmarks"]


def test_half_a_statement_is_no_migration(conn: sqlite3.Connection, path: Path) -> None:
    with pytest.raises(ValueError, match="middle of a statement"):
        migrate(conn, path, {1: "CREATE TABLE words (word TEXT"})

    assert version_of(conn) == 0


def test_a_table_that_is_made_anew_keeps_what_refers_to_it(conn: sqlite3.Connection, path: Path) -> None:
    conn.execute("PRAGMA foreign_keys = ON")
    first = {
        1: "CREATE TABLE groups (id INTEGER PRIMARY KEY) STRICT;\n"
        "CREATE TABLE entries (group_id INTEGER NOT NULL REFERENCES groups (id) ON DELETE CASCADE) STRICT;\n"
        "INSERT INTO groups VALUES (7);\nINSERT INTO entries VALUES (7);\n"
    }
    anew = (
        "CREATE TABLE made (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT '') STRICT;\n"
        "INSERT INTO made (id) SELECT id FROM groups;\nDROP TABLE groups;\nALTER TABLE made RENAME TO groups;\n"
    )
    migrate(conn, path, first)
    migrate(conn, path, first | {2: anew})

    assert conn.execute("SELECT group_id FROM entries").fetchall() == [(7,)]
    assert conn.execute("PRAGMA foreign_keys").fetchone() == (1,)
    with pytest.raises(sqlite3.IntegrityError):
        conn.execute("INSERT INTO entries VALUES (8)")


def test_a_migration_that_leaves_rows_of_nothing_is_undone(conn: sqlite3.Connection, path: Path) -> None:
    first = {
        1: "CREATE TABLE groups (id INTEGER PRIMARY KEY) STRICT;\n"
        "CREATE TABLE entries (group_id INTEGER NOT NULL REFERENCES groups (id)) STRICT;\n"
        "INSERT INTO groups VALUES (7);\nINSERT INTO entries VALUES (7);\n"
    }
    migrate(conn, path, first)
    with pytest.raises(sqlite3.IntegrityError, match="entries"):
        migrate(conn, path, first | {2: "DELETE FROM groups;\n"})

    assert (conn.execute("SELECT id FROM groups").fetchall(), version_of(conn)) == ([(7,)], 1)


def test_who_waits_hears_of_an_upgrade_and_of_nothing_else(conn: sqlite3.Connection, path: Path) -> None:
    heard: list[tuple[int, int]] = []
    for steps in (FIRST, FIRST, SECOND, SECOND):
        migrate(conn, path, steps, lambda before, after: heard.append((before, after)))

    assert heard == [(1, 2)]


def test_copies_are_kept_for_a_month(path: Path) -> None:
    now = Millis(1_900_000_000_000)
    for name, days in (("0002", 31), ("0003", 29)):
        copy = path.with_name(f"relay.db.before-{name}")
        copy.write_bytes(b"sealed")
        os.utime(copy, (at := now / 1000 - days * 24 * 60 * 60, at))
    for name in ("relay.db", "relay.db.before-long"):
        path.with_name(name).write_bytes(b"mine")
        os.utime(path.with_name(name), (0, 0))
    forget_copies(path, now)

    assert sorted(left.name for left in path.parent.iterdir()) == [
        "relay.db",
        "relay.db.before-0003",
        "relay.db.before-long",
    ]

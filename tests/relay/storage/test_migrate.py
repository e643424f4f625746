"""The schema: made whole or not at all, never backwards, never over somebody else's data."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from common.errors import DatabaseTooNew, StartupError
from relay.storage.migrate import migrate, migrations, version_of

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

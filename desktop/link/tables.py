"""The tables of the archive, and how a file of an earlier version becomes one of this."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Sequence
from typing import Final

from common.errors import DatabaseTooNew, SealError
from common.ids import GroupId
from common.protocol.messages import Entry
from desktop.link.changes import settle, target_of
from desktop.link.seals import Seals

VERSION: Final = 2
_BUSY_MS: Final = 2000

_OF_VERSION_2: Final = (
    """CREATE TABLE choice (
        account INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
        room INTEGER NOT NULL,
        sealed BLOB NOT NULL,           -- GroupChoice
        PRIMARY KEY (account, room)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE own_status (
        account INTEGER PRIMARY KEY REFERENCES account(id) ON DELETE CASCADE,
        sealed BLOB NOT NULL            -- OwnStatus
    ) STRICT""",
)
_SCHEMA: Final = (
    """CREATE TABLE relay (
        relay_id TEXT PRIMARY KEY,
        sealed BLOB NOT NULL  -- KnownRelay: name, addresses, since when
    ) STRICT""",
    """CREATE TABLE account (
        id INTEGER PRIMARY KEY,
        relay_id TEXT NOT NULL,
        user INTEGER NOT NULL,          -- id on that relay
        epoch TEXT,                     -- of the log that the entries and cursors belong to
        complete_up_to INTEGER,         -- Unix ms: every group was complete up to what the relay had then
        sealed BLOB NOT NULL,           -- User
        UNIQUE (relay_id, user)
    ) STRICT""",
    """CREATE TABLE person (
        account INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
        user INTEGER NOT NULL,
        sealed BLOB NOT NULL,           -- User
        PRIMARY KEY (account, user)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE room (
        account INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
        room INTEGER NOT NULL,          -- group id
        sealed BLOB NOT NULL,           -- GroupInfo
        PRIMARY KEY (account, room)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE entry (
        account INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
        room INTEGER NOT NULL,
        seq INTEGER NOT NULL,           -- place in the group's log
        sealed BLOB NOT NULL,           -- Entry
        target INTEGER,                 -- the message that it changes (edit, redaction, reaction, pin), else NULL
        PRIMARY KEY (account, room, seq)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX entry_target ON entry (account, room, target) WHERE target IS NOT NULL",
    """CREATE TABLE run (
        account INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
        room INTEGER NOT NULL,
        first INTEGER NOT NULL,         -- every seq from first to last is in entry; between
        last INTEGER NOT NULL,          -- two runs lies what was not fetched, but for what speaks of what was
        PRIMARY KEY (account, room, first)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE draft (
        account INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
        room INTEGER NOT NULL,
        sealed BLOB NOT NULL,           -- text
        PRIMARY KEY (account, room)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE outbox (
        account INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
        nonce TEXT NOT NULL,            -- the author's name for the message
        place INTEGER NOT NULL,         -- order in which they were written
        sealed BLOB NOT NULL,           -- OutboxItem
        PRIMARY KEY (account, nonce)
    ) STRICT, WITHOUT ROWID""",
    *_OF_VERSION_2,
)
# Beside the others and without a reference to them: made where it is missing, whatever made the file.
_TRANSFERS: Final = """CREATE TABLE IF NOT EXISTS transfer (
    relay_id TEXT NOT NULL,
    user INTEGER NOT NULL,
    key TEXT NOT NULL,              -- this client's name for it
    sealed BLOB NOT NULL,           -- Record of a file on its way
    PRIMARY KEY (relay_id, user, key)
) STRICT, WITHOUT ROWID"""
_DRAFT_FILES: Final = """CREATE TABLE IF NOT EXISTS draft_files (
    account INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
    room INTEGER NOT NULL,
    sealed BLOB NOT NULL,           -- what is attached to its draft
    PRIMARY KEY (account, room)
) STRICT, WITHOUT ROWID"""
_READ_BY: Final = """CREATE TABLE IF NOT EXISTS read_by (
    account INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
    room INTEGER NOT NULL,
    sealed BLOB NOT NULL,           -- ReadBy: who of the others has read furthest, and how far
    PRIMARY KEY (account, room)
) STRICT, WITHOUT ROWID"""
_FORMER: Final = """CREATE TABLE IF NOT EXISTS former (
    account INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
    room INTEGER NOT NULL,
    sealed BLOB NOT NULL,           -- what a group was called that the person does not see any more, while something is not sent there
    PRIMARY KEY (account, room)
) STRICT, WITHOUT ROWID"""
_EXPORTING: Final = """CREATE TABLE IF NOT EXISTS exporting (
    account INTEGER PRIMARY KEY REFERENCES account(id) ON DELETE CASCADE,
    sealed BLOB NOT NULL            -- the folders in which exports grow, and the mark of each
) STRICT"""
_WITHDRAWN: Final = """CREATE TABLE IF NOT EXISTS withdrawn (
    account INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
    nonce TEXT NOT NULL,            -- of a message that was taken out of the outbox when the relay may have had it
    PRIMARY KEY (account, nonce)
) STRICT, WITHOUT ROWID"""
_READ_AT_START: Final = (
    "relay",
    "account",
    "person",
    "room",
    "draft",
    "draft_files",
    "former",
    "exporting",
    "outbox",
    "choice",
    "own_status",
    "read_by",
    "run",
)

_log = logging.getLogger(__name__)

Change = Callable[[sqlite3.Connection], object]


def prepare(conn: sqlite3.Connection, seals: Seals) -> None:
    """The lock, the settings and the tables, which are all there, and all but the entries can be read."""
    conn.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
    conn.execute("PRAGMA locking_mode = EXCLUSIVE")
    conn.execute("PRAGMA journal_mode = WAL")
    conn.execute("PRAGMA synchronous = FULL")
    conn.execute("PRAGMA fullfsync = ON")
    conn.execute("PRAGMA secure_delete = ON")
    conn.execute("PRAGMA foreign_keys = ON")
    conn.execute("PRAGMA journal_size_limit = 16777216")
    version = conn.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise DatabaseTooNew(
            "The archive of this client was written by a later version of this program. Start that version again, or take "
            "another folder."
        )
    steps: Sequence[Change] = ()
    if version == 0:
        steps = (_make_tables,)
    elif version == 1:
        steps = (lambda conn: _from_version_1(conn, seals),)
    in_one_transaction(steps, conn)
    conn.execute(_TRANSFERS)
    conn.execute(_DRAFT_FILES)
    conn.execute(_READ_BY)
    conn.execute(_FORMER)
    conn.execute(_EXPORTING)
    conn.execute(_WITHDRAWN)
    for table in _READ_AT_START:
        conn.execute(f"SELECT sum(length({'last' if table == 'run' else 'sealed'})) FROM {table}").fetchone()


def in_one_transaction(changes: Sequence[Change], conn: sqlite3.Connection) -> None:
    """All of *changes*, or none."""
    conn.execute("BEGIN IMMEDIATE")
    try:
        for change in changes:
            change(conn)
        conn.execute("COMMIT")
    except BaseException:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        raise


def _make_tables(conn: sqlite3.Connection) -> None:
    for statement in _SCHEMA:
        conn.execute(statement)
    conn.execute(f"PRAGMA user_version = {VERSION}")


def _from_version_1(conn: sqlite3.Connection, seals: Seals) -> None:
    """Entries get their targets, and what was changed or taken back since is so in the archive too."""
    conn.execute("ALTER TABLE entry ADD COLUMN target INTEGER")
    conn.execute("CREATE INDEX entry_target ON entry (account, room, target) WHERE target IS NOT NULL")
    for statement in _OF_VERSION_2:
        conn.execute(statement)
    for account, relay_id, user in conn.execute("SELECT id, relay_id, user FROM account").fetchall():
        place = (relay_id, user)
        touched: set[tuple[int, int]] = set()
        rows = conn.execute("SELECT room, seq, sealed FROM entry WHERE account = ?", (account,)).fetchall()
        for room, seq, sealed in rows:
            try:
                target = target_of(seals.open(Entry, sealed, "entry", *place, room, seq))
            except SealError as error:
                _log.warning("an entry of the archive is damaged: %s", error)  # dropped when its page is read
                continue
            if target is not None:
                key = (account, room, seq)
                conn.execute("UPDATE entry SET target = ? WHERE account = ? AND room = ? AND seq = ?", (target, *key))
                touched.add((room, target))
        for room, target in sorted(touched):
            settle(conn, seals, account, place, GroupId(room), target)
    conn.execute(f"PRAGMA user_version = {VERSION}")

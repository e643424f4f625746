"""The exchange of the master key: whatever it opens directly is sealed anew under its successor, all in one transaction.

That is everything but the bodies of entries and the contents of files, which have keys of their own: those keys are wrapped anew here. So
the old master key opens nothing of the database any more as soon as the transaction is on disk. What is prepared beforehand, on a
reader's thread, need not be computed while everybody waits: a row that has not changed since is found by its old content.

Each data key gets a successor, which from then on seals what is said. `relay.storage.resealing` then brings the older entries to it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from typing import Any, Final

from msgspec import Struct

from common.crypto.keyslots import Slot
from common.crypto.sealing import SealKey
from common.errors import SealError
from common.ids import GroupId, Millis
from relay.storage import meta
from relay.storage.keyring import write_keyring
from relay.storage.vault import Vault

Row = tuple[Any, ...]
_PAGE: Final = 200
"""Rows that are prepared in one go."""


class Records(Struct, frozen=True):
    """What is sealed in one table. *select*: the row's key first; *update*: the new values, then that key; *columns*: their names, in
    the order in which *renew* makes their values. *lowest*: below every key."""

    table: str
    key: str
    select: str
    columns: tuple[str, ...]
    renew: Callable[[Exchange, Row], Row]
    lowest: int | str = 0


class Exchange:
    """From the vault *before* to the one *after* it."""

    def __init__(self, before: Vault, after: Vault) -> None:
        self.before = before
        self.after = after
        self._prepared: dict[tuple[str, Row], Row] = {}

    # -- beforehand ----------------------------------------------------------------------------------------------------

    def prepare(self, conn: sqlite3.Connection, records: Records, above: int | str) -> int | str | None:
        """Prepare some rows with keys above *above*; the last of them, None when there are no more."""
        rows = conn.execute(
            f"SELECT {records.key}, {records.select} FROM {records.table} WHERE {records.key} > ?"
            f" ORDER BY {records.key} LIMIT {_PAGE}",
            (above,),
        ).fetchall()
        for row in rows:
            self._prepared[records.table, row] = records.renew(self, row)
        return rows[-1][0] if rows else None

    # -- all at once ---------------------------------------------------------------------------------------------------

    def apply(self, conn: sqlite3.Connection, slots: list[Slot], now: Millis) -> None:
        """Within a transaction: let *after* open the database, by *slots* and nothing else."""
        master = self.before.with_master(lambda key: key)
        identity = meta.read_identity(conn, master, self.before.relay_id)
        for records in RECORDS:
            self._renew(conn, records)
        self._renew_settings(conn)
        self._renew_data_keys(conn, now)
        self.after.with_master(lambda key: meta.write_identity(conn, key, identity))
        write_keyring(conn, self.after)
        conn.execute("DELETE FROM key_slots")
        conn.executemany(
            "INSERT INTO key_slots (kind, salt, ops, mem, wrapped, created_at) VALUES (?, ?, ?, ?, ?, ?)",
            [(slot.kind, slot.salt, slot.ops, slot.mem, slot.wrapped, slot.created_ms) for slot in slots],
        )

    def _renew(self, conn: sqlite3.Connection, records: Records) -> None:
        rows = conn.execute(f"SELECT {records.key}, {records.select} FROM {records.table}").fetchall()
        values = ", ".join(f"{column} = ?" for column in records.columns)
        conn.executemany(f"UPDATE {records.table} SET {values} WHERE {records.key} = ?", self._values(records, rows))

    def _values(self, records: Records, rows: list[Row]) -> Iterator[Row]:
        for row in rows:
            renewed = self._prepared.get((records.table, row))
            yield (*(records.renew(self, row) if renewed is None else renewed), row[0])

    def _renew_settings(self, conn: sqlite3.Connection) -> None:
        for name in meta.SEALED:
            sealed = meta.read_setting(conn, name)
            if sealed is not None:
                meta.write_setting(conn, name, self.text(sealed, f"settings.{name}"))

    def _renew_data_keys(self, conn: sqlite3.Connection, now: Millis) -> None:
        rows = conn.execute("SELECT id, group_id, first_seq, wrapped FROM data_keys ORDER BY id").fetchall()
        for key_id, group, first_seq, wrapped in rows:
            try:
                key = self.before.unwrap(wrapped, key_id, group)
            except SealError:  # what it sealed is lost already
                self.before.found_damaged("data_keys", group, key_id)
                conn.execute("UPDATE data_keys SET successor = 0 WHERE id = ?", (key_id,))
                continue
            successor = self._new_data_key(conn, group, first_seq, now)
            conn.execute(
                "UPDATE data_keys SET wrapped = ?, successor = ? WHERE id = ?",
                (self.after.wrap(key, group), successor, key_id),
            )

    def _new_data_key(self, conn: sqlite3.Connection, group: GroupId, first_seq: int, now: Millis) -> int:
        added = conn.execute(
            "INSERT INTO data_keys (group_id, first_seq, wrapped, created_at) VALUES (?, ?, x'', ?)",
            (group, first_seq, now),
        )
        assert added.lastrowid is not None
        key = SealKey.random(added.lastrowid)
        conn.execute("UPDATE data_keys SET wrapped = ? WHERE id = ?", (self.after.wrap(key, group), key.key_id))
        return key.key_id

    # -- one record ----------------------------------------------------------------------------------------------------

    def text(self, sealed: bytes, label: str, *place: Any) -> bytes:
        """A sealed text, sealed anew for the same place. One that does not open stays as it is, and closed; so does one that is gone."""
        if not sealed:
            return sealed
        opened = self.before.open_text(sealed, label, *place)
        return sealed if opened is None else self.after.seal_text(opened, label, *place)


def _user(exchange: Exchange, row: Row) -> Row:
    user, username_hash, username, display_name, password_hash = row
    name = exchange.before.open_text(username, "users.username", user) if username else None
    return (
        username_hash if name is None else exchange.after.name_hash(name),
        exchange.text(username, "users.username", user),
        exchange.text(display_name, "users.display_name", user),
        exchange.text(password_hash, "users.password_hash", user),
    )


def _session(exchange: Exchange, row: Row) -> Row:
    _session_id, user, token_hash, device = row
    return (exchange.text(device, "sessions.device", user, token_hash),)


def _group(exchange: Exchange, row: Row) -> Row:
    group, name, topic = row
    return exchange.text(name, "groups.name", group), exchange.text(topic, "groups.topic", group)


def _webhook(exchange: Exchange, row: Row) -> Row:
    _webhook_id, group, by, token_hash, name = row
    return (exchange.text(name, "webhooks.name", group, by, token_hash),)


def _file(exchange: Exchange, row: Row) -> Row:
    file_id, owner, size, details, wrapped, digest = row
    try:
        key = exchange.before.unwrap_file_key(wrapped, file_id, owner, size)
        wrapped = exchange.after.wrap_file_key(key, file_id, owner, size)
    except SealError:
        exchange.before.found_damaged("files", file_id)
    return (
        exchange.text(details, "files.details", file_id),
        wrapped,
        None if digest is None else exchange.text(digest, "files.digest", file_id),
    )


def _audited(exchange: Exchange, row: Row) -> Row:
    number, at, said = row
    return (exchange.text(said, "audit.said", number, at),)


RECORDS: Final = (
    Records(
        "users",
        "id",
        "username_hash, username, display_name, password_hash",
        ("username_hash", "username", "display_name", "password_hash"),
        _user,
    ),
    Records("sessions", "id", "user_id, token_hash, device", ("device",), _session),
    Records("groups", "id", "name, topic", ("name", "topic"), _group),
    Records("audit", "id", "at, said", ("said",), _audited),
    Records("webhooks", "id", "group_id, by_id, token_hash, name", ("name",), _webhook),
    Records(
        "files", "id", "owner, size, details, key_wrapped, digest", ("details", "key_wrapped", "digest"), _file, ""
    ),
)
"""Every table that has something sealed by the master key itself, besides `settings`, `data_keys` and `key_slots`."""

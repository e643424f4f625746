"""Stores for tests: real ones, in a folder of the test's own, with a clock that stands still until it is moved."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from common.ids import GroupId, Millis, Nonce, Seq, UserId
from common.protocol.messages import Entry
from relay.config import Config
from relay.opening import open_store
from relay.storage.entries import Draft
from relay.storage.store import Store


@dataclass
class Clock:
    """Unix milliseconds that move only when told."""

    at: int = 1_750_000_000_000

    def __call__(self) -> Millis:
        return Millis(self.at)


def config_in(folder: Path, **settings: Any) -> Config:
    """The settings of a relay whose data and key are in *folder*."""
    own: dict[str, Any] = {"data_dir": folder / "data", "key_file": folder / "config" / "relay.key", "name": "Relay"}
    return Config(**(own | settings))


@asynccontextmanager
async def store_in(folder: Path, now: Callable[[], Millis] | None = None, **settings: Any) -> AsyncIterator[Store]:
    """An open store in *folder*, closed at the end."""
    store = await open_store(config_in(folder, **settings), now or Clock())
    try:
        yield store
    finally:
        await store.close()


def database_in(folder: Path) -> Path:
    """Where that store keeps its database."""
    return folder / "data" / "relay.db"


def tamper(folder: Path, statement: str, *values: object) -> int:
    """Change the database of a closed store behind its back; how many rows were changed."""
    with closing(sqlite3.connect(database_in(folder), isolation_level=None)) as conn:
        return conn.execute(statement, values).rowcount


def nonce_of(text: str) -> Nonce:
    """A nonce that belongs to *text*."""
    return Nonce(blake2b(text.encode(), digest_size=16).hexdigest())


def message(group: GroupId, sender: UserId, body: str, *, nonce: str | None = None, target: Seq | None = None) -> Draft:
    """A draft of a message; its nonce belongs to its text unless given."""
    return Draft(group, sender, "message", body, nonce_of(nonce or body), target)


async def add_person(store: Store, name: str) -> UserId:
    """A new account, member of the general group."""

    def add(transaction: Any) -> UserId:
        user = transaction.people.add(name, name.title(), "hash", "member", transaction.now)
        transaction.groups.add_member(transaction.groups.general(), user.id, "member", transaction.now)
        return UserId(user.id)

    return await store.write(add)


async def log_of(store: Store, group: GroupId) -> list[Entry]:
    """All entries of *group*."""
    return await store.read(lambda tables: tables.entries.after(group, Seq(0), 1_000_000))

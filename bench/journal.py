"""How many durable entries a second the journal takes, beside what the same disk commits without it."""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from bench.figures import Figure, quantile
from common.ids import GroupId, Millis, Nonce, UserId
from common.protocol.messages import Entry
from relay.config import Config
from relay.journal import CommittedEntry, Journal
from relay.opening import open_store
from relay.storage.entries import Draft
from relay.storage.store import Store
from relay.storage.transaction import Transaction

OUTSTANDING: Final = 160
GOAL: Final = 20_000
SENDERS: Final = 10
BODY: Final = "Чайник вскипел, кто будет чай? Осталось ещё печенье."


def measure(seconds: float = 3.0) -> list[Figure]:
    """Entries a second with 160 outstanding, and the delay of one alone; each takes about *seconds*."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        single = _commits_per_second(Path(folder) / "single.db", 1, seconds / 2)
        batched = _commits_per_second(Path(folder) / "batched.db", OUTSTANDING, seconds / 2) * OUTSTANDING
        rate, _ = asyncio.run(_journal(Path(folder) / "many", OUTSTANDING, seconds))
        _, delays_ms = asyncio.run(_journal(Path(folder) / "one", 1, seconds / 2))
    return [
        Figure(f"journal: durable entries, {OUTSTANDING} outstanding", rate, "/s", goal=GOAL, limit=batched),
        Figure("journal: one entry alone, p50", quantile(delays_ms, 0.50), "ms", better="less", limit=1000 / single),
        Figure("journal: one entry alone, p99", quantile(delays_ms, 0.99), "ms", better="less"),
    ]


# -- the disk alone ----------------------------------------------------------------------------------------------------


def _commits_per_second(path: Path, rows: int, seconds: float) -> float:
    """Transactions a second of *rows* unsealed rows each, fsync included, with nothing else around them."""
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("PRAGMA synchronous = FULL")
        conn.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, nonce BLOB UNIQUE, body BLOB) STRICT")
        body = BODY.encode()
        commits, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds:
            conn.execute("BEGIN IMMEDIATE")
            conn.executemany(
                "INSERT INTO rows (nonce, body) VALUES (?, ?)", [(secrets.token_bytes(16), body) for _ in range(rows)]
            )
            conn.execute("COMMIT")
            commits += 1
        return commits / (time.perf_counter() - start)


# -- the journal -------------------------------------------------------------------------------------------------------


class _Load:
    """Keeps so many drafts outstanding until the time is over."""

    def __init__(self, journal: Journal, group: GroupId, users: Sequence[UserId], seconds: float) -> None:
        self._journal = journal
        self._group = group
        self._users = users
        self._end = time.perf_counter() + seconds
        self._running = 0
        self._over = asyncio.Event()
        self.delays_ms: list[float] = []

    async def run(self, outstanding: int) -> None:
        self._running = outstanding
        for number in range(outstanding):
            self._post(number)
        await self._over.wait()

    def _post(self, number: int) -> None:
        begin = time.perf_counter()
        user = self._users[number % len(self._users)]
        posted = self._journal.append(Draft(self._group, user, "message", BODY, Nonce(secrets.token_hex(16))))
        posted.add_done_callback(self._answered(number, begin))

    def _answered(self, number: int, begin: float) -> Callable[[asyncio.Future[Entry]], None]:
        def answered(posted: asyncio.Future[Entry]) -> None:
            posted.result()
            now = time.perf_counter()
            self.delays_ms.append((now - begin) * 1000)
            if now < self._end:
                self._post(number)
                return
            self._running -= 1
            if not self._running:
                self._over.set()

        return answered


async def _journal(folder: Path, outstanding: int, seconds: float) -> tuple[float, list[float]]:
    """Entries a second, and the delays in milliseconds."""
    config = Config(data_dir=folder / "data", key_file=folder / "relay.key", name="bench")
    store = await open_store(config, lambda: Millis(time.time_ns() // 1_000_000))
    journal = Journal(store, _nobody_is_online)
    journal.start()
    try:
        users = await _users(store)
        load = _Load(journal, store.general, users, seconds)
        start = time.perf_counter()
        await load.run(outstanding)
        return len(load.delays_ms) / (time.perf_counter() - start), load.delays_ms
    finally:
        await journal.close()
        await store.close()


def _nobody_is_online(committed: Sequence[CommittedEntry]) -> None:
    pass


async def _users(store: Store) -> list[UserId]:
    def add(transaction: Transaction) -> list[UserId]:
        people = transaction.people
        return [people.add(f"user{n}", f"User {n}", "", "member", transaction.now).id for n in range(SENDERS)]

    return await store.write(add)

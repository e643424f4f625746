"""A page of history out of a million entries: from the database to opened words, beside the bare reading of the same rows."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Final

from bench.figures import Figure, quantile
from common.ids import GroupId, Millis, Nonce, Seq, UserId
from common.protocol.messages import Entry
from relay.config import Config
from relay.opening import open_store
from relay.storage.entries import Draft
from relay.storage.folder import DATABASE
from relay.storage.store import Store
from relay.storage.tables import Tables
from relay.storage.transaction import Transaction

ENTRIES: Final = 1_000_000
BATCH: Final = 10_000
TOLD_EVERY: Final = 200_000
PAGE: Final = 50
PAGES: Final = 1_000
WARM_UP: Final = 50
GOAL_MS: Final = 5.0
SEED: Final = 20_260_101
_AT: Final = Millis(1_767_225_600_000)
_WORDS: Final = ("чайник", "вскипел", "склад", "закрыт", "до", "утра", "the", "van", "leaves", "at", "nine", "again")

# What a page needs and no more: the same rows, not opened.
_ROWS: Final = (
    "SELECT group_id, seq, kind, sender, at, nonce, target, key_id, body FROM entries"
    " WHERE group_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?"
)


def measure() -> list[Figure]:
    """Median and 99th percentile of pages at random places, in milliseconds."""
    with tempfile.TemporaryDirectory(prefix="bench-history-") as folder:
        config = Config(Path(folder) / "data", Path(folder) / "relay.key", "bench", announce=False)
        pages_ms, rows_ms = asyncio.run(_measured(config))
    return [
        Figure(
            f"page of {PAGE} out of {ENTRIES:,} entries, {name}",
            quantile(pages_ms, part),
            "ms",
            goal=GOAL_MS,
            better="less",
            limit=quantile(rows_ms, part),
        )
        for name, part in (("median", 0.5), ("99th percentile", 0.99))
    ]


async def _measured(config: Config) -> tuple[list[float], list[float]]:
    """How long each page took through the storage, as handlers use it, and how long SQLite alone took for the same rows; in ms.

    Both are asked in turn, so that they share whatever else the machine has to do, and for the same places in another order, so
    that neither finds what the other has just warmed up.
    """
    store = await open_store(config, lambda: _AT)
    try:
        group = store.general
        await _fill(store, group)
        places = _places()
        pages_ms: list[float] = []
        rows_ms: list[float] = []
        with closing(_reader(config.data_dir / DATABASE)) as conn:
            for seq, other in zip(places, reversed(places), strict=True):
                began = time.perf_counter()
                page = await store.read(partial(_page, group=group, seq=seq))
                pages_ms.append(1000 * (time.perf_counter() - began))
                assert [entry.seq for entry in page] == list(range(seq - PAGE, seq))
                began = time.perf_counter()
                rows = conn.execute(_ROWS, (group, other, PAGE)).fetchall()
                rows_ms.append(1000 * (time.perf_counter() - began))
                assert len(rows) == PAGE
        return pages_ms[WARM_UP:], rows_ms[WARM_UP:]
    finally:
        await store.close()


def _places() -> list[Seq]:
    """Before which entries pages are read: the same ones in every run, all with a whole page before them."""
    chance = random.Random(SEED)
    return [Seq(chance.randint(PAGE + 1, ENTRIES + 1)) for _ in range(WARM_UP + PAGES)]


def _reader(path: Path) -> sqlite3.Connection:
    conn = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    conn.execute("PRAGMA cache_size = -16384")  # as the relay's own readers
    return conn


def _page(tables: Tables, group: GroupId, seq: Seq) -> list[Entry]:
    return tables.entries.before(group, seq, PAGE)


# -- filling -----------------------------------------------------------------------------------------------------------


async def _fill(store: Store, group: GroupId) -> None:
    author = await store.write(_author)
    drafts = _drafts(group, author)
    for done in range(0, ENTRIES, BATCH):
        batch = [next(drafts) for _ in range(BATCH)]
        await store.write(_appending(batch))
        await store.checkpoint()
        if (done + BATCH) % TOLD_EVERY == 0:
            sys.stderr.write(f"  {done + BATCH:,} of {ENTRIES:,} entries are there\n")


def _author(transaction: Transaction) -> UserId:
    return transaction.people.add("anna", "Anna", "no password", "member", transaction.now).id


def _appending(batch: list[Draft]) -> Callable[[Transaction], int]:
    def append(transaction: Transaction) -> int:
        return len(transaction.append_all(batch))

    return append


def _drafts(group: GroupId, author: UserId) -> Iterator[Draft]:
    """Messages as people write them, 3 to 40 words long; the same ones in every run."""
    chance = random.Random(SEED)
    number = 0
    while True:
        number += 1
        body = " ".join(chance.choices(_WORDS, k=chance.randint(3, 40)))
        yield Draft(group, author, "message", body, Nonce(f"{number:032x}"), at=Millis(_AT + number))

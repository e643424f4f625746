"""A search among a million messages: from the query to its hits, beside the bare reading of as many messages; and what it costs."""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

from bench.figures import Figure, quantile
from bench.words import messages, vocabulary
from common.ids import GroupId, Millis, Nonce, UserId
from common.protocol.messages import FileInfo
from relay.config import Config
from relay.opening import open_store
from relay.search.follower import Pace
from relay.search.query import parse
from relay.search.reading import Question
from relay.search.search import Search
from relay.search.snapshot import FILE, SnapshotFile
from relay.storage.entries import Content, Draft
from relay.storage.store import Store
from relay.storage.tables import Tables
from relay.storage.transaction import Transaction

MESSAGES: Final = 1_000_000
BATCH: Final = 10_000
TOLD_EVERY: Final = 200_000
GROUPS: Final = 40
"""Besides the general one; the second is half as busy as the first, and so on. Who searches is in half of them."""
PEOPLE: Final = 100
PAGE: Final = 20
QUERIES: Final = 400
WARM_UP: Final = 20
GOAL_MS: Final = 20.0
GOAL_START_S: Final = 1.0
GOAL_MIB: Final = 150.0
SEED: Final = 20_260_102
_AT: Final = Millis(1_767_225_600_000)
_AT_ONCE: Final = Pace(gathering=0, rest=0, busy_rest=0)

Kind = str
"""What kind of query it is."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a fresh process saw that began with the snapshot."""

    start_s: float
    read_s: float
    """For the bytes of the snapshot alone."""
    more_mib: float
    queries_ms: dict[Kind, list[float]]
    rows_ms: list[float]


def measure() -> list[Figure]:
    """Search times, start, memory and filling."""
    with tempfile.TemporaryDirectory(prefix="bench-search-") as folder:
        fill_s = asyncio.run(_filled(_config(Path(folder))))
        size_mib = (_config(Path(folder)).data_dir / FILE).stat().st_size / 2**20
        child = subprocess.run([sys.executable, *_child(folder)], check=True, stdout=subprocess.PIPE, text=True)
        seen = Seen(**json.loads(child.stdout))
    every = [each for times in seen.queries_ms.values() for each in times]
    parts = seen.queries_ms["three letters"]
    return [
        Figure(
            f"search in {MESSAGES:,} messages, median", quantile(every, 0.5), "ms", limit=quantile(seen.rows_ms, 0.5)
        ),
        Figure("search: 95th percentile", quantile(every, 0.95), "ms", GOAL_MS, "less", quantile(seen.rows_ms, 0.95)),
        Figure("search for three letters, 95th percentile", quantile(parts, 0.95), "ms", GOAL_MS, "less"),
        Figure("search: ready after a start with its snapshot", seen.start_s, "s", GOAL_START_S, "less", seen.read_s),
        Figure("search: memory", seen.more_mib, "MiB", GOAL_MIB, "less"),
        Figure("search: snapshot", size_mib, "MiB"),
        Figure("search: looking through the whole log, without rests", fill_s, "s"),
    ]


def _child(folder: str) -> list[str]:
    return ["-m", "bench.search", folder]


def _config(folder: Path) -> Config:
    return Config(folder / "data", folder / "relay.key", "bench", announce=False)


# -- filling -----------------------------------------------------------------------------------------------------------


async def _filled(config: Config) -> float:
    """How many seconds the search needs for the log that was made."""
    store = await open_store(config, lambda: _AT)
    try:
        drafts = await store.write(_drafts)
        for done in range(0, MESSAGES, BATCH):
            batch = list(islice(drafts, BATCH))
            await store.write(_appending(batch))
            await store.checkpoint()
            if (done + BATCH) % TOLD_EVERY == 0:
                sys.stderr.write(f"  {done + BATCH:,} of {MESSAGES:,} messages are there\n")
        search = _search(config, store)
        took_s = await _timed(partial(_ready, search))
        await search.close()
        return took_s
    finally:
        await store.close()


def _appending(batch: list[Draft]) -> Callable[[Transaction], int]:
    def append(transaction: Transaction) -> int:
        return len(transaction.append_all(batch))

    return append


def _drafts(transaction: Transaction) -> Iterator[Draft]:
    """The same messages in every run, a thousandth of them with a file."""
    groups = [transaction.groups.general()]
    groups += [transaction.groups.create("group", f"group {n}", "", False, _AT) for n in range(GROUPS)]
    people = [
        transaction.people.add(f"person{n}", f"Person {n}", "no password", "member", _AT).id for n in range(PEOPLE)
    ]
    return _made(groups, people)


def _made(groups: list[GroupId], people: list[UserId]) -> Iterator[Draft]:
    chance = random.Random(SEED)
    weights = [1 / (rank + 1) for rank in range(len(groups))]
    for number, body in enumerate(messages(vocabulary(chance), chance)):
        (group,) = chance.choices(groups, weights)
        more = Content(files=(FileInfo("0" * 32, f"отчёт {number}.pdf", 1),)) if number % 1000 == 0 else None
        at = Millis(_AT + number * 10_000)
        yield Draft(group, chance.choice(people), "message", body, Nonce(f"{number:032x}"), at=at, more=more)


def _search(config: Config, store: Store) -> Search:
    key = partial(store.derived_key, "search snapshot")
    return Search(store, SnapshotFile(config.data_dir, key, store.relay_id, store.epoch), _AT_ONCE)


async def _ready(search: Search) -> None:
    search.start()
    while not await search.is_complete():
        pass


# -- searching, in a process of its own --------------------------------------------------------------------------------


async def _seen(config: Config) -> Seen:
    store = await open_store(config, lambda: _AT)
    try:
        began = time.perf_counter()
        (config.data_dir / FILE).read_bytes()
        read_s = time.perf_counter() - began
        chance = random.Random(SEED + 1)
        await store.read(
            partial(_opened, numbers=chance.sample(range(1, MESSAGES), MESSAGES // 100))
        )  # its own cache is full
        before = _resident_mib()
        search = _search(config, store)
        start_s = await _timed(partial(_ready, search))
        queries_ms: dict[Kind, list[float]] = {}
        rows_ms: list[float] = []
        groups = [group.id for group in await store.read(lambda tables: tables.groups.all())]
        mine = frozenset(groups[::2])
        for turn, (kind, text) in enumerate(_queries(chance)):
            query = parse(text)
            question = Question(
                query.terms, mine if turn % 3 else frozenset({groups[turn % 7 * 2]}), None, query.has_file
            )
            took_s = await _timed(partial(search.find, question, after=None, before=None, limit=PAGE))
            numbers = chance.sample(range(1, MESSAGES), PAGE)
            rows_s = await _timed(partial(store.read, partial(_opened, numbers=numbers)))
            if turn >= WARM_UP:
                queries_ms.setdefault(kind, []).append(1000 * took_s)
                rows_ms.append(1000 * rows_s)
        more_mib = _resident_mib() - before
        await search.close()
        return Seen(start_s, read_s, more_mib, queries_ms, rows_ms)
    finally:
        await store.close()


def _opened(tables: Tables, numbers: list[int]) -> int:
    return len(tables.log.messages_now(numbers))


def _queries(chance: random.Random) -> Iterator[tuple[Kind, str]]:
    """What people type: words, their beginnings and parts, two or three of them."""
    words = [word for word in vocabulary(random.Random(SEED)) if len(word) > 3]
    often, known, rare = words[:500], words[500:8_000], words[8_000:]
    for turn in range(WARM_UP + QUERIES):
        one, other = chance.choice(known), chance.choice(often)
        match turn % 8:
            case 0:
                yield "a word", one
            case 1:
                yield "a frequent word", other
            case 2:
                yield "a rare word", chance.choice(rare)
            case 3 | 4:
                yield "three letters", chance.choice(known + rare)[:3]
            case 5:
                yield "a part", one[1:5]
            case 6:
                yield "two words", f"{one} {other}"
            case _:
                yield "three words", f"{one} {other} {chance.choice(often)}"


async def _timed(work: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began


def _resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main(folder: str) -> None:
    """Look at the relay in *folder* and print what was seen."""
    sys.stdout.write(json.dumps(asdict(asyncio.run(_seen(_config(Path(folder)))))))


if __name__ == "__main__":
    main(sys.argv[1])

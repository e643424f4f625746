"""Killed in the middle of batches: what was acknowledged is there, once, in its place."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from pathlib import Path

import pytest

from common.ids import UserId
from tests.relay.stores import add_person, log_of, store_in

ROOT = Path(__file__).parents[2]
ROUNDS = 6
ACKNOWLEDGED_BEFORE_THE_END = 400

WRITER = """\
import asyncio, itertools, os, sys
from pathlib import Path
from common.ids import UserId
from relay.journal import Journal
from relay.storage.transaction import Transaction
from tests.relay.stores import message, store_in

async def main(folder, start):
    async with store_in(Path(folder)) as store:
        journal = Journal(store, lambda committed: None)
        journal.start()
        numbers = itertools.count(int(start))

        async def write():
            while True:
                body = str(next(numbers))
                entry = await journal.append(message(store.general, UserId(1), body))
                os.write(1, f"{entry.seq} {body}\\n".encode())

        async def change():
            while True:
                draft = message(store.general, UserId(1), f"change {next(numbers)}")
                entry = await journal.change(lambda transaction: transaction.append(draft))
                os.write(1, f"{entry.seq} {entry.body}\\n".encode())

        await asyncio.gather(*[write() for _ in range(40)], change())

asyncio.run(main(*sys.argv[1:]))
"""


async def _write_until_killed(folder: Path, start: int) -> list[tuple[int, str]]:
    """What a writing process has acknowledged: place and text."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        WRITER,
        str(folder),
        str(start),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    said = b""
    try:
        while said.count(b"\n") < ACKNOWLEDGED_BEFORE_THE_END:
            part = await asyncio.wait_for(process.stdout.read(65536), timeout=30)
            assert part, "the writer ended by itself"
            said += part
    finally:
        process.kill()
    said += await process.stdout.read()
    await process.wait()
    whole_lines = said.decode().split("\n")[:-1]
    return [(int(seq), body) for seq, body in (line.split(" ", 1) for line in whole_lines)]


@pytest.mark.chaos
async def test_what_a_killed_relay_had_acknowledged_is_in_the_log_once(tmp_path: Path) -> None:
    async with store_in(tmp_path) as store:
        assert await add_person(store, "anna") == UserId(1)
    acknowledged: dict[int, str] = {}
    for turn in range(ROUNDS):
        acknowledged |= await _write_until_killed(tmp_path, turn * 1_000_000)
        async with store_in(tmp_path) as store:
            log = await log_of(store, store.general)
            assert [entry.seq for entry in log] == list(range(1, len(log) + 1))
            assert {seq: body for seq, body in acknowledged.items() if log[seq - 1].body != body} == {}
            assert {body: times for body, times in Counter(entry.body for entry in log).items() if times > 1} == {}
            assert store.damaged == 0
    assert len(acknowledged) >= ROUNDS * ACKNOWLEDGED_BEFORE_THE_END

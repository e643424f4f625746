"""Killed at whatever moment: the snapshot is a whole one or none, and the search is right afterwards."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from pathlib import Path

import pytest

from relay.search.snapshot import FILE, Reached
from tests.relay.search.test_following import snapshots_of, stage_in
from tests.relay.stores import log_of, store_in

ROOT = Path(__file__).parents[3]
ROUNDS = 12

WRITER = """\
import asyncio, itertools, os, sys
from pathlib import Path
from tests.relay.search.test_following import AT_ONCE, stage_in

async def main(folder, start):
    async with stage_in(Path(folder), AT_ONCE) as stage:
        for number in itertools.count(int(start)):
            await stage.says(f"чайник {number}")
            if number % 5 == 0:
                (said,) = await stage.says(f"ошибка {number}")
                await stage.redacts(said.seq)
            await stage.finds(f"чайник {number}")
            os.write(1, f"{number}\\n".encode())

asyncio.run(main(*sys.argv[1:]))
"""


async def _write_until_killed(folder: Path, start: int, lines: int) -> int:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, str(folder), str(start),
        stdout=asyncio.subprocess.PIPE, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.stdout is not None
    said = b""
    try:
        for _ in range(lines):
            said = await asyncio.wait_for(process.stdout.readline(), timeout=30)
            assert said, "the writer ended by itself"
    finally:
        process.kill()
    rest = await process.stdout.read()
    await process.wait()
    return int((said + rest).decode().split("\n")[-2])


@pytest.mark.chaos
async def test_a_killed_relay_leaves_a_whole_snapshot_or_none(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    chance = random.Random(7)
    last, seen = -1, 0
    for _ in range(ROUNDS):
        last = await _write_until_killed(tmp_path, last + 1, chance.randint(1, 30))
        if (tmp_path / "data" / FILE).exists():
            async with store_in(tmp_path) as store:
                reached, *images = snapshots_of(tmp_path, store).read()
                assert isinstance(reached, Reached)
                assert len(images) == 1
                seen += 1
        async with stage_in(tmp_path) as stage:
            found = await stage.finds("чайник")
            assert {f"чайник {number}" for number in range(last + 1)} <= set(found)
            log = await log_of(stage.store, stage.store.general)
            assert found == [entry.body for entry in reversed(log) if (entry.body or "").startswith("чайник")]
            assert await stage.finds("ошибка") == [
                entry.body for entry in reversed(log) if (entry.body or "").startswith("ошибка")
            ]
    assert seen, "at least one was there"
    assert "cannot be used" not in caplog.text

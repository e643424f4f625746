"""An upgrade that is killed at any moment, or runs out of room, leaves the database of before; the next start finishes it."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from common.errors import StartupError
from common.ids import GroupId, Nonce, UserId
from relay.app import running
from relay.config import Config
from relay.storage.entries import Draft
from relay.storage.migrate import migrations
from tests.people import staged
from tests.relay.test_upgrades import Old, version_of

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240)]

ROOT: Final = Path(__file__).parents[2]
NEWEST: Final = max(migrations())
KILLS: Final = 8
MORE: Final = 3000
"""Long messages that make the database large enough for an upgrade to be met in the middle."""


def columns(conn: sqlite3.Connection, table: str) -> str:
    return ", ".join(name for (name,) in conn.execute("SELECT name FROM pragma_table_info(?)", (table,)))


async def swollen(folder: Path) -> Old:
    """The oldest database, with messages that were really sealed: written by today's relay, put into the tables of that time."""
    old, grown = Old(1, folder / "old"), Old(1, folder / "grown")
    async with staged(grown.config) as stage:
        general, sender = GroupId(stage.general), UserId(1)
        journal = stage.relay.parts.journal
        drafts = (
            Draft(general, sender, "message", f"{number} {'x' * 12_000}", Nonce(secrets.token_hex(16)))
            for number in range(MORE)
        )
        await asyncio.gather(*(journal.append(draft) for draft in drafts))
    with closing(sqlite3.connect(old.database, isolation_level=None)) as conn:
        conn.execute("ATTACH ? AS grown", (str(grown.database),))
        for table in ("data_keys", "entries"):
            wanted = columns(conn, table)
            conn.execute(f"INSERT OR IGNORE INTO main.{table} ({wanted}) SELECT {wanted} FROM grown.{table}")
        assert conn.execute("SELECT count(*) FROM entries").fetchone()[0] > MORE
        conn.execute("DETACH grown")
    return old


def started(config: Config, within_s: float) -> bool:
    """Start the real relay and kill it after *within_s* seconds; whether it was ready before."""
    command = [sys.executable, "-m", "relay", "run", "--json", "--host", "127.0.0.1", "--port", "0"]
    command += ["--announce", "no", "--log-level", "warning"]
    command += ["--data-dir", str(config.data_dir), "--key-file", str(config.key_file)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    try:
        said, _ = process.communicate(timeout=within_s)
    except subprocess.TimeoutExpired:
        process.kill()
        said, _ = process.communicate()
    return any(json.loads(line)["ready"] for line in said.splitlines())


def sound(path: Path) -> tuple[int, int]:
    """Version and number of entries of a database that is whole."""
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert conn.execute("PRAGMA foreign_key_check").fetchall() == []
        (entries,) = conn.execute("SELECT count(*) FROM entries").fetchone()
    return version_of(path), int(entries)


async def is_all_there(old: Old, config: Config, entries: int) -> None:
    async with staged(config) as stage:
        assert stage.relay.relay_id == old.content["relay_id"]
        page = await stage.posts("history", {"group": stage.general, "limit": 1}, old.token("vera"))
        assert page["entries"][0]["body"].startswith(f"{MORE - 1} ")
        page = await stage.posts("history", {"group": stage.general, "after": 0, "limit": 200}, old.token("vera"))
        assert {one["body"] for one in old.content["said"] if one["group"] == stage.general} <= {
            entry.get("body") for entry in page["entries"]
        }
    assert sound(config.data_dir / "relay.db") == (NEWEST, entries)


async def test_whenever_it_is_killed_the_next_start_finishes_it(tmp_path: Path):
    old = await swollen(tmp_path)
    _, entries = sound(old.database)
    until_ready_s, met = 60.0, []
    for number in range(KILLS + 1):
        config = replace(old.config, data_dir=tmp_path / str(number) / "data")
        await asyncio.to_thread(shutil.copytree, old.config.data_dir, config.data_dir)
        if number == 0:  # how long it takes when nobody interferes
            began = time.monotonic()
            async with running(config):
                until_ready_s = time.monotonic() - began
        else:
            within_s = 0.2 + (until_ready_s + 1.0) * number / KILLS
            await asyncio.to_thread(started, config, within_s)
            left = await asyncio.to_thread(sound, config.data_dir / "relay.db")
            assert left in ((1, entries), (NEWEST, entries))
            met.append((left[0], (config.data_dir / f"relay.db.before-{NEWEST:04}").exists()))
        await is_all_there(old, config, entries)
        assert sound(config.data_dir / f"relay.db.before-{NEWEST:04}") == (1, entries)
        assert not list(config.data_dir.glob("*.part"))
        await asyncio.to_thread(shutil.rmtree, config.data_dir)
    assert (1, False) in met


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forks of itself")
@pytest.mark.parametrize("version", range(1, NEWEST))
async def test_before_whichever_statement_it_is_killed_it_is_the_old_one_or_the_new_one(tmp_path: Path, version: int):
    old = Old(version, tmp_path)
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "tests.relay.storage.killed_migration", str(old.database), str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) > 20
    assert not found[-1]["killed"]
    assert all(one["is_old"] != (one["version"] == NEWEST) for one in found)
    assert {one["again"] for one in found} == {NEWEST}
    assert len({one["dump"] for one in found}) == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 120 MiB."""
    if os.name == "nt" or os.geteuid() != 0:
        pytest.skip("a small disk is mounted, which needs root")
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=120m", "tmpfs", place], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"no small disk: {mounted.stderr.decode(errors='replace')}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


async def test_without_room_it_says_how_much_is_needed_and_goes_on_when_there_is(tmp_path: Path, small_disk: Path):
    old = await swollen(tmp_path)
    _, entries = sound(old.database)
    config = replace(old.config, data_dir=small_disk / "data")
    await asyncio.to_thread(shutil.copytree, old.config.data_dir, config.data_dir)
    size = (config.data_dir / "relay.db").stat().st_size
    filler = small_disk / "filler"
    # Not even for opening it; for half of a copy; and, once the copy is made, a few pages for the change itself.
    for room in (0, size // 2, size + 64 * 1024):
        await asyncio.to_thread(leave, filler, room)
        needed = r"about [\d.]+ MB are needed for .*" if room else ""
        with pytest.raises(StartupError, match=rf"no room on the disk .*{needed}Nothing was changed"):
            async with running(config):
                pass
        assert not list(config.data_dir.glob("relay.db.before-*"))
        filler.unlink()
        assert sound(config.data_dir / "relay.db") == (1, entries)
    await is_all_there(old, config, entries)


def leave(filler: Path, room: int) -> None:
    """Fill the disk up to *room* bytes."""
    free = shutil.disk_usage(filler.parent).free
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(1, free - room))

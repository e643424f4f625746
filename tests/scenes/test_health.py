"""`GET /health` says in words what is not well."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from common.discovery.adapters import LocalAddress
from common.ids import Millis
from tests.people import Stage, quiet_config, staged


async def _health(stage: Stage) -> tuple[int, dict[str, Any]]:
    async with stage.http.get(stage.url("/health")) as response:
        return response.status, await response.json()


async def test_a_relay_without_trouble_is_well(stage: Stage):
    (anna,) = await stage.enter("anna")
    await anna.says("привет")
    assert await _health(stage) == (200, {"status": "ok"})


async def test_a_damaged_record_is_told(stage: Stage, tmp_path: Path):
    (anna,) = await stage.enter("anna")
    await anna.says("один")
    seq = await anna.says("два")
    with closing(sqlite3.connect(tmp_path / "data" / "relay.db", isolation_level=None)) as conn:
        assert conn.execute("UPDATE entries SET at = at + 1 WHERE seq = ?", (seq,)).rowcount == 1
    page = await anna.gets({"type": "history", "group": anna.group})
    assert [entry.get("damaged", False) for entry in page["entries"]][-2:] == [False, True]
    status, health = await _health(stage)
    assert (status, health["status"]) == (200, "degraded")
    assert "1 stored records cannot be opened (damaged)." in health["reasons"][0]
    assert "relay doctor" in health["reasons"][0]
    assert health["codes"] == ["damaged"]


@pytest.mark.allows_errors
async def test_a_full_disk_is_told_until_there_is_room(stage: Stage):
    (anna,) = await stage.enter("anna")
    database = stage.relay.parts.store._database  # type: ignore[attr-defined]
    await database.write(lambda conn: conn.execute("PRAGMA max_page_count = 60").fetchall())
    while (await anna.asks(_long_message())).get("code") != "storage_unavailable":
        pass
    status, health = await _health(stage)
    assert (status, health["status"]) == (503, "degraded")
    assert "disk is full" in health["reasons"][0]
    await database.write(lambda conn: conn.execute("PRAGMA max_page_count = 100000").fetchall())
    await anna.says("снова есть место")
    assert await _health(stage) == (200, {"status": "ok"})


@pytest.mark.allows_errors
async def test_a_part_that_cannot_be_read_is_told(stage: Stage, tmp_path: Path):
    (anna,) = await stage.enter("anna")
    for _ in range(20):
        await anna.gets(_long_message())
    await stage.relay.parts.store.checkpoint(truncate=True)
    _spoil_the_end(tmp_path / "data" / "relay.db")
    assert await anna.is_refused({"type": "history", "group": anna.group}) == "storage_unavailable"
    status, health = await _health(stage)
    assert (status, health["status"]) == (200, "degraded")
    assert "a part of it cannot be read" in health["reasons"][0]


def _spoil_the_end(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-30 * 4096 :] = b"\xff" * (30 * 4096)
    path.write_bytes(content)


async def test_a_key_file_that_opens_nothing_any_more_is_told_before_the_next_start(tmp_path: Path):
    async with staged(quiet_config(tmp_path)) as stage:
        for path in (tmp_path / "keys").iterdir():
            path.unlink()
        async with asyncio.timeout(20):
            while (found := await _health(stage))[1]["status"] == "ok":  # noqa: ASYNC110  it looks every few seconds
                await asyncio.sleep(0.05)
        status, health = found
        assert (status, health["codes"]) == (200, ["key_file"])
        assert "relay keys status" in health["reasons"][0]
        assert str(tmp_path) not in health["reasons"][0], "strangers read it"


async def test_a_clock_that_goes_backwards_is_told_also_after_a_restart(tmp_path: Path):
    clock = [Millis(1_800_000_000_000)]
    async with staged(quiet_config(tmp_path), now=lambda: clock[0]) as stage:
        (anna,) = await stage.enter("anna")
        await anna.says("завтра")
        assert await _health(stage) == (200, {"status": "ok"})
        clock[0] = Millis(clock[0] - 3600_000)
        assert (await _health(stage))[1]["codes"] == ["clock"]
    async with staged(quiet_config(tmp_path), now=lambda: clock[0]) as stage:
        assert (await _health(stage))[1]["codes"] == ["clock"]
        clock[0] = Millis(clock[0] + 2 * 3600_000)
        assert await _health(stage) == (200, {"status": "ok"})


async def test_what_begins_and_what_ends_stands_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    clock = [Millis(1_800_000_000_000)]
    async with staged(quiet_config(tmp_path), now=lambda: clock[0]) as stage:
        watch = stage.relay.watch
        for step in (-3600_000, -1000, 2 * 3600_000):
            clock[0] = Millis(clock[0] + step)
            watch.say(await watch.troubles())
    said = [record.getMessage() for record in caplog.records if record.name == "relay.health.watch"]
    assert [line.partition(":")[0] for line in said] == [
        "This computer's clock is 60 minutes behind what it has said before. Correct it (switch on network time)",
        "This is well again",
    ]


_made = iter(range(1_000_000))


def _long_message() -> dict[str, Any]:
    return {"type": "post", "group": 1, "nonce": f"{next(_made):032x}", "body": "полно " * 2000}


@pytest.mark.allows_errors
async def test_a_relay_that_cannot_make_its_daily_backup_says_so(tmp_path: Path):
    (tmp_path / "blocked").write_text("a file where the folder should be")
    async with staged(quiet_config(tmp_path, backup_dir=tmp_path / "blocked")) as stage, asyncio.timeout(10):
        while (found := await _health(stage))[1]["status"] == "ok":  # noqa: ASYNC110  another task finds out
            await asyncio.sleep(0.01)
        assert found[0] == 200
        assert "blocked" in found[1]["reasons"][0]


async def test_a_relay_that_is_to_be_announced_on_an_adapter_that_is_not_there_serves_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    wired = LocalAddress("eth0", "10.0.0.5", 24)
    monkeypatch.setattr("relay.app.local_addresses", lambda: (wired,))
    config = quiet_config(tmp_path, host="", announce=True, interfaces=("eth77",))
    async with staged(config) as stage, asyncio.timeout(10):
        while (found := await _health(stage))[1]["status"] == "ok":  # noqa: ASYNC110  another task finds out
            await asyncio.sleep(0.01)
        assert found[0] == 200
        (reason,) = found[1]["reasons"]
        assert "RELAY_INTERFACES names eth77, " in reason
        assert "lo (" in reason
        assert "//10.0.0.5:" in stage.relay.invitation, "it listens there, so who is invited gets in"
        (anna,) = await stage.enter("anna")
        await anna.says("слышно")

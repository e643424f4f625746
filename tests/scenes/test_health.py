"""`GET /health` says in words what is not well."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.people import Stage


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
    assert health["reasons"] == ["1 stored records cannot be opened (damaged)."]


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


_made = iter(range(1_000_000))


def _long_message() -> dict[str, Any]:
    return {"type": "post", "group": 1, "nonce": f"{next(_made):032x}", "body": "полно " * 2000}

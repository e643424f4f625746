"""What a container's engine is told of the relay in it: whether it stores, and what is not well."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from relay import healthcheck
from tests.people import Stage
from tests.scenes.conftest import stage

__all__ = ["stage"]


@pytest.fixture
def check(stage: Stage, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """The exit code, what it says, and its complaints."""
    monkeypatch.setenv("SERVER_HOST", "127.0.0.1")
    monkeypatch.setenv("SERVER_PORT", str(stage.relay.port))

    async def run() -> tuple[int, str, str]:
        code = await asyncio.to_thread(healthcheck.main)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


async def test_a_relay_that_is_well_needs_no_words(check: Any) -> None:
    assert await check() == (0, "", "")


async def test_what_is_not_well_is_said_though_the_relay_serves(stage: Stage, check: Any) -> None:
    for path in stage.relay.config.key_file.parent.iterdir():
        path.unlink()
    async with asyncio.timeout(20):
        while (found := await check())[1] == "":  # noqa: ASYNC110  it looks once a second
            await asyncio.sleep(0.05)
    code, said, complaint = found
    assert (code, complaint) == (0, "")
    (line,) = said.splitlines()
    assert line.startswith("key_file: The key file does not open the data")


@pytest.mark.allows_errors
async def test_why_nothing_can_be_stored_is_said(stage: Stage, check: Any) -> None:
    (anna,) = await stage.enter("anna")
    database = stage.relay.parts.store._database  # type: ignore[attr-defined]
    await database.write(lambda conn: conn.execute("PRAGMA max_page_count = 60").fetchall())
    post = {"type": "post", "group": 1, "body": "полно " * 2000}
    number = 0
    while (await anna.asks({**post, "nonce": f"{number:032x}"})).get("code") != "storage_unavailable":
        number += 1
    code, said, complaint = await check()
    assert (code, said) == (1, "")
    assert complaint.startswith("storage: The disk is full")


async def test_that_nobody_answers_is_said(check: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("SERVER_PORT", str(taken.getsockname()[1]))
        code, _, complaint = await check()
    assert code == 1
    assert "No answer from 127.0.0.1" in complaint

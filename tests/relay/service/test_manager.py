"""What a service manager is told, heard on a real socket."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.environment import Sources
from relay.service.manager import Manager
from tests.relay.test_upgrades import Old

ROOT = Path(__file__).parents[3]


@pytest.fixture
def ear(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(tmp_path / "notify"))
        ear.setblocking(False)
        yield ear


async def heard(ear: socket.socket, wanted: str) -> list[str]:
    """All that is said up to a line that begins with *wanted*."""
    lines: list[str] = []
    async with asyncio.timeout(30):
        while not any(line.startswith(wanted) for line in lines):
            lines += (await asyncio.get_running_loop().sock_recv(ear, 4096)).decode().split("\n")
    return lines


async def test_the_relay_tells_that_it_upgrades_serves_lives_and_stops(ear: socket.socket, tmp_path: Path) -> None:
    old = Old(1, tmp_path)
    command = [sys.executable, "-m", "relay", "run", "--host", "127.0.0.1", "--port", "0", "--announce", "no"]
    command += ["--data-dir", str(old.config.data_dir), "--key-file", str(old.config.key_file)]
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT,
        env={**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "200000"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    lines = await heard(ear, "READY=1")
    assert "EXTEND_TIMEOUT_USEC=60000000" in lines
    assert any(line.startswith("STATUS=The database is brought from version 1") for line in lines)
    assert any(line.startswith("STATUS=“") for line in lines)
    await heard(ear, "WATCHDOG=1")
    process.terminate()
    await heard(ear, "STOPPING=1")
    assert process.stdout is not None
    said = (await process.stdout.read()).decode()
    assert await process.wait() == 0
    assert "Owner code:" not in said
    assert "keys new-recovery-code" in said


async def test_where_nobody_asks_nothing_is_said(tmp_path: Path) -> None:
    manager = Manager.read(Sources.gather({}, None, {}))
    async with manager.alive():
        manager.ready("serves")
    assert not manager.is_there


async def test_an_abstract_socket_is_found() -> None:
    name = f"pymessenger-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(f"\0{name}")
        ear.setblocking(False)
        Manager.read(Sources.gather({}, None, {"NOTIFY_SOCKET": f"@{name}"})).stopping()
        assert "STOPPING=1" in await heard(ear, "STOPPING")


async def test_a_manager_that_is_gone_ends_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Manager(str(tmp_path / "gone")).ready(json.dumps("serves"))
    assert "cannot be told" in caplog.text

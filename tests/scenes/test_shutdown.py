"""How a relay ends: good-bye to everybody at once, quickly, and with everything in the database file."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import aiohttp
import pytest

from tests.people import PASSWORD, quiet_config, staged, tls
from tests.scenes.test_slow_reader import stalling

ROOT = Path(__file__).parents[2]
END_S = 3.0


async def test_everybody_hears_good_bye_and_is_closed_with_1001(tmp_path: Path):
    async with staged(quiet_config(tmp_path)) as stage:
        people = await stage.crowd(20)
        await asyncio.gather(*(person.comes() for person in people))
        await people[0].says("last words")
        begun = time.perf_counter()
        await stage.relay.gateway.close()
        assert time.perf_counter() - begun < 1.0
        assert {await person.is_cut_off() for person in people} == {1001}
        waits = {(await person.hears(lambda event: event["type"] == "bye"))["retry_after"] for person in people}
        assert len(waits) > 10, "they do not all come back at the same moment"
        assert all(0.5 <= wait <= 5.0 for wait in waits)
        assert (await people[0].posts("list_groups"))["type"] in ("ok", "error")


async def test_a_stalled_client_does_not_hold_up_the_end(tmp_path: Path):
    async with staged(quiet_config(tmp_path)) as stage:
        people = await stage.crowd(2)
        await people[1].comes()
        async with stalling(stage, people[0]) as stalled:
            stalled.stops_reading()
            for _ in range(40):
                await people[1].says("x" * 16_000)
            begun = time.perf_counter()
            await stage.relay.gateway.close()
            assert time.perf_counter() - begun < END_S
            assert await people[1].is_cut_off() == 1001


@pytest.mark.parametrize("how", ["SIGTERM", "SIGINT", "end of input"])
async def test_a_relay_in_its_own_process_ends_within_three_seconds(tmp_path: Path, how: str):
    command = [
        sys.executable,
        "-m",
        "relay",
        "run",
        "--json",
        "--stop-with-parent",
        "--host",
        "127.0.0.1",
        "--port",
        "0",
    ]
    command += ["--announce", "no", "--data-dir", str(tmp_path / "data"), "--key-file", str(tmp_path / "keys" / "k")]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as relay:  # noqa: ASYNC220
        assert relay.stdout is not None
        assert relay.stdin is not None
        ready = json.loads(relay.stdout.readline())
        assert {"ready", "name", "addresses", "port", "relay_id", "recovery_code", "owner_code"} <= set(ready)
        url = f"127.0.0.1:{ready['port']}"
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls())) as http:
            account = {"username": "anna", "password": PASSWORD}
            async with http.post(f"https://{url}/api/register", json=account) as response:
                token = (await response.json())["token"]
            socket = await http.ws_connect(f"wss://{url}/ws", headers={"Authorization": f"Bearer {token}"})
            await socket.send_json({"type": "hello", "id": 1, "client": "tests"})
            assert (await socket.receive_json())["re"] == 1
            assert (tmp_path / "data" / "relay.db-wal").stat().st_size > 0
            begun = time.perf_counter()
            if how == "end of input":
                relay.stdin.close()
            else:
                relay.send_signal(getattr(signal, how))
            said = [message async for message in socket]
            assert [word["type"] for message in said for word in _words(message.data)][-1] == "bye"
            assert socket.close_code == 1001
        assert await asyncio.to_thread(relay.wait, END_S) == 0
        assert time.perf_counter() - begun < END_S
        assert relay.stdout.read() == b"", "one line and nothing else"
    assert not (tmp_path / "data" / "relay.db-wal").exists() or (tmp_path / "data" / "relay.db-wal").stat().st_size == 0
    with sqlite3.connect(tmp_path / "data" / "relay.db") as database:
        assert database.execute("SELECT count(*) FROM entries").fetchone() == (1,)
    database.close()


async def test_a_relay_that_may_stay_outlives_who_started_it(tmp_path: Path):
    command = [
        sys.executable,
        "-m",
        "relay",
        "run",
        "--json",
        "--stop-with-parent",
        "--host",
        "127.0.0.1",
        "--port",
        "0",
    ]
    command += ["--announce", "no", "--data-dir", str(tmp_path / "data"), "--key-file", str(tmp_path / "keys" / "k")]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as relay:  # noqa: ASYNC220
        assert relay.stdout is not None
        assert relay.stdin is not None
        ready = json.loads(relay.stdout.readline())
        relay.stdin.write(b"stay\n")
        relay.stdin.close()
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls())) as http:
            for _ in range(3):
                async with http.get(f"https://127.0.0.1:{ready['port']}/health") as response:
                    assert (await response.json())["status"] == "ok"
        assert relay.poll() is None
        os.kill(relay.pid, signal.SIGTERM)


async def test_a_port_that_was_asked_for_and_is_busy_is_refused_in_words(tmp_path: Path):
    async with staged(quiet_config(tmp_path / "first")) as stage:
        command = [sys.executable, "-m", "relay", "run", "--host", "127.0.0.1", "--port", str(stage.relay.port)]
        command += ["--announce", "no", "--data-dir", str(tmp_path / "data"), "--key-file", str(tmp_path / "k")]
        child = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stderr=asyncio.subprocess.PIPE)
        _, said = await child.communicate()
        assert child.returncode == 1
        assert "Another program already listens" in said.decode()
        assert not (tmp_path / "data").exists()


def _words(data: str) -> list[dict[str, object]]:
    frame = json.loads(data)
    return frame if isinstance(frame, list) else [frame]

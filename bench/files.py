"""How fast files go to a relay and back over TLS on loopback, alone and ten at once, and how much memory the relay takes for it."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

import aiohttp

from bench.figures import Figure
from bench.relay import _bare, _prepare, _relay, _resident_kib
from common.crypto.tls import client_context

SIZE: Final = 2 * 1024**3
AT_ONCE: Final = 10
PIECE_BYTES: Final = 512 * 1024
GOAL: Final = 110.0
GOAL_MEMORY_MIB: Final = 50.0
SAMPLE_S: Final = 0.02
_TUS: Final = {"Tus-Resumable": "1.0.0"}


def measure(size: int = SIZE) -> list[Figure]:
    """Megabytes a second in both directions, their fairness and the relay's memory; moves ten times *size* in all or so."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        token = asyncio.run(_prepare(folder))[0]
        disk = _disk(folder / "disk", size)
        with _bare(folder, None) as port:
            bare_up, bare_down = asyncio.run(_bare_rates(port, size))
        with _relay(folder, None) as (port, process):
            return asyncio.run(_relay_figures(_Mover(port, token), process.pid, size, min(disk, bare_up), bare_down))


async def _relay_figures(mover: _Mover, pid: int, size: int, limit_up: float, limit_down: float) -> list[Figure]:
    async with mover:
        await mover.down(await mover.up(size // 64))
        idle = _resident_kib(pid)
        memory = asyncio.create_task(_peak_kib(pid))
        up, file = await _rate(size, lambda: mover.up(size))
        down, _ = await _rate(size, lambda: mover.down(file))
        part = size // AT_ONCE
        many_up, files, fair_up = await _together(part, [partial(mover.up, part)] * AT_ONCE)
        many_down, _, fair_down = await _together(part, [partial(mover.down, each) for each in files])
        memory.cancel()
        (peak,) = await asyncio.gather(memory, return_exceptions=True)
        assert isinstance(peak, float), "it ends by being told to"
    gigabytes = f"{size / 1024**3:.1f} GiB"
    return [
        Figure(f"files: {gigabytes} to the relay, sealed and on its disk", up, "MB/s", goal=GOAL, limit=limit_up),
        Figure(f"files: {gigabytes} from the relay", down, "MB/s", goal=GOAL, limit=limit_down),
        Figure(f"files: {AT_ONCE} at once to the relay, together", many_up, "MB/s", limit=limit_up),
        Figure(f"files: {AT_ONCE} at once from the relay, together", many_down, "MB/s", limit=limit_down),
        Figure(f"files: {AT_ONCE} at once, slowest beside fastest", min(fair_up, fair_down), "", goal=0.5),
        Figure(
            "files: the relay's memory above idle, most",
            (peak - idle) / 1024,
            "MiB",
            goal=GOAL_MEMORY_MIB,
            better="less",
        ),
    ]


class _Mover:
    """Somebody who sends and fetches, with as little work of its own as can be."""

    def __init__(self, port: int, token: str) -> None:
        self._base = f"https://127.0.0.1:{port}"
        self._headers = {"Authorization": f"Bearer {token}"}

    async def __aenter__(self) -> _Mover:
        self._http = _session()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()

    async def up(self, size: int) -> str:
        """Upload; the path."""
        headers = {**self._headers, **_TUS}
        async with self._http.post(f"{self._base}/api/files", headers={**headers, "Upload-Length": str(size)}) as made:
            made.raise_for_status()
            path = made.headers["Location"]
        headers |= {
            "Upload-Offset": "0",
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(size),
        }
        async with self._http.patch(self._base + path, data=_pieces(size), headers=headers) as done:
            done.raise_for_status()
        return path

    async def down(self, path: str) -> str:
        """Download and forget."""
        async with self._http.get(self._base + path, headers=self._headers) as response:
            response.raise_for_status()
            await _drain(response)
        return path


@asynccontextmanager
async def _a_session() -> AsyncIterator[aiohttp.ClientSession]:
    http = _session()
    try:
        yield http
    finally:
        await http.close()


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=client_context(), limit=0), timeout=aiohttp.ClientTimeout(total=600)
    )


async def _pieces(size: int) -> AsyncIterator[bytes]:
    piece = os.urandom(PIECE_BYTES)
    for start in range(0, size, PIECE_BYTES):
        yield piece[: size - start]


async def _drain(response: aiohttp.ClientResponse) -> None:
    left = response.content_length or 0
    while piece := await response.content.readany():
        left -= len(piece)
    assert left == 0, "all of it came"


async def _rate(size: int, move: Callable[[], Awaitable[str]]) -> tuple[float, str]:
    begun = time.perf_counter()
    path = await move()
    return size / (time.perf_counter() - begun) / 1e6, path


async def _together(part: int, moves: Sequence[Callable[[], Awaitable[str]]]) -> tuple[float, list[str], float]:
    """Megabytes a second of all, what each moved, and how the slowest did beside the fastest."""
    begun = time.perf_counter()
    ended = await asyncio.gather(*(_rate(part, move) for move in moves))
    rate = part * len(moves) / (time.perf_counter() - begun) / 1e6
    alone = [each for each, _ in ended]
    return rate, [path for _, path in ended], min(alone) / max(alone)


async def _peak_kib(pid: int) -> float:
    peak = 0.0
    try:
        while True:
            peak = max(peak, _resident_kib(pid))
            await asyncio.sleep(SAMPLE_S)
    except asyncio.CancelledError:
        return peak


# -- the machine's own limits ------------------------------------------------------------------------------------------


def _disk(path: Path, size: int) -> float:
    """Megabytes a second that go into a file and to the disk, without anything else."""
    piece = os.urandom(PIECE_BYTES)
    begun = time.perf_counter()
    with path.open("wb", buffering=0) as file:
        for _ in range(size // PIECE_BYTES):
            file.write(piece)
        os.fsync(file.fileno())
    taken = time.perf_counter() - begun
    path.unlink()
    sys.stderr.write(f"  the disk alone takes {size / taken / 1e6:.0f} MB/s\n")
    return size / taken / 1e6


async def _bare_rates(port: int, size: int) -> tuple[float, float]:
    """Through TLS to and from a server that neither seals nor stores."""
    base = f"https://127.0.0.1:{port}/"

    async def put() -> str:
        async with http.put(base, data=_pieces(size), headers={"Content-Length": str(size)}) as done:
            done.raise_for_status()
        return ""

    async def get() -> str:
        async with http.get(base, params={"size": str(size)}) as response:
            await _drain(response)
        return ""

    async with _a_session() as http:
        up, _ = await _rate(size, put)
        down, _ = await _rate(size, get)
    sys.stderr.write(f"  a bare server takes {up:.0f} MB/s and gives {down:.0f} MB/s\n")
    return up, down

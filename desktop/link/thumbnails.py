"""Small pictures of strangers' large ones, decoded in a limited child process: what a hostile picture can harm ends with it."""

from __future__ import annotations

import asyncio
import io
import struct
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from msgspec import Struct

from common.environment import child_environment
from desktop.events.transfers import Raster

EDGE_PIXELS: Final = 480
WITHIN_S: Final = 15.0
AT_ONCE: Final = 2
_PROGRAM: Final = Path(__file__).parents[1] / "thumbnailer.py"
_ANSWER_BYTES: Final = 4 * 1024**2
RAW_EDGE_MAX: Final = 4096
"""Bare pixels are asked for up to this many on each side: 64 MiB at most."""
_READ_BYTES: Final = 1024**2
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_HEAD: Final = struct.Struct(">II")
_RAW_HEAD: Final = struct.Struct(">IIIII")
INPUT_BYTES: Final = 64 * 1024**2
FRAMES_MAX: Final = 300
MOVING_BYTES: Final = 96 * 1024**2
"""Of all frames of a picture that moves; both as the child has them."""
_NUMBER: Final = struct.Struct(">I")
AnyFile = io.BufferedReader | io.FileIO | io.BytesIO


def _opened(path: Path) -> AnyFile:
    return path.open("rb")


class Thumbnail(Struct, frozen=True):
    """*png*: safe to decode. *width*, *height*: of the original, as it is to be seen."""

    png: bytes
    width: int
    height: int


class Thumbnails:
    """Makes them, two at once."""

    def __init__(self, program: Path = _PROGRAM, within_s: float = WITHIN_S) -> None:
        """*program*, *within_s*: for tests."""
        self._program = program
        self._within_s = within_s
        self._room = asyncio.Semaphore(AT_ONCE)

    async def of(
        self, path: Path, edge: int = EDGE_PIXELS, open_file: Callable[[Path], AnyFile] = _opened
    ) -> Thumbnail | None:
        """A small picture of the one at *path*, which *open_file* reads; None when it is none, or would take too much."""
        async with self._room:
            data = await asyncio.to_thread(_content, path, open_file)
            if data is None:
                return None
            answer = await self._ask(data, edge)
        return None if answer is None else _checked(answer, edge)

    async def pixels(self, data: bytes, edge: int, *, moving: bool = False) -> Raster | None:
        """The picture in *data*, at most *edge* by *edge* pixels; None as for `of`. *moving*: with its other frames, if it has some."""
        if len(data) > INPUT_BYTES:
            return None
        edge = min(edge, RAW_EDGE_MAX)
        most = _RAW_HEAD.size + 4 * edge * edge
        if moving:
            most = max(most, _RAW_HEAD.size + MOVING_BYTES) + _NUMBER.size * (1 + FRAMES_MAX)
        async with self._room:
            answer = await self._ask(data, edge, *["raw", "moving"][: 1 + moving], most=most)
        return None if answer is None else _checked_pixels(answer, edge, moving)

    async def _ask(self, data: bytes, edge: int, *more: str, most: int = _ANSWER_BYTES) -> bytes | None:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            str(self._program),
            str(edge),
            *more,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=_READ_BYTES,
            env=child_environment({}),
        )
        try:
            async with asyncio.timeout(self._within_s):
                _, answer = await asyncio.gather(_give(child, data), _take(child, most))
                code = await child.wait()
        except TimeoutError:
            return None
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
        return answer if code == 0 else None


async def _give(child: asyncio.subprocess.Process, data: bytes) -> None:
    assert child.stdin is not None, "it was asked for"
    try:
        child.stdin.write(data)
        await child.stdin.drain()
        child.stdin.close()
        await child.stdin.wait_closed()
    except ConnectionError:
        return  # it has seen enough; its exit code says what it thinks


async def _take(child: asyncio.subprocess.Process, most: int) -> bytes:
    assert child.stdout is not None, "it was asked for"
    answer = bytearray()
    while len(answer) <= most and (piece := await child.stdout.read(_READ_BYTES)):
        answer += piece
    if len(answer) > most:
        child.kill()
    return bytes(answer)


def _content(path: Path, open_file: Callable[[Path], AnyFile]) -> bytes | None:
    try:
        with open_file(path) as file:
            data = file.read(INPUT_BYTES + 1)
    except OSError:
        return None
    return data if len(data) <= INPUT_BYTES else None


def _checked(answer: bytes, edge: int) -> Thumbnail | None:
    """What the child says, unless it is not what was asked for: it may have been taken over."""
    head, png = answer[: _HEAD.size], answer[_HEAD.size :]
    if len(head) < _HEAD.size or not png.startswith(_PNG) or png[12:16] != b"IHDR" or len(png) < 33:
        return None
    width, height = _HEAD.unpack(head)
    shown = _HEAD.unpack(png[16:24])
    if not (0 < width < 2**31 and 0 < height < 2**31 and 0 < shown[0] <= edge and 0 < shown[1] <= edge):
        return None
    return Thumbnail(png, width, height)


def _checked_pixels(answer: bytes, edge: int, moving: bool = False) -> Raster | None:
    """The same for bare pixels: exactly as many as it says, and no more of them than was asked for."""
    if len(answer) < _RAW_HEAD.size:
        return None
    width, height, across, down, bands = _RAW_HEAD.unpack_from(answer)
    pixels = answer[_RAW_HEAD.size :]
    if not (0 < width < 2**31 and 0 < height < 2**31 and 0 < across <= edge and 0 < down <= edge):
        return None
    size = across * down * bands
    if bands not in (3, 4) or len(pixels) < size or (len(pixels) > size and not moving):
        return None
    still = Raster(across, down, "RGB" if bands == 3 else "RGBA", pixels[:size], width, height)
    return still if len(pixels) == size else _with_frames(still, memoryview(pixels)[size:])


def _with_frames(still: Raster, more: memoryview) -> Raster | None:
    """The same with the frames in *more*: exactly as many as that says, of the same size as the first."""
    size = len(still.pixels)
    if len(more) < _NUMBER.size:
        return None
    (count,) = _NUMBER.unpack_from(more)
    shown_ms = struct.Struct(f">{count}I") if 1 <= count <= FRAMES_MAX else None
    if shown_ms is None or len(more) != _NUMBER.size + shown_ms.size + (count - 1) * size:
        return None
    begin = _NUMBER.size + shown_ms.size
    others = [bytes(more[begin + at * size : begin + (at + 1) * size]) for at in range(count - 1)]
    return replace(still, frames=(still.pixels, *others), shown_ms=shown_ms.unpack_from(more, _NUMBER.size))

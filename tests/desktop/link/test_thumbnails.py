"""Small pictures of good ones, and nothing of hostile ones: neither a crash, nor memory, nor time."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from desktop import thumbnailer
from desktop.link import thumbnails
from desktop.link.thumbnails import Thumbnails


def put(folder: Path, data: bytes) -> Path:
    path = folder / "picture"
    path.write_bytes(data)
    return path


def picture(kind: str, size: tuple[int, int] = (1000, 500), mode: str = "RGB", **more: object) -> bytes:
    written = io.BytesIO()
    Image.new(mode, size, 1 if mode == "1" else "teal").save(written, kind, **more)
    return written.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few kilobytes that says it is as large as that."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(bytes(1_000_000), 9)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", thumbnailer.FORMATS)
async def test_a_picture_becomes_small(tmp_path: Path, kind: str):
    small = await Thumbnails().of(put(tmp_path, picture(kind)), 100)
    assert small is not None
    assert (small.width, small.height) == (1000, 500)
    with Image.open(io.BytesIO(small.png)) as shown:
        assert shown.size == (100, 50)


async def test_a_picture_is_turned_as_its_camera_was_held(tmp_path: Path):
    exif = Image.Exif()
    exif[0x0112] = 6
    small = await Thumbnails().of(put(tmp_path, picture("JPEG", exif=exif)), 100)
    assert small is not None
    assert (small.width, small.height) == (500, 1000)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no picture",
        picture("PNG")[:200],
        picture("TIFF"),
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        bomb(50_000, 50_000),
        bomb(2**31 - 1, 2**31 - 1),
        picture("PNG", (10_000, 9_000), "1"),
    ],
    ids=["empty", "text", "cut", "tiff", "postscript", "bomb", "larger bomb", "many pixels in little memory"],
)
async def test_what_is_no_good_picture_gives_none(tmp_path: Path, data: bytes):
    assert await Thumbnails().of(put(tmp_path, data)) is None


async def test_what_is_not_there_gives_none(tmp_path: Path):
    assert await Thumbnails().of(tmp_path / "missing") is None


@pytest.mark.parametrize(
    "does",
    [
        "while True: pass",
        "import sys; sys.stdin.buffer.read(); sys.stdout.buffer.write(bytes(50_000_000))",
        "import os; os.kill(os.getpid(), 11)",
        "import sys; sys.stdin.buffer.read(); sys.stdout.buffer.write(bytes(8) + b'\\x89PNG\\r\\n\\x1a\\n' + bytes(100))",
        "print('nothing')",
    ],
    ids=["hangs", "floods", "crashes", "lies", "babbles"],
)
async def test_a_decoder_that_was_taken_over_is_not_believed(tmp_path: Path, does: str):
    program = tmp_path / "program.py"
    program.write_text(does)
    assert await Thumbnails(program, 2.0).of(put(tmp_path, picture("PNG"))) is None


async def test_the_child_cannot_take_memory_or_write_files(tmp_path: Path):
    program = tmp_path / "program.py"
    program.write_text(
        f"import sys; sys.path.insert(0, {str(Path(thumbnailer.__file__).parent)!r})\n"
        "import thumbnailer; thumbnailer._limit()\n"
        "refused = 0\n"
        "try: bytearray(2 * 1024**3)\n"
        "except MemoryError: refused += 1\n"
        f"try: open({str(tmp_path / 'leak')!r}, 'wb', 0).write(b'x')\n"
        "except OSError: refused += 1\n"
        "sys.exit(0 if refused == 2 else 1)\n"
    )
    thumbnails = Thumbnails(program)
    assert await thumbnails._ask(b"", 100) == b""


# -- bare pixels -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1", "LA"])
async def test_a_picture_becomes_bare_pixels(mode: str):
    raster = await Thumbnails().pixels(picture("PNG", mode=mode), 100)
    assert raster is not None
    assert (raster.width, raster.height, raster.full_width, raster.full_height) == (100, 50, 1000, 500)
    assert len(raster.pixels) == 100 * 50 * len(raster.mode)


async def test_a_picture_within_the_bound_keeps_every_pixel():
    raster = await Thumbnails().pixels(picture("PNG", (7, 3)), 100)
    assert raster is not None
    assert (raster.width, raster.height) == (7, 3)


def film(frames: int, size: tuple[int, int] = (40, 20), kind: str = "GIF", shown_ms: int = 70) -> bytes:
    """Frames that differ, of a shade that says which it is."""
    pictures = [Image.new("L", size, number * 255 // frames).convert("RGB") for number in range(frames)]
    written = io.BytesIO()
    pictures[0].save(written, kind, save_all=True, append_images=pictures[1:], duration=shown_ms, loop=0)
    return written.getvalue()


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
async def test_a_picture_that_moves_comes_with_its_frames_where_they_are_wanted(kind: str):
    data = film(5, kind=kind)
    raster = await Thumbnails().pixels(data, 4096, moving=True)
    assert raster is not None
    assert (len(raster.frames), raster.shown_ms, raster.frames[0]) == (5, (70,) * 5, raster.pixels)
    assert len(set(raster.frames)) == 5
    still = await Thumbnails().pixels(data, 4096)
    assert still is not None
    assert still.frames == ()
    alone = await Thumbnails().pixels(picture(kind), 4096, moving=True)
    assert alone is not None
    assert (alone.frames, alone.width) == ((), 1000)


async def test_a_picture_that_moves_for_too_long_ends_at_the_bound():
    long = await Thumbnails().pixels(film(thumbnailer.FRAMES_MAX + 20, (8, 8)), 4096, moving=True)
    assert long is not None
    assert 250 < len(long.frames) <= thumbnailer.FRAMES_MAX == thumbnails.FRAMES_MAX
    large = await Thumbnails().pixels(film(3, (1200, 600)), 4096, moving=True)
    assert large is not None
    assert (large.width, large.height, large.full_width) == (thumbnailer.MOVING_EDGE, 400, 1200)


def test_frames_are_bounded_in_bytes_and_time(monkeypatch: pytest.MonkeyPatch):
    with Image.open(io.BytesIO(film(9, (40, 20)))) as opened:
        first = opened.convert("RGBA")
        # Of the time counts what the process has used since its start: here that of all tests before.
        monkeypatch.setattr(thumbnailer, "MOVING_CPU_S", float("inf"))
        monkeypatch.setattr(thumbnailer, "MOVING_BYTES", 4 * 40 * 20 * 4)
        assert len(thumbnailer._others(opened, first, 100)) == 3, "four frames in all"
        monkeypatch.setattr(thumbnailer, "MOVING_CPU_S", 0.0)
        opened.seek(0)
        assert thumbnailer._others(opened, first, 100) == []
    assert thumbnailer.MOVING_BYTES != thumbnails.MOVING_BYTES
    monkeypatch.undo()
    assert thumbnailer.MOVING_BYTES == thumbnails.MOVING_BYTES


async def test_a_film_that_was_cut_shows_what_there_is():
    whole = film(9, (300, 200))
    cut = await Thumbnails().pixels(whole[: len(whole) * 2 // 3], 4096, moving=True)
    assert cut is not None
    assert 1 < len(cut.frames) < 9


async def test_frames_that_fly_by_are_seen_as_long_as_others():
    fast = await Thumbnails().pixels(film(3, shown_ms=0), 4096, moving=True)
    assert fast is not None
    assert fast.shown_ms == (thumbnailer.FRAME_MS,) * 3


@pytest.mark.parametrize(
    "more", [b"", b"\0", b"\0\0\0\0", b"\0\0\0\2" + bytes(8), b"\xff" * 40, b"\0\0\0\1" + bytes(5)]
)
async def test_frames_that_are_not_what_they_say_are_none(tmp_path: Path, more: bytes):
    answer = struct.pack(">IIIII", 9, 9, 1, 1, 3) + b"rgb" + more
    program = tmp_path / "taken_over.py"
    program.write_text(f"import sys; sys.stdout.buffer.write({answer!r})")
    raster = await Thumbnails(program).pixels(b"picture", 4, moving=True)
    assert raster is None if more else raster is not None and raster.frames == ()


async def test_too_much_to_read_is_not_even_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(thumbnails, "INPUT_BYTES", 10)
    missing = Thumbnails(tmp_path / "there is none")
    assert await missing.pixels(bytes(11), 100) is None


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        struct.pack(">IIIII", 9, 9, 2, 2, 3) + bytes(11),
        struct.pack(">IIIII", 9, 9, 2, 2, 3) + bytes(13),
        struct.pack(">IIIII", 9, 9, 2, 2, 1) + bytes(4),
        struct.pack(">IIIII", 9, 9, 200, 2, 3) + bytes(1200),
        struct.pack(">IIIII", 0, 9, 2, 2, 3) + bytes(12),
        struct.pack(">IIIII", 9, 2**31, 2, 2, 3) + bytes(12),
    ],
    ids=["nothing", "too little", "too much", "other bands", "too wide", "no width", "absurd height"],
)
async def test_pixels_that_are_not_what_was_asked_for_are_none(tmp_path: Path, answer: bytes):
    program = tmp_path / "program.py"
    program.write_text(f"import sys; sys.stdin.buffer.read(); sys.stdout.buffer.write({answer!r})")
    assert await Thumbnails(program).pixels(picture("PNG"), 100) is None


async def test_a_child_that_floods_with_pixels_is_ended(tmp_path: Path):
    program = tmp_path / "program.py"
    program.write_text("import sys; sys.stdin.buffer.read()\nwhile True: sys.stdout.buffer.write(bytes(1_000_000))")
    assert await Thumbnails(program).pixels(picture("PNG"), 100) is None

"""Makes a small picture of a stranger's: a program of its own, run by `desktop.link.thumbnails`, which ends it when it takes too much.

``python thumbnailer.py EDGE`` reads a picture from its input and writes a PNG of at most EDGE by EDGE pixels, with the size of the
original before it (two numbers of four bytes). With ``raw`` behind EDGE it writes bare pixels instead, which need no decoder: before
them the size of the original, their own size and how many bytes each has, 3 or 4 (five numbers of four bytes). With ``moving`` the other
frames of a picture that has some follow: how many frames there are, for how many milliseconds each is seen (that many numbers of four
bytes), and the pixels of all but the first, as far as the bounds below allow. Before it looks at a single byte it gives up what a decoder
that was taken over could use: memory beyond a bound, processor time, files to write to. It imports nothing of this program, so that it
starts fast.
"""

from __future__ import annotations

import io
import struct
import sys
import time
import warnings
from typing import TYPE_CHECKING, Final

MEMORY_BYTES: Final = 768 * 1024**2
CPU_S: Final = 8
PIXELS_MAX: Final = 80_000_000
INPUT_BYTES: Final = 64 * 1024**2
FORMATS: Final = ("PNG", "JPEG", "GIF", "WEBP", "BMP")
MOVING_EDGE: Final = 800
"""A picture that moves is made no larger than that."""
FRAMES_MAX: Final = 300
MOVING_BYTES: Final = 96 * 1024**2
"""Of all frames together."""
MOVING_CPU_S: Final = 4.0
"""Half of what the child has: with what is decoded by then it goes on."""
FRAME_MS: Final = 100
"""For frames that do not say, or say less than can be seen."""
_LEAST_MS, _MOST_MS = 20, 60_000
_UNUSABLE: Final = 3

if TYPE_CHECKING:
    from PIL import Image


def main(edge: int, raw: bool = False, moving: bool = False) -> int:
    """Exit code 0 with the picture, 3 for what is none."""
    from PIL import Image, ImageOps

    data = sys.stdin.buffer.read(INPUT_BYTES + 1)
    if len(data) > INPUT_BYTES:
        return _UNUSABLE
    _limit()
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = PIXELS_MAX
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            width, height = picture.size
            moving = moving and getattr(picture, "is_animated", False)
            if moving:
                edge = min(edge, MOVING_EDGE)
            picture.draft("RGB", (edge * 2, edge * 2))  # a large JPEG is decoded small at once
            upright = ImageOps.exif_transpose(picture)
            first_ms = _shown_ms(picture)
            if upright.size != picture.size and (upright.width > upright.height) != (width > height):
                width, height = height, width
            upright.thumbnail((edge, edge))
            small = upright.convert("RGBA" if moving or upright.has_transparency_data else "RGB")
            frames = [(first_ms, small), *_others(picture, small, edge)] if moving else []
    except (
        OSError,
        ValueError,
        SyntaxError,
        MemoryError,
        EOFError,
        struct.error,
        Warning,
        Image.DecompressionBombError,
    ):
        return _UNUSABLE
    if raw:
        bands = len(small.getbands())
        sys.stdout.buffer.write(struct.pack(">IIIII", width, height, *small.size, bands))
        sys.stdout.buffer.write(small.tobytes())
        if frames:
            sys.stdout.buffer.write(struct.pack(f">{1 + len(frames)}I", len(frames), *(ms for ms, _frame in frames)))
            for _ms, frame in frames[1:]:
                sys.stdout.buffer.write(frame.tobytes())
        return 0
    written = io.BytesIO()
    small.save(written, "PNG")
    sys.stdout.buffer.write(struct.pack(">II", width, height) + written.getvalue())
    return 0


def _others(picture: Image.Image, first: Image.Image, edge: int) -> list[tuple[int, Image.Image]]:
    """The frames after the *first* one, and how long each is seen; none after one that is damaged or over a bound."""
    from PIL import Image, ImageOps

    found: list[tuple[int, Image.Image]] = []
    most = min(FRAMES_MAX, MOVING_BYTES // (first.width * first.height * 4))
    while len(found) + 1 < most and time.process_time() < MOVING_CPU_S:
        try:
            picture.seek(len(found) + 1)
            frame = ImageOps.exif_transpose(picture).convert("RGBA")
            ms = _shown_ms(picture)  # some formats say it only now
            frame.thumbnail((edge, edge))
        except (OSError, ValueError, SyntaxError, EOFError, struct.error, Warning, Image.DecompressionBombError):
            break
        if frame.size != first.size:
            break
        found.append((ms, frame))
    return found


def _shown_ms(picture: Image.Image) -> int:
    said = picture.info.get("duration", 0)
    return min(int(said), _MOST_MS) if isinstance(said, int | float) and said >= _LEAST_MS else FRAME_MS


def _limit() -> None:
    if sys.platform == "win32":  # there the time and the limits on the picture have to do
        return
    import resource

    limits = [(resource.RLIMIT_CPU, CPU_S), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)]
    if sys.platform == "linux":  # elsewhere the system does not hold to it, or refuses it
        limits.append((resource.RLIMIT_AS, MEMORY_BYTES))
    for what, most in limits:
        _, hard = resource.getrlimit(what)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), "raw" in sys.argv[2:], "moving" in sys.argv[2:]))

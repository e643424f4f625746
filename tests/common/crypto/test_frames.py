"""A sealed stream opens as it was written, in its place, to its end; anything else is noticed."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.crypto.frames import FRAME_BYTES, FrameReader, FrameWriter
from common.crypto.sealing import SealKey
from common.errors import SealError

KEY = SealKey.random(0)
HEAD = 4


def sealed(plaintext: bytes, *place: str, pieces: int = 1) -> bytes:
    out = io.BytesIO()
    writer = FrameWriter(out, KEY, *place)
    step = -(-len(plaintext) // pieces) or 1
    for start in range(0, len(plaintext), step):
        writer.write(plaintext[start : start + step])
    writer.finish()
    return out.getvalue()


def opened(stream: bytes, *place: str, key: SealKey = KEY) -> bytes:
    reader, pieces = FrameReader(io.BytesIO(stream), key, *place), []
    while piece := reader.read(1 << 16):
        pieces.append(piece)
    return b"".join(pieces)


def frames(stream: bytes) -> list[bytes]:
    found = []
    while stream:
        length = HEAD + (int.from_bytes(stream[:HEAD]) & 0x7FFF_FFFF)
        found.append(stream[:length])
        stream = stream[length:]
    return found


@pytest.mark.parametrize("size", [0, 1, FRAME_BYTES - 1, FRAME_BYTES, FRAME_BYTES + 1, 3 * FRAME_BYTES, 700_001])
@pytest.mark.parametrize("pieces", [1, 3])
def test_what_was_written_is_read(size: int, pieces: int):
    plaintext = bytes(number % 251 for number in range(size))
    assert opened(sealed(plaintext, "here", pieces=pieces), "here") == plaintext


def test_no_frame_is_larger_than_it_may_be():
    whole = sealed(bytes(3 * FRAME_BYTES))
    assert max(map(len, frames(whole))) == HEAD + FRAME_BYTES + 40


@given(st.data())
def test_a_flipped_bit_anywhere_is_noticed(data: st.DataObject):
    stream = bytearray(sealed(bytes(300_000), "here"))
    place = data.draw(st.one_of(st.integers(0, 60), st.integers(0, len(stream) - 1)))
    stream[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(SealError):
        opened(bytes(stream), "here")


@given(st.integers(0, 600_000))
def test_a_stream_that_was_cut_is_never_taken_for_a_whole_one(length: int):
    stream = sealed(bytes(600_000))
    if length < len(stream):
        with pytest.raises(SealError):
            opened(stream[:length])


def test_frames_that_were_dropped_doubled_exchanged_or_added_are_noticed():
    one, two, three = frames(sealed(bytes(2 * FRAME_BYTES + 1)))
    for wrong in (
        [one, three],
        [two, three],
        [one, two],
        [one, one, two, three],
        [two, one, three],
        [one, two, three, three],
        [one, two, three, b"more"],
        [],
    ):
        with pytest.raises(SealError):
            opened(b"".join(wrong))


def test_it_opens_in_its_place_and_with_its_key_only():
    stream = sealed(b"text", "one relay", "one header")
    assert opened(stream, "one relay", "one header") == b"text"
    for place in (("other relay", "one header"), ("one relay", "other header"), ("one relay",)):
        with pytest.raises(SealError):
            opened(stream, *place)
    with pytest.raises(SealError):
        opened(stream, "one relay", "one header", key=SealKey.random(0))


def test_nothing_of_a_frame_comes_out_before_it_was_seen_to_be_right():
    stream = bytearray(sealed(b"A" * FRAME_BYTES + b"B" * 10))
    stream[-1] ^= 1
    reader = FrameReader(io.BytesIO(bytes(stream)), KEY)
    assert reader.read(FRAME_BYTES) == b"A" * FRAME_BYTES
    with pytest.raises(SealError):
        reader.read(1)

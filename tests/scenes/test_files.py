"""Files from hand to hand: sent in parts, posted, fetched by those who may, gone with their message."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tusclient.client import TusClient

from common.crypto.chunks import CHUNK_BYTES
from tests.files import PART, TUS, Courier
from tests.people import Stage, quiet_config, staged

BIG = os.urandom(3 * CHUNK_BYTES + 12_345)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


async def comes_to_nothing(folder: Path) -> bool:
    """Wait until no file is left there."""

    def files() -> list[Path]:
        return [each for each in folder.rglob("*") if each.is_file()]

    for _ in range(1000):
        if not await asyncio.to_thread(files):
            return True
    return False


async def test_a_file_goes_with_its_message(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    sender, reader = Courier(anna), Courier(boris)
    file = await sender.sends(BIG, "чайник.bin", filetype="application/x-kettle", width="3", height="4")
    assert await reader.is_refused("GET", f"/api/files/{file}") == (404, "unknown_file")
    await sender.posts(file, body="Чертёж")
    heard = await boris.hears_message("Чертёж")
    assert heard["files"] == [
        {
            "id": file,
            "name": "чайник.bin",
            "size": len(BIG),
            "mime": "application/x-kettle",
            "width": 3,
            "height": 4,
        }
    ]
    status, headers, body = await reader.fetches(file)
    assert (status, body == BIG, headers["Content-Type"]) == (200, True, "application/octet-stream")
    assert headers["Repr-Digest"] == f"sha-256=:{b64(hashlib.sha256(BIG).digest())}:"
    assert headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''%D1%87")


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")  # the pin is not what is tested here
async def test_a_stranger_uploads_with_tuspy(stage: Stage):
    (anna,) = await stage.enter("anna")

    def upload() -> str:
        client = TusClient(stage.url("/api/files"), headers={"Authorization": f"Bearer {anna.token}"})
        uploader = client.uploader(
            file_stream=io.BytesIO(BIG),
            chunk_size=300_000,
            metadata={"filename": "kettle"},
            upload_checksum=True,
            verify_tls_cert=False,
        )
        uploader.upload()
        return str(uploader.url).rpartition("/")[2]

    file = await asyncio.to_thread(upload)
    _, _, body = await Courier(anna).fetches(file)
    assert body == BIG


async def test_parts_of_any_length_come_together(stage: Stage):
    (anna,) = await stage.enter("anna")
    courier = Courier(anna)
    path = await courier.begins(len(BIG))
    at = 0
    for length in (1, 100_000, CHUNK_BYTES, 7, 2 * CHUNK_BYTES, len(BIG)):
        status, at = await courier.adds(path, at, BIG[at : at + length])
        assert (status, at) == (204, await courier.stands_at(path))
    assert (await courier.fetches(path.rpartition("/")[2]))[2] == BIG


async def test_an_empty_file_is_whole_at_once(stage: Stage):
    (anna,) = await stage.enter("anna")
    courier = Courier(anna)
    file = await courier.sends(b"")
    assert (await courier.posts(file))["type"] == "ok"
    assert (await courier.fetches(file))[::2] == (200, b"")


@pytest.mark.parametrize(
    "asked, start, stop",
    [
        ("bytes=0-0", 0, 1),
        (f"bytes={CHUNK_BYTES - 1}-{CHUNK_BYTES}", CHUNK_BYTES - 1, CHUNK_BYTES + 1),
        (f"bytes={len(BIG) - 5}-", len(BIG) - 5, len(BIG)),
        ("bytes=-9", len(BIG) - 9, len(BIG)),
        (f"bytes=5-{len(BIG) * 2}", 5, len(BIG)),
    ],
)
async def test_a_range(stage: Stage, asked: str, start: int, stop: int):
    (anna,) = await stage.enter("anna")
    courier = Courier(anna)
    file = await courier.sends(BIG)
    status, headers, body = await courier.fetches(file, Range=asked)
    assert (status, body) == (206, BIG[start:stop])
    assert headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(BIG)}"


async def test_ranges_that_are_none(stage: Stage):
    (anna,) = await stage.enter("anna")
    courier = Courier(anna)
    file = await courier.sends(b"kettle")
    status, headers, _ = await courier.fetches(file, Range="bytes=6-")
    assert (status, headers["Content-Range"]) == (416, "bytes */6")
    for asked in ("bytes=4-2", "bytes=-", "lines=1-2", "bytes=0-1,3-4"):
        assert (await courier.fetches(file, Range=asked))[::2] == (200, b"kettle")
    assert (await courier.fetches(file, Range="bytes=0-1", **{"If-Range": '"other"'}))[::2] == (200, b"kettle")
    _, headers, _ = await courier.fetches(file)
    for had in ("{}", "*", "W/{}", '"other", {}'):
        assert (await courier.fetches(file, **{"If-None-Match": had.format(headers["ETag"])}))[::2] == (304, b"")
    assert (await courier.fetches(file, **{"If-None-Match": '"other"'}))[::2] == (200, b"kettle")
    status, headers, body = await courier.asks("HEAD", f"/api/files/{file}")
    assert (status, headers["Content-Length"], headers["Accept-Ranges"], body) == (200, "6", "bytes", b"")


async def test_what_tus_refuses(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    courier = Courier(anna)
    path = await courier.begins(10)
    at_0 = {**PART, "Upload-Offset": "0"}
    assert (await courier.asks("POST", "/api/files", headers={"Upload-Length": "1"}))[0] == 412
    assert await courier.is_refused("POST", "/api/files", headers={**TUS, "Upload-Length": "1e3"}) == (
        400,
        "bad_request",
    )
    assert await courier.is_refused("PATCH", path, data=b"x", headers={**at_0, "Upload-Offset": "3"}) == (
        409,
        "offset_conflict",
    )
    assert await courier.is_refused("PATCH", path, data=b"x" * 11, headers=at_0) == (413, "file_too_large")
    other_type = {**at_0, "Content-Type": "text/plain"}
    assert await courier.is_refused("PATCH", path, data=b"x", headers=other_type) == (415, "wrong_media_type")
    assert await Courier(boris).is_refused("PATCH", path, data=b"x", headers=at_0) == (404, "unknown_file")
    status, headers, _ = await courier.asks("OPTIONS", "/api/files")
    assert (status, headers["Tus-Extension"]) == (204, "creation,termination,checksum")
    assert await courier.stands_at(path) == 0


async def test_a_file_that_lies_about_its_size(stage: Stage):
    (anna,) = await stage.enter("anna")
    courier = Courier(anna)
    path = await courier.begins(100)

    async def more_and_more() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b"x" * 30

    status, _ = await courier.adds(path, 0, more_and_more())
    assert status == 413
    assert await courier.stands_at(path) <= 100


async def test_nothing_is_added_to_a_file_that_is_whole(stage: Stage):
    (anna,) = await stage.enter("anna")
    courier = Courier(anna)
    file = await courier.sends(b"kettle")
    at_end = {**PART, "Upload-Offset": "6"}
    empty = await courier.sends(b"")

    async def unannounced() -> AsyncIterator[bytes]:
        yield b"steam"

    too_large = (413, "file_too_large")
    assert await courier.is_refused("PATCH", f"/api/files/{file}", data=b"steam", headers=at_end) == too_large
    assert await courier.is_refused("PATCH", f"/api/files/{file}", data=unannounced(), headers=at_end) == too_large
    at_0 = {**PART, "Upload-Offset": "0"}
    assert await courier.is_refused("PATCH", f"/api/files/{empty}", data=b"steam", headers=at_0) == too_large
    assert await courier.is_refused("PATCH", f"/api/files/{file}", data=b"kettle", headers=at_0) == (
        409,
        "offset_conflict",
    )
    assert await courier.adds(f"/api/files/{file}", 6, b"") == (204, 6)  # nothing more is no harm
    assert [(await courier.fetches(each))[2] for each in (file, empty)] == [b"kettle", b""]


async def test_parts_without_a_body_add_nothing_however_many_there_are(stage: Stage):
    (anna,) = await stage.enter("anna")
    courier = Courier(anna)
    path = await courier.begins(6)
    for _ in range(3):
        assert await courier.adds(path, 0, b"") == (204, 0)
    assert await courier.adds(path, 0, b"kettle") == (204, 6)


async def test_a_wrong_checksum_leaves_nothing(stage: Stage):
    (anna,) = await stage.enter("anna")
    courier = Courier(anna)
    path = await courier.begins(len(BIG))
    await courier.adds(path, 0, BIG[:1000])
    part = BIG[1000:]
    wrong = f"sha1 {b64(hashlib.sha1(b'other', usedforsecurity=False).digest())}"
    assert (await courier.adds(path, 1000, part, **{"Upload-Checksum": wrong}))[0] == 460
    assert await courier.stands_at(path) == 1000
    assert (await courier.adds(path, 1000, part, **{"Upload-Checksum": "crc32 AAAA"}))[0] == 400
    right = f"sha256 {b64(hashlib.sha256(part).digest())}"
    assert await courier.adds(path, 1000, part, **{"Upload-Checksum": right}) == (204, len(BIG))
    assert (await courier.fetches(path.rpartition("/")[2]))[2] == BIG


async def test_who_comes_back_goes_on_although_the_first_is_still_there(stage: Stage):
    (anna,) = await stage.enter("anna")
    courier = Courier(anna)
    path = await courier.begins(len(BIG))
    sent, at = asyncio.Event(), 0

    async def stalls() -> AsyncIterator[bytes]:
        yield BIG[:400_000]
        sent.set()
        await asyncio.Event().wait()

    first = asyncio.ensure_future(courier.adds(path, 0, stalls()))
    await sent.wait()
    while not first.done():  # what was sent may not have come yet when the question does
        at = await courier.stands_at(path)
    assert (await first)[0] == 409
    assert await courier.adds(path, at, BIG[at:]) == (204, len(BIG))
    assert (await courier.fetches(path.rpartition("/")[2]))[2] == BIG


async def test_who_is_cut_off_in_the_middle_goes_on_from_there(stage: Stage):
    (anna,) = await stage.enter("anna")
    courier = Courier(anna)
    path = await courier.begins(len(BIG))
    sent = asyncio.Event()

    async def stalls() -> AsyncIterator[bytes]:
        yield BIG[:400_000]
        sent.set()
        await asyncio.Event().wait()

    cut = asyncio.ensure_future(courier.adds(path, 0, stalls()))
    await sent.wait()
    cut.cancel()
    await asyncio.gather(cut, return_exceptions=True)
    added = (409, -1)
    while added[0] == 409:  # what was on its way when it was cut may come after the question
        at = await courier.stands_at(path)
        added = await courier.adds(path, at, BIG[at:])
    assert added == (204, len(BIG))
    assert (await courier.fetches(path.rpartition("/")[2]))[2] == BIG


async def test_a_file_goes_with_the_last_message_that_names_it(stage: Stage, tmp_path: Path):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    sender, reader = Courier(anna), Courier(boris)
    file = await sender.sends(BIG)
    first, second = await sender.posts(file), await sender.posts(file, body="again")
    nonce = {"nonce": "0" * 32, "group": anna.group}
    await anna.gets({"type": "redact", "target": first["seq"], **nonce})
    assert (await reader.fetches(file))[0] == 200
    await anna.gets({"type": "redact", "target": second["seq"], **nonce, "nonce": "1" * 32})
    assert await reader.is_refused("GET", f"/api/files/{file}") == (404, "unknown_file")
    blobs = stage.relay.config.data_dir / "files"
    assert await comes_to_nothing(blobs)


async def test_who_is_out_of_the_group_fetches_nothing(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    file = await Courier(anna).sends(BIG)
    await Courier(anna).posts(file)
    assert (await Courier(boris).fetches(file))[0] == 200
    await boris.gets({"type": "leave_group", "group": boris.group})
    assert (await Courier(boris).fetches(file))[0] == 404
    assert (await Courier(anna).fetches(file))[0] == 200


async def test_a_forwarded_file_is_seen_where_it_went(stage: Stage):
    anna, boris, clara = await stage.enter("anna", "boris", "clara")
    made = await anna.gets({"type": "create_group", "name": "склад"})
    anna.group = made["group"]["id"]
    await boris.gets({"type": "join_group", "group": anna.group})
    file = await Courier(anna).sends(b"kettle")
    said = await Courier(anna).posts(file)
    forward = {"group": anna.group, "seq": said["seq"]}
    await boris.gets({"type": "post", "group": 1, "nonce": "2" * 32, "forward": forward})
    assert (await Courier(clara).fetches(file))[::2] == (200, b"kettle")
    await anna.gets({"type": "redact", "group": anna.group, "target": said["seq"], "nonce": "3" * 32})
    assert (await Courier(clara).fetches(file))[0] == 200, "the forwarded message still names it"


async def test_only_whole_uploads_of_ones_own_are_posted(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    courier = Courier(anna)
    begun = (await courier.begins(10)).rpartition("/")[2]
    whole = await courier.sends(b"kettle")
    assert (await courier.posts(begun))["code"] == "unknown_file"
    assert (await Courier(boris).posts(whole))["code"] == "unknown_file"
    assert (await courier.posts("ab" * 16))["code"] == "unknown_file"
    assert (await courier.posts(*[whole] * 21))["code"] == "bad_request"
    post = {"type": "post", "group": 1, "nonce": "4" * 32, "files": [whole]}
    seqs = {(await anna.gets(post))["seq"] for _ in range(2)}
    assert len(seqs) == 1
    assert await anna.is_refused({**post, "files": [], "body": "x"}) == "nonce_reused"


async def test_an_upload_is_taken_back_unless_it_was_posted(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    courier = Courier(anna)
    file = await courier.sends(BIG)
    assert (await Courier(boris).asks("DELETE", f"/api/files/{file}", headers=TUS))[0] == 404
    assert (await courier.asks("DELETE", f"/api/files/{file}", headers=TUS))[0] == 204
    assert (await courier.fetches(file))[0] == 404
    posted = await courier.sends(BIG)
    await courier.posts(posted)
    assert await courier.is_refused("DELETE", f"/api/files/{posted}", headers=TUS) == (403, "not_allowed")


async def test_limits_of_one_person_and_of_all(tmp_path: Path):
    config = quiet_config(tmp_path, file_max=1000, files_per_person=1500, files_in_all=2500)
    async with staged(config) as stage:
        anna, boris, clara = await stage.enter("anna", "boris", "clara")
        assert anna.welcome["limits"]["file_bytes"] == 1000

        async def refused(courier: Courier, size: int) -> tuple[int, str]:
            return await courier.is_refused("POST", "/api/files", headers={**TUS, "Upload-Length": str(size)})

        assert await refused(Courier(anna), 1001) == (413, "file_too_large")
        path = await Courier(anna).begins(1000)
        assert await refused(Courier(anna), 501) == (507, "quota_exceeded")
        await Courier(boris).begins(1000)
        assert await refused(Courier(clara), 501) == (507, "quota_exceeded")
        await Courier(anna).asks("DELETE", path, headers=TUS)
        await Courier(clara).begins(501)


async def test_a_relay_that_takes_no_files(tmp_path: Path):
    async with staged(quiet_config(tmp_path, file_max=0)) as stage:
        (anna,) = await stage.enter("anna")
        headers = {**TUS, "Upload-Length": "1"}
        assert await Courier(anna).is_refused("POST", "/api/files", headers=headers) == (413, "file_too_large")


async def test_a_disk_without_room(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    (anna,) = await stage.enter("anna")
    monkeypatch.setattr("relay.files.uploads.RESERVE_BYTES", 2**62)
    headers = {**TUS, "Upload-Length": "1"}
    assert await Courier(anna).is_refused("POST", "/api/files", headers=headers) == (507, "no_space")


async def test_nothing_of_a_file_stands_in_clear(tmp_path: Path):
    config = quiet_config(tmp_path)
    words = "Секретный чайник".encode() * 20_000
    async with staged(config) as stage:
        (anna,) = await stage.enter("anna")
        file = await Courier(anna).sends(words, "Помеченный файл.txt")
        await Courier(anna).posts(file)
        begun = await Courier(anna).begins(len(words))
        await Courier(anna).adds(begun, 0, words[: CHUNK_BYTES + 5])
        stored = [path.read_bytes() for path in config.data_dir.rglob("*") if path.is_file()]
    assert sum(map(len, stored)) > len(words)
    assert not any(b in data for data in stored for b in ("чайник".encode(), "Помеченный".encode()))


async def test_a_damaged_file_is_said_to_be_damaged_or_ends_early(stage: Stage):
    (anna,) = await stage.enter("anna")
    courier = Courier(anna)
    file = await courier.sends(BIG)
    blob = next(path for path in (stage.relay.config.data_dir / "files").rglob("*") if path.is_file())
    data = bytearray(blob.read_bytes())
    data[-20] ^= 1
    blob.write_bytes(data)
    with pytest.raises(Exception, match=r"payload|closed|disconnected"):
        await courier.fetches(file)
    data[20] ^= 1
    blob.write_bytes(data)
    assert await courier.is_refused("GET", f"/api/files/{file}") == (500, "file_damaged")

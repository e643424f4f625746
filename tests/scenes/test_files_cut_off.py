"""A file on its way stops when whoever carries it may no longer: signed out, revoked, out of the group, or the file is gone."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from common.ids import Millis
from relay.carrying import AT_ONCE_PER_PERSON
from tests.files import PART, Courier
from tests.people import Json, Person, Stage, quiet_config, staged

MUCH = os.urandom(16 * 1024**2)
"""More than all buffers on the way hold."""
ALMOST_ALL = len(MUCH) - 1024**2


async def pieces(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 500_000):
        yield data[start : start + 500_000]


async def sends_much(person: Person) -> str:
    path = await Courier(person).begins(len(MUCH))
    assert await Courier(person).adds(path, 0, pieces(MUCH)) == (204, len(MUCH))
    return path.rpartition("/")[2]


async def shared(anna: Person, *groups: int) -> str:
    """A file that messages in these groups name."""
    file = await sends_much(anna)
    for group in groups:
        command = {"type": "post", "group": group, "nonce": secrets.token_hex(16), "files": [file]}
        await anna.gets(command)
    return file


@asynccontextmanager
async def fetching(stage: Stage, token: str, file: str) -> AsyncIterator[aiohttp.StreamReader]:
    """A download that has begun and then waits for its reader."""
    headers = {"Authorization": f"Bearer {token}"}
    async with stage.http.get(stage.url(f"/api/files/{file}"), headers=headers, read_bufsize=2**16) as answer:
        assert answer.status == 200
        await answer.content.readexactly(1000)
        yield answer.content


async def rest_of(content: aiohttp.StreamReader) -> tuple[int, bool]:
    """How much more comes, and whether that is all."""
    came = 1000
    try:
        while piece := await content.readany():
            came += len(piece)
    except (aiohttp.ClientPayloadError, ConnectionError):
        return came, False
    return came, True


async def makes_token(person: Person, scope: str, **more: Any) -> Json:
    return await person.gets({"type": "create_token", "name": "printer", "scopes": [scope], **more})


async def test_who_signs_out_gets_no_more_of_a_file(stage: Stage):
    (anna,) = await stage.enter("anna")
    file = await shared(anna, 1)
    async with fetching(stage, anna.token, file) as content:
        await anna.gets({"type": "logout"})
        came, is_all = await rest_of(content)
    assert not is_all
    assert came < ALMOST_ALL


async def test_a_revoked_token_gets_no_more_of_a_file_and_another_one_goes_on(stage: Stage):
    (anna,) = await stage.enter("anna")
    file = await shared(anna, 1)
    revoked, kept = await makes_token(anna, "read"), await makes_token(anna, "read")
    async with fetching(stage, revoked["secret"], file) as cut, fetching(stage, kept["secret"], file) as whole:
        await anna.gets({"type": "revoke_token", "token": revoked["token"]["id"]})
        came, is_all = await rest_of(cut)
        assert not is_all
        assert came < ALMOST_ALL
        assert await rest_of(whole) == (len(MUCH), True)


async def test_an_upload_ends_with_its_token_and_goes_on_with_another(stage: Stage):
    (anna,) = await stage.enter("anna")
    made = await makes_token(anna, "write")
    path = await Courier(anna).begins(len(MUCH))
    sent = asyncio.Event()

    async def stalls() -> AsyncIterator[bytes]:
        yield MUCH[:1_000_000]
        sent.set()
        await asyncio.Event().wait()

    async def sends() -> int:
        headers = {**PART, "Upload-Offset": "0", "Authorization": f"Bearer {made['secret']}"}
        async with stage.http.patch(stage.url(path), headers=headers, data=stalls()) as answer:
            return answer.status

    sending = asyncio.ensure_future(sends())
    await sent.wait()
    await anna.gets({"type": "revoke_token", "token": made["token"]["id"]})
    assert await sending == 401
    at = await Courier(anna).stands_at(path)
    assert await Courier(anna).adds(path, at, pieces(MUCH[at:])) == (204, len(MUCH))


async def test_who_is_taken_out_of_the_group_gets_no_more_of_its_files(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    file = await shared(anna, anna.group)
    async with fetching(stage, boris.token, file) as content:
        await anna.gets({"type": "remove_member", "group": anna.group, "user": boris.id})
        came, is_all = await rest_of(content)
    assert not is_all
    assert came < ALMOST_ALL


async def test_who_is_in_another_group_with_that_file_gets_all_of_it(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    file = await shared(anna, anna.group, 1)
    async with fetching(stage, boris.token, file) as content:
        await anna.gets({"type": "remove_member", "group": anna.group, "user": boris.id})
        assert await rest_of(content) == (len(MUCH), True)


async def test_a_file_that_was_taken_back_is_not_poured_to_its_end(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    file = await sends_much(anna)
    said = await Courier(anna).posts(file)
    async with fetching(stage, boris.token, file) as content:
        await anna.gets({"type": "redact", "group": 1, "target": said["seq"], "nonce": "0" * 32})
        came, is_all = await rest_of(content)
    assert not is_all
    assert came < ALMOST_ALL


async def test_a_token_that_expires_in_the_middle_gets_no_more(tmp_path: Path):
    clock = [1_767_225_600_000]
    async with staged(quiet_config(tmp_path), now=lambda: Millis(clock[0])) as stage:
        (anna,) = await stage.enter("anna")
        file = await shared(anna, 1)
        made = await makes_token(anna, "read", expires=clock[0] + 60_000)
        async with fetching(stage, made["secret"], file) as content:
            clock[0] += 60_000
            came, is_all = await rest_of(content)
        assert not is_all
        assert came < ALMOST_ALL


async def test_there_is_an_end_to_how_many_one_person_carries_at_once(stage: Stage):
    (anna,) = await stage.enter("anna")
    file = await shared(anna, 1)
    open_ones = [fetching(stage, anna.token, file) for _number in range(AT_ONCE_PER_PERSON)]
    for one in open_ones:
        await one.__aenter__()
    assert await Courier(anna).is_refused("GET", f"/api/files/{file}") == (503, "too_many_connections")
    for one in open_ones:
        await one.__aexit__(None, None, None)

"""A person's own data, from a real relay: all that it holds about them, nothing of others, for nobody else, and never half."""

from __future__ import annotations

import io
import json
import os
import secrets
import zipfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from relay.app import running
from relay.handlers import own_data
from tests.files import Courier
from tests.people import PASSWORD, Json, Person, Stage, quiet_config, staged, tls
from tests.scenes.test_files_cut_off import sends_much
from tests.scenes.test_limits import limit
from tests.scenes.test_tokens import makes_token

PATH = "/api/me/data"
PICTURE = os.urandom(700_000)


class Data:
    """An archive that came whole."""

    def __init__(self, content: bytes) -> None:
        self.zip = zipfile.ZipFile(io.BytesIO(content))
        assert self.zip.testzip() is None
        self.names = self.zip.namelist()

    def json(self, name: str) -> Any:
        return json.loads(self.zip.read(name))

    def entries(self, group: int) -> list[Json]:
        name = f"entries/{group}.jsonl"
        return [json.loads(line) for line in self.zip.read(name).splitlines()] if name in self.names else []

    def everything(self) -> bytes:
        return b"\n".join(self.zip.read(name) for name in self.names)


async def fetches(person: Person) -> Data:
    status, headers, content = await Courier(person).asks("GET", PATH)
    assert (status, headers["Content-Type"]) == (200, "application/zip")
    return Data(content)


@asynccontextmanager
async def fetching(stage: Stage, token: str) -> AsyncIterator[aiohttp.StreamReader]:
    """One that has begun and then waits for its reader."""
    headers = {"Authorization": f"Bearer {token}"}
    async with stage.http.get(stage.url(PATH), headers=headers, read_bufsize=2**16) as answer:
        assert answer.status == 200
        await answer.content.readexactly(1000)
        yield answer.content


async def is_cut_off(content: aiohttp.StreamReader) -> bool:
    try:
        while await content.readany():
            pass
    except (aiohttp.ClientPayloadError, ConnectionError):
        return True
    return False


def acts(entries: list[Json], kind: str) -> list[Any]:
    return [entry.get("body") for entry in entries if entry["kind"] == kind]


# -- complete ----------------------------------------------------------------------------------------------------------


async def test_it_holds_what_the_person_said_and_did_in_every_conversation(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    seq = await anna.says("Чайник вскипел")
    nonce = secrets.token_hex(16)
    await anna.gets({"type": "edit", "group": anna.group, "target": seq, "nonce": nonce, "body": "Чай готов"})
    theirs = await boris.says("Иду")
    react = {"type": "react", "group": anna.group, "target": theirs, "emoji": "👍", "on": True}
    await anna.gets({**react, "nonce": secrets.token_hex(16)})
    direct = (await anna.gets({"type": "open_direct", "user": boris.id}))["group"]["id"]
    await anna.says("Только тебе", group=direct)
    data = await fetches(anna)
    said = data.entries(anna.group)
    assert acts(said, "message") == ["Чайник вскипел"]
    assert acts(said, "edit") == ["Чай готов"]
    assert acts(said, "reaction") == ["👍"]
    assert {entry["sender"] for entry in said} == {anna.id}
    assert acts(data.entries(direct), "message") == ["Только тебе"]


async def test_a_long_log_is_there_from_its_beginning_to_its_end(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(own_data, "SLICE", 7)
    anna, boris = await stage.enter("anna", "boris", group="склад")
    mine = [f"message {number}" for number in range(40)]
    for number, body in enumerate(mine):
        await anna.says(body)
        if number % 3 == 0:
            await boris.says("between")
    assert acts((await fetches(anna)).entries(anna.group), "message") == mine


async def test_it_holds_the_account_its_devices_and_how_conversations_are_wanted(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    read = await boris.says("Прочти")
    await anna.gets({"type": "mark_read", "group": anna.group, "seq": read})
    await anna.gets({"type": "choose", "group": anna.group, "notify": "mentions"})
    await makes_token(anna, "write")
    await anna.gets({"type": "create_invite", "group": anna.group, "uses": 3})
    await anna.gets({"type": "create_webhook", "group": anna.group, "name": "Принтер"})
    data = await fetches(anna)
    profile = data.json("profile.json")
    assert profile["user"] == anna.user
    assert (profile["relay_id"], profile["receipts"]) == (stage.relay.parts.relay_id, True)
    assert [one.get("scopes") for one in data.json("sessions.json")] == [None, ["write"]]
    group = next(one for one in data.json("groups.json") if one["id"] == anna.group)
    assert (group["name"], group["role"], group["notify"], group["read_seq"]) == ("склад", "owner", "mentions", read)
    assert group["reads"][-1][0] == read
    assert [one["uses"] for one in data.json("invitations.json")] == [3]
    assert [one["name"] for one in data.json("webhooks.json")] == ["Принтер"]


async def test_it_says_where_the_person_may_not_write_or_come_back(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    await anna.gets({"type": "mute_member", "group": anna.group, "user": boris.id, "seconds": 600})
    await anna.gets({"type": "ban_member", "group": anna.group, "user": boris.id})
    await limit(stage, "groups", 5, "boris")
    await limit(stage, "groups", 4, "anna")
    restrictions = (await fetches(boris)).json("restrictions.json")
    assert restrictions["limits"] == {"groups": 5}
    assert [one["group"] for one in restrictions["mutes"]] == [anna.group]
    assert [one["group"] for one in restrictions["bans"]] == [anna.group]


async def test_it_holds_the_files_that_the_person_uploaded(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    kettle = await Courier(anna).sends(PICTURE, "чай/ник.png")
    empty = await Courier(anna).sends(b"", "empty")
    begun = (await Courier(anna).begins(1000, "half.bin")).rpartition("/")[2]
    await Courier(anna).posts(kettle, empty)
    theirs = await Courier(boris).sends(b"boris' own", "secret.txt")
    await Courier(boris).posts(theirs)
    data = await fetches(anna)
    listed = {one["file"]["id"]: one for one in data.json("files.json")}
    assert set(listed) == {kettle, empty, begun}
    assert data.zip.read(listed[kettle]["path"]) == PICTURE
    assert listed[kettle]["path"].startswith("files/")
    assert data.zip.read(listed[empty]["path"]) == b""
    assert "path" not in listed[begun]
    assert listed[begun]["problem"]


async def test_no_name_that_a_sender_gave_leads_out_of_the_folder(stage: Stage):
    (anna,) = await stage.enter("anna")
    for name in ("../../evil", "..", "C:\\Windows\\evil", " . "):
        await Courier(anna).sends(b"x", name)
    paths = [one["path"] for one in (await fetches(anna)).json("files.json")]
    assert len(set(paths)) == 4
    assert all(path.startswith("files/") and path.count("/") == 1 and "\\" not in path for path in paths)


async def test_a_file_that_does_not_open_keeps_nobody_from_the_others(tmp_path: Path):
    async with staged(quiet_config(tmp_path)) as stage:
        (anna,) = await stage.enter("anna")
        bad, good = await Courier(anna).sends(PICTURE, "bad"), await Courier(anna).sends(PICTURE, "good")
        (blob,) = (path for path in (tmp_path / "data").rglob(f"*{bad}*") if path.is_file())
        damaged = bytearray(blob.read_bytes())
        damaged[-10] ^= 1
        blob.write_bytes(damaged)
        data = await fetches(anna)
        listed = {one["file"]["id"]: one for one in data.json("files.json")}
        assert "damaged" in listed[bad]["problem"]
        assert data.zip.read(listed[good]["path"]) == PICTURE


# -- nothing of others -------------------------------------------------------------------------------------------------


async def test_what_others_said_is_not_in_it(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    vera = await stage.registers("vera")
    await vera.comes()
    direct = (await anna.gets({"type": "open_direct", "user": boris.id}))["group"]["id"]
    await boris.says("words of boris")
    await boris.says("words for anna alone", group=direct)
    between = (await boris.gets({"type": "open_direct", "user": vera.id}))["group"]["id"]
    await vera.says("words of vera", group=between)
    hidden = await vera.gets({"type": "create_group", "name": "vera's secret", "private": True})
    data = await fetches(anna)
    content = data.everything()
    assert all(words not in content for words in (b"words of", b"words for", b"vera"))
    assert not {f"entries/{between}.jsonl", f"entries/{hidden['group']['id']}.jsonl"} & set(data.names)


async def test_of_a_group_that_was_left_only_the_own_words_are_there(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    await boris.says("before boris left")
    await boris.gets({"type": "leave_group", "group": anna.group})
    await anna.gets({"type": "rename_group", "group": anna.group, "name": "how it is called now"})
    data = await fetches(boris)
    assert acts(data.entries(anna.group), "message") == ["before boris left"]
    assert data.json("left_groups.json") == [{"id": anna.group, "kind": "group", "left": True}]
    assert b"how it is called now" not in data.everything()


async def test_nothing_that_opens_a_door_is_in_it(stage: Stage):
    (anna,) = await stage.enter("anna")
    made = await makes_token(anna, "manage")
    invited = await anna.gets({"type": "create_invite", "group": (await group_of(anna))})
    content = (await fetches(anna)).everything()
    for secret in (anna.token, made["secret"], invited["code"], PASSWORD, "argon2"):
        assert secret.encode() not in content


async def group_of(person: Person) -> int:
    made = await person.gets({"type": "create_group", "name": "tea"})
    return int(made["group"]["id"])


# -- for nobody else ---------------------------------------------------------------------------------------------------


async def test_without_a_token_there_is_nothing(stage: Stage):
    async with stage.http.get(stage.url(PATH)) as answer:
        assert (answer.status, (await answer.json())["code"]) == (401, "not_signed_in")


async def test_an_access_token_needs_the_widest_scope(stage: Stage):
    (anna,) = await stage.enter("anna")
    codes = {}
    for scope in ("read", "write", "manage"):
        made = await makes_token(anna, scope)
        async with stage.http.get(stage.url(PATH), headers={"Authorization": f"Bearer {made['secret']}"}) as answer:
            codes[scope] = answer.status
            assert answer.status == 200 or (await answer.json())["code"] == "scope_needed"
            await answer.read()
    assert codes == {"read": 403, "write": 403, "manage": 200}


async def test_who_signs_out_gets_no_more_of_it(stage: Stage):
    (anna,) = await stage.enter("anna")
    await sends_much(anna)
    async with fetching(stage, anna.token) as content:
        await anna.gets({"type": "logout"})
        assert await is_cut_off(content)


# -- on its way --------------------------------------------------------------------------------------------------------


async def test_one_at_a_time_and_the_next_after_it(stage: Stage):
    (anna,) = await stage.enter("anna")
    await sends_much(anna)
    async with fetching(stage, anna.token) as content:
        assert await Courier(anna).is_refused("GET", PATH) == (503, "too_many_connections")
        assert not await is_cut_off(content)
    assert (await fetches(anna)).json("profile.json")["user"] == anna.user


async def test_nothing_of_it_is_written_to_the_relays_disk(tmp_path: Path):
    async with staged(quiet_config(tmp_path)) as stage:
        (anna,) = await stage.enter("anna")
        await sends_much(anna)
        before = files_in(tmp_path)
        async with fetching(stage, anna.token):
            after = files_in(tmp_path)
        assert {path.suffix for path in after - before} <= {".db-wal", ".db-shm"}


def files_in(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


async def test_about_how_much_will_come_is_said_before(stage: Stage):
    (anna,) = await stage.enter("anna")
    await Courier(anna).sends(PICTURE)
    _status, headers, content = await Courier(anna).asks("GET", PATH)
    assert 0.8 < len(content) / int(headers["X-Expected-Length"]) < 1.2


async def test_a_relay_that_goes_down_leaves_an_archive_that_nobody_takes_for_whole(tmp_path: Path):
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls())) as http, AsyncExitStack() as going:
        async with running(quiet_config(tmp_path)) as relay:
            stage = Stage(relay, http)
            anna = await stage.registers("anna")
            await sends_much(anna)
            content = await going.enter_async_context(fetching(stage, anna.token))
        assert await is_cut_off(content)

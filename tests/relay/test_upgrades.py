"""A relay of each earlier version goes on under this one: everything that people had is there, and their devices stay signed in.

The databases in tests/data were made by the real programs of their time.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import zipfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from common.errors import DatabaseTooNew
from relay.app import running
from relay.config import Config
from relay.storage.migrate import migrations
from tests.people import Json, quiet_config, staged

DATA = Path(__file__).parents[1] / "data"
NEWEST = max(migrations())
EARLIER = sorted(int(path.stem) for path in DATA.glob("*.zip"))


class Old:
    """A relay's folder as its program left it, and what is in it."""

    def __init__(self, version: int, folder: Path) -> None:
        self.version = version
        self.content: Json = json.loads((DATA / f"{version:04}.json").read_text(encoding="utf-8"))
        with zipfile.ZipFile(DATA / f"{version:04}.zip") as archive:
            archive.extractall(folder)
        self.config: Config = quiet_config(folder)
        self.database = self.config.data_dir / "relay.db"
        self.copy = self.database.with_name(f"relay.db.before-{NEWEST:04}")

    def token(self, who: str) -> str:
        return str(self.content["people"][who]["token"])

    def group(self, name: str) -> int:
        """The id of the group that somebody sees under *name*."""
        for question in self.questions("list_groups"):
            for group in question["answer"]["groups"]:
                if group["name"] == name:
                    return int(group["id"])
        raise LookupError(name)

    def questions(self, command: str) -> list[Json]:
        return [question for question in self.content["questions"] if question["command"] == command]


@pytest.fixture(params=EARLIER, ids=[f"version {version}" for version in EARLIER])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Old:
    return Old(request.param, tmp_path)


def holds(now: Any, then: Any) -> bool:
    """Whether *now* says all that *then* said; later versions may say more of it."""
    if isinstance(then, dict):
        return isinstance(now, dict) and all(name in now and holds(now[name], then[name]) for name in then)
    if isinstance(then, list):
        return isinstance(now, list) and len(now) == len(then) and all(map(holds, now, then))
    return bool(now == then)


def still_true(question: Json, old: Old) -> Json:
    """The answer of that time, without what was given up since."""
    answer: Json = question["answer"]
    if question["command"] == "list_members" and old.version < 2:
        # How far others have read is told from when they could say that it should not be.
        me = old.content["people"][question["who"]]["user"]["id"]
        for member in answer["members"]:
            if member["user"]["id"] != me:
                del member["read_seq"]
    return answer


def version_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as conn:
        return int(conn.execute("PRAGMA user_version").fetchone()[0])


def test_there_is_a_database_of_every_earlier_version():
    assert set(range(1, NEWEST)) <= set(EARLIER), "make it first: tests/data/README.md"


async def test_everything_is_answered_as_before(old: Old):
    assert version_of(old.database) == old.version
    async with staged(old.config) as stage:
        assert stage.relay.relay_id == old.content["relay_id"]
        for question in old.content["questions"]:
            answer = await stage.posts(question["command"], question["fields"], old.token(question["who"]))
            while answer.get("complete") is False:
                answer = await stage.posts(question["command"], question["fields"], old.token(question["who"]))
            if question["command"] == "list_audit":  # the start has added that it has other settings
                answer["entries"] = answer["entries"][-len(question["answer"]["entries"]) :]
            assert holds(answer, still_true(question, old)), (question, answer)
    assert version_of(old.database) == NEWEST


async def test_every_text_reads_as_it_was_said(old: Old):
    async with staged(old.config) as stage:
        seen: dict[tuple[int, int], str | None] = {}
        for question in old.questions("history"):
            page = await stage.posts("history", question["fields"], old.token(question["who"]))
            seen |= {(question["fields"]["group"], entry["seq"]): entry.get("body") for entry in page["entries"]}
        assert stage.relay.parts.store.damaged == 0
    said = {(one["group"], one["seq"]): one["body"] for one in old.content["said"]}
    assert said.items() <= seen.items()


async def test_passwords_sign_in_and_wrong_ones_do_not(old: Old):
    async with staged(old.config) as stage:
        for who, person in old.content["people"].items():
            answer = await stage.posts("login", {"username": who, "password": person["password"]})
            assert holds(answer["user"], person["user"])
        assert (await stage.posts("login", {"username": "anna", "password": "guessed it"}))["type"] == "error"


async def test_what_was_said_is_found(old: Old):
    async with staged(old.config) as stage:
        found: list[str] = []
        complete = False
        while not complete:
            answer = await stage.posts("search", {"query": "чайник"}, old.token("vera"))
            found, complete = [hit["snippet"] for hit in answer["hits"]], answer["complete"]
        assert any("Чайник вскипел" in snippet for snippet in found)


async def test_files_are_the_same_byte_for_byte(old: Old):
    async with staged(old.config) as stage:
        for file in old.content.get("files", ()):
            headers = {"Authorization": f"Bearer {old.token(file['who'])}"}
            async with stage.http.get(stage.url(f"/api/files/{file['id']}"), headers=headers) as answer:
                assert hashlib.sha256(await answer.read()).hexdigest() == file["sha256"], file["name"]


async def test_invitations_scripts_webhooks_and_bans_hold(old: Old):
    if old.version < 2:
        pytest.skip("that version had none")
    content = old.content
    async with staged(old.config) as stage:
        guest = await stage.registers("gleb", code=content["invite"]["code"])
        assert content["invite"]["group"] in [group["id"] for group in (await guest.posts("list_groups"))["groups"]]
        script = content["script"]
        post = {"group": script["group"], "nonce": "5" * 32, "body": "Дождь"}
        assert (await stage.posts("post", post, script["secret"]))["type"] == "ok"
        assert (await stage.posts("list_tokens", {}, script["secret"]))["code"] == "scope_needed"
        async with stage.http.post(stage.url(content["webhook"]["path"]), data=b"paper") as answer:
            assert answer.status == 200
        banned = content["banned"]
        refused = await stage.posts("join_group", {"group": banned["group"]}, old.token(banned["who"]))
        assert refused["type"] == "error"


async def test_life_goes_on_where_it_stopped(old: Old):
    store = old.group("Склад №2")
    (last,) = {
        question["answer"]["entries"][-1]["seq"]
        for question in old.questions("history")
        if question["fields"]["group"] == store
    }
    target = next(one for one in old.content["said"] if one["body"].startswith("Чайник"))
    async with staged(old.config) as stage:
        for number, (command, fields) in enumerate(
            (
                ("post", {"body": "Новый день"}),
                ("edit", {"target": target["seq"], "body": "Чайник остыл"}),
                ("react", {"target": target["seq"], "emoji": "🫖"}),
                ("redact", {"target": target["seq"]}),
            ),
            1,
        ):
            answer = await stage.posts(
                command, {"group": store, "nonce": str(number) * 32, **fields}, old.token("anna")
            )
            assert (answer["type"], answer["seq"]) == ("ok", last + number), answer


async def test_the_recovery_code_opens_it_without_its_key_file(old: Old, caplog: pytest.LogCaptureFixture):
    for path in old.config.key_file.parent.iterdir():
        path.unlink()
    async with running(replace(old.config, recovery_code=old.content["recovery_code"])) as relay:
        assert relay.relay_id == old.content["relay_id"]
    assert "The recovery code has opened the data" in caplog.text
    async with running(old.config) as relay:
        assert relay.relay_id == old.content["relay_id"]


async def test_the_copy_of_before_is_that_of_before(old: Old):
    if old.version == NEWEST:
        pytest.skip("nothing is migrated")
    before = old.database.with_name("before.db")
    shutil.copyfile(old.database, before)
    async with running(old.config):
        pass
    assert version_of(old.copy) == old.version
    old.copy.replace(old.database)  # as somebody does who goes back
    assert version_of(old.database) == old.version
    with closing(sqlite3.connect(old.database)) as now, closing(sqlite3.connect(before)) as then:
        assert list(now.iterdump()) == list(then.iterdump())
    async with running(old.config) as relay:
        assert relay.relay_id == old.content["relay_id"]


async def test_one_of_a_later_version_is_refused_and_stays_as_it_is(old: Old):
    with closing(sqlite3.connect(old.database)) as conn:
        conn.execute(f"PRAGMA user_version = {NEWEST + 1}")
    before = {path: path.read_bytes() for path in old.config.data_dir.rglob("*") if path.is_file()}
    with pytest.raises(DatabaseTooNew, match=f"version {NEWEST + 1}"):
        async with running(old.config):
            pass
    assert {path: path.read_bytes() for path in before} == before
    assert not list(old.config.data_dir.glob("relay.db.*"))

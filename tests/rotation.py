"""What tests of the rotation of keys have in common: a talk in which something of everything happens, and a look into the files."""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from common.crypto.keyfile import read_key_file
from common.crypto.keyslots import MasterKey, Slot, unlock
from common.crypto.recovery import new_recovery_code
from common.ids import GroupId
from relay.app import running
from relay.config import Config
from relay.control.asking import order
from relay.control.words import Done, FollowRotation, Rotated, RotateKeys
from relay.storage.store import Store
from tests.files import Courier
from tests.people import Json, Person, Stage

UNSEALED = {
    ("sessions", "token_hash"),
    ("webhooks", "token_hash"),
    ("invites", "code_hash"),
    ("entries", "nonce"),
    ("key_slots", "salt"),
    ("freed_names", "name_hash"),
}
"""Columns of bytes that no key of the relay has made, or none that is exchanged."""
UNSEALED_SETTINGS = {"relay_id", "epoch", "owner_code", "confirmed_slot", "generation", "resealing"}


async def asks(config: Config, what: Any, expected: type[Any] = Done) -> Any:
    """What became of an order to the relay of *config*."""
    return await asyncio.to_thread(order, config.data_dir, what, expected)


async def rotated(config: Config, **given: Any) -> str:
    """Rotate the keys and wait until all is sealed anew; the recovery code of from now on."""
    code = new_recovery_code()
    await asks(config, RotateKeys(**({"recovery_code": code} | given)), Rotated)
    await asks(config, FollowRotation())
    return code


# -- what stands in the files ------------------------------------------------------------------------------------------


def sealed_in(config: Config) -> set[bytes]:
    """Everything in the database that some key of the relay has made."""
    with _looking_into(config) as conn:
        return set(_sealed(conn))


def _sealed(conn: sqlite3.Connection) -> Iterator[bytes]:
    tables = conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").fetchall()
    for (table,) in tables:
        columns = [row[1] for row in conn.execute(f"PRAGMA table_info({table})") if row[2] == "BLOB"]
        for column in columns:
            if table != "settings" and (table, column) not in UNSEALED:
                yield from (value for (value,) in conn.execute(f"SELECT {column} FROM {table}") if value)
    for name, value in conn.execute("SELECT name, value FROM settings").fetchall():
        if name not in UNSEALED_SETTINGS:
            yield value


def wrapped_in(config: Config) -> set[bytes]:
    """The wrapped keys alone: of slots, groups and files, and what the identity is sealed by."""
    with _looking_into(config) as conn:
        select = (
            "SELECT wrapped FROM key_slots UNION SELECT wrapped FROM data_keys UNION SELECT key_wrapped FROM files"
            " UNION SELECT value FROM settings WHERE name IN ('identity', 'code_key', 'names_before')"
        )
        return {value for (value,) in conn.execute(select)}


def master_of(config: Config) -> MasterKey:
    """The master key as it is now, by the key file."""
    with _looking_into(config) as conn:
        rows = conn.execute("SELECT kind, salt, ops, mem, wrapped, created_at FROM key_slots ORDER BY id").fetchall()
    return unlock([Slot(*row) for row in rows], key_file=read_key_file(config.key_file))


def found_in(folder: Path, wanted: set[bytes]) -> set[bytes]:
    """Which of *wanted* stand in the files of *folder*: a part of each is looked for, in case it was not overwritten as a whole."""
    content = b"\0".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
    return {value for value in wanted if value[24:48] in content}


def _looking_into(config: Config) -> Any:
    path = (config.data_dir / "relay.db").absolute()
    return closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True))


# -- people ------------------------------------------------------------------------------------------------------------


class Talk:
    """A relay in which something of everything was done, and a look whether all of it still is as it was."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.picture = secrets.token_bytes(600_000)
        self.code = self.token = self.hook = self.file = ""
        self.group = GroupId(0)

    async def happens(self, messages: int = 300) -> None:
        """Do it."""
        self.anna, self.boris = await self.stage.enter("anna", "Борис")
        anna, boris = self.anna, self.boris
        made = await anna.gets({"type": "create_group", "name": "склад", "topic": "чайники"})
        anna.group = boris.group = self.group = made["group"]["id"]
        self.code = (await anna.gets({"type": "create_invite", "group": self.group, "uses": 9}))["code"]
        await boris.gets({"type": "join_group", "code": self.code})
        await asyncio.gather(*(anna.says(f"сообщение {number}") for number in range(messages)))
        await boris.says("long " * 3000)
        await self.acts("edit", 3, body="исправлено")
        await self.acts("react", 4, emoji="👍")
        await self.acts("react", 5, emoji="👍")
        await self.acts("react", 5, emoji="👍", on=False)
        await self.acts("pin", 6)
        await self.acts("redact", 7)
        direct = (await anna.gets({"type": "open_direct", "user": boris.id}))["group"]["id"]
        await anna.says("между нами", direct)
        self.token = (await anna.gets({"type": "create_token", "name": "script", "scopes": ["read"]}))["secret"]
        self.hook = (await anna.gets({"type": "create_webhook", "group": self.group, "name": "build"}))["path"]
        self.file = await Courier(anna).sends(self.picture, "picture.bin")
        assert (await Courier(anna).posts(self.file, body="смотри"))["type"] == "ok"
        self.anna_read = await anna.reads()
        self.epoch = anna.welcome["epoch"]

    async def acts(self, what: str, target: int, **more: Any) -> Json:
        """Anna does something with a message."""
        act = {"type": what, "group": self.group, "target": target, "nonce": secrets.token_hex(16), **more}
        return await self.anna.gets(act)

    async def goes_on(self, stage: Stage, *, is_same_life: bool = True) -> None:
        """Whatever people were given before works on *stage*: sessions, passwords, tokens, codes, addresses, files, reactions, search, and (unless it was restored)
        the cursors of clients."""
        self.stage = stage
        anna = self.anna = Person(stage, "anna", self.anna.token, self.anna.user)
        anna.group = self.group
        stage.people.append(anna)
        last = self.anna_read[-1]
        imprint = {name: last[name] for name in ("at", "sender", "nonce")}
        hello = {"type": "hello", "client": "tests", "epoch": self.epoch, "cursors": {self.group: last["seq"]}}
        await anna.connects()
        welcome = await anna.gets({**hello, "imprints": {self.group: imprint}})
        assert (welcome["epoch"] == self.epoch, welcome.get("strayed", [])) == (is_same_life, []), "it is the same log"
        assert (await stage.posts("login", {"username": "БОРИС", "password": "correct horse"}))["type"] == "ok"
        script = Person(stage, "script", self.token, self.anna.user)
        assert (await script.posts("list_groups"))["type"] == "ok"
        clara = await stage.registers(f"clara{secrets.token_hex(4)}")
        await clara.comes()
        await clara.gets({"type": "join_group", "code": self.code})
        async with stage.http.post(
            stage.url(self.hook), data="из сборки", headers={"Content-Type": "text/plain"}
        ) as said:
            assert said.status == 200
        assert (await Courier(anna).fetches(self.file))[2] == self.picture
        entries = await anna.reads()
        assert not [entry for entry in entries if entry.get("damaged")]
        again = await self.acts("react", 4, emoji="👍")
        assert again["seq"] in {entry["seq"] for entry in entries}, "it was there before, and is there once"
        hits = (await anna.gets({"type": "search", "query": "исправлено"}))["hits"]
        assert [hit["seq"] for hit in hits] == [3]


async def everything(config: Config) -> Any:
    """All that a relay keeps, as its own tables open it. It starts for that and ends."""
    async with running(config) as relay:
        assert isinstance(relay.parts.store, Store)

        def read(tables: Any) -> Any:
            groups, people, meta = tables.groups.all(), tables.people.all(), tables.meta
            logs = [tables.entries.after(row.id, 0, 1_000_000) for row in groups]
            return (
                groups,
                logs,
                people,
                [tables.people.account(person.username) for person in people],
                [tables.sessions.all_of(person.id) for person in people],
                [tables.files.get(each) for each in sorted(tables.files.ids())],
                [tables.webhooks.of_group(row.id) for row in groups],
                (meta.relay_name(), meta.invitation_code(), meta.waiting_owner_code()),
            )

        found = await relay.parts.store.read(read)
        assert relay.parts.store.damaged == 0
        return found

"""The storages that there are, and a stage for the contracts that each of them keeps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from common.ids import GroupId, Millis, Seq, UserId
from common.protocol.messages import Entry
from relay.opening import open_store
from relay.storage.storage import Storage
from relay.storage.tables import Tables
from relay.storage.transaction import Transaction
from tests.relay.stores import config_in, message

Opener = Callable[[Path, Callable[[], Millis]], Awaitable[Storage]]
NOW = Millis(1_750_000_000_000)


async def _open_sqlite(folder: Path, now: Callable[[], Millis]) -> Storage:
    return await open_store(config_in(folder), now)


OPENERS: dict[str, Opener] = {"sqlite": _open_sqlite}


class Stage:
    """A storage that can be closed and opened again, with two people and the general group."""

    def __init__(self, opener: Opener, folder: Path) -> None:
        self._opener = opener
        self._folder = folder
        self.now = NOW
        self.anna = UserId(0)
        self.boris = UserId(0)

    async def open(self) -> None:
        self.storage = await self._opener(self._folder, lambda: self.now)
        self.general = self.storage.general

    async def reopen(self) -> None:
        await self.storage.close()
        await self.open()

    async def meet(self) -> None:
        self.anna, self.boris = await self.write(lambda tx: (person(tx, "anna"), person(tx, "boris")))

    async def write(self, work: Callable[[Transaction], Any]) -> Any:
        return await self.storage.write(work)

    async def read(self, work: Callable[[Tables], Any]) -> Any:
        return await self.storage.read(work)

    async def say(self, *bodies: str, group: GroupId | None = None) -> list[Entry]:
        drafts = [message(group or self.general, self.anna, body) for body in bodies]
        return list(await self.write(lambda tx: tx.append_all(drafts)))

    async def bodies(self, group: GroupId | None = None) -> list[str | None]:
        return [entry.body for entry in await self.log(group)]

    async def log(self, group: GroupId | None = None) -> list[Entry]:
        entries = await self.read(lambda tables: tables.entries.after(group or self.general, Seq(0), 10_000))
        assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
        return list(entries)

    async def new_group(self, name: str = "склад") -> GroupId:
        return GroupId(await self.write(lambda tx: tx.groups.create("group", name, "", False, tx.now)))


def person(transaction: Transaction, name: str) -> UserId:
    user = transaction.people.add(name, name.title(), f"hash of {name}", "member", transaction.now)
    transaction.groups.add_member(transaction.groups.general(), user.id, "member", transaction.now)
    return user.id

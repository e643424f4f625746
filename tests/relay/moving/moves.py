"""A relay that is left and a folder that it goes to, for tests of moves."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from common.ids import Millis
from common.moving import MoveLink
from relay.app import running
from relay.config import Config
from relay.moving.receiving import Received, Stage, receive
from tests.people import PASSWORD, Person, staged
from tests.people import Stage as People

Told = Callable[[Stage, int, int], None]


def now() -> Millis:
    return Millis(time.time_ns() // 1_000_000)


def nobody_cares(_stage: Stage, _done: int, _total: int) -> None:
    """No progress is looked at."""


def elsewhere(config: Config, folder: Path) -> Config:
    """Another computer: a data folder and a key file of its own."""
    return replace(config, data_dir=folder / "there" / "data", key_file=folder / "there" / "keys" / "relay.key")


async def owner_of(stage: People, name: str = "anna") -> Person:
    """Somebody who came in by the owner code."""
    code = await stage.relay.parts.store.read(lambda tables: tables.meta.waiting_owner_code())
    owner = await stage.registers(name, code=code)
    await owner.comes()
    return owner


async def link_for(stage: People, owner: Person) -> MoveLink:
    """What the owner's client makes of a ticket."""
    offered = await owner.gets({"type": "offer_move", "password": PASSWORD})
    return MoveLink("127.0.0.1", stage.relay.port, stage.relay.relay_id, offered["ticket"])


async def taken_over(
    link: MoveLink, there: Config, told: Told = nobody_cares, stop: threading.Event | None = None
) -> Received:
    return await asyncio.to_thread(receive, link, there, now, told, stop or threading.Event())


@asynccontextmanager
async def served(there: Config) -> AsyncIterator[People]:
    """The relay where it is now, with the people who had been there."""
    async with staged(there) as stage:
        yield stage


async def moves_in(person: Person, stage: People) -> None:
    """The same person with the same token, at the other relay."""
    await person.goes()
    person.stage = stage
    person.heard.clear()
    await person.comes()


__all__ = ["running"]

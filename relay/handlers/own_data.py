"""Everything that the relay holds about one person, for that person: as JSON, part by part.

What others said is not in it, nor the names of groups that the person is not in any more. Nothing that opens a door is: of passwords,
tokens and codes the relay has only hashes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Any, Final

import msgspec
from msgspec import Struct

from common.ids import GroupId, Millis, Seq, UserId
from common.protocol.messages import Entry, FileId, FileInfo, GroupKind, NotifyLevel, Role, User
from relay.handlers.parts import Parts, SignedIn
from relay.storage.files import StoredFile
from relay.storage.mutes import MuteRow
from relay.storage.personal import Membership
from relay.storage.tables import Tables

SLICE: Final = 2_000
"""So many places of a log are looked through at a time."""
FILES_AT_ONCE: Final = 100
_NAME_CHARACTERS: Final = 100
_ENTRY_BYTES: Final = 120
_REST_BYTES: Final = 4_000
"""About what an entry takes in the archive, and all that is not entries or contents of files."""


class Profile(msgspec.Struct, frozen=True):
    """*at*: when it was asked for; *since*: when the account was made; *receipts*: others are told how far they have read."""

    relay_id: str
    relay_name: str
    at: Millis
    user: User
    since: Millis
    receipts: bool


class Device(msgspec.Struct, frozen=True, omit_defaults=True):
    """A device session; with *scopes* an access token."""

    id: int
    name: str
    at: Millis
    seen: Millis
    scopes: tuple[str, ...] | None = None
    expires: Millis | None = None


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """A group that they are in, or (*left*) where they have said something. *reads*: how far they had read, and when."""

    id: GroupId
    kind: GroupKind
    left: bool = False
    name: str = ""
    topic: str = ""
    private: bool = False
    peer: User | None = None
    role: Role | None = None
    joined_at: Millis | None = None
    read_seq: Seq | None = None
    reads: tuple[tuple[Seq, Millis], ...] = ()
    notify: NotifyLevel = "all"
    hidden: bool = False


class Muted(msgspec.Struct, frozen=True, omit_defaults=True):
    """They may not write, in *group* or (without it) anywhere."""

    at: Millis
    group: GroupId | None = None
    until: Millis | None = None


class Banned(msgspec.Struct, frozen=True):
    """They may not come back into *group*."""

    group: GroupId
    at: Millis


class Restrictions(msgspec.Struct, frozen=True):
    """What they may not do. *limits*: what was set for them alone, by name."""

    mutes: tuple[Muted, ...]
    bans: tuple[Banned, ...]
    limits: dict[str, int]


class Upload(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file of theirs. *path*: where it is in the archive; without it, *problem* says why it is not there."""

    file: FileInfo
    path: str = ""
    problem: str = ""


class Log(Struct, frozen=True):
    """A group that is looked through for what they said."""

    group: GroupId
    floor: Seq
    last_seq: Seq


def as_json(value: Any) -> bytes:
    """For people and programs."""
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"


async def expected_bytes(parts: Parts, user: UserId) -> int:
    """About how large it all becomes."""
    files, entries = await parts.store.read(lambda tables: (tables.files.size_of(user), tables.entries.count_of(user)))
    return files + entries * _ENTRY_BYTES + _REST_BYTES


async def documents(parts: Parts, caller: SignedIn) -> dict[str, bytes]:
    """What is small: a file of JSON each, by its name."""
    user, now = caller.id, parts.now()

    def look(tables: Tables) -> dict[str, bytes]:
        own = tables.people.get(user)
        assert own is not None, "who is signed in has an account"
        told = user not in tables.receipts.silent()
        profile = Profile(parts.relay_id, parts.name, now, own, tables.personal.since(user), told)
        devices = [
            Device(one.id, one.device, one.created_at, one.seen_at, one.scopes, one.expires_at)
            for one in tables.sessions.all_of(user)
        ]
        return {
            "profile.json": as_json(profile),
            "sessions.json": as_json(devices),
            "groups.json": as_json([_place(tables, user, one) for one in tables.personal.memberships(user)]),
            "restrictions.json": as_json(_restrictions(tables, user)),
            "invitations.json": as_json(tables.personal.invites(user)),
            "webhooks.json": as_json(tables.webhooks.all_of(user)),
        }

    return await parts.store.read(look)


async def logs(parts: Parts, caller: SignedIn) -> list[Log]:
    """The groups in which they can have said something, by id; conversations of two other people are none."""
    user = caller.id

    def look(tables: Tables) -> list[Log]:
        own = {one.group for one in tables.personal.memberships(user)}
        rows = tables.groups.all()
        return [Log(row.id, row.floor, row.last_seq) for row in rows if row.kind != "direct" or row.id in own]

    return await parts.store.read(look)


async def entries_of(parts: Parts, caller: SignedIn, log: Log) -> AsyncIterator[bytes]:
    """What they have put into that group, as the relay has it: an entry of the protocol a line, some lines at a time."""
    user = caller.id
    begin = log.floor
    while begin < log.last_seq:
        up_to = Seq(min(begin + SLICE, log.last_seq))
        found = await parts.store.read(partial(_said, user, log.group, begin, up_to))
        yield b"".join(msgspec.json.encode(entry) + b"\n" for entry in found)
        begin = up_to


def _said(user: UserId, group: GroupId, begin: Seq, up_to: Seq, tables: Tables) -> list[Entry]:
    return tables.entries.said_by(user, group, begin, up_to)


async def left_groups(parts: Parts, caller: SignedIn, groups: list[GroupId]) -> list[Place]:
    """Of *groups* those that they are not in; how they are called now is nothing of theirs."""
    user = caller.id

    def look(tables: Tables) -> list[Place]:
        own = {one.group for one in tables.personal.memberships(user)}
        rows = [tables.groups.get(group) for group in groups if group not in own]
        return [Place(row.id, row.kind, left=True) for row in rows if row is not None]

    return await parts.store.read(look)


async def files_of(parts: Parts, caller: SignedIn) -> AsyncIterator[StoredFile]:
    """What they have uploaded, whole or not."""
    user, after = caller.id, FileId("")
    while True:
        page = await parts.store.read(partial(_uploaded, user, after))
        for file in page:
            yield file
        if len(page) < FILES_AT_ONCE:
            return
        after = page[-1].id


def _uploaded(user: UserId, after: FileId, tables: Tables) -> list[StoredFile]:
    return tables.files.of_owner(user, after, FILES_AT_ONCE)


def path_of(file: StoredFile) -> str:
    """Where a file is put in the archive: what the sender called it is a label, so only what no system minds is taken of it."""
    name = "".join(sign if sign.isalnum() or sign in " ._-()" else "_" for sign in file.info.name)
    return f"files/{file.id[:8]}-{name.strip(' .')[-_NAME_CHARACTERS:] or 'file'}"


def _place(tables: Tables, user: UserId, one: Membership) -> Place:
    row = tables.groups.get(one.group)
    assert row is not None, "a foreign key says that there is one"
    peer = None
    if row.kind == "direct":
        others = [member.user for member in tables.groups.members(row.id) if member.user != user]
        peer = tables.people.get(others[0] if others else user)
    return Place(
        row.id,
        row.kind,
        name=row.name,
        topic=row.topic,
        private=row.private,
        peer=peer,
        role=one.role,
        joined_at=one.joined_at,
        read_seq=one.read_seq,
        reads=tuple(tables.personal.reads(user, row.id)),
        notify=one.notify,
        hidden=one.hidden,
    )


def _restrictions(tables: Tables, user: UserId) -> Restrictions:
    mutes: list[MuteRow] = list(tables.mutes.of_user(user).values())
    return Restrictions(
        tuple(Muted(row.at, row.group, row.until) for row in mutes),
        tuple(Banned(group, at) for group, at in tables.personal.bans(user)),
        {one.name: one.value for one in tables.limits.all() if one.user == user},
    )

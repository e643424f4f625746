"""Looking people up."""

from __future__ import annotations

from common.ids import UserId
from common.protocol.messages import ListUsers, Users
from relay.handlers.parts import Parts, SignedIn


async def list_users(parts: Parts, caller: SignedIn, command: ListUsers) -> Users:
    """The people with these ids; unknown ids are left out."""
    ids = [UserId(user) for user in dict.fromkeys(command.users)]
    users = await parts.store.read(lambda tables: tables.people.many(ids))
    return Users(re=command.id, users=users)

"""Whom a message calls: members of its group, or everybody."""

from __future__ import annotations

from common.errors import UnknownUser
from common.ids import GroupId, UserId
from relay.handlers.parts import Parts
from relay.storage.said import EVERYBODY


def of(users: tuple[int, ...]) -> tuple[UserId, ...]:
    """*users* as an entry names them, each once."""
    return tuple(dict.fromkeys(UserId(user) for user in users))


def are_known(parts: Parts, group: GroupId, users: tuple[UserId, ...]) -> bool:
    """Whether all *users* are in *group*."""
    found = parts.roster.group(group)
    return found is not None and all(user == EVERYBODY or user in found.roles for user in users)


def unknown() -> UnknownUser:
    """Somebody is not."""
    return UnknownUser("A message calls somebody who is not in this group. Look at its members again.")

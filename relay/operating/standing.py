"""Whether somebody's rank on the relay reaches far enough, as it is stored: what was true at the door may have changed since."""

from __future__ import annotations

from typing import Final

from common.errors import NotAllowed, NotSignedIn
from common.protocol.messages import Role, User
from relay.handlers.parts import SignedIn
from relay.handlers.ranks import is_admin, outranks
from relay.storage.tables import Tables

_FOR_OWNERS: Final = "Only an owner of the relay may do that."
_FOR_ADMINS: Final = "Only an owner or admin of the relay may do that."
_ABOVE: Final = "Only an owner of the relay may do that to an owner or admin."


def check_standing(tables: Tables, by: SignedIn | None, least: Role) -> Role:
    """The rank of *by*, at least *least*; whoever has the command line of the relay's machine stands as high as its owners.

    Raises:
        NotAllowed: it is lower, or has become so.
        NotSignedIn: they were signed out meanwhile.
    """
    if by is None:
        return "owner"
    rank = _rank(tables, by)
    if (least == "owner" and rank != "owner") or (least == "admin" and not is_admin(rank)):
        raise NotAllowed(_FOR_OWNERS if least == "owner" else _FOR_ADMINS)
    return rank


def check_above(tables: Tables, by: SignedIn | None, user: User) -> None:
    """Let *by* act on *user*: owners on anybody, admins on members, nobody else on anybody but themselves.

    Raises:
        NotAllowed, NotSignedIn: as `check_standing`.
    """
    if by is None or by.id == user.id:
        return
    if not outranks(check_standing(tables, by, "admin"), user.role):
        raise NotAllowed(_ABOVE)


def _rank(tables: Tables, by: SignedIn) -> Role:
    user = tables.people.get(by.id)
    if user is None or not tables.sessions.holds(by.session):
        raise NotSignedIn
    return user.role

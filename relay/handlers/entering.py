"""How somebody comes into a group, leaves it, or becomes something else there, as parts of a transaction.

Each writes its entry, changes the tables, and says what follows once that is on disk: the roster learns it, the person's links begin
or end to hear the group, and the person is told. That is done in the order of the log, with nothing in between: who was taken out
hears the entry that says so and nothing after it; who came in hears everything after the state that they were told.
"""

from __future__ import annotations

from common.errors import NotAllowed, NotAMember, UnknownGroup
from common.ids import GroupId, UserId
from common.protocol.messages import EntryKind, GroupChanged, GroupGone, GroupInfo, Role
from relay.handlers.parts import Parts, SignedIn
from relay.handlers.ranks import higher, is_admin
from relay.handlers.views import stored_info
from relay.storage.entries import Content, Draft
from relay.storage.transaction import Transaction


def rank_of(transaction: Transaction, caller: SignedIn, group: GroupId) -> Role:
    """How high the caller stands in *group* as it is stored: what was true at the door may have changed since.

    Raises:
        NotAMember, UnknownGroup: they are not in it any more.
    """
    role = transaction.groups.role(group, caller.id)
    if role is None:
        row = transaction.groups.get(group)
        raise UnknownGroup if row is None or row.private else NotAMember
    return higher(role, caller.user.role)


def check_admin(transaction: Transaction, caller: SignedIn, group: GroupId) -> Role:
    """How high the caller stands in *group*, which must be at least an admin's place.

    Raises:
        NotAllowed, NotAMember, UnknownGroup: it is not, or not any more.
    """
    rank = rank_of(transaction, caller, group)
    if not is_admin(rank):
        raise NotAllowed("Only an owner or admin of the group may do that.")
    return rank


def enter(parts: Parts, transaction: Transaction, group: GroupId, user: UserId, *, by: UserId) -> GroupInfo:
    """Put *user*, who is not in it, into *group*; the group as they see it. Who comes into an empty group owns it."""
    role: Role = "owner" if transaction.groups.is_empty(group) else "member"
    transaction.append(Draft(group, by, "join", more=about(user, by)))
    if role == "owner":
        transaction.append(Draft(group, by, "role", body=role, more=Content(user=user)))
    transaction.groups.add_member(group, user, role, transaction.now)
    info = stored_info(transaction, user, group)

    def admit() -> None:
        parts.fanout.tell_user(user, GroupChanged(group=info))
        parts.fanout.add_member(group, user, role)

    transaction.afterwards(admit)
    return info


def leave(
    parts: Parts,
    transaction: Transaction,
    group: GroupId,
    user: UserId,
    *,
    by: UserId,
    kind: EntryKind = "leave",
    farewell: Draft | None = None,
) -> None:
    """Take the member *user* out of *group*, with a *farewell* in place of the usual entry. A group that loses its last owner gets another
    one first."""
    if transaction.groups.role(group, user) == "owner" and not transaction.groups.has_owner_beside(group, user):
        heir = transaction.groups.heir(group, user)
        if heir is not None:
            change_role(parts, transaction, group, heir, "owner", by=by)
    transaction.append(farewell or Draft(group, by, kind, more=about(user, by)))
    transaction.take_out(group, user)
    transaction.invites.revoke_all_of(group, user)
    transaction.webhooks.revoke_all_of(group, user)
    info = stored_info(transaction, user, group)
    told = GroupGone(group=group) if info.private else GroupChanged(group=info)

    def see_off() -> None:
        parts.fanout.remove_member(group, user)
        parts.fanout.tell_user(user, told)

    transaction.afterwards(see_off)


def change_role(
    parts: Parts, transaction: Transaction, group: GroupId, user: UserId, role: Role, *, by: UserId
) -> None:
    """Make the member *user* of *group* something else there. What a former admin gave out is worth nothing any more."""
    transaction.append(Draft(group, by, "role", body=role, more=Content(user=user)))
    transaction.groups.set_role(group, user, role)
    if role == "member":
        transaction.invites.revoke_all_of(group, user)
        transaction.webhooks.revoke_all_of(group, user)
    info = stored_info(transaction, user, group)

    def tell() -> None:
        parts.roster.set_role(group, user, role)
        parts.fanout.tell_user(user, GroupChanged(group=info))

    transaction.afterwards(tell)


def about(user: UserId, by: UserId, *, on: bool = True) -> Content | None:
    """Whom an entry concerns, where that is not its sender."""
    return None if user == by else Content(user=user, on=on)

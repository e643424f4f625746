"""Invitations, for who runs the relay: those of everybody, new ones, and taking any of them back."""

from __future__ import annotations

from common.errors import NotAllowed
from common.ids import Millis
from common.protocol.messages import Invite
from relay.control.words import CreateInvite, Done, GoodInvite, InviteList, InviteMade, ListInvites, RevokeInvite
from relay.handlers.invites import group_of, link_with, make, take_back
from relay.operating.operator import Operator
from relay.storage.tables import Tables
from relay.storage.transaction import Transaction


async def list_invites(operator: Operator, order: ListInvites) -> InviteList:
    """Those that let somebody in, with whose they are."""
    now = operator.parts.now()

    def look(tables: Tables) -> InviteList:
        found = tables.invites.all_good(now)
        makers = {user.id: user.username for user in tables.people.many({invite.by for invite in found})}
        groups = {
            group: row
            for group in {invite.group for invite in found if invite.group is not None}
            if (row := tables.groups.get(group))
        }
        return InviteList(
            [
                GoodInvite(invite, makers[invite.by], "" if invite.group is None else groups[invite.group].name)
                for invite in found
            ]
        )

    return await operator.parts.store.read(look)


async def create_invite(operator: Operator, order: CreateInvite) -> InviteMade:
    """A new one, in the name of who has owned the relay for longest: every invitation is somebody's."""
    group = group_of(operator.parts, order.group)
    expires = None if order.expires is None else Millis(order.expires)

    def create(transaction: Transaction) -> tuple[Invite, str]:
        owner = transaction.people.first_owner()
        if owner is None:
            raise NotAllowed(
                "Nobody owns this relay yet. Register with the owner code first; `relay run` shows it at its start."
            )
        return make(transaction, operator.by, owner.id, group, order.uses, expires)

    invite, code = await operator.parts.journal.change(create)
    return InviteMade(invite, code, await link_with(operator.parts, code))


async def revoke_invite(operator: Operator, order: RevokeInvite) -> Done:
    """Anybody's."""

    def revoke(transaction: Transaction) -> None:
        invite = transaction.invites.get(order.invite)
        if invite is None:
            raise NotAllowed("There is no invitation with that number. Look at `relay invites list`.")
        take_back(transaction, operator.by, invite)

    await operator.parts.journal.change(revoke)
    return Done()

"""The table: each order with what it does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from msgspec.structs import replace

from common.errors import NotAllowed
from relay.control.words import (
    AddPassphrase,
    AnyOrder,
    ChangePassphrase,
    ConfirmCode,
    CountExpired,
    CreateInvite,
    DeletePerson,
    DisablePerson,
    EnablePerson,
    ExamineRelay,
    FollowRotation,
    FreeName,
    ListAudit,
    ListInvites,
    ListPeople,
    ListSessions,
    MakeBackup,
    MutePerson,
    NewRecoveryCode,
    OfferMove,
    Order,
    Outcome,
    Promote,
    RemoveSlot,
    ResetPassword,
    RevokeInvite,
    RevokeSessions,
    RotateKeys,
    SetHold,
    SetLimit,
    SetRetention,
    ShowKeys,
    ShowLimits,
    ShowMove,
    ShowRelay,
    ShowRetention,
    ShowState,
    StopRelay,
    UnmutePerson,
)
from relay.handlers.parts import SignedIn
from relay.journal import urgent
from relay.operating import (
    auditing,
    backups,
    invitations,
    keys,
    limiting,
    moving,
    muting,
    people,
    relay_itself,
    retaining,
    rotation,
    state,
)
from relay.operating.operator import Operator, Tell
from relay.storage.lanes import ahead

ORDERS: Final[dict[type[Order], Callable[[Operator, Any], Awaitable[Outcome]]]] = {
    ShowKeys: keys.show_keys,
    ConfirmCode: keys.confirm_code,
    AddPassphrase: keys.add_passphrase,
    ChangePassphrase: keys.change_passphrase,
    NewRecoveryCode: keys.new_recovery_code,
    RemoveSlot: keys.remove_slot,
    RotateKeys: rotation.rotate_keys,
    FollowRotation: rotation.follow_rotation,
    ListPeople: people.list_people,
    DeletePerson: people.delete_person,
    FreeName: people.free_name,
    ShowRetention: retaining.show_retention,
    CountExpired: retaining.count_expired,
    SetRetention: retaining.set_retention,
    SetHold: retaining.set_hold,
    DisablePerson: people.disable_person,
    EnablePerson: people.enable_person,
    ResetPassword: people.reset_password,
    Promote: people.promote,
    ListSessions: people.list_sessions,
    RevokeSessions: people.revoke_sessions,
    MutePerson: muting.mute_person,
    UnmutePerson: muting.unmute_person,
    ShowLimits: limiting.show_limits,
    SetLimit: limiting.set_limit,
    ListInvites: invitations.list_invites,
    CreateInvite: invitations.create_invite,
    RevokeInvite: invitations.revoke_invite,
    ShowState: state.show_state,
    ListAudit: auditing.list_audit,
    MakeBackup: backups.make_backup,
    OfferMove: moving.offer_move,
    ShowMove: moving.show_move,
    ShowRelay: relay_itself.show_relay,
    ExamineRelay: relay_itself.examine_relay,
    StopRelay: relay_itself.stop_relay,
}

BY_CLIENT: Final[frozenset[type[Order]]] = frozenset(
    {
        ListPeople,
        DisablePerson,
        EnablePerson,
        ResetPassword,
        Promote,
        ListSessions,
        RevokeSessions,
        ShowLimits,
        SetLimit,
        ListAudit,
        ShowState,
    }
)
"""What may also be ordered with a client, by a command of the wire. Each of them looks itself whether the rank of who gives it
reaches far enough (`standing`); all others are for the relay's own machine."""


async def obey(operator: Operator, order: AnyOrder, tell: Tell) -> Outcome:
    """What became of *order*; *tell* hears how far it is, where it takes its time.

    Raises:
        WireError: it was refused.
        StartupError: this machine cannot do it.
    """
    with urgent(), ahead():  # neither a full disk nor a crowd shall keep whoever runs the relay from acting
        return await ORDERS[type(order)](replace(operator, tell=tell), order)


async def obey_client(operator: Operator, order: AnyOrder, by: SignedIn) -> Outcome:
    """What became of *order*, which *by* gives with their client.

    Raises:
        WireError: it was refused, or is not for clients.
        StartupError: this machine cannot do it.
    """
    if type(order) not in BY_CLIENT:
        raise NotAllowed("That is done on the relay's own machine only.")
    return await ORDERS[type(order)](replace(operator, by=by), order)

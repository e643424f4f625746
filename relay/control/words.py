"""What the command line may ask of a running relay, and what it is answered: the words of the control channel.

They are as strict as the words of the wire, and of no use to anybody else: both ends are of one version, on one machine.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from common.crypto.keyslots import SlotKind
from common.ids import Millis, RelayId, SessionId, UserId, WireId
from common.protocol import limits
from common.protocol.messages import AuditEntry, Fate, Health, Invite, Keeps, LimitName, RelayState, Role

LINE_BYTES = 64 * 1024
"""An order is one line of JSON, no longer than this."""


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Something that the relay is asked to do."""


class Outcome(msgspec.Struct, frozen=True, tag=True):
    """What became of it."""


# -- keys --------------------------------------------------------------------------------------------------------------


class ShowKeys(Order, frozen=True):
    """Which key slots there are."""


class ConfirmCode(Order, frozen=True):
    """Whether *code* is the recovery code; from then on it counts as written down, and one that it replaces opens nothing."""

    code: str


class AddPassphrase(Order, frozen=True):
    """Let *passphrase* open the data too."""

    passphrase: str


class ChangePassphrase(Order, frozen=True):
    """Let *passphrase* open the data in place of *before*."""

    before: str
    passphrase: str


class NewRecoveryCode(Order, frozen=True):
    """Make another recovery code; the one before opens the data until the new one was confirmed."""


class RemoveSlot(Order, frozen=True):
    """Let nothing of that *kind* open the data any more."""

    kind: SlotKind


class RotateKeys(Order, frozen=True):
    """Exchange the master key, and seal everything anew.

    *passphrase*: where one opens the data and the relay was started without it. *recovery_code*: the one that is to open the data from then
    on, which somebody has typed; empty with *without_code*: none. *keep_key_file*: the same key file opens the data from then on too.
    """

    passphrase: str = ""
    recovery_code: str = ""
    without_code: bool = False
    keep_key_file: bool = False


class FollowRotation(Order, frozen=True):
    """Tell how far the sealing anew is, until it is done."""


class KeySlot(msgspec.Struct, frozen=True):
    """One way to the master key. *opens*: tried just now (of a passphrase or recovery code None: the relay does not know it).

    *is_confirmed*, of a recovery code: somebody has typed it back.
    """

    kind: SlotKind
    created_at: Millis
    opens: bool | None = None
    is_confirmed: bool | None = None
    problem: str = ""


class Keys(Outcome, frozen=True):
    """The key slots. *key_file*: where the key file is or would be. *advice*: what should be mended, most urgent first.

    *knows_passphrase*: the relay was started with one. *rotation*: while everything is sealed anew, how far that is.
    """

    slots: list[KeySlot]
    key_file: str
    advice: list[str]
    knows_passphrase: bool = False
    rotation: Rotation | None = None


class Rotation(msgspec.Struct, frozen=True):
    """An exchange of the master key that is not done yet: *done* of *total* entries are sealed anew."""

    began_at: Millis
    done: int
    total: int


class Rotated(Outcome, frozen=True):
    """The master key is another one, and up to *entries* entries are being sealed anew. *older*: files that only the ways of before open,
    or that are such a way."""

    entries: int
    older: list[str]


class RecoveryCode(Outcome, frozen=True):
    """A new recovery code, told this once."""

    code: str


# -- people ------------------------------------------------------------------------------------------------------------


class ListPeople(Order, frozen=True):
    """Everybody who has an account."""


class DisablePerson(Order, frozen=True):
    """Shut *username* out: signed out everywhere, and not let in again."""

    username: str


class EnablePerson(Order, frozen=True):
    """Let *username* in again."""

    username: str


class ResetPassword(Order, frozen=True):
    """Give *username* another password, *password* or (empty) one that the relay makes up; signed out everywhere."""

    username: str
    password: str = ""


class DeletePerson(Order, frozen=True):
    """Delete the account of *username* for good, with all that they have said or leaving that without a name."""

    username: str
    messages: Fate


class FreeName(Order, frozen=True):
    """Let somebody else be called *username*, as somebody was whose account is deleted."""

    username: str


class Promote(Order, frozen=True):
    """Make *username* something else on this relay."""

    username: str
    role: Role


class ListSessions(Order, frozen=True):
    """Where *username* is signed in."""

    username: str


class RevokeSessions(Order, frozen=True):
    """Sign *username* out of the device session with that id, or (None) of all of them; scripts too."""

    username: str
    session: SessionId | None = None


class MutePerson(Order, frozen=True):
    """Let *username* write nothing anywhere on the relay, for so many *seconds* or (None) until it is lifted."""

    username: str
    seconds: Annotated[int, msgspec.Meta(ge=1, le=limits.MUTE_S_MAX)] | None = None


class UnmutePerson(Order, frozen=True):
    """Lift that."""

    username: str


class Person(msgspec.Struct, frozen=True):
    """An account. *sessions*: how many devices are signed in; *seen_at*: when one of them connected last, None: there is none;
    *is_online*: whether one of them is here."""

    id: UserId
    username: str
    display_name: str
    role: Role
    is_disabled: bool
    is_online: bool
    sessions: int
    created_at: Millis
    seen_at: Millis | None = None


class People(Outcome, frozen=True):
    """Everybody, by id."""

    people: list[Person]


class PasswordReset(Outcome, frozen=True):
    """The new password, told this once, where the relay has made it up; else empty."""

    password: str


class Session(msgspec.Struct, frozen=True):
    """A device session, or (with *scopes*) an access token. Times in Unix milliseconds."""

    id: SessionId
    device: str
    created_at: Millis
    seen_at: Millis
    scopes: list[str] | None = None


class Sessions(Outcome, frozen=True):
    """Where somebody is signed in, oldest first."""

    sessions: list[Session]


# -- limits ------------------------------------------------------------------------------------------------------------


class ShowLimits(Order, frozen=True):
    """How much one person may: everybody, or *username* alone, with how much they have."""

    username: str = ""


class SetLimit(Order, frozen=True):
    """Let *value* count from now on, for *username* alone or (empty) for everybody; 0: no limit, None: what counts otherwise."""

    limit: LimitName
    value: Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)] | None
    username: str = ""


class LimitShown(msgspec.Struct, frozen=True):
    """A limit. *value*: what counts, 0 for no limit; *otherwise*: what would count were nothing set there; *used*: how much the person
    has of it, where that can be counted."""

    name: LimitName
    value: int
    otherwise: int
    is_set: bool
    used: int | None = None


class LimitException(msgspec.Struct, frozen=True):
    """What was set for somebody alone."""

    username: str
    name: LimitName
    value: int


class LimitsShown(Outcome, frozen=True):
    """All limits, of everybody with the *exceptions*, or of *username*."""

    limits: list[LimitShown]
    exceptions: list[LimitException]
    username: str = ""


# -- how much is kept --------------------------------------------------------------------------------------------------


KeepDays = Annotated[int, msgspec.Meta(ge=0, le=limits.KEEP_DAYS_MAX)]
KeepEntries = Annotated[int, msgspec.Meta(ge=0, le=limits.KEEP_ENTRIES_MAX)]


class ShowRetention(Order, frozen=True):
    """How much of the past is kept, on the relay and in the groups where it is otherwise; or in *group*, its id or name."""

    group: str = ""


class CountExpired(Order, frozen=True):
    """How many messages would go if `SetRetention` were given these now, or (*release*) the hold ended."""

    group: str = ""
    days: KeepDays | None = None
    entries: KeepEntries | None = None
    release: bool = False


class SetRetention(Order, frozen=True):
    """Keep so much from now on, in *group* or (empty) wherever there is no other rule; 0: all, None: as the relay says.

    *loses*: how many messages may go by it."""

    group: str = ""
    days: KeepDays | None = None
    entries: KeepEntries | None = None
    loses: int = 0


class SetHold(Order, frozen=True):
    """Let nothing be deleted in *group* or (empty) anywhere; or (*on* false) end that. *loses* as of `SetRetention`."""

    group: str = ""
    on: bool = True
    loses: int = 0


class GroupKept(msgspec.Struct, frozen=True):
    """A group, and what holds there."""

    id: int
    name: str
    keeps: Keeps


class RetentionShown(Outcome, frozen=True):
    """*relay*: the rule for all; *groups*: where it is otherwise, or the one that was asked for."""

    relay: Keeps
    groups: list[GroupKept]


class Expired(Outcome, frozen=True):
    """So many messages go, or would."""

    messages: int


# -- invitations -------------------------------------------------------------------------------------------------------


class ListInvites(Order, frozen=True):
    """The invitations that let somebody in."""


class CreateInvite(Order, frozen=True):
    """Make one: to the relay, or with *group* also into that. *uses*: how often; *expires*: until when; None: no limit."""

    group: WireId | None = None
    uses: Annotated[int, msgspec.Meta(ge=1, le=limits.INVITE_USES_MAX)] | None = None
    expires: WireId | None = None


class RevokeInvite(Order, frozen=True):
    """Make the invitation with that number worthless."""

    invite: int


class GoodInvite(msgspec.Struct, frozen=True):
    """An invitation, the user name of whose it is, and the name of the group that it leads into, else empty."""

    invite: Invite
    by: str
    group: str


class InviteList(Outcome, frozen=True):
    """The invitations that let somebody in, oldest first."""

    invites: list[GoodInvite]


class InviteMade(Outcome, frozen=True):
    """A new one. *code* and *link* are told this once."""

    invite: Invite
    code: str
    link: str


# -- how it stands -----------------------------------------------------------------------------------------------------


class ShowState(Order, frozen=True):
    """How it stands with the relay."""


class StateShown(Outcome, frozen=True):
    """That is how."""

    relay: RelayState


# -- what was done -----------------------------------------------------------------------------------------------------


class ListAudit(Order, frozen=True):
    """What was done to the relay, newest first: *limit* records, of those before the number *before* if one is given."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=limits.AUDIT_ENTRIES)] = limits.PAGE_DEFAULT
    before: int | None = None


class AuditList(Outcome, frozen=True):
    """Records, the newest first. *more*: there are older ones."""

    entries: list[AuditEntry]
    more: bool


# -- backups -----------------------------------------------------------------------------------------------------------


class MakeBackup(Order, frozen=True):
    """Write a backup to *path*, absolute, on the relay's machine."""

    path: str


class BackupMade(Outcome, frozen=True):
    """It stands, and was read back. *bytes*: its length. *missing*: files that were deleted meanwhile, and so are not in it."""

    path: str
    bytes: int
    entries: int
    files: int
    missing: int


# -- moves -------------------------------------------------------------------------------------------------------------


class OfferMove(Order, frozen=True):
    """Let another computer take the relay over."""


class ShowMove(Order, frozen=True):
    """Whether it moves, or has moved."""


class MoveOffered(Outcome, frozen=True):
    """*link*: told this once, good for one computer that begins before *until*."""

    link: str
    until: Millis


class Move(Outcome, frozen=True):
    """*state*: ``none``, ``offered``, ``copying``, ``holding`` (nobody can write), ``left`` (handed over), ``moved`` (served *to* there)."""

    state: str
    to: list[str] = msgspec.field(default_factory=list)


# -- the relay itself --------------------------------------------------------------------------------------------------


class ShowRelay(Order, frozen=True):
    """Which relay this is."""


class ExamineRelay(Order, frozen=True):
    """How well it is, its database looked over for *within_s* seconds."""

    within_s: float


class StopRelay(Order, frozen=True):
    """End, as with Ctrl+C."""


class Relay(Outcome, frozen=True):
    """The relay that runs here. *pid*: its process. *health*: as `/health` tells it."""

    relay_id: RelayId
    name: str
    port: int
    pid: int
    health: Health


class Ailment(msgspec.Struct, frozen=True):
    """Something that is not well, as `/health` tells it."""

    code: str
    words: str


class Examined(Outcome, frozen=True):
    """How well it is. *damage*: what the database has, in words, empty without any; *is_whole*: all of it was looked at.

    *newest_at*: when the newest entry was made, 0 where that cannot be read; *begins*, *ends*: from when to when the certificate says that it is valid.
    """

    ailments: list[Ailment]
    damage: str
    is_whole: bool
    newest_at: Millis
    begins: Millis
    ends: Millis
    sqlite: str


# -- any ---------------------------------------------------------------------------------------------------------------


class Done(Outcome, frozen=True):
    """It is done. *note*: what to know now, in words; mostly empty."""

    note: str = ""


class NotDone(Outcome, frozen=True):
    """It was refused, or failed. *code* as on the wire; *message* says what to do."""

    code: str
    message: str


class Progress(Outcome, frozen=True):
    """It goes on: a line of its own before the outcome. Both in bytes, of a rotation in entries."""

    done: int
    total: int


AnyOrder = (
    ShowKeys
    | ConfirmCode
    | AddPassphrase
    | ChangePassphrase
    | NewRecoveryCode
    | RemoveSlot
    | RotateKeys
    | FollowRotation
    | ListPeople
    | DisablePerson
    | EnablePerson
    | ResetPassword
    | DeletePerson
    | FreeName
    | Promote
    | ListSessions
    | RevokeSessions
    | MutePerson
    | UnmutePerson
    | ShowLimits
    | SetLimit
    | ShowRetention
    | CountExpired
    | SetRetention
    | SetHold
    | ListInvites
    | CreateInvite
    | RevokeInvite
    | ShowState
    | ListAudit
    | MakeBackup
    | OfferMove
    | ShowMove
    | ShowRelay
    | ExamineRelay
    | StopRelay
)
AnyOutcome = (
    Keys
    | RecoveryCode
    | Rotated
    | People
    | PasswordReset
    | Sessions
    | LimitsShown
    | RetentionShown
    | Expired
    | InviteList
    | InviteMade
    | StateShown
    | AuditList
    | BackupMade
    | MoveOffered
    | Move
    | Relay
    | Examined
    | Done
    | NotDone
    | Progress
)


class Call(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The one line that a connection brings: the channel's *key*, and the order."""

    key: str
    order: AnyOrder

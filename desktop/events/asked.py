"""What the link tells because it was asked: lists, keys that are shown once, what was found, and how far an export is."""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec import Struct

from common.ids import GroupId, Seq
from common.protocol.messages import AccessToken, Ban, Entry, Hit, Invite, Reader, Webhook
from desktop.export.order import Progress


class ExportChanged(Struct, frozen=True):
    """An export goes on, or has ended well or badly."""

    progress: Progress


class PinsListed(Struct, frozen=True):
    """The pinned messages of *group*, the newest pin first."""

    group: GroupId
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class KeyMade:
    """An access token was made; *secret* is told once. *curl*: a command that uses it."""

    token: AccessToken
    secret: str = field(repr=False)
    curl: str = field(repr=False)


class TokensListed(Struct, frozen=True):
    """The person's access tokens that are good."""

    tokens: tuple[AccessToken, ...]


@dataclass(frozen=True, slots=True)
class HookMade:
    """A webhook was made; its *url* is told once. *curl*: a command that uses it."""

    hook: Webhook
    url: str = field(repr=False)
    curl: str = field(repr=False)


class HooksListed(Struct, frozen=True):
    """The webhooks of *group*."""

    group: GroupId
    hooks: tuple[Webhook, ...]


class BansListed(Struct, frozen=True):
    """Who may not come back into *group*, the last ban first."""

    group: GroupId
    bans: tuple[Ban, ...]


class ReadersListed(Struct, frozen=True):
    """Who has read the own message *seq*, the first reader first."""

    group: GroupId
    seq: Seq
    readers: tuple[Reader, ...]


class EditsListed(Struct, frozen=True):
    """All texts that the own message *target* had, the first one first."""

    group: GroupId
    target: Seq
    entries: tuple[Entry, ...]


class InviteMade(Struct, frozen=True):
    """An invitation, its code and its link are there. They are told this once."""

    invite: Invite
    code: str
    link: str


class InvitesListed(Struct, frozen=True):
    """The invitations that are still good: to *group*, or (None) to the relay."""

    group: GroupId | None
    invites: tuple[Invite, ...]


class HitsFound(Struct, frozen=True):
    """Messages with *query* in them, newest first. *complete* is false while the relay still looks through older ones.

    *more*: there are further ones before the last of these.
    """

    query: str
    group: GroupId | None
    hits: tuple[Hit, ...]
    complete: bool
    more: bool

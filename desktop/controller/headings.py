"""What stands above: how the link is, and what the open conversation is."""

from __future__ import annotations

from typing import Final

from common.ids import Millis
from common.protocol.messages import GroupInfo
from desktop.events.link import Connected, LinkState, Offline, Waiting
from desktop.locale import _, n_
from desktop.model.conversations import Conversation, typing_in_words
from desktop.model.roster import Roster
from desktop.model.rows import Header
from desktop.screen import Tone

_MANAGING: Final = ("owner", "admin")


def may_manage(info: GroupInfo) -> bool:
    """Whether the person may name the group, and delete what others said in it."""
    return info.kind != "direct" and info.role in _MANAGING


def status_line(state: LinkState, online: int, now: Millis) -> tuple[str, Tone]:
    """How the link is. *online*: so many people are here."""
    match state:
        case Connected():
            told = n_("Connected · {n} online", "Connected · {n} online", online).format(n=online)
            return (told if online else _("Connected")), Tone.GOOD
        case Waiting(until, _reason) if until > now:
            seconds = -(-(until - now) // 1000)
            return _("Not connected · next try in {n} s").format(n=seconds), Tone.BAD
        case Offline():
            return _("Not connected"), Tone.BAD
        case _:
            return _("Connecting…"), Tone.BUSY


def header_of(
    conversation: Conversation, roster: Roster, is_connected: bool, complete_up_to: Millis | None, pins: int
) -> Header:
    """What stands above *conversation*."""
    info = conversation.info
    members, online = roster.count(info.id) or (None, None)
    return Header(
        group=info.id,
        name=conversation.name(roster),
        topic=info.topic,
        kind=info.kind,
        members=members,
        online=online if is_connected else None,
        may_rename=may_manage(info),
        may_leave=info.kind == "group" and conversation.joined,
        joined=conversation.joined,
        complete_up_to=None if is_connected else complete_up_to,
        peer=info.peer,
        presence=roster.presence(info.peer) if info.peer is not None else None,
        status=roster.status(info.peer) if info.peer is not None else "",
        typing=typing_in_words(roster.typing(info.id)),
        may_manage=info.kind == "group" and may_manage(info),
        pins=pins,
        notify=conversation.choice.notify,
        hidden=conversation.choice.hidden,
        slow=info.slow,
        private=info.kind == "group" and info.private,
        keeps=info.keeps,
    )

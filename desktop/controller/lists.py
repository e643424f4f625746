"""Lists that the person asked for, as they go to the screen."""

from __future__ import annotations

from desktop.controller.words import refusal
from desktop.events import LinkEvent
from desktop.events.asked import (
    BansListed,
    EditsListed,
    ExportChanged,
    HitsFound,
    HookMade,
    HooksListed,
    InviteMade,
    InvitesListed,
    KeyMade,
    PinsListed,
    ReadersListed,
    TokensListed,
)
from desktop.model.conversations import Conversations
from desktop.model.roster import Roster
from desktop.model.rows import BanRow, HitRow, PinRow, ReaderRow
from desktop.ordered import Ordered
from desktop.own_data import OwnDataChanged
from desktop.screen import Screen


def show_list(screen: Screen, roster: Roster, conversations: Conversations, event: LinkEvent) -> None:
    """A list that was asked for."""
    name = roster.name
    match event:
        case PinsListed(group, entries):
            pins = [
                PinRow(entry.seq, entry.sender, name(entry.sender), entry.body or "", entry.at, entry.files)
                for entry in entries
            ]
            screen.show_pins(group, pins)
        case ReadersListed(_group, seq, readers):
            screen.show_readers(seq, [ReaderRow(one.user, name(one.user), one.at) for one in readers])
        case KeyMade(token, secret, curl):
            screen.show_token_made(token, secret, curl)
        case TokensListed(tokens):
            screen.show_tokens(tokens)
        case HookMade(hook, url, curl):
            screen.show_hook_made(hook, url, curl)
        case HooksListed(group, hooks):
            screen.show_hooks(group, hooks)
        case BansListed(group, bans):
            rows_of_bans = [
                BanRow(ban.user.id, ban.user.display_name or ban.user.username, ban.user.username, name(ban.by), ban.at)
                for ban in bans
            ]
            screen.show_bans(group, rows_of_bans)
        case EditsListed(_group, target, entries):
            screen.show_edits(target, [(entry.at, entry.body or "") for entry in entries])
        case InviteMade(invite, code, link):
            screen.show_invite(invite, code, link)
        case InvitesListed(group, invites):
            screen.show_invites(group, invites)
        case Ordered(command, answer, code, message):
            screen.show_ordered(command, answer, "" if answer is not None else refusal(code, message))
        case HitsFound(query, _group, hits, complete, more):
            rows = [
                HitRow(
                    hit.group,
                    conversations.name(hit.group, roster),
                    hit.seq,
                    hit.sender,
                    name(hit.sender),
                    hit.at,
                    hit.snippet,
                    hit.marks,
                    hit.files,
                )
                for hit in hits
            ]
            screen.show_hits(query, rows, complete, more)
        case ExportChanged(progress):
            screen.show_export(progress)
        case OwnDataChanged(own_data):
            screen.show_own_data(own_data)
        case _:
            pass

"""How the log looks to those who read it: what was edited has its newest text, and nothing is shown that holds no longer.

The log keeps every text, for `list_edits`. History, catching up, the newest message of a group, pins and search see it through here.
A reader who knows only parts of the log, in whatever order, so comes to the same picture as one who has heard all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import structs

from common.ids import GroupId, Seq
from common.protocol import limits
from common.protocol.codec import encode
from common.protocol.messages import Entry
from relay.storage.tables import Tables

PAGE_BYTES: Final = limits.FRAME_BYTES - 1024
RELATED_MAX: Final = 1000
"""Entries beside a page; a page of messages of which more is to be said is cut shorter, down to one message."""


def seen(tables: Tables, group: GroupId, entries: list[Entry]) -> list[Entry]:
    """*entries* of one group, rising, as their readers see them."""
    if not entries:
        return entries
    newest = _newest_edits(tables, group, entries)
    reacted = {entry.target for entry in entries if entry.kind == "reaction" and entry.on and entry.target is not None}
    if not newest and not reacted:
        return entries
    places = {entry.seq: entry for entry in entries}
    texts = places | tables.entries.several(group, newest.values() - places.keys())
    put = tables.said.put(group, reacted)
    return [_seen(entry, newest, texts, put) for entry in entries]


def related_to(tables: Tables, group: GroupId, page: Sequence[Entry]) -> list[Seq]:
    """Where it stands, after *page* of neighbours, what holds of its messages: newest edits, reactions, the last of each pin."""
    last = page[-1].seq
    return sorted(seq for _, seq in tables.said.of(group, page[0].seq, last) if seq > last)


def fitting(entries: Sequence[Entry], most: int = PAGE_BYTES) -> int:
    """How many of the first of *entries* fit into *most* bytes (a frame); at least one."""
    size = 0
    for count, entry in enumerate(entries):
        size += len(encode(entry)) + 1
        if size > most and count:
            return count
    return len(entries)


def _newest_edits(tables: Tables, group: GroupId, entries: Sequence[Entry]) -> dict[Seq, Seq]:
    """The newest edit of each of *entries*, and of each that they edit."""
    first, last = entries[0].seq, entries[-1].seq
    said = tables.said
    if last - first < len(entries):  # neighbours, in one look
        newest = said.newest_edits(group, first, last)
        others = {entry.target for entry in entries if entry.kind == "edit"} - newest.keys()
    else:
        newest = {}
        others = {entry.target if entry.kind == "edit" else entry.seq for entry in entries}
    for target in others:
        if target is not None and (seq := said.newest_edit(group, target)) is not None:
            newest[target] = seq
    return newest


def _seen(entry: Entry, newest: dict[Seq, Seq], texts: dict[Seq, Entry], put: set[Seq]) -> Entry:
    if entry.kind == "reaction":
        return entry if not entry.on or entry.seq in put else structs.replace(entry, body=None)
    if entry.kind == "edit":
        is_newest = entry.target is not None and newest.get(entry.target) == entry.seq
        return entry if is_newest or entry.redacted else structs.replace(entry, body=None, mentions=())
    edit = texts.get(newest.get(entry.seq, entry.seq), entry)
    if edit is entry:
        return entry
    return structs.replace(entry, body=edit.body, mentions=edit.mentions, edited=True, damaged=edit.damaged)

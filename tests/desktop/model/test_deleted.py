"""Accounts that were deleted: without a name everywhere, and what went with them is shown as taken back."""

from __future__ import annotations

from itertools import permutations

from msgspec import structs

from common.ids import Seq
from common.protocol.messages import Entry, User
from desktop.model.conversations import Conversations
from desktop.model.drafts import Drafts
from desktop.model.roster import Roster
from desktop.model.rows import Bubble, Notice, NoticeKind
from desktop.model.said import erases
from desktop.model.timeline import Timeline
from tests.desktop.model.people import ANNA, BORIS, GENERAL, MEI, NAMES, day_of, group, said

GONE = User(BORIS.id, "", "", "member", deleted=True)


def farewell(seq: int, fate: str = "erase") -> Entry:
    return said(seq, BORIS, kind="deleted", body=fate)


def reaction(seq: int, who: User, target: int) -> Entry:
    return structs.replace(said(seq, who, kind="reaction", body="👍"), target=Seq(target))


LOG = [
    said(1, BORIS),
    structs.replace(said(2, MEI), forwarded=BORIS.id),
    said(3, MEI),
    reaction(4, BORIS, 3),
    reaction(5, ANNA, 3),
    farewell(6),
    said(7, MEI),
]


def bubbles(rows: Timeline) -> list[tuple[str, bool, tuple[str, ...]]]:
    return [
        (row.body, row.redacted, tuple(f"{each.emoji}{each.count}" for each in row.reactions))
        for row in rows
        if isinstance(row, Bubble)
    ]


def folded(*runs: list[Entry]) -> Timeline:
    rows = Timeline(ANNA.id, NAMES.__getitem__, day_of)
    for run in runs:
        rows.add(run)
        assert all(splice is not None for splice in rows.relate(run))
    return rows


def test_what_the_person_said_and_others_forwarded_is_shown_as_deleted_and_the_rest_stays():
    assert bubbles(folded(LOG)) == [("", True, ()), ("", True, ()), ("mei 3", False, ("👍1",)), ("mei 7", False, ())]


def test_in_whatever_order_it_becomes_known():
    runs = [LOG[:2], LOG[2:5], LOG[5:]]
    assert {tuple(bubbles(folded(*order))) for order in permutations(runs)} == {tuple(bubbles(folded(LOG)))}


def test_without_a_name_everything_stays():
    rows = folded([*LOG[:5], farewell(6, "anonymous"), LOG[6]])
    assert [body for body, _, _ in bubbles(rows)] == ["boris 1", "mei 2", "mei 3", "mei 7"]
    assert not erases(farewell(6, "anonymous"), LOG[0])


def test_the_log_says_that_somebody_has_gone():
    (notice,) = (row for row in folded(LOG) if isinstance(row, Notice))
    assert (notice.kind, notice.text) == (NoticeKind.DELETED, "erase")


def test_nobody_is_called_by_a_name_that_is_gone_nor_found_by_it():
    people = Roster(ANNA)
    people.know([BORIS, MEI])
    assert [row.user for row in people.seek("boris", None)] == [BORIS.id]
    assert people.know([GONE]) == {BORIS.id}
    assert people.name(BORIS.id) == "Deleted account"
    assert people.seek("", None) != []
    assert BORIS.id not in [row.user for row in people.seek("", None)]


def test_the_list_of_conversations_shows_no_word_of_it():
    conversations, people = Conversations(ANNA.id), Roster(ANNA)
    people.know([BORIS, MEI])
    conversations.see(group(last_seq=1, last=LOG[0]))
    assert [row.preview for row in conversations.rail(people, Drafts())] == ["boris 1"]
    conversations.know(GENERAL, [farewell(2)])
    assert [row.preview for row in conversations.rail(people, Drafts())] == ["message deleted"]

"""Who hears what."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from common.ids import GroupId, Millis, Seq, SessionId, UserId
from common.protocol import limits
from common.protocol.codec import encode_entry
from common.protocol.messages import Entry
from relay.fanout import GATHERING_S, WOKEN_AT_ONCE, Fanout, Link
from relay.journal import CommittedEntry
from relay.outbox import FRESH_EVENTS, End
from relay.roster import Group, Roster

GENERAL, TEAM = GroupId(1), GroupId(2)
ANNA, BORIS = UserId(1), UserId(2)


@pytest.fixture
def roster() -> Roster:
    roster = Roster(GENERAL)
    roster.add_group(Group(GENERAL, "general", "General", "", False, Seq(0), {ANNA: "member", BORIS: "member"}))
    roster.add_group(Group(TEAM, "group", "Team", "", False, Seq(0), {ANNA: "owner"}))
    return roster


@pytest.fixture
def fanout(roster: Roster) -> Fanout:
    return Fanout(roster)


def link_of(fanout: Fanout, user: UserId, session: int = 1) -> Link:
    link = Link(user, SessionId(session), fanout.outbox())
    fanout.open(link)
    return link


def entry(group: GroupId, seq: int) -> CommittedEntry:
    made = Entry(group, Seq(seq), "message", ANNA, Millis(0), body=str(seq))
    return CommittedEntry(made, encode_entry(made))


async def heard(link: Link) -> list[dict[str, Any]]:
    frame = await asyncio.wait_for(link.outbox.take(), 5)
    assert isinstance(frame, bytes)
    words = json.loads(frame)
    return words if isinstance(words, list) else [words]


def has_nothing(link: Link) -> bool:
    return not link.outbox._items


async def test_members_hear_their_groups_and_the_roster_knows_how_far(fanout: Fanout, roster: Roster):
    anna, boris = link_of(fanout, ANNA), link_of(fanout, BORIS)
    fanout.publish([entry(GENERAL, 1), entry(TEAM, 1), entry(GENERAL, 2)])
    assert [(e["group"], e["seq"]) for e in await heard(boris)] == [(1, 1), (1, 2)]
    assert [(e["group"], e["seq"]) for e in await heard(anna)] == [(1, 1), (1, 2), (2, 1)]
    group = roster.group(GENERAL)
    assert group is not None
    assert group.last_seq == 2


async def test_all_links_share_the_bytes_of_a_batch(fanout: Fanout):
    links = [link_of(fanout, user, session) for session, user in enumerate((ANNA, ANNA, BORIS))]
    fanout.publish([entry(GENERAL, 1), entry(GENERAL, 2)])
    frames = [await link.outbox.take() for link in links]
    assert frames[0] is frames[1] is frames[2]


async def test_what_nobody_takes_makes_those_fall_behind_who_have_the_most(
    fanout: Fanout, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(limits, "OUTBOXES_BYTES", 16 * 1024)
    anna, boris = link_of(fanout, ANNA), link_of(fanout, BORIS)
    for seq in range(1, 500):
        fanout.publish([entry(TEAM, seq)])
    fanout.publish([entry(GENERAL, 1)])
    assert (anna.outbox.is_behind, boris.outbox.is_behind) == (True, False)


async def test_writers_are_woken_a_few_at_a_time_and_all_of_them(fanout: Fanout):
    links = [link_of(fanout, ANNA, session) for session in range(3 * WOKEN_AT_ONCE)]
    writers = [asyncio.ensure_future(link.outbox.take()) for link in links]
    await asyncio.sleep(0)
    fanout.publish([entry(TEAM, 1)])
    done, _ = await asyncio.wait(writers, return_when=asyncio.FIRST_COMPLETED)
    assert 0 < len(done) < len(writers)
    await asyncio.wait_for(asyncio.gather(*writers), 5)


async def test_who_joins_hears_from_then_on_and_who_leaves_no_longer(fanout: Fanout):
    boris = link_of(fanout, BORIS)
    fanout.publish([entry(TEAM, 1)])
    assert has_nothing(boris)
    fanout.add_member(TEAM, BORIS, "member")
    fanout.publish([entry(TEAM, 2)])
    assert [e["seq"] for e in await heard(boris)] == [2]
    fanout.remove_member(TEAM, BORIS)
    fanout.publish([entry(TEAM, 3)])
    assert has_nothing(boris)


async def test_who_leaves_is_not_told_how_far_the_group_is(fanout: Fanout, monkeypatch: pytest.MonkeyPatch):
    anna = link_of(fanout, ANNA)
    monkeypatch.setattr(limits, "OUTBOX_EVENTS", 1)
    fanout.publish([entry(TEAM, 1), entry(TEAM, 2)])
    fanout.publish([entry(GENERAL, 1)])
    fanout.remove_member(TEAM, ANNA)
    assert await heard(anna) == [{"type": "behind", "groups": {"1": 1}}]


async def test_a_closed_link_hears_nothing_and_leaves_nothing_behind(fanout: Fanout):
    anna = link_of(fanout, ANNA)
    fanout.close(anna)
    fanout.close(anna)
    fanout.publish([entry(TEAM, 1)])
    assert has_nothing(anna)
    assert fanout.online == 0
    assert fanout._outboxes_by_group == {}
    fanout.close_all()


async def test_presence_is_told_once_for_several_devices(fanout: Fanout):
    anna, tablet, boris = link_of(fanout, ANNA, 1), link_of(fanout, ANNA, 2), link_of(fanout, BORIS, 3)
    told = await heard(boris)
    assert [(e["user"], e["state"]) for e in told] == [(ANNA, "online"), (BORIS, "online")]
    fanout.close(anna)
    assert fanout.presence(ANNA) == "online"
    fanout.close(tablet)
    assert [(e["user"], e["state"]) for e in await heard(boris)] == [(ANNA, "offline")]


async def test_who_comes_back_at_once_was_never_away(fanout: Fanout):
    anna, boris = link_of(fanout, ANNA), link_of(fanout, BORIS)
    await heard(boris)
    fanout.close(anna)
    link_of(fanout, ANNA)
    await asyncio.sleep(2 * GATHERING_S)
    assert has_nothing(boris)
    fanout.close_all()


async def test_of_several_read_markers_the_last_is_told(fanout: Fanout):
    anna, boris = link_of(fanout, ANNA), link_of(fanout, BORIS)
    await heard(boris)
    for seq in (1, 2, 3):
        fanout.tell_read(GENERAL, ANNA, Seq(seq), to_others=True)
    fanout.tell_read(TEAM, ANNA, Seq(9), to_others=True)
    assert await heard(boris) == [{"type": "read", "group": 1, "user": 1, "seq": 3}]
    assert {(e["group"], e["seq"]) for e in await heard(anna) if e["type"] == "read"} == {(1, 3), (2, 9)}


async def test_who_is_behind_does_not_hear_that_somebody_is_writing(fanout: Fanout):
    anna, boris = link_of(fanout, ANNA), link_of(fanout, BORIS)
    await heard(anna)
    fanout.tell_typing(GENERAL, BORIS)
    assert await heard(anna) == [{"type": "typing", "group": 1, "user": 2}]
    fanout.publish([entry(GENERAL, seq) for seq in range(1, FRESH_EVENTS + 2)])
    fanout.tell_typing(GENERAL, BORIS)
    assert "typing" not in {event["type"] for event in await heard(anna)}
    assert not [event for event in await heard(boris) if event["type"] == "typing"]
    fanout.tell_typing(GENERAL, BORIS)
    assert await heard(anna) == [{"type": "typing", "group": 1, "user": 2}]


async def test_of_how_somebody_is_only_the_outcome_is_told(fanout: Fanout):
    anna, boris = link_of(fanout, ANNA), link_of(fanout, BORIS)
    await heard(anna)
    for state in ("away", "dnd", "online"):
        fanout.set_presence(boris, state, "")
    fanout.set_presence(anna, "away", "на обеде")
    assert await heard(boris)
    assert await heard(anna) == [{"type": "presence", "user": 1, "state": "away", "text": "на обеде"}]
    assert (fanout.presence(BORIS), fanout.status(BORIS)) == ("online", "")
    assert (fanout.presence(UserId(9)), fanout.status(UserId(9))) == ("offline", "")


async def test_ending_a_session_ends_its_links_alone(fanout: Fanout):
    phone, tablet = link_of(fanout, ANNA, 1), link_of(fanout, ANNA, 2)
    fanout.end_session(SessionId(1), ANNA)
    assert isinstance(await phone.outbox.take(), End)
    assert not tablet.outbox.is_ending
    fanout.close_all()

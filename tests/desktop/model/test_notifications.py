"""What the system is to show of what was said, and what it is to take back."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from common.ids import GroupId, Millis, RelayId, Seq
from common.protocol.messages import Entry, GroupInfo, User
from desktop.events.conversations import GroupChoice
from desktop.model.conversations import Conversations
from desktop.model.notifications import (
    AGAIN_MS,
    NAME_MS,
    SOUND_MS,
    Bell,
    Change,
    Notifications,
    Sight,
    Withdrawal,
)
from desktop.model.roster import Roster
from desktop.notifications import Notification, Wishes
from tests.desktop.model.people import ANNA, BORIS, MEI, MORNING, STORE, group, said

RELAY = RelayId("K7QF2M3DZXWAPL4T" * 3 + "ABCD")
DIRECT = GroupId(9)
YARD = GroupId(4)
OFFICE = GroupId(5)
TEXT = Wishes(privacy="text")
AWAY = Sight(focused=False)


def direct(**known: int) -> GroupInfo:
    return GroupInfo(DIRECT, "direct", "", "", peer=BORIS.id, role="member", **known)  # type: ignore[arg-type]


def calling(entry: Entry, *people: int) -> Entry:
    return msgspec.structs.replace(entry, mentions=people)


class Person:
    """Anna, with four conversations, away from the window; the link is up."""

    def __init__(self, *groups: GroupInfo, connected: bool = True) -> None:
        self.now = Millis(MORNING)
        self.wishes = TEXT
        self.sight = AWAY
        self.conversations = Conversations(ANNA.id)
        self.roster = Roster(ANNA)
        self.roster.know((BORIS, MEI))
        self.model = Notifications(RELAY, self.conversations, self.roster)
        self.lists(*groups or (group(2, "Store"), group(4, "Yard"), group(5, "Office"), direct()))
        if connected:
            self.model.link_is_up(True)
            assert self.sees() == []

    def lists(self, *groups: GroupInfo) -> None:
        self.conversations.list_groups(groups)
        self.model.list_groups(groups)

    def hears(self, *entries: Entry, live: bool = True) -> list[Change]:
        self.comes(*entries, live=live)
        return self.sees()

    def comes(self, *entries: Entry, live: bool = True) -> None:
        for entry in entries:
            self.conversations.know(entry.group, (entry,))
            self.model.hear(entry.group, (entry,), live, self.now)

    def sees(self) -> list[Change]:
        return self.model.settle(self.now, self.wishes, self.sight)

    def later(self, ms: int) -> list[Change]:
        self.now = Millis(self.now + ms)
        return self.sees()

    def reads(self, of: GroupId, seq: int) -> list[Change]:
        self.conversations.move(of, Seq(seq))
        return self.sees()

    def chooses(self, of: GroupId, level: str) -> None:
        self.conversations.choose({of: GroupChoice(level)})  # type: ignore[arg-type]


@pytest.fixture
def anna() -> Person:
    return Person()


def words(changes: list[Change]) -> list[tuple[str, str]]:
    return [(one.title, one.text) for one in changes if isinstance(one, Notification)]


def store(seq: int, who: User = BORIS, body: str = "") -> Entry:
    return said(seq, who, seq, body=body, group=STORE)


class TestWords:
    def test_name_and_text(self, anna):
        assert words(anna.hears(store(1, body="The kettle boils"))) == [("Store", "Boris Lund: The kettle boils")]
        assert words(anna.hears(said(1, BORIS, body="Hello", group=DIRECT))) == [("Boris Lund", "Hello")]

    def test_name_only(self, anna):
        anna.wishes = Wishes(privacy="name")
        assert words(anna.hears(store(1, body="Secret"))) == [("Store", "New message from Boris Lund")]
        assert words(anna.hears(said(1, BORIS, body="Secret", group=DIRECT))) == [("Boris Lund", "New message")]
        assert words(anna.hears(calling(said(1, MEI, group=YARD), ANNA.id))) == [("Yard", "mei calls you")]
        anna.now = Millis(anna.now + AGAIN_MS)
        assert words(anna.hears(store(2, MEI, body="Secret"))) == [("Store", "2 new messages")]

    def test_nothing_but_that_there_is_one(self, anna):
        anna.wishes = Wishes(privacy="nothing")
        assert words(anna.hears(store(1, body="Secret"))) == [("Py_messenger", "New message")]
        anna.now = Millis(anna.now + AGAIN_MS)
        assert words(anna.hears(store(2, body="Secret"))) == [("Py_messenger", "2 new messages")]

    def test_as_long_as_nobody_chose_the_text_stays_unsaid(self):
        assert Wishes().privacy == "name"

    def test_the_newest_is_said_and_the_others_are_counted(self, anna):
        anna.hears(store(1, body="One"))
        anna.comes(store(2, body="Two"), store(3, MEI, body="Three"))
        assert words(anna.later(AGAIN_MS)) == [("Store", "mei: Three\nand 2 more messages")]

    def test_texts_of_others_are_made_harmless_first(self):
        anna = Person()
        anna.model._plain = lambda text: text.replace("*", "")
        assert words(anna.hears(store(1, body="**Boo**"))) == [("Store", "Boris Lund: Boo")]

    def test_a_long_text_is_cut(self, anna):
        ((_title, text),) = words(anna.hears(store(1, body="word " * 3000)))
        assert len(text) < 250

    def test_a_name_that_is_on_its_way_is_waited_for_a_moment(self, anna):
        stranger = User(7, "zoe", "Zoë", "member")  # type: ignore[arg-type]
        assert anna.hears(store(1, stranger, "Hello")) == []
        anna.roster.know((stranger,))
        assert words(anna.sees()) == [("Store", "Zoë: Hello")]
        assert anna.hears(said(1, User(8, "x", "X", "member"), group=YARD)) == []  # type: ignore[arg-type]
        assert words(anna.later(NAME_MS)) == [("Yard", "#8: x 1")]


class TestWhatIsNotTold:
    def test_own_messages(self, anna):
        assert anna.hears(store(1, ANNA)) == []

    def test_what_is_no_message(self, anna):
        for seq, kind in enumerate(("reaction", "edit", "pin", "join", "leave", "rename", "topic", "role"), 1):
            assert anna.hears(msgspec.structs.replace(store(seq), kind=kind, target=Seq(1))) == []

    def test_what_is_said_in_the_conversation_that_is_looked_at(self, anna):
        anna.sight = Sight(focused=True, looked_at=STORE)
        assert anna.hears(store(1)) == []
        assert words(anna.hears(said(1, BORIS, group=YARD))) != []
        anna.sight = AWAY
        assert anna.sees() == []
        assert words(anna.hears(store(2))) != []

    def test_old_entries_that_are_fetched(self, anna):
        person = Person(group(2, "Store", last_seq=40, read_seq=30, unread=10))
        assert person.hears(*(store(seq) for seq in range(31, 41)), live=False) == []

    def test_a_group_that_one_could_join(self):
        person = Person(group(2, "Store", role=None))
        assert person.hears(store(1)) == []

    @pytest.mark.parametrize("level, told", [("all", [1, 2, 3]), ("mentions", [2, 3]), ("nothing", [])])
    def test_as_much_of_a_conversation_as_was_chosen(self, level, told):
        anna = Person()
        anna.chooses(STORE, level)
        seqs = []
        for entry in (store(1), calling(store(2), ANNA.id), calling(store(3), 0)):
            seqs += [one.seq for one in anna.hears(entry) if isinstance(one, Notification)]
            anna.now = Millis(anna.now + AGAIN_MS)
        assert seqs == told


class TestNotToBeDisturbed:
    @pytest.fixture
    def busy(self, anna: Person) -> Person:
        anna.sight = Sight(dnd=True)
        return anna

    def test_nothing_is_told_calls_included_and_nothing_comes_later(self, busy):
        assert busy.hears(store(1), calling(store(2), ANNA.id)) == []
        busy.sight = AWAY
        assert busy.later(60_000) == []

    def test_calls_by_name_come_through_if_the_person_chose_so_but_none_to_everybody(self, busy):
        busy.wishes = replace(TEXT, calls_in_dnd=True)
        assert busy.hears(store(1), calling(store(2), 0)) == []
        assert words(busy.hears(calling(store(3, body="Anna?"), ANNA.id))) == [("Store", "Boris Lund: Anna?")]

    def test_what_was_there_before_stays(self, anna):
        anna.hears(store(1))
        anna.sight = Sight(dnd=True)
        assert anna.later(60_000) == []


class TestSound:
    def test_it_is_heard_unless_the_person_wants_none(self, anna):
        (shown,) = anna.hears(store(1))
        assert shown.sound
        anna.wishes = replace(TEXT, sound=False)
        (shown,) = anna.hears(said(1, BORIS, group=YARD))
        assert not shown.sound

    def test_many_at_once_are_heard_once(self, anna):
        anna.comes(store(1), said(1, BORIS, group=YARD))
        assert sorted(one.sound for one in anna.sees()) == [False, True]
        (soon,) = anna.hears(said(1, MEI, group=OFFICE))
        assert not soon.sound
        anna.now = Millis(anna.now + SOUND_MS)
        (later,) = anna.hears(said(2, MEI, group=OFFICE))
        assert later.sound

    def test_who_wants_no_notifications_hears_them(self, anna):
        anna.wishes = Wishes(is_on=False)
        assert anna.hears(store(1)) == [Bell()]
        assert anna.hears(store(2)) == []
        anna.wishes = Wishes(is_on=False, sound=False)
        anna.now = Millis(anna.now + SOUND_MS)
        assert anna.hears(store(3)) == []


class TestGoingAway:
    def test_what_is_read_here_or_elsewhere(self, anna):
        anna.hears(store(1), store(2))
        assert anna.reads(STORE, 1) == []
        assert anna.reads(STORE, 2) == [Withdrawal(STORE)]
        assert anna.later(60_000) == []

    def test_what_is_looked_at(self, anna):
        anna.hears(store(1))
        anna.sight = Sight(focused=True, looked_at=STORE)
        assert anna.sees() == [Withdrawal(STORE)]

    def test_what_was_read_while_it_waited_never_comes(self, anna):
        anna.hears(store(1))
        anna.comes(store(2))
        assert anna.reads(STORE, 2) == [Withdrawal(STORE)]
        assert anna.later(AGAIN_MS) == []

    def test_what_was_taken_back_is_said_no_longer(self, anna):
        anna.hears(store(1, body="One"), store(2, body="Oops"))
        back = msgspec.structs.replace(store(3), kind="redaction", target=Seq(2))
        (shown,) = anna.hears(back)
        assert (words([shown]), shown.sound) == ([("Store", "Boris Lund: One")], False)
        assert anna.hears(msgspec.structs.replace(store(4), kind="redaction", target=Seq(1))) == [Withdrawal(STORE)]

    def test_a_group_that_is_gone_or_left(self, anna):
        anna.hears(store(1))
        anna.hears(said(1, BORIS, group=YARD))
        anna.conversations.lose(STORE)
        anna.conversations.see(group(4, "Yard", role=None))
        assert anna.sees() == [Withdrawal(STORE), Withdrawal(YARD)]

    def test_a_conversation_that_was_muted(self, anna):
        anna.hears(store(1))
        anna.chooses(STORE, "nothing")
        assert anna.sees() == [Withdrawal(STORE)]

    def test_all_of_another_life_of_the_log(self, anna):
        anna.hears(store(1))
        anna.model.begin_epoch()
        assert anna.sees() == [Withdrawal(STORE)]

    def test_one_that_was_clicked_is_not_taken_away_again(self, anna):
        anna.hears(store(1))
        anna.model.clicked(STORE)
        assert anna.reads(STORE, 1) == []


class TestBurst:
    def test_who_writes_fast_is_shown_once_a_second(self, anna):
        assert len(anna.hears(store(1))) == 1
        assert anna.hears(store(2)) == []
        assert anna.hears(store(3)) == []
        assert words(anna.later(AGAIN_MS)) == [("Store", "Boris Lund: boris 3\nand 2 more messages")]

    def test_many_conversations_at_once_are_summed_up(self):
        person = Person(*(group(number, f"Group {number}") for number in range(2, 7)))
        person.comes(*(said(seq, BORIS, seq, group=GroupId(number)) for number in range(2, 6) for seq in (1, 2)))
        (shown,) = person.sees()
        assert isinstance(shown, Notification)
        assert (shown.group, shown.title) == (None, "8 new messages in 4 conversations")
        assert shown.text == "Group 2, Group 3, Group 4, Group 5"
        for number in range(2, 5):
            assert person.reads(GroupId(number), 2) == []
        assert person.reads(GroupId(5), 2) == [Withdrawal(None)]


class TestMissed:
    """What came while the link was down."""

    @pytest.fixture
    def back(self, anna: Person) -> Person:
        """She was connected, the link is down, and now it comes back."""
        anna.hears(store(1))
        anna.reads(STORE, 1)
        anna.model.link_is_up(False)
        return anna

    def test_it_is_summed_up_when_all_of_it_is_here(self, back):
        for number, of in enumerate((STORE, YARD, DIRECT), 2):
            assert back.hears(*(said(seq, BORIS, group=of) for seq in range(2, 2 + number)), live=False) == []
        back.model.link_is_up(True)
        (shown,) = back.sees()
        assert (shown.group, shown.title) == (None, "9 new messages in 3 conversations")
        assert shown.text == "Store, Yard, Boris Lund"

    def test_who_looks_at_another_conversation_is_told_as_she_would_have_been(self, back):
        back.sight = Sight(focused=True, looked_at=YARD)
        back.hears(store(2), said(1, BORIS, group=YARD), live=False)
        back.model.link_is_up(True)
        assert words(back.sees()) == [("Store", "Boris Lund: boris 2")]

    def test_nothing_is_named_where_nothing_is_to_be(self, back):
        back.wishes = Wishes(privacy="nothing")
        back.hears(store(2), said(1, BORIS, group=YARD), live=False)
        back.model.link_is_up(True)
        assert words(back.sees()) == [("2 new messages in 2 conversations", "")]

    def test_what_came_in_one_conversation_is_told_as_always(self, back):
        back.hears(store(2), store(3, body="Last"), live=False)
        back.model.link_is_up(True)
        assert words(back.sees()) == [("Store", "Boris Lund: Last\nand 1 more message")]

    def test_what_was_read_on_another_device_meanwhile_is_not(self, back):
        back.hears(store(2), store(3), said(1, BORIS, group=YARD), live=False)
        back.reads(STORE, 3)
        back.model.link_is_up(True)
        assert words(back.sees()) == [("Yard", "Boris Lund: boris 1")]

    def test_more_than_was_fetched_is_counted_by_the_relay(self, back):
        back.lists(group(2, "Store", last_seq=900, read_seq=1, unread=899))
        back.hears(*(store(seq) for seq in range(801, 901)), live=False)
        back.model.link_is_up(True)
        assert words(back.sees()) == [("Store", "Boris Lund: boris 900\nand 898 more messages")]

    def test_the_middle_that_is_fetched_later_is_not_told_again(self, back):
        back.lists(group(2, "Store", last_seq=900, read_seq=1, unread=899))
        back.hears(store(900), live=False)
        back.model.link_is_up(True)
        back.sees()
        assert back.hears(*(store(seq) for seq in range(2, 50)), live=False) == []
        assert back.later(60_000) == []

    def test_a_conversation_that_somebody_began_meanwhile_is_told_of(self, back):
        new = GroupInfo(GroupId(12), "direct", "", "", last_seq=Seq(1), unread=1, peer=MEI.id, role="member")
        back.lists(group(2, "Store", last_seq=1, read_seq=1), new)
        back.hears(said(1, MEI, body="Hi", group=GroupId(12)), live=False)
        back.model.link_is_up(True)
        assert words(back.sees()) == [("mei", "Hi")]

    def test_one_that_somebody_begins_now_is_told_of(self, anna):
        new = GroupInfo(GroupId(12), "direct", "", "", last_seq=Seq(1), unread=1, peer=MEI.id, role="member")
        anna.conversations.see(new)
        anna.model.see(new)
        assert words(anna.hears(said(1, MEI, body="Hi", group=GroupId(12)), live=False)) == [("mei", "Hi")]

    def test_what_a_slow_client_had_to_fetch_is_told(self, anna):
        assert words(anna.hears(store(1), store(2), live=False)) == [
            ("Store", "Boris Lund: boris 2\nand 1 more message")
        ]

    def test_who_starts_the_client_sees_the_list_and_is_told_only_if_they_look_elsewhere(self):
        for sight, count in ((Sight(focused=True), 0), (AWAY, 1)):
            person = Person(group(2, "Store", last_seq=1, read_seq=1), group(4, "Yard"), connected=False)
            person.sight = sight
            person.hears(store(2), said(1, BORIS, group=YARD), live=False)
            person.model.link_is_up(True)
            assert len(person.sees()) == count
            person.sight = AWAY
            assert len(person.hears(store(3))) == 1

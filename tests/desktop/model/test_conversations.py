"""The list of conversations."""

from __future__ import annotations

from msgspec.structs import replace

from common.ids import GroupId, Seq
from common.protocol.messages import Entry, GroupInfo
from desktop import locale
from desktop.model.conversations import PREVIEW_CHARACTERS, Conversations
from desktop.model.drafts import Drafts
from desktop.model.roster import Roster
from desktop.model.rows import RailRow
from tests.desktop.model.people import ANNA, BORIS, GENERAL, MEI, MORNING, STORE, group, nonce, said, waiting


def anna_sees(*groups: GroupInfo) -> Conversations:
    conversations = Conversations(ANNA.id)
    conversations.list_groups(groups)
    return conversations


def rail(conversations: Conversations, drafts: Drafts | None = None, opened: GroupId | None = None) -> list[RailRow]:
    roster = Roster(ANNA)
    roster.know([BORIS, MEI])
    return conversations.rail(roster, drafts or Drafts(), opened)


def test_the_most_recent_is_first_and_what_one_could_join_is_last():
    conversations = anna_sees(
        group(1, "General", last=said(1, BORIS)),
        group(2, "Store", last=said(1, BORIS, 5, group=STORE)),
        group(3, "aaa", role=None),
        group(4, "Empty"),
    )
    assert [row.name for row in rail(conversations)] == ["Store", "General", "Empty", "aaa"]
    conversations.know(GENERAL, [said(2, MEI, 9)])
    assert [row.name for row in rail(conversations)] == ["General", "Store", "Empty", "aaa"]


def test_a_row_tells_who_said_what_last():
    conversations = anna_sees(group(1, last=said(1, BORIS, body="Чайник\n  вскипел")))
    row = rail(conversations)[0]
    assert (row.preview_author, row.preview, row.preview_own, row.at) == ("Boris", "Чайник вскипел", False, MORNING)
    conversations.know(GENERAL, [said(2, ANNA, body="Иду"), said(3, BORIS, kind="join")])
    row = rail(conversations)[0]
    assert (row.preview_author, row.preview, row.preview_own) == ("", "Иду", True)


def test_an_older_page_does_not_become_the_last_message():
    conversations = anna_sees(group(1, last=said(9, BORIS)))
    conversations.know(GENERAL, [said(1, MEI), said(2, MEI)])
    assert rail(conversations)[0].preview == "boris 9"
    conversations.see(group(1, last=said(3, MEI)))
    assert rail(conversations)[0].preview == "boris 9"


def test_a_long_text_is_cut():
    conversations = anna_sees(group(1, last=said(1, BORIS, body="a" * 16_000)))
    assert len(rail(conversations)[0].preview) == PREVIEW_CHARACTERS


def test_damaged_and_deleted_messages_say_so():
    damaged = Entry(GENERAL, said(1, BORIS).seq, "message", BORIS.id, MORNING, damaged=True)
    conversations = anna_sees(group(1, last=damaged))
    assert rail(conversations)[0].preview == "cannot be opened (damaged)"
    conversations.know(GENERAL, [Entry(GENERAL, said(2, BORIS).seq, "message", BORIS.id, MORNING, redacted=True)])
    assert rail(conversations)[0].preview == "message deleted"
    locale.use("ru")
    try:
        assert rail(conversations)[0].preview == "сообщение удалено"
    finally:
        locale.use("en")


def test_another_text_on_its_way_is_seen_in_the_list_too():
    conversations = anna_sees(group(1, last=said(3, ANNA)))
    conversations.wait(GENERAL, [replace(waiting(9), body="иначе", kind="edit", target=Seq(3))])
    assert rail(conversations)[0].preview == "иначе"
    conversations.wait(GENERAL, [replace(waiting(9), body="иначе", kind="edit", target=Seq(2))])
    assert rail(conversations)[0].preview == "anna 3"


def test_what_waits_and_what_failed_is_seen():
    conversations = anna_sees(group(1, last=said(1, BORIS)))
    conversations.wait(GENERAL, [waiting(70, 5)])
    row = rail(conversations)[0]
    assert (row.preview, row.preview_own, row.failed) == ("item 70", True, False)
    conversations.wait(GENERAL, [waiting(70, 5, problem="no"), waiting(71, 6)])
    assert rail(conversations)[0].failed
    assert conversations.waiting_count() == 1
    conversations.wait(GENERAL, [waiting(71, 6)])
    conversations.know(GENERAL, [replace_nonce(said(2, ANNA, 7), 71)])
    assert rail(conversations)[0].preview == "anna 2"


def test_a_draft_is_shown_but_not_of_the_open_conversation():
    conversations = anna_sees(group(1, last=said(1, BORIS)))
    drafts = Drafts()
    drafts.put(GENERAL, "почти готово")
    row = rail(conversations, drafts)[0]
    assert (row.preview, row.preview_author, row.draft) == ("почти готово", "", True)
    row = rail(conversations, drafts, GENERAL)[0]
    assert (row.preview, row.draft) == ("boris 1", False)


def test_a_group_to_join_shows_what_it_is_about_and_never_a_badge():
    conversations = anna_sees(group(3, "Chess", role=None, topic="At noon", unread=5, last_seq=9))
    row = rail(conversations)[0]
    assert (row.joined, row.preview, row.unread) == (False, "At noon", 0)
    assert conversations.total_unread() == 0


def test_badges_count_what_arrives():
    conversations = anna_sees(group(1, last_seq=5, read_seq=5), group(2, "Store", last_seq=3, read_seq=1, unread=2))
    conversations.know(GENERAL, [said(6, BORIS), said(7, ANNA)])
    assert {row.name: row.unread for row in rail(conversations)} == {"General": 1, "Store": 2}
    assert conversations.total_unread() == 3


def test_groups_that_are_no_longer_listed_are_gone():
    conversations = anna_sees(group(1), group(2, "Store"))
    assert conversations.general() == GENERAL
    assert conversations.list_groups([group(2, "Store")]) == {GENERAL}
    assert [row.name for row in rail(conversations)] == ["Store"]
    conversations.lose(STORE)
    assert conversations.get(STORE) is None
    assert conversations.general() is None


def test_another_life_of_the_log_forgets_what_was_said():
    conversations = anna_sees(group(1, last=said(9, BORIS), last_seq=9, unread=4))
    conversations.begin_epoch()
    assert (rail(conversations)[0].preview, conversations.total_unread()) == ("", 0)


def replace_nonce(entry: Entry, number: int) -> Entry:
    return Entry(entry.group, entry.seq, entry.kind, entry.sender, entry.at, nonce(number), entry.body)


def test_drafts_of_the_archive_do_not_replace_what_was_typed_since():
    drafts = Drafts()
    assert drafts.put(STORE, "new")
    drafts.know({STORE: "old", GENERAL: "kept", GroupId(9): "  "})
    assert (drafts.of(STORE), drafts.of(GENERAL), drafts.of(GroupId(9))) == ("new", "kept", "")
    assert not drafts.put(STORE, "new")
    assert drafts.put(STORE, " \n")
    assert drafts.of(STORE) == ""


def test_the_general_group_speaks_the_persons_language_until_it_is_renamed():
    locale.use("ru")
    try:
        assert rail(anna_sees(group(1, "General")))[0].name == "Общая"
        assert rail(anna_sees(group(1, "Кухня")))[0].name == "Кухня"
        assert rail(anna_sees(group(2, "General")))[0].name == "General"
    finally:
        locale.use("en")

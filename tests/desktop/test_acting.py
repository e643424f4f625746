"""What a person does with messages, people and conversations, between a screen and a link of lists."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from common.ids import Epoch, GroupId, Millis, Seq, UserId
from common.protocol.messages import Ban, Entry, Forward, Hit, Member, User
from desktop import locale
from desktop.events.asked import BansListed, ExportChanged, HitsFound, PinsListed
from desktop.events.conversations import (
    ChoicesKnown,
    EntriesKnown,
    EpochBegan,
    GroupChoice,
    GroupLost,
    GroupSeen,
    GroupsListed,
    GroupWanted,
    MembersListed,
    OwnStatus,
    OwnStatusKnown,
    PinsCounted,
    PresenceSeen,
    RelatedKnown,
    TypingHeard,
    UnreadSeen,
)
from desktop.events.link import ACCOUNT_DELETION, CommandRefused
from desktop.events.outbox import AlreadySaid, DraftFilesKnown, DraftsKnown, OutboxItem, OutboxListed, PendingUpload
from desktop.export.order import Order, Progress
from desktop.model.idleness import IDLE_MS
from desktop.model.reacted import ReactionNote
from desktop.model.rows import Bubble, Delivery
from desktop.own_data import OwnDataChanged, OwnDataProgress
from desktop.screen import Editing, Replying, Writing
from desktop.unsent import FormerKnown, UnsentSaved
from tests.desktop.model.people import ANNA, BORIS, GENERAL, MEI, MORNING, STORE, group, nonce, said, waiting
from tests.desktop.stage import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    yield Stage(tmp_path)
    locale.use("en")


def acts(stage: Stage) -> list[OutboxItem]:
    """What was put into the outbox."""
    return [item for (item,) in stage.link.of("act")]


def about(seq: int, kind: str, target: int, who: User, body: str | None = None, on: bool = True) -> Entry:
    """An entry that speaks of another."""
    return Entry(GENERAL, Seq(seq), kind, who.id, MORNING, nonce(seq), body, Seq(target), on=on)


def only_bubble(stage: Stage) -> Bubble:
    (found,) = [row for row in stage.screen.rows if isinstance(row, Bubble)]
    return found


class TestComposer:
    def test_an_answer_carries_what_it_answers_once(self, stage: Stage) -> None:
        controller = stage.anna_is_in(history=(said(1, BORIS),))
        controller.reply_to(Seq(1))
        (mode,) = stage.screen.last("show_composer_mode")
        assert isinstance(mode, Replying)
        assert (mode.quote.author_name, mode.quote.text) == ("Boris Lund", "boris 1")
        controller.send("да", (BORIS.id,))
        controller.send("и ещё")
        assert [(item.body, item.target, item.mentions) for item in acts(stage)] == [
            ("да", 1, (BORIS.id,)),
            ("и ещё", None, ()),
        ]
        assert stage.screen.last("show_composer_mode") == (Writing(),)

    def test_an_edit_takes_the_composer_and_gives_the_draft_back(self, stage: Stage) -> None:
        controller = stage.anna_is_in(history=(said(1, ANNA),))
        controller.draft_changed("начато")
        controller.edit_last()
        assert stage.screen.last("show_composer_mode") == (Editing(Seq(1), "anna 1"),)
        assert stage.screen.last("show_composer")[0] == "anna 1"
        controller.draft_changed("anna 1!")
        controller.send("anna 2")
        assert [(item.kind, item.target, item.body) for item in acts(stage)] == [("edit", 1, "anna 2")]
        assert stage.screen.last("show_composer")[0] == "начато"
        assert stage.link.of("save_draft") == [(GENERAL, "начато")]

    def test_what_was_begun_is_there_again_when_one_comes_back(self, stage: Stage) -> None:
        controller = stage.anna_is_in(group(1), group(2, "Store"), history=(said(1, ANNA), said(2, BORIS)))
        controller.edit(Seq(1))
        controller.draft_changed("anna, half of it")
        controller.open_group(STORE)
        assert stage.screen.last("show_composer_mode") == (Writing(),)
        controller.open_group(GENERAL)
        assert stage.screen.last("show_composer_mode") == (Editing(Seq(1), "anna 1"),)
        assert stage.screen.last("show_composer")[0] == "anna, half of it"
        controller.cancel_reply()
        controller.reply_to(Seq(2))
        controller.open_group(STORE)
        controller.open_group(GENERAL)
        controller.send("да")
        assert [(item.body, item.target) for item in acts(stage)] == [("да", 2)]

    def test_what_was_to_be_changed_in_another_life_of_the_log_is_not_changed_in_this_one(self, stage: Stage) -> None:
        controller = stage.anna_is_in(history=(said(1, ANNA),))
        controller.edit(Seq(1))
        stage.tells(EpochBegan(Epoch("f" * 32)))
        assert stage.screen.last("show_composer_mode") == (Writing(),)

    def test_up_brings_back_the_newest_message_that_waits_with_what_it_answers(self, stage: Stage) -> None:
        controller = stage.anna_is_in(history=(said(1, ANNA), said(2, BORIS)))
        stage.tells(OutboxListed(GENERAL, (waiting(8), replace(waiting(9), target=Seq(2)))))
        controller.edit_last()
        assert stage.link.of("take_back") == [(nonce(9),)]
        assert stage.screen.last("show_composer")[0] == "item 9"
        assert stage.screen.last("focus_composer") == ()
        stage.tells(OutboxListed(GENERAL, (waiting(8),)))
        controller.send("item 9, clearer")
        assert [(item.body, item.target) for item in acts(stage)] == [("item 9, clearer", 2)]

    def test_up_passes_over_what_is_said_again_for_somebody_else(self, stage: Stage) -> None:
        controller = stage.anna_is_in(history=(said(1, ANNA),))
        stage.tells(OutboxListed(GENERAL, (replace(waiting(9), forward=Forward(STORE, Seq(1))),)))
        controller.edit_last()
        assert stage.link.of("take_back") == []
        assert stage.screen.last("show_composer_mode") == (Editing(Seq(1), "anna 1"),)

    def test_what_was_said_before_it_came_back_into_the_composer_is_edited_where_it_is(self, stage: Stage) -> None:
        controller = stage.anna_is_in()
        controller.draft_changed("начато")
        stage.tells(OutboxListed(GENERAL, (waiting(9),)))
        controller.edit_failed(nonce(9))
        stage.hears(replace(said(1, ANNA), nonce=nonce(9), body="item 9"))
        stage.tells(OutboxListed(GENERAL, ()), AlreadySaid(GENERAL, nonce(9), Seq(1), True))
        assert stage.screen.last("show_composer_mode") == (Editing(Seq(1), "item 9"),)
        assert stage.link.last("save_draft") == (GENERAL, "начато")
        assert "editing it there" in stage.screen.last("show_toast")[0]
        controller.send("item 9, clearer")
        assert [(item.kind, item.target) for item in acts(stage)] == [("edit", 1)]

    def test_what_was_said_before_it_was_given_up_is_deleted_for_everybody(self, stage: Stage) -> None:
        controller = stage.anna_is_in()
        stage.tells(OutboxListed(GENERAL, (waiting(9),)))
        controller.discard(nonce(9))
        stage.hears(replace(said(1, ANNA), nonce=nonce(9)))
        stage.tells(OutboxListed(GENERAL, ()), AlreadySaid(GENERAL, nonce(9), Seq(1), False))
        assert [(item.kind, item.target) for item in acts(stage)] == [("redaction", 1)]
        assert "deleted there, for everybody" in stage.screen.last("show_toast")[0]

    @pytest.mark.parametrize("text", [" \n\t", "\u200b", "\u2060\u00a0\ufeff", "\u3164\u2800", "\u200d\ufe0f"])
    def test_what_would_show_nothing_is_neither_said_nor_put_in_place_of_a_message_nor_kept(
        self, stage: Stage, text: str
    ) -> None:
        controller = stage.anna_is_in(history=(said(1, ANNA),))
        controller.draft_changed(text)
        controller.send(text)
        controller.edit(Seq(1))
        controller.send_edit(text)
        assert acts(stage) == []
        assert stage.link.of("save_draft") == []

    def test_a_text_that_is_the_same_is_no_edit(self, stage: Stage) -> None:
        controller = stage.anna_is_in(history=(said(1, ANNA),))
        controller.edit(Seq(1))
        controller.send_edit("anna 1")
        assert acts(stage) == []
        assert stage.screen.last("show_composer_mode") == (Writing(),)

    def test_only_own_messages_that_are_there_can_be_edited(self, stage: Stage) -> None:
        controller = stage.anna_is_in(history=(said(1, BORIS), said(2, ANNA), about(3, "redaction", 2, ANNA)))
        for seq in (1, 2, 3, 99):
            controller.edit(Seq(seq))
        controller.edit_last()
        assert stage.screen.of("show_composer_mode") == []

    def test_another_conversation_ends_what_was_begun(self, stage: Stage) -> None:
        controller = stage.anna_is_in(group(1), group(2, "Store"), history=(said(1, BORIS),))
        controller.open_group(GENERAL)
        controller.reply_to(Seq(1))
        controller.open_group(STORE)
        assert stage.screen.last("show_composer_mode") == (Writing(),)

    def test_writing_is_told_now_and_then(self, stage: Stage) -> None:
        controller = stage.anna_is_in()
        for ms in (0, 1000, 2999, 3000, 5000):
            stage.now = Millis(MORNING + ms)
            controller.typing()
        assert stage.link.of("typing") == [(GENERAL,), (GENERAL,)]


class TestMessages:
    def test_an_act_looks_done_until_it_is(self, stage: Stage) -> None:
        controller = stage.anna_is_in(group(1, last_seq=1, read_seq=1), history=(said(1, BORIS),))
        controller.react(Seq(1), "👍", True)
        (item,) = acts(stage)
        stage.tells(OutboxListed(GENERAL, (item,)))
        assert [(one.emoji, one.count, one.own) for one in only_bubble(stage).reactions] == [("👍", 1, True)]
        stage.tells(
            EntriesKnown(GENERAL, (about(2, "reaction", 1, ANNA, "👍"),), live=True),
            OutboxListed(GENERAL, ()),
        )
        assert [(one.emoji, one.count) for one in only_bubble(stage).reactions] == [("👍", 1)]
        assert stage.screen.last("show_rail")[0][0].unread == 0

    def test_reactions_stand_in_the_order_in_which_those_that_are_there_came(self, stage: Stage) -> None:
        stage.anna_is_in(history=(said(1, BORIS),))
        stage.hears(
            about(2, "reaction", 1, BORIS, "👍"), about(3, "reaction", 1, MEI, "❤"), about(4, "reaction", 1, ANNA, "👍")
        )
        assert [(one.emoji, one.names, one.own) for one in only_bubble(stage).reactions] == [
            ("👍", ("Boris Lund", "Анна Петрова"), True),
            ("❤", ("mei",), False),
        ]
        stage.hears(about(5, "reaction", 1, BORIS, "👍", on=False))
        assert [(one.emoji, one.count) for one in only_bubble(stage).reactions] == [("❤", 1), ("👍", 1)]
        stage.hears(about(6, "reaction", 1, MEI, "❤", on=False))
        assert [(one.emoji, one.count) for one in only_bubble(stage).reactions] == [("👍", 1)]

    def test_an_act_that_is_refused_is_taken_away_and_told(self, stage: Stage) -> None:
        controller = stage.anna_is_in(history=(said(1, BORIS),))
        controller.pin(Seq(1), True)
        stage.tells(OutboxListed(GENERAL, tuple(acts(stage))))
        assert only_bubble(stage).pinned
        stage.tells(OutboxListed(GENERAL, ()), CommandRefused("pin", "not_allowed", "No."))
        assert not only_bubble(stage).pinned
        assert stage.screen.last("show_toast") == ("You may not do that here.",)

    def test_a_text_that_is_refused_is_said_to_be_kept(self, stage: Stage) -> None:
        stage.anna_is_in(history=(said(1, ANNA),))
        stage.tells(CommandRefused("edit", "unknown_target", "No."))
        (said_so,) = stage.screen.last("show_toast")
        assert said_so.endswith("It is kept as a message that was not sent. That message is no longer there.")

    def test_whether_a_message_calls_anybody_is_known(self, stage: Stage) -> None:
        stage.anna_is_in(history=(said(1, BORIS),))
        assert not only_bubble(stage).calls
        stage.hears(msgspec.structs.replace(about(2, "edit", 1, BORIS, "@mei"), mentions=(MEI.id,)))
        assert only_bubble(stage).calls

    def test_what_is_forwarded_names_where_it_stands(self, stage: Stage) -> None:
        controller = stage.anna_is_in(group(1), group(2, "Store"), history=(said(1, BORIS),))
        controller.open_group(GENERAL)
        controller.forward(Seq(1), STORE)
        (item,) = acts(stage)
        assert (item.group, item.body, item.forward) == (STORE, "boris 1", Forward(GENERAL, Seq(1)))

    def test_who_is_admin_may_delete_what_others_said(self, stage: Stage) -> None:
        stage.anna_is_in(group(1, role="admin"), history=(said(1, BORIS),))
        assert only_bubble(stage).may_delete
        stage.tells(GroupSeen(group(1, role="member")))
        assert not only_bubble(stage).may_delete

    def test_what_was_taken_back_shows_nothing_of_it(self, stage: Stage) -> None:
        stage.anna_is_in(history=(said(1, BORIS), about(2, "reaction", 1, MEI, "👍"), about(3, "pin", 1, MEI)))
        stage.hears(about(4, "redaction", 1, BORIS))
        row = only_bubble(stage)
        assert (row.redacted, row.body, row.reactions, row.pinned) == (True, "", (), False)
        assert stage.screen.last("show_rail")[0][0].preview == "message deleted"

    def test_what_is_quoted_is_filled_in_when_it_is_found(self, stage: Stage) -> None:
        answer = Entry(GENERAL, Seq(9), "message", BORIS.id, MORNING, nonce(9), "да", Seq(1))
        stage.anna_is_in()
        stage.tells(EntriesKnown(GENERAL, (answer,)))
        assert only_bubble(stage).quote.text == ""  # type: ignore[union-attr]
        stage.tells(RelatedKnown(GENERAL, (said(1, MEI),)))
        assert only_bubble(stage).quote.text == "mei 1"  # type: ignore[union-attr]

    def test_a_jump_waits_for_what_is_not_here(self, stage: Stage) -> None:
        controller = stage.anna_is_in(group(1, last_seq=300, read_seq=300))
        stage.tells(EntriesKnown(GENERAL, (said(300, BORIS),)))
        controller.jump_to(GENERAL, Seq(20))
        assert stage.link.last("load_around") == (GENERAL, 20)
        assert stage.screen.of("show_row") == []
        stage.tells(EntriesKnown(GENERAL, (said(19, BORIS), said(20, MEI), said(21, BORIS))))
        (index,) = stage.screen.last("show_row")
        assert stage.screen.rows[index].seq == 20

    def test_lists_come_with_names(self, stage: Stage) -> None:
        stage.anna_is_in()
        hit = Hit(GENERAL, Seq(1), MORNING, BORIS.id, "чайник")
        stage.tells(HitsFound("чай", None, (hit,), True, False), PinsListed(GENERAL, (said(1, MEI),)))
        _query, (row,), _complete, _more = stage.screen.last("show_hits")
        assert (row.group_name, row.author_name) == ("General", "Boris Lund")
        assert stage.screen.last("show_pins")[1][0].author_name == "mei"


class TestUnread:
    def test_calls_are_counted_apart(self, stage: Stage) -> None:
        stage.anna_is_in()
        stage.controller.window_focused(False)
        calls = msgspec.structs.replace(said(2, BORIS), mentions=(ANNA.id,))
        stage.hears(said(1, BORIS), calls, msgspec.structs.replace(said(3, MEI), mentions=(UserId(0),)))
        row = stage.screen.last("show_rail")[0][0]
        assert (row.unread, row.mentions) == (3, 2)
        assert [row.calls_me for row in stage.screen.rows if isinstance(row, Bubble)] == [False, True, True]

    def test_what_is_marked_unread_stays_so_while_it_is_looked_at(self, stage: Stage) -> None:
        controller = stage.anna_is_in(group(1, last_seq=2, read_seq=2), history=(said(1, BORIS), said(2, BORIS)))
        controller.mark_unread(Seq(2))
        stage.tells(UnreadSeen(GENERAL, Seq(1)))
        controller.read_up_to(len(stage.screen.rows) - 1)
        assert stage.screen.last("show_rail")[0][0].unread == 1
        assert stage.link.of("mark_read") == []
        controller.open_group(GENERAL)
        controller.read_up_to(len(stage.screen.rows) - 1)
        assert stage.link.last("mark_read") == (GENERAL, 2)

    def test_a_muted_conversation_makes_no_noise_but_a_call_may(self, stage: Stage) -> None:
        controller = stage.anna_is_in()
        controller.mute(GENERAL, "mentions")
        assert stage.link.last("choose") == (GENERAL, GroupChoice("mentions"))
        stage.tells(ChoicesKnown({GENERAL: GroupChoice("mentions", hidden=True)}))
        (header,) = stage.screen.last("show_header")
        assert (header.notify, header.hidden) == ("mentions", True)
        stage.tells(ChoicesKnown({GENERAL: GroupChoice("mentions")}))
        controller.window_focused(False)
        stage.hears(said(1, BORIS))
        assert stage.notifier.of("show") == []
        assert stage.screen.last("show_unread") == (0,)
        stage.hears(msgspec.structs.replace(said(2, BORIS), mentions=(ANNA.id,)))
        assert [shown.seq for (shown,) in stage.notifier.of("show")] == [2]
        assert stage.screen.last("show_unread") == (1,)

    def test_a_hidden_conversation_comes_back_with_a_message(self, stage: Stage) -> None:
        stage.anna_is_in(group(1), group(2, "Store"))
        stage.tells(ChoicesKnown({STORE: GroupChoice(hidden=True)}))
        rows, _selected = stage.screen.last("show_rail")
        assert [(row.name, row.hidden) for row in rows] == [("General", False), ("Store", True)]
        stage.hears(said(1, BORIS, group=STORE))
        assert stage.link.last("choose") == (STORE, GroupChoice())


class TestPeople:
    def test_a_direct_conversation_has_the_other_s_name_and_presence(self, stage: Stage) -> None:
        direct = msgspec.structs.replace(group(7, ""), kind="direct", peer=BORIS.id)
        controller = stage.anna_is_in(group(1), direct)
        stage.tells(PresenceSeen(BORIS.id, "dnd", "на совещании"))
        controller.open_direct(BORIS.id)
        (header,) = stage.screen.last("show_header")
        assert (header.name, header.presence, header.status) == ("Boris Lund", "dnd", "на совещании")
        assert stage.link.of("open_direct") == []
        controller.open_direct(MEI.id)
        assert stage.link.last("open_direct") == (MEI.id,)
        stage.tells(
            GroupSeen(msgspec.structs.replace(direct, id=GroupId(8), peer=MEI.id)),
            GroupWanted(GroupId(8)),
        )
        assert stage.screen.last("show_header")[0].name == "mei"

    def test_who_writes_is_shown_until_nothing_is_heard(self, stage: Stage) -> None:
        stage.anna_is_in()
        stage.tells(TypingHeard(GENERAL, BORIS.id))
        assert stage.screen.last("show_rail")[0][0].typing == "Boris is writing…"
        stage.now = Millis(stage.now + 5999)
        stage.controller.tick()
        assert stage.screen.last("show_header")[0].typing == "Boris is writing…"
        stage.now = Millis(stage.now + 1)
        stage.controller.tick()
        assert stage.screen.last("show_header")[0].typing == ""
        stage.tells(TypingHeard(GENERAL, MEI.id))
        stage.hears(said(1, MEI))
        assert stage.screen.last("show_header")[0].typing == ""

    def test_people_are_sought_by_any_word(self, stage: Stage) -> None:
        stage.anna_is_in()
        members = tuple(Member(user, "member", "offline") for user in (ANNA, BORIS, MEI))
        stage.tells(MembersListed(GENERAL, members))
        stage.controller.seek_people("lu", GENERAL)
        assert [row.name for row in stage.screen.last("show_people")[1]] == ["Boris Lund"]

    def test_who_does_nothing_is_away_until_they_do(self, stage: Stage) -> None:
        controller = stage.anna_is_in()
        stage.link.forget()
        stage.now = Millis(stage.now + IDLE_MS)
        controller.tick()
        controller.tick()
        controller.active()
        assert stage.link.of("set_idle") == [(True,), (False,)]

    def test_the_own_status_is_kept_whole(self, stage: Stage) -> None:
        controller = stage.anna_is_in()
        stage.tells(OwnStatusKnown(OwnStatus("dnd", "занята")))
        controller.set_receipts(False)
        assert stage.link.last("set_status") == (OwnStatus("dnd", "занята", False),)


def test_messages_that_wait_stand_apart_from_acts(stage: Stage) -> None:
    stage.anna_is_in(history=(said(1, BORIS),))
    act = OutboxItem(GENERAL, nonce(70), "👍", MORNING, kind="reaction", target=Seq(1))
    stage.tells(OutboxListed(GENERAL, (waiting(60), act)))
    assert stage.bodies == ["boris 1", "item 60"]
    assert stage.screen.last("show_rail")[0][0].preview == "item 60"


def test_an_export_is_handed_to_the_link_and_how_far_it_is_to_the_screen(stage: Stage):
    order = Order(GroupId(1), "General", Path("documents"))
    controller = stage.anna_is_in()
    controller.export(order)
    assert stage.link.last("export") == (order,)
    progress = Progress(order, Path("documents", "General 2026-11-27"), "reading", 10, 20)
    stage.tells(ExportChanged(progress))
    assert stage.screen.last("show_export") == (progress,)
    controller.cancel_export()
    assert stage.link.of("cancel_export") == [()]


def test_the_own_data_is_asked_of_the_link_and_how_far_it_is_shown_on_the_screen(stage: Stage):
    controller = stage.anna_is_in()
    controller.fetch_own_data(Path("documents"))
    assert stage.link.last("fetch_own_data") == (Path("documents"),)
    progress = OwnDataProgress(Path("documents", "Office anna.zip"), "fetching", 10, 20)
    stage.tells(OwnDataChanged(progress))
    assert stage.screen.last("show_own_data") == (progress,)
    controller.cancel_own_data()
    assert stage.link.of("cancel_own_data") == [()]


def test_the_account_is_deleted_by_the_link_and_a_refusal_goes_to_the_screen(stage: Stage):
    controller = stage.anna_is_in()
    controller.delete_account("correct horse", "erase")
    assert stage.link.last("delete_account") == ("correct horse", "erase")
    stage.tells(CommandRefused(ACCOUNT_DELETION, "last_owner", "as the relay says it"))
    code, problem = stage.screen.last("show_not_deleted")
    assert code == "last_owner"
    assert "only owner of the relay" in problem


class TestPinsOfTheOpenConversation:
    def test_they_are_counted_by_the_relay_when_it_is_opened_and_whenever_something_changes(self, stage: Stage) -> None:
        stage.anna_is_in(history=(said(1, BORIS),))
        assert stage.link.last("count_pins") == (GENERAL,)
        stage.tells(PinsCounted(GENERAL, 3))
        assert stage.screen.last("show_header")[0].pins == 3
        asked = len(stage.link.of("count_pins"))
        stage.tells(EntriesKnown(GENERAL, (said(2, BORIS),), live=True))
        assert len(stage.link.of("count_pins")) == asked
        stage.tells(EntriesKnown(GENERAL, (about(3, "pin", 1, BORIS),), live=True))
        stage.tells(EntriesKnown(GENERAL, (about(4, "redaction", 1, BORIS),), live=True))
        assert len(stage.link.of("count_pins")) == asked + 2
        stage.tells(PinsCounted(GENERAL, 0))
        assert stage.screen.last("show_header")[0].pins == 0


class TestAGroupThatOneIsTakenOutOf:
    @pytest.mark.parametrize("is_live", [True, False])
    def test_what_was_not_sent_there_is_said_to_be_kept_and_shown(self, stage: Stage, is_live: bool) -> None:
        controller = stage.anna_is_in(group(1), group(2, "Store"), history=(said(1, ANNA),))
        stage.tells(OutboxListed(STORE, (waiting(9, group=STORE),)), DraftsKnown({STORE: "и ещё"}))
        upload = PendingUpload("key", "план.pdf", 9, "", 0, 0, Path("план.pdf"), 1)
        stage.tells(DraftFilesKnown(STORE, (upload,)))
        stage.tells(GroupLost(STORE) if is_live else GroupsListed((group(1),)))
        assert "Store" in stage.screen.question.text
        assert stage.screen.of("show_unsent") == []
        stage.screen.answer("show")
        (rows,) = stage.screen.last("show_unsent")
        assert [(row.group, row.name, row.has_files) for row in rows] == [(STORE, "Store", True)]
        message, draft = rows[0].texts
        assert (message.text, message.files, message.at) == ("item 9", (), waiting(9).written_at)
        assert (draft.text, draft.files, draft.at) == ("и ещё", ("план.pdf",), None)
        controller.save_unsent(STORE, Path("there"))
        assert stage.link.last("save_unsent") == (STORE, Path("there"))
        stage.tells(UnsentSaved(STORE, Path("there"), 1))
        assert stage.screen.last("show_toast") == ("1 file was saved in there.",)
        stage.tells(UnsentSaved(STORE, Path("there"), 0, "No room."))
        assert stage.screen.last("show_toast") == ("No room.",)
        controller.drop_unsent(STORE)
        assert stage.link.last("drop_unsent") == (STORE,)
        stage.tells(OutboxListed(STORE, ()), DraftFilesKnown(STORE, ()))
        assert stage.screen.last("show_unsent") == ([],)
        controller.hide_unsent()
        shown = len(stage.screen.of("show_unsent"))
        stage.tells(OutboxListed(GENERAL, ()))
        assert len(stage.screen.of("show_unsent")) == shown

    def test_after_a_restart_it_is_known_what_the_group_was_called(self, stage: Stage) -> None:
        controller = stage.anna_is_in(group(1))
        stage.tells(FormerKnown({STORE: "Store"}), OutboxListed(STORE, (waiting(9, group=STORE),)))
        stage.tells(DraftsKnown({GENERAL: "mine still", GroupId(77): "nobody knows where"}))
        controller.show_unsent()
        (rows,) = stage.screen.last("show_unsent")
        assert [row.name for row in rows] == ["", "Store"]

    def test_of_a_group_that_one_could_join_again_it_is_shown_too(self, stage: Stage) -> None:
        stage.anna_is_in(group(1), group(2, "Store"))
        stage.tells(DraftsKnown({STORE: "begun"}), GroupSeen(group(2, "Store", role=None)))
        stage.screen.answer("show")
        (rows,) = stage.screen.last("show_unsent")
        assert [row.texts[0].text for row in rows] == ["begun"]
        stage.tells(GroupSeen(group(2, "Store")), OutboxListed(STORE, ()))
        assert stage.screen.last("show_unsent") == ([],)

    def test_who_looks_at_it_is_told(self, stage: Stage) -> None:
        controller = stage.anna_is_in(group(1), group(2, "Store"), history=(said(1, ANNA),))
        controller.open_group(STORE)
        stage.tells(GroupLost(STORE))
        assert "Store" in stage.screen.last("show_toast")[0]


class TestADeletionOnItsWay:
    def test_the_message_waits_until_the_relay_has_it(self, stage: Stage) -> None:
        stage.anna_is_in(history=(said(1, ANNA),))
        stage.tells(OutboxListed(GENERAL, (replace(waiting(9), body="", kind="redaction", target=Seq(1)),)))
        assert (only_bubble(stage).redacted, only_bubble(stage).delivery) == (True, Delivery.WAITING)
        stage.tells(EntriesKnown(GENERAL, (about(2, "redaction", 1, ANNA),), live=True))
        stage.tells(OutboxListed(GENERAL, ()))
        assert (only_bubble(stage).redacted, only_bubble(stage).delivery) == (True, Delivery.STORED)


class TestAnEditOnItsWay:
    def test_the_message_waits_until_the_relay_has_it(self, stage: Stage) -> None:
        stage.anna_is_in(history=(said(1, ANNA),))
        assert only_bubble(stage).delivery is Delivery.STORED
        edit = replace(waiting(9), body="better", kind="edit", target=Seq(1))
        stage.tells(OutboxListed(GENERAL, (edit,)))
        assert (only_bubble(stage).body, only_bubble(stage).delivery) == ("better", Delivery.WAITING)
        stage.tells(EntriesKnown(GENERAL, (about(2, "edit", 1, ANNA, "better"),), live=True))
        stage.tells(OutboxListed(GENERAL, ()))
        assert (only_bubble(stage).body, only_bubble(stage).delivery) == ("better", Delivery.STORED)

    def test_a_reaction_on_its_way_makes_no_message_wait(self, stage: Stage) -> None:
        stage.anna_is_in(history=(said(1, ANNA),))
        reaction = replace(waiting(9), body="👍", kind="reaction", target=Seq(1))
        stage.tells(OutboxListed(GENERAL, (reaction,)))
        assert only_bubble(stage).delivery is Delivery.STORED


class TestBans:
    def test_they_are_asked_for_shown_and_lifted(self, stage: Stage) -> None:
        controller = stage.anna_is_in(history=(said(1, BORIS),))
        controller.list_bans(GENERAL)
        assert stage.link.last("list_bans") == (GENERAL,)
        stage.tells(BansListed(GENERAL, (Ban(MEI, BORIS.id, MORNING),)))
        group_id, (row,) = stage.screen.last("show_bans")
        assert (group_id, row.user, row.username, row.by_name) == (GENERAL, MEI.id, MEI.username, "Boris Lund")
        controller.ban_member(GENERAL, MEI.id, False)
        assert stage.link.last("ban_member") == (GENERAL, MEI.id, False)


class TestReactionsToOwnMessages:
    def note(self, stage: Stage) -> ReactionNote | None:
        found = stage.screen.of("show_reactions")
        return found[-1][0] if found else None

    def reaction(self, seq: int, target: int, who: User, emoji: str = "👍", on: bool = True) -> Entry:
        return about(seq, "reaction", target, who, emoji, on)

    def test_they_are_told_in_aggregate_live(self, stage: Stage) -> None:
        stage.anna_is_in(group(1, last_seq=2, read_seq=2), history=(said(1, ANNA), said(2, BORIS)))
        assert self.note(stage) is None
        stage.hears(self.reaction(3, 1, BORIS))
        assert self.note(stage) == ReactionNote(("Boris Lund",), 0, "👍", 1, Seq(1), "anna 1")
        stage.hears(self.reaction(4, 1, MEI, "🎉"))
        assert self.note(stage) == ReactionNote(("mei", "Boris Lund"), 0, "🎉", 1, Seq(1), "anna 1")

    def test_they_are_told_the_same_after_catching_up(self, stage: Stage) -> None:
        history = (said(1, ANNA), said(2, BORIS), self.reaction(3, 1, BORIS), self.reaction(4, 1, MEI, "🎉"))
        stage.anna_is_in(group(1, last_seq=4, read_seq=2), history=history)
        assert self.note(stage) == ReactionNote(("mei", "Boris Lund"), 0, "🎉", 1, Seq(1), "anna 1")

    def test_what_was_read_before_is_not_told_again(self, stage: Stage) -> None:
        history = (said(1, ANNA), self.reaction(2, 1, BORIS))
        stage.anna_is_in(group(1, last_seq=2, read_seq=2), history=history)
        assert self.note(stage) is None

    def test_reading_to_the_end_reads_them_too_and_the_next_visit_is_quiet(self, stage: Stage) -> None:
        history = (said(1, ANNA), said(2, BORIS), self.reaction(3, 1, BORIS))
        controller = stage.anna_is_in(group(1, last_seq=3, read_seq=1, unread=1), history=history)
        assert self.note(stage) is not None
        controller.read_up_to(len(stage.screen.rows) - 1)
        assert stage.link.last("mark_read") == (GENERAL, 3)
        assert self.note(stage) is not None, "it stays for this visit"
        controller.open_group(GENERAL)
        assert self.note(stage) is None

    def test_one_taken_away_or_put_to_another_or_by_oneself_says_nothing(self, stage: Stage) -> None:
        stage.anna_is_in(group(1, last_seq=2, read_seq=2), history=(said(1, ANNA), said(2, BORIS)))
        stage.hears(self.reaction(3, 2, MEI), self.reaction(4, 1, ANNA), self.reaction(5, 1, BORIS))
        assert self.note(stage) is not None
        stage.hears(self.reaction(6, 1, BORIS, on=False))
        assert self.note(stage) is None

    def test_it_never_counts_as_unread(self, stage: Stage) -> None:
        controller = stage.anna_is_in(group(1, last_seq=2, read_seq=2), history=(said(1, ANNA), said(2, BORIS)))
        controller.window_focused(False)
        stage.hears(self.reaction(3, 1, BORIS))
        assert stage.screen.last("show_rail")[0][0].unread == 0

    def test_it_can_be_closed_and_switched_off(self, stage: Stage) -> None:
        controller = stage.anna_is_in(group(1, last_seq=1, read_seq=1), history=(said(1, ANNA),))
        stage.hears(self.reaction(2, 1, BORIS))
        controller.dismiss_reactions()
        assert self.note(stage) is None
        stage.hears(self.reaction(3, 1, MEI))
        assert self.note(stage) is not None
        stage.settings.change(reactions_told=False)
        controller.tick()
        assert self.note(stage) is None
        stage.settings.change(reactions_told=True)
        controller.tick()
        assert self.note(stage) is not None

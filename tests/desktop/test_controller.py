"""What happens when a person asks for something, and when the link tells something."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from common.errors import wire_errors
from common.ids import Epoch, Millis, Nonce, Seq
from common.protocol.messages import Entry, Member, User
from desktop import hosted, locale
from desktop.controller.words import refusal
from desktop.events.conversations import (
    CompleteUpTo,
    EntriesKnown,
    EpochBegan,
    GroupLost,
    GroupSeen,
    GroupsListed,
    MembersListed,
    PresenceSeen,
    ReadSeen,
    UsersKnown,
)
from desktop.events.link import (
    CommandRefused,
    Connected,
    Connecting,
    IdentityChanged,
    KeyMissing,
    LinkChanged,
    SignedIn,
    SignedOut,
    SignInFailed,
    Waiting,
    WindowWanted,
)
from desktop.events.outbox import DraftsKnown, OutboxItem, OutboxListed
from desktop.events.relays import (
    AddressAnswered,
    AddressFailed,
    ConnectionChecked,
    DiscoveryTrouble,
    Finding,
    OwnerCodeKept,
    RelaysFound,
    Trust,
)
from desktop.intents import Intents
from desktop.model.rows import Bubble, Delivery, GapLine, NewLine
from desktop.refusals import REFUSALS
from desktop.screen import SignInField, SignInMode, Tone
from tests.desktop.lists import names
from tests.desktop.model.people import (
    ANNA,
    BORIS,
    GENERAL,
    MEI,
    MORNING,
    STORE,
    group,
    nonce,
    said,
    waiting,
)
from tests.desktop.stage import OFFICE, OTHER, Stage, found


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    yield Stage(tmp_path)
    locale.use("en")


def last_delivery(stage: Stage) -> Delivery | None:
    """How far the newest message has come."""
    bubble = stage.screen.rows[-1]
    assert isinstance(bubble, Bubble)
    return bubble.delivery


def test_it_is_what_the_window_calls(stage):
    intents: Intents = stage.opens()
    asked = [name for name in vars(Intents) if not name.startswith("_")]
    assert [name for name in asked if not callable(getattr(intents, name, None))] == []


class TestTheWayIn:
    def test_relays_are_looked_for_at_once(self, stage):
        stage.opens()
        assert [call[0] for call in stage.screen.calls] == ["show_chooser", "show_relays"]
        assert stage.link.calls == [("look_for_relays", True)]
        stage.tells(RelaysFound((found(),)))
        assert stage.screen.last("show_relays") == ((found(),), "", "", "")

    def test_what_hinders_looking_is_said(self, stage):
        stage.opens()
        stage.tells(DiscoveryTrouble("Multicast is blocked."))
        assert stage.screen.last("show_relays")[1] == "Multicast is blocked."

    def test_a_new_relay_is_registered_at_and_a_closed_one_signed_in_to(self, stage):
        stage.opens().choose_relay(found())
        assert stage.screen.last("show_sign_in") == (found(), SignInMode.REGISTER, "", False)
        closed = found(registration="closed")
        stage.controller.choose_relay(closed)
        assert stage.screen.last("show_sign_in") == (closed, SignInMode.SIGN_IN, "", False)

    def test_a_known_relay_is_gone_to_straight_when_this_device_is_signed_in_there(self, stage):
        known = found(Trust.KNOWN)
        stage.opens().choose_relay(known)
        assert stage.link.last("resume") == (OFFICE,)
        stage.tells(SignedIn(OFFICE, "Office", ANNA, "keyring", offline=True))
        assert stage.screen.last("show_main") == ("Office", ANNA)
        assert stage.link.last("look_for_relays") == (False,)

    def test_a_known_relay_asks_for_the_password_when_it_is_not(self, stage):
        known = found(Trust.KNOWN)
        stage.opens().choose_relay(known)
        stage.tells(SignedOut())
        assert stage.screen.last("show_sign_in") == (known, SignInMode.SIGN_IN, "", False)

    def test_an_impostor_is_explained_and_never_entered(self, stage):
        stage.opens()
        stage.tells(AddressAnswered("192.168.1.20", found(Trust.IMPOSTOR)))
        assert "another one" in stage.screen.last("ask")[0].text
        assert [choice.key for choice in stage.screen.question.choices] == ["forget", "understood"]
        stage.screen.answer("understood")
        assert stage.screen.of("show_sign_in") == []
        assert stage.link.of("resume") == []

    def test_an_address_leads_to_its_form_or_says_why_not(self, stage):
        stage.opens().enter_address(" 192.168.1.20 ")
        assert stage.link.last("try_address") == ("192.168.1.20",)
        stage.tells(AddressFailed("192.168.1.20", "Nobody answers."))
        assert stage.screen.last("show_address_problem") == ("Nobody answers.",)
        stage.tells(AddressAnswered("192.168.1.20", found()))
        assert stage.screen.last("show_address_problem") == ("",)
        assert stage.screen.last("show_sign_in")[0] == found()

    def test_an_invitation_brings_its_code(self, stage):
        stage.opens().paste_invitation("pymessenger://…")
        invited = found(registration="invite")
        stage.tells(AddressAnswered("pymessenger://…", invited, "sesame"))
        assert stage.screen.last("show_sign_in") == (invited, SignInMode.REGISTER, "sesame", False)
        stage.controller.register(invited, "anna", "12345678", "", "sesame")
        assert stage.link.last("register") == (invited, "anna", "12345678", "", "sesame")
        assert stage.screen.last("show_sign_in_busy") == (True,)

    def test_where_the_settings_point_is_gone_to_at_once(self, stage):
        stage.direct = "relay.lan:5000"
        stage.opens()
        assert stage.link.last("try_address") == ("relay.lan:5000",)
        stage.tells(AddressAnswered("relay.lan:5000", found()))
        assert stage.screen.last("show_sign_in")[0] == found()

    def test_who_comes_back_from_where_the_settings_point_sees_that_relay_and_stays(self, stage):
        stage.direct = "relay.lan:5000"
        controller = stage.opens()
        stage.tells(AddressAnswered("relay.lan:5000", found()))
        controller.back_to_relays()
        stage.screen.forget()
        stage.tells(RelaysFound((found(),)), AddressAnswered("relay.lan:5000", found()))
        assert stage.screen.last("show_relays") == ((found(),), "", "", "relay.lan:5000")
        assert not stage.screen.of("show_sign_in")
        stage.tells(AddressFailed("relay.lan:5000", "Nobody answers there."))
        controller.seek_again()
        stage.tells(AddressAnswered("relay.lan:5000", found()))
        assert stage.screen.last("show_sign_in")[0] == found(), "it was asked for"
        controller.back_to_relays()
        controller.enter_address(" relay.lan:5000 ")
        stage.screen.forget()
        stage.tells(AddressAnswered("relay.lan:5000", found()))
        assert stage.screen.last("show_sign_in")[0] == found(), "it was typed"

    def test_where_the_settings_point_a_kept_session_goes_on(self, stage):
        stage.direct = "relay.lan:5000"
        stage.opens(remembered=True)
        assert stage.link.calls == [("resume",)]
        stage.tells(SignedOut())
        assert stage.link.last("try_address") == ("relay.lan:5000",)

    def test_an_archive_that_cannot_be_opened_is_no_blank_window(self, stage):
        stage.opens(remembered=True)
        stage.tells(CommandRefused("start", "storage_unavailable", "The disk is full."))
        assert stage.screen.last("show_blocked")[1] == "The disk is full."

    def test_a_keyring_that_is_asking_is_waited_for_at_the_list(self, stage):
        stage.opens(remembered=True)
        stage.tells(CommandRefused("start", "keyring_locked", "Unlock it."))
        assert stage.screen.last("show_relays")[1] == "Unlock it."

    def test_a_second_window_ends_when_the_first_comes_to_the_front_and_says_so_when_it_does_not(self, stage):
        stage.opens(remembered=True)
        stage.tells(CommandRefused("start", "folder_taken", "Another window."))
        assert stage.screen.last("show_blocked") == ("Py_messenger is open already", "Another window.")
        assert not stage.screen.of("close")
        stage.tells(CommandRefused("start", "window_called", "Another window."))
        assert stage.screen.of("close") == [()]

    def test_a_window_that_is_called_comes_to_the_front(self, stage):
        stage.opens()
        stage.tells(WindowWanted())
        assert stage.screen.last("come_to_front") == ("",)

    def test_a_missing_key_can_be_mended_before_anything_new_is_begun(self, stage):
        stage.opens()
        stage.tells(KeyMissing("/home/anna"))
        assert "/home/anna" in stage.screen.question.text
        stage.screen.answer("go on")
        assert not stage.screen.of("close")
        stage.screen.answer(stage.screen.question.choices[-1].key)
        assert stage.screen.of("close") == [()]

    def test_an_address_of_a_known_relay_leads_straight_in(self, stage):
        stage.opens().enter_address("192.168.1.20")
        stage.tells(AddressAnswered("192.168.1.20", found(Trust.KNOWN)))
        assert stage.link.last("resume") == (OFFICE,)

    def test_when_nobody_answers_there_it_is_said_and_tried_again_until_somebody_does(self, stage):
        stage.direct = "relay.lan:5000"
        controller = stage.opens()
        stage.tells(AddressFailed("relay.lan:5000", "Nobody answers there."))
        assert stage.screen.last("show_relays")[1:] == ("Nobody answers there.", "", "relay.lan:5000")
        for _second in range(4):
            controller.tick()
        assert len(stage.link.of("try_address")) == 1
        controller.tick()
        assert len(stage.link.of("try_address")) == 2
        controller.tick()
        assert len(stage.link.of("try_address")) == 2, "it is still on its way"
        controller.seek_again()
        assert len(stage.link.of("try_address")) == 3
        stage.tells(AddressAnswered("relay.lan:5000", found()))
        assert stage.screen.last("show_sign_in")[0] == found()
        for _second in range(9):
            controller.tick()
        assert len(stage.link.of("try_address")) == 3

    @pytest.mark.parametrize(
        "code, field",
        [
            ("username_taken", SignInField.USERNAME),
            ("bad_password", SignInField.PASSWORD),
            ("wrong_credentials", SignInField.PASSWORD),
            ("invitation_needed", SignInField.CODE),
            ("registration_closed", SignInField.FORM),
            ("brand_new", SignInField.FORM),
        ],
    )
    def test_a_refusal_stands_beside_its_field(self, stage, code, field):
        stage.opens().choose_relay(found())
        stage.tells(SignInFailed(code, "said by the relay"))
        assert stage.screen.last("show_sign_in_problem")[0] is field

    def test_who_gave_a_code_is_told_that_it_is_wrong_and_not_asked_for_one(self, stage):
        intents = stage.opens()
        intents.choose_relay(found())
        intents.register(found(), "anna", "a long password", "Anna", "EED3-L42Y")
        stage.tells(SignInFailed("invitation_needed", "said by the relay"))
        assert "This code does not let you in" in stage.screen.last("show_sign_in_problem")[1]
        intents.register(found(), "anna", "a long password", "Anna", "")
        stage.tells(SignInFailed("invitation_needed", "said by the relay"))
        assert "asks for an invitation" in stage.screen.last("show_sign_in_problem")[1]

    def test_a_wrong_code_into_a_group_is_called_wrong(self, stage):
        stage.anna_is_in()
        stage.tells(CommandRefused("join_by_code", "invitation_needed", "said by the relay"))
        assert "This code does not let you in" in stage.screen.last("show_toast")[0]

    def test_another_identity_is_an_alarm(self, stage):
        stage.anna_is_in()
        stage.tells(IdentityChanged(OFFICE, OTHER))
        assert stage.screen.last("show_identity_alarm") == ("Office", OFFICE, OTHER)

    def test_the_check_of_the_connection_is_shown_as_it_goes(self, stage):
        stage.opens().check_connection()
        assert stage.screen.last("show_findings") == ((), False)
        finding = Finding(False, "The port is closed.", "sudo ufw allow 5000/tcp")
        stage.tells(ConnectionChecked((finding,), True))
        assert stage.screen.last("show_findings") == ((finding,), True)

    def test_where_the_token_is_kept_is_said_when_it_is_a_file(self, stage):
        stage.opens()
        stage.tells(SignedIn(OFFICE, "Office", ANNA, "/home/anna/secrets.json"))
        assert "/home/anna/secrets.json" in stage.screen.last("show_toast")[0]

    def test_signing_out_leads_back_to_the_relays(self, stage):
        stage.anna_is_in().sign_out()
        assert stage.link.of("sign_out") == [()]
        stage.tells(SignedOut("The session was ended elsewhere."))
        assert stage.screen.of("show_chooser") == [()]
        assert stage.screen.last("show_toast") == ("The session was ended elsewhere.",)

    def test_going_back_to_the_relays_keeps_the_session(self, stage):
        stage.anna_is_in().back_to_relays()
        assert stage.link.of("leave") == [()]
        assert stage.link.of("sign_out") == []
        assert stage.screen.of("show_chooser") == [()]

    def test_nothing_remembered_by_the_link_after_all_leads_to_the_relays(self, stage):
        stage.opens(remembered=True)
        assert [call[0] for call in stage.screen.calls] == ["show_main", "show_status"]
        stage.tells(SignedOut())
        assert stage.screen.of("show_chooser") == [()]


class TestTheOwnRelay:
    READY = hosted.HostingReady(OFFICE, "Office", 5001, "owner-code", "recovery code")

    def test_it_is_started_and_entered_with_its_owner_code(self, stage):
        stage.opens().start_relay()
        assert stage.hosting.calls == [("start",)]
        stage.tells(hosted.HostingStarting())
        assert stage.screen.last("show_relays")[2] == "Starting a relay on this computer…"
        stage.tells(self.READY)
        assert stage.screen.last("show_recovery_code") == ("recovery code",)
        assert stage.link.of("try_address") == []
        stage.screen.confirm()
        assert stage.link.last("try_address") == ("127.0.0.1:5001",)
        stage.tells(AddressAnswered("127.0.0.1:5001", found()))
        assert stage.screen.last("show_sign_in") == (found(), SignInMode.REGISTER, "owner-code", True)

    def test_its_owner_code_is_there_until_it_is_used(self, stage):
        stage.opens()
        stage.tells(self.READY)
        assert stage.link.of("keep_owner_code") == [(OFFICE, "owner-code")], "before the recovery code is confirmed"
        stage.screen.confirm()
        stage.tells(AddressAnswered("127.0.0.1:5001", found()))
        stage.controller.back_to_relays()
        stage.controller.choose_relay(found(registration="closed"))
        assert stage.screen.last("show_sign_in")[1:] == (SignInMode.REGISTER, "owner-code", True)
        stage.tells(OwnerCodeKept(OFFICE, ""))
        stage.controller.back_to_relays()
        stage.controller.choose_relay(found())
        assert stage.screen.last("show_sign_in")[1:] == (SignInMode.REGISTER, "", False)

    def test_an_owner_code_that_was_kept_is_there_after_a_restart(self, stage):
        stage.opens()
        stage.tells(OwnerCodeKept(OFFICE, "owner-code"))
        stage.controller.choose_relay(found())
        assert stage.screen.last("show_sign_in")[1:] == (SignInMode.REGISTER, "owner-code", True)
        stage.controller.register(found(), "anna", "long enough", "", "")
        assert stage.link.last("register")[-1] == "", "who takes the code away does not want to use it"

    def test_one_that_was_let_stay_is_looked_for_and_taken_part_in(self, stage):
        stage.settings.change(own_relay=OFFICE, stay_hosting=True)
        controller = stage.opens()
        assert stage.hosting.calls == [], "not while the window opens"
        controller.tick()
        controller.tick()
        assert stage.hosting.calls == [("look",)]
        stage.hosting.is_running = True
        stage.tells(hosted.HostingStands(OFFICE, "Office", 5001))
        assert stage.screen.last("show_relays")[2] == "“Office” runs on this computer."
        assert not stage.screen.of("ask"), "nobody has asked"
        controller.quit()
        stage.screen.answer("stop")
        assert stage.screen.of("close") == [()]

    def test_who_wants_to_start_one_that_runs_goes_to_it_or_stops_it(self, stage):
        controller = stage.opens()
        controller.start_relay()
        stage.tells(hosted.HostingStands(OFFICE, "Office", 5001, asked=True))
        stage.screen.answer("start")
        assert stage.link.last("try_address") == ("127.0.0.1:5001",)
        controller.start_relay()
        assert stage.hosting.calls == [("start",)], "it runs"
        stage.screen.answer("cancel")
        controller.start_relay()
        stage.screen.answer("stop")
        assert stage.hosting.calls == [("start",), ("end",)]
        stage.tells(hosted.HostingStopped())
        assert stage.screen.last("show_relays")[2] == ""
        controller.start_relay()
        assert stage.hosting.calls[-1] == ("start",)

    def test_it_runs_again_when_its_owner_comes_back(self, stage):
        stage.settings.change(own_relay=OFFICE)
        stage.anna_is_in()
        assert stage.hosting.calls == [], "it was left running"
        for _ in range(2):
            stage.tells(LinkChanged(Waiting(Millis(MORNING + 1000), "nobody answers")))
        assert stage.hosting.calls == [("start",)]
        stage.tells(self.READY)
        assert ("network_changed",) in stage.link.calls

    def test_somebody_elses_relay_is_not_started(self, stage):
        stage.anna_is_in()
        stage.tells(LinkChanged(Waiting(Millis(MORNING + 1000), "nobody answers")))
        assert stage.hosting.calls == []

    def test_why_it_failed_is_said(self, stage):
        stage.opens()
        stage.tells(hosted.HostingFailed("No key slot opens."))
        assert stage.screen.last("show_relays")[2] == "No key slot opens."

    def test_after_a_crash_its_owner_is_asked_whether_it_shall_run_again(self, stage):
        stage.settings.change(own_relay=OFFICE)
        stage.anna_is_in()
        for answer in ("cancel", "start"):
            assert stage.hosting.calls == []
            stage.tells(hosted.HostingFailed("It has ended unexpectedly."))
            stage.screen.answer(answer)
        assert stage.hosting.calls == [("start",)]

    def test_at_somebody_elses_relay_a_crash_of_the_own_one_is_only_said(self, stage):
        stage.anna_is_in()
        stage.tells(hosted.HostingFailed("It has ended unexpectedly."))
        assert stage.screen.of("ask") == []
        assert stage.screen.last("show_toast") == ("It has ended unexpectedly.",)

    def test_closing_asks_what_becomes_of_it(self, stage):
        controller = stage.opens()
        stage.hosting.is_running = True
        controller.close_window()
        assert stage.screen.of("close") == []
        stage.screen.answer("cancel")
        assert stage.screen.of("close") == []
        stage.screen.answer("stay")
        assert stage.hosting.calls == [("let_stay",)]
        assert stage.screen.of("close") == [()]
        assert stage.settings.settings.stay_hosting is True

    def test_stopping_it_is_the_other_answer(self, stage):
        stage.opens()
        stage.hosting.is_running = True
        stage.controller.close_window()
        stage.screen.answer("stop")
        assert stage.hosting.calls == []
        assert stage.screen.of("close") == [()]

    def test_without_one_the_window_just_closes(self, stage):
        stage.opens().close_window()
        assert stage.screen.of("ask") == []
        assert stage.screen.of("close") == [()]


class TestConversations:
    def test_history_is_there_before_the_link_is(self, stage):
        stage.opens(remembered=True)
        stage.tells(
            SignedIn(OFFICE, "Office", ANNA, "keyring", offline=True),
            UsersKnown((BORIS,)),
            GroupsListed((group(1, last_seq=2, read_seq=2),)),
            CompleteUpTo(Millis(MORNING)),
            EntriesKnown(GENERAL, (said(1, BORIS), said(2, BORIS)), first_reached=True),
        )
        assert stage.link.last("open_group") == (GENERAL,)
        assert stage.bodies == ["boris 1", "boris 2"]
        header = stage.screen.last("show_header")[0]
        assert (header.name, header.complete_up_to) == ("General", MORNING)
        stage.tells(LinkChanged(Connected()))
        assert stage.screen.last("show_header")[0].complete_up_to is None

    def test_the_most_recent_one_is_opened(self, stage):
        stage.anna_is_in(group(1), group(2, "Store", last=said(1, BORIS, group=STORE), last_seq=1, read_seq=1))
        assert stage.link.of("open_group") == [(STORE,)]
        rows, selected = stage.screen.last("show_rail")
        assert (names(rows), selected) == (["Store", "General"], 0)

    def test_it_opens_where_the_new_messages_begin(self, stage):
        stage.anna_is_in(
            group(1), group(2, "Store", last_seq=4, read_seq=2, unread=2, role="member"), history=(said(1, BORIS),)
        )
        stage.controller.open_group(STORE)
        stage.tells(EntriesKnown(STORE, tuple(said(seq, BORIS, group=STORE) for seq in (1, 2, 3, 4))))
        assert isinstance(stage.screen.rows[stage.screen.anchor], NewLine)
        stage.controller.scrolled(at_end=False)
        assert stage.screen.last("show_new_count") == (2,)

    def test_what_is_seen_is_read(self, stage):
        stage.anna_is_in(group(1, last_seq=3, read_seq=1, unread=2))
        stage.tells(EntriesKnown(GENERAL, (said(1, BORIS), said(2, BORIS), said(3, BORIS))))
        stage.controller.read_up_to(3)
        assert stage.link.of("mark_read") == [(GENERAL, 2)]
        stage.controller.read_up_to(2)
        stage.controller.read_up_to(4)
        assert stage.link.of("mark_read") == [(GENERAL, 2), (GENERAL, 3)]
        assert stage.screen.last("show_rail")[0][0].unread == 0
        assert stage.screen.last("show_unread") == (0,)

    def test_nothing_is_read_without_the_focus(self, stage):
        controller = stage.anna_is_in(history=(said(1, BORIS),))
        controller.window_focused(False)
        controller.read_up_to(1)
        assert stage.link.of("mark_read") == []

    def test_what_comes_while_nobody_looks_gets_the_line_and_a_notification(self, stage):
        controller = stage.anna_is_in(group(1, last_seq=1, read_seq=1), history=(said(1, BORIS),))
        stage.hears(said(2, MEI))
        assert not any(isinstance(row, NewLine) for row in stage.screen.rows)
        assert stage.notifier.of("show") == []
        controller.read_up_to(2)
        controller.window_focused(False)
        stage.hears(said(3, MEI, 10))
        assert [type(row) for row in stage.screen.rows[-2:]] == [NewLine, Bubble]
        assert [shown.seq for (shown,) in stage.notifier.of("show")] == [3]
        assert stage.screen.last("show_unread") == (1,)

    def test_what_is_only_fetched_moves_no_line(self, stage):
        controller = stage.anna_is_in(
            group(1, last_seq=4, read_seq=1, unread=3), history=(said(1, BORIS), said(2, MEI))
        )
        line = stage.screen.rows.index(next(row for row in stage.screen.rows if isinstance(row, NewLine)))
        controller.read_up_to(len(stage.screen.rows) - 1)
        controller.scrolled(at_end=False)
        stage.tells(EntriesKnown(GENERAL, (said(3, MEI), said(4, MEI))))
        assert [type(row) for row in stage.screen.rows].index(NewLine) == line

    def test_what_was_missed_overnight_is_new_although_somebody_looks_on(self, stage):
        stage.anna_is_in(group(1, last_seq=1, read_seq=1), history=(said(1, BORIS),))
        stage.tells(GroupsListed((group(1, last_seq=4, read_seq=1, unread=3),)))
        stage.tells(EntriesKnown(GENERAL, (said(2, MEI), said(3, MEI), said(4, MEI))))
        assert isinstance(stage.screen.rows[stage.screen.anchor], NewLine)
        assert stage.screen.rows[stage.screen.anchor + 1].body == "mei 2"

    def test_what_a_cut_kept_back_is_new_after_what_was_new_before(self, stage):
        controller = stage.anna_is_in(
            group(1, last_seq=2, read_seq=1, unread=1), history=(said(1, BORIS), said(2, MEI))
        )
        controller.read_up_to(len(stage.screen.rows))
        stage.tells(EntriesKnown(GENERAL, (said(3, MEI), said(4, MEI))))
        assert isinstance(stage.screen.rows[stage.screen.anchor], NewLine)
        assert stage.screen.rows[stage.screen.anchor + 1].body == "mei 3"

    def test_what_was_missed_takes_nobody_away_from_older_messages(self, stage):
        controller = stage.anna_is_in(group(1, last_seq=1, read_seq=1), history=(said(1, BORIS),))
        controller.scrolled(at_end=False)
        opened = len(stage.screen.of("open_timeline"))
        stage.tells(EntriesKnown(GENERAL, (said(2, MEI), said(3, MEI))))
        assert len(stage.screen.of("open_timeline")) == opened
        assert any(isinstance(row, NewLine) for row in stage.screen.rows)

    def test_a_call_that_was_edited_into_a_message_shows_at_once_and_goes_with_it(self, stage):
        stage.anna_is_in(group(1, last_seq=1, read_seq=1), group(2, "Store"), history=(said(1, BORIS),))
        stage.hears(said(1, BORIS, group=STORE))
        edit = Entry(STORE, Seq(2), "edit", BORIS.id, MORNING, body="@anna", target=Seq(1), mentions=(ANNA.id,))
        stage.hears(edit)
        rail = {row.group: row for row in stage.screen.last("show_rail")[0]}
        assert rail[STORE].mentions == 1
        stage.hears(msgspec.structs.replace(edit, seq=Seq(3), body="nobody", mentions=()))
        rail = {row.group: row for row in stage.screen.last("show_rail")[0]}
        assert rail[STORE].mentions == 0

    def test_a_message_is_posted_and_seen_through_all_its_states(self, stage):
        controller = stage.anna_is_in(history=(said(1, BORIS),))
        controller.send("Чайник вскипел")
        assert stage.link.of("act") == [(OutboxItem(GENERAL, nonce(500), "Чайник вскипел", stage.now),)]
        stage.tells(OutboxListed(GENERAL, (waiting(500),)))
        assert last_delivery(stage) is Delivery.WAITING
        entry = Entry(GENERAL, Seq(2), "message", ANNA.id, MORNING, nonce(500), "Чайник вскипел")
        stage.tells(EntriesKnown(GENERAL, (entry,), live=True), OutboxListed(GENERAL, ()))
        assert stage.bodies == ["boris 1", "Чайник вскипел"]
        assert last_delivery(stage) is Delivery.STORED
        stage.tells(ReadSeen(GENERAL, BORIS.id, Seq(2)))
        assert last_delivery(stage) is Delivery.READ

    def test_whoever_answers_goes_to_the_end_and_the_line_goes(self, stage):
        controller = stage.anna_is_in(group(1, last_seq=3, read_seq=1, unread=2))
        stage.tells(EntriesKnown(GENERAL, (said(1, BORIS), said(2, BORIS), said(3, BORIS))))
        controller.scrolled(at_end=False)
        controller.send("Иду")
        assert not any(isinstance(row, NewLine) for row in stage.screen.rows)
        assert stage.screen.last("open_timeline") == (None,)

    def test_a_failed_one_goes_back_into_the_composer(self, stage):
        controller = stage.anna_is_in()
        controller.draft_changed("und")
        stage.tells(OutboxListed(GENERAL, (waiting(7, problem="too long"),)))
        controller.edit_failed(nonce(7))
        assert stage.screen.last("show_composer") == ("item 7\nund", True, "")
        assert stage.link.calls[-2:] == [("save_draft", GENERAL, "item 7\nund"), ("take_back", nonce(7))]
        controller.retry(nonce(7))
        controller.discard(nonce(7))
        assert [call[0] for call in stage.link.calls[-2:]] == ["retry", "discard"]

    def test_a_draft_stays_with_its_conversation(self, stage):
        controller = stage.anna_is_in(group(1), group(2, "Store", role="member"))
        controller.open_group(GENERAL)
        controller.draft_changed("почти")
        controller.draft_changed("почти")
        assert stage.link.of("save_draft") == [(GENERAL, "почти")]
        controller.open_group(STORE)
        assert stage.screen.last("show_composer") == ("", True, "")
        assert next(row for row in stage.screen.last("show_rail")[0] if row.group == GENERAL).draft
        controller.open_group(GENERAL)
        assert stage.screen.last("show_composer") == ("почти", True, "")
        controller.send("почти готово")
        assert stage.link.last("save_draft") == (GENERAL, "")

    def test_drafts_of_the_archive_come_into_the_open_composer(self, stage):
        stage.anna_is_in()
        stage.tells(DraftsKnown({GENERAL: "с прошлого раза"}))
        assert stage.screen.last("show_composer")[0] == "с прошлого раза"

    def test_an_older_page_is_asked_for_once(self, stage):
        controller = stage.anna_is_in(group(1, last_seq=9, read_seq=9))
        controller.load_older()
        assert stage.link.of("load_before") == []
        stage.tells(EntriesKnown(GENERAL, (said(8, BORIS), said(9, BORIS))))
        controller.load_older()
        controller.load_older()
        assert stage.link.of("load_before") == [(GENERAL, 8)]
        stage.tells(EntriesKnown(GENERAL, (said(1, BORIS),), first_reached=True))
        assert isinstance(stage.screen.rows[2], GapLine)
        controller.load_gap(2)
        controller.load_gap(0)
        assert stage.link.of("fill_gap") == [(GENERAL, 1, 8)]
        controller.load_older()
        assert stage.link.of("load_before") == [(GENERAL, 8)]

    def test_pages_are_asked_for_again_after_a_reconnect(self, stage):
        controller = stage.anna_is_in(group(1, last_seq=9, read_seq=9))
        stage.tells(EntriesKnown(GENERAL, (said(9, BORIS),)))
        controller.load_older()
        stage.tells(CommandRefused("load_before", "link_lost", "…"))
        controller.load_older()
        assert stage.screen.of("show_toast") == []
        stage.tells(LinkChanged(Connected()))
        controller.load_older()
        assert stage.link.of("load_before") == [(GENERAL, 9), (GENERAL, 9)]

    def test_another_life_of_the_log_starts_afresh_but_keeps_what_waits(self, stage):
        stage.anna_is_in(history=(said(1, BORIS),))
        stage.tells(OutboxListed(GENERAL, (waiting(50),)))
        stage.tells(EpochBegan(Epoch("new")))
        assert stage.bodies == ["item 50"]
        assert stage.link.of("open_group")[-1] == (GENERAL,)

    def test_somebody_elses_conversation_does_not_touch_the_open_one(self, stage):
        stage.anna_is_in(group(1, last_seq=1, read_seq=1), group(2, "Store"), history=(said(1, BORIS),))
        stage.controller.open_group(GENERAL)
        stage.screen.forget()
        stage.hears(said(1, BORIS, group=STORE))
        assert stage.screen.of("splice_timeline") == []
        assert {row.name: row.unread for row in stage.screen.last("show_rail")[0]} == {"General": 0, "Store": 1}

    def test_many_events_are_drawn_once(self, stage):
        stage.anna_is_in()
        stage.screen.forget()
        stage.tells(*(EntriesKnown(GENERAL, (said(seq, BORIS),), live=True) for seq in range(1, 200)))
        assert len(stage.screen.of("show_rail")) == 1
        assert len(stage.bodies) == 199

    def test_reading_on_another_device_takes_the_badge_away(self, stage):
        stage.anna_is_in(group(1, last_seq=3, read_seq=1, unread=2))
        stage.tells(ReadSeen(GENERAL, ANNA.id, Seq(3)))
        assert stage.screen.last("show_rail")[0][0].unread == 0
        assert stage.link.of("mark_read") == []


class TestGroups:
    def test_a_new_one_is_opened_when_it_is_there(self, stage):
        stage.anna_is_in().create_group("Store", "shelves", False)
        assert stage.link.last("create_group") == ("Store", "shelves", False)
        stage.tells(GroupSeen(group(3, "Other", role="owner")), GroupSeen(group(2, "Store", role="owner")))
        assert stage.link.of("open_group")[-1] == (STORE,)
        header = stage.screen.last("show_header")[0]
        assert (header.name, header.may_rename, header.may_leave) == ("Store", True, True)

    def test_who_left_the_open_one_on_another_device_cannot_write_in_it(self, stage):
        stage.anna_is_in(group(1), group(2))
        stage.controller.open_group(2)
        assert stage.screen.last("show_composer")[1]
        stage.tells(GroupsListed((group(1), group(2, role=None))))
        assert not stage.screen.last("show_composer")[1]
        stage.tells(GroupsListed((group(1), group(2))))
        assert stage.screen.last("show_composer")[1]

    def test_one_that_is_not_joined_can_be_looked_at_and_joined(self, stage):
        stage.anna_is_in(group(1), group(2, "Store", role=None))
        stage.controller.open_group(STORE)
        assert stage.link.of("open_group") == [(GENERAL,)]
        assert stage.screen.last("show_composer") == ("", False, "Join this group to write in it.")
        stage.controller.join_group(STORE)
        assert stage.link.last("join_group") == (STORE,)
        stage.tells(GroupSeen(group(2, "Store")))
        assert stage.link.of("open_group")[-1] == (STORE,)
        assert stage.screen.last("show_composer") == ("", True, "")

    def test_one_that_is_gone_is_closed(self, stage):
        stage.anna_is_in(group(1), group(2, "Store", role="member"))
        stage.controller.open_group(STORE)
        stage.tells(GroupLost(STORE))
        assert stage.screen.last("show_header") == (None,)
        assert stage.screen.last("show_rail")[1] is None

    def test_members_are_shown_as_they_come_and_go(self, stage):
        stage.anna_is_in()
        assert (GENERAL,) in stage.link.of("list_members")
        stage.tells(
            MembersListed(
                GENERAL, (Member(ANNA, "owner", "online", Seq(0)), Member(BORIS, "member", "offline", Seq(0)))
            )
        )
        assert names(stage.screen.last("show_members")[0]) == ["Анна Петрова", "Boris Lund"]
        assert stage.screen.last("show_status") == ("Connected · 1 online", Tone.GOOD)
        stage.tells(PresenceSeen(BORIS.id, "online"))
        assert stage.screen.last("show_status") == ("Connected · 2 online", Tone.GOOD)
        assert stage.screen.last("show_header")[0].online == 2
        stage.hears(said(1, MEI, kind="join"))
        assert names(stage.screen.last("show_members")[0]) == ["Анна Петрова", "Boris Lund", "mei"]

    def test_a_refusal_is_a_remark(self, stage):
        stage.anna_is_in().rename_group(GENERAL, "x")
        stage.tells(CommandRefused("rename_group", "not_allowed", "English"))
        assert stage.screen.last("show_toast") == ("You may not do that here.",)


class TestTheStatus:
    def test_it_counts_down_to_the_next_try(self, stage):
        stage.anna_is_in()
        stage.tells(LinkChanged(Waiting(Millis(MORNING + 4500), "gone")))
        assert stage.screen.last("show_status") == ("Not connected · next try in 5 s", Tone.BAD)
        stage.now = Millis(MORNING + 1000)
        stage.controller.tick()
        assert stage.screen.last("show_status") == ("Not connected · next try in 4 s", Tone.BAD)
        stage.now = Millis(MORNING + 4500)
        stage.controller.tick()
        assert stage.screen.last("show_status") == ("Connecting…", Tone.BUSY)

    def test_nobody_is_here_while_the_link_is_down(self, stage):
        stage.anna_is_in()
        stage.tells(MembersListed(GENERAL, (Member(ANNA, "owner", "online", Seq(0)),)))
        stage.tells(LinkChanged(Connecting()))
        assert stage.screen.last("show_header")[0].online is None
        assert [row.presence for row in stage.screen.last("show_members")[0]] == ["offline"]


class TestChoices:
    def test_another_language_redraws_everything(self, stage):
        stage.anna_is_in(history=(said(1, BORIS),))
        stage.screen.forget()
        stage.controller.set_language("ru")
        assert locale.current() == "ru"
        assert stage.screen.last("show_status")[0] == "В сети"
        assert stage.screen.calls[0] == ("redraw",)
        assert stage.settings.settings.language == "ru"

    def test_another_language_has_other_words_for_who_has_no_account_any_more(self, stage):
        forwarded = replace(said(2, ANNA), forwarded=BORIS.id)
        controller = stage.anna_is_in(history=(said(1, BORIS), forwarded))
        stage.tells(
            UsersKnown((User(BORIS.id, "", "", "member", deleted=True),)),
            OutboxListed(GENERAL, (replace(waiting(9), target=Seq(1)),)),
        )
        controller.reply_to(Seq(1))
        controller.set_language("ru")
        first, second, third = [row for row in stage.screen.rows if isinstance(row, Bubble)]
        (mode,) = stage.screen.last("show_composer_mode")
        assert third.quote is not None
        shown = {first.author_name, second.forwarded_from, third.quote.author_name, mode.quote.author_name}
        assert shown == {"Удалённая учётная запись"}

    def test_another_language_redraws_the_form_as_well(self, stage):
        stage.opens().choose_relay(found())
        stage.controller.set_language("ru")
        assert stage.screen.of("redraw") == [()]

    def test_they_are_kept(self, stage):
        controller = stage.opens()
        controller.set_theme("dark")
        controller.show_members(False)
        kept = stage.settings.settings
        assert (kept.theme, kept.show_members) == ("dark", False)


class TestRefusals:
    def test_every_code_of_the_wire_has_its_words(self):
        assert set(wire_errors()) <= set(REFUSALS)

    def test_waiting_is_told_in_seconds(self):
        assert refusal("rate_limited", "x", 2.4) == "Too much at once. Wait a little. Try again in 2 seconds."

    def test_an_unknown_code_keeps_the_relays_own_words(self):
        assert refusal("brand_new", "Only on Sundays.") == "Only on Sundays."


def test_a_nonce_is_used_once(stage):
    controller = stage.anna_is_in()
    controller.send("a")
    controller.send("b")
    controller.send("   ")
    sent: list[Nonce] = [item.nonce for (item,) in stage.link.of("act")]
    assert sent == [nonce(500), nonce(501)]

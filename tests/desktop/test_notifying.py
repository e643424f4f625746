"""The person is told by the system, answers there, and lives with an icon beside the clock: what the controller makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.ids import GroupId, RelayId, Seq
from desktop.controller import Controller
from desktop.events.conversations import EntriesKnown, OwnStatus, OwnStatusKnown, PresenceSeen, ReadSeen
from desktop.events.link import Connected, Connecting, LinkChanged, SignedOut
from desktop.notifications import (
    BellWanted,
    Notification,
    NotificationClicked,
    ServiceSeen,
    TestShown,
    TrayPressed,
    TraySeen,
    Wishes,
)
from desktop.screen import NotifierSight
from tests.desktop.model.people import ANNA, BORIS, GENERAL, MEI, STORE, group, said
from tests.desktop.stage import OFFICE, Stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


@pytest.fixture
def away(stage: Stage) -> Controller:
    """Anna is signed in, reads the general group, and has gone to another window."""
    controller = stage.anna_is_in(group(1), group(2, "Store"))
    controller.open_group(GENERAL)
    controller.window_focused(False)
    return controller


def shown(stage: Stage) -> list[Notification]:
    return [notification for (notification,) in stage.notifier.of("show")]


class TestTelling:
    def test_what_is_said_while_she_is_away_is_shown_by_the_system(self, stage, away):
        stage.hears(said(1, BORIS, body="Kettle!"))
        assert shown(stage) == [Notification(OFFICE, GENERAL, Seq(1), "General", "New message from Boris Lund")]

    def test_the_choices_count(self, stage, away):
        away.set_wishes(Wishes(privacy="text", sound=False))
        stage.hears(said(1, BORIS, body="Kettle!"))
        assert shown(stage) == [Notification(OFFICE, GENERAL, Seq(1), "General", "Boris Lund: Kettle!", sound=False)]
        assert stage.settings.settings.notify_privacy == "text"

    def test_who_wants_none_hears_a_bell_and_what_was_shown_goes(self, stage, away):
        stage.hears(said(1, BORIS))
        away.set_wishes(Wishes(is_on=False))
        assert stage.notifier.of("withdraw_all") == [()]
        stage.now += 60_000
        stage.hears(said(2, BORIS))
        assert (len(shown(stage)), stage.screen.of("beep")) == (1, [()])

    def test_in_front_of_the_conversation_there_is_nothing_to_tell_and_what_was_shown_goes(self, stage, away):
        stage.hears(said(1, BORIS))
        away.window_focused(True)
        assert stage.notifier.of("withdraw") == [(GENERAL,)]
        stage.hears(said(2, BORIS))
        assert len(shown(stage)) == 1
        stage.hears(said(1, BORIS, group=STORE))
        assert shown(stage)[-1].group == STORE

    def test_what_she_reads_on_another_device_goes(self, stage, away):
        stage.hears(said(1, BORIS))
        stage.tells(ReadSeen(GENERAL, ANNA.id, Seq(1)))
        assert stage.notifier.of("withdraw") == [(GENERAL,)]

    @pytest.mark.parametrize("where", ["here", "on another device"])
    def test_who_is_not_to_be_disturbed_is_not(self, where, stage, away):
        if where == "here":
            stage.tells(OwnStatusKnown(OwnStatus("dnd")))
        else:
            stage.tells(PresenceSeen(ANNA.id, "dnd"))
        stage.hears(said(1, BORIS))
        assert (shown(stage), stage.screen.of("beep")) == ([], [])

    def test_what_was_missed_is_summed_up(self, stage, away):
        stage.tells(
            LinkChanged(Connecting()),
            EntriesKnown(GENERAL, tuple(said(seq, BORIS) for seq in (1, 2, 3))),
        )
        stage.tells(EntriesKnown(STORE, tuple(said(seq, MEI, group=STORE) for seq in (1, 2, 3, 4))))
        assert shown(stage) == []
        stage.tells(LinkChanged(Connected()))
        (told,) = shown(stage)
        assert (told.group, told.title) == (None, "7 new messages in 2 conversations")

    def test_who_writes_fast_is_followed_by_the_clock(self, stage, away):
        for seq in (1, 2, 3):
            stage.hears(said(seq, BORIS))
        assert len(shown(stage)) == 1
        stage.now += 1000
        away.tick()
        assert [one.seq for one in shown(stage)] == [1, 3]

    def test_nobody_signed_in_is_told_of_nothing(self, stage, away):
        stage.hears(said(1, BORIS))
        away.sign_out()
        stage.tells(SignedOut())
        assert (stage.notifier.of("withdraw_all"), stage.notifier.last("count")) == ([()], (0,))
        assert stage.screen.last("show_unread") == (0,)

    def test_leaving_for_other_relays_takes_all_away(self, stage, away):
        stage.hears(said(1, BORIS))
        away.back_to_relays()
        assert stage.notifier.of("withdraw_all") == [()]

    def test_the_icon_is_told_how_many_messages_wait(self, stage, away):
        stage.hears(said(1, BORIS), said(2, BORIS))
        assert stage.notifier.last("count") == (2,)

    def test_a_system_without_sound_has_the_window_ring(self, stage, away):
        stage.tells(BellWanted())
        assert stage.screen.of("beep") == [()]


class TestAClick:
    def test_it_brings_the_window_and_goes_to_the_message(self, stage, away):
        stage.hears(said(1, BORIS, group=STORE))
        stage.screen.forget()
        stage.tells(NotificationClicked(OFFICE, STORE, Seq(1), "token"))
        assert stage.screen.of("come_to_front") == [("token",)]
        assert stage.notifier.last("withdraw") == (STORE,)
        assert stage.screen.of("clear_the_view") == [()]
        rows, selected = stage.screen.last("show_rail")
        assert rows[selected].group == STORE
        assert stage.link.of("load_around") == [(STORE, Seq(1))]

    def test_on_a_summing_up_it_only_brings_the_window(self, stage, away):
        stage.screen.forget()
        stage.tells(NotificationClicked(OFFICE, None, Seq(1)))
        assert stage.screen.calls == [("come_to_front", "")]

    @pytest.mark.parametrize(
        "relay, group_id",
        [(RelayId("ZZZZ" * 13), STORE), (OFFICE, GroupId(99))],
        ids=["another relay", "a group that is gone"],
    )
    def test_on_what_is_not_here_any_more_it_only_brings_the_window(self, relay, group_id, stage, away):
        stage.tells(NotificationClicked(relay, group_id, Seq(1)))
        assert stage.screen.of("come_to_front") == [("",)]
        rows, selected = stage.screen.last("show_rail")
        assert rows[selected].group == GENERAL

    def test_before_anybody_is_signed_in_it_only_brings_the_window(self, stage):
        stage.opens()
        stage.tells(NotificationClicked(OFFICE, STORE, Seq(1)))
        assert stage.screen.of("come_to_front") == [("",)]


class TestTheSettings:
    def test_what_the_system_can_do_is_found_out_and_shown(self, stage):
        stage.opens().look_at_notifier()
        assert stage.notifier.of("look") == [()]
        assert stage.screen.last("show_notifier") == (NotifierSight(),)
        stage.tells(ServiceSeen("dunst"))
        assert stage.screen.last("show_notifier") == (NotifierSight(ServiceSeen("dunst")),)

    def test_a_test_is_shown_and_what_came_of_it(self, stage):
        controller = stage.opens()
        controller.set_wishes(Wishes(sound=False))
        controller.test_notification()
        ((notification,),) = stage.notifier.of("test")
        assert (notification.title, notification.sound) == ("Py_messenger", False)
        stage.tells(TestShown(True))
        assert stage.screen.last("show_notifier")[0].test == TestShown(True)
        # The next one is not taken for it.
        controller.test_notification()
        assert stage.screen.last("show_notifier")[0].test is None


class TestTheIconBesideTheClock:
    def test_closing_ends_the_client_unless_she_chose_otherwise(self, stage):
        controller = stage.opens()
        stage.tells(TraySeen(shown=True, possible=True))
        controller.close_window()
        assert (stage.screen.of("hide"), stage.screen.of("close")) == ([], [()])

    def test_closing_puts_the_window_away_where_the_icon_is_seen(self, stage):
        controller = stage.opens()
        controller.set_tray(True)
        assert stage.notifier.of("want_tray") == [(True,)]
        stage.tells(TraySeen(shown=True, possible=True))
        controller.close_window()
        assert (stage.screen.of("hide"), stage.screen.of("close")) == ([()], [])
        stage.tells(TrayPressed("open", "token"))
        assert stage.screen.of("come_to_front") == [("token",)]

    def test_where_it_is_not_seen_closing_ends_the_client(self, stage):
        controller = stage.opens()
        controller.set_tray(True)
        stage.tells(TraySeen(shown=False, possible=True))
        controller.close_window()
        assert (stage.screen.of("hide"), stage.screen.of("close")) == ([], [()])

    def test_when_the_icon_goes_the_window_comes_back(self, stage):
        controller = stage.opens()
        controller.set_tray(True)
        stage.tells(TraySeen(shown=True, possible=True))
        controller.close_window()
        stage.tells(TraySeen(shown=False, possible=False))
        assert stage.screen.of("come_to_front") == [("",)]

    def test_a_window_that_is_there_stays_where_it_is_when_the_icon_goes(self, stage):
        stage.opens().set_tray(True)
        stage.tells(TraySeen(shown=True, possible=True), TraySeen(shown=False, possible=False))
        assert stage.screen.of("come_to_front") == []

    def test_quitting_ends_the_client_and_asks_about_its_relay(self, stage):
        controller = stage.opens()
        controller.set_tray(True)
        stage.tells(TraySeen(shown=True, possible=True))
        stage.hosting.is_running = True
        stage.tells(TrayPressed("quit"))
        assert stage.screen.question.title == "Stop the relay as well?"
        stage.hosting.is_running = False
        controller.quit()
        assert stage.screen.of("close") == [()]

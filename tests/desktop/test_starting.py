"""What starts at sign-in, as the controller passes it on; and the client that has started so."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop.autostart.seen import AutostartSeen
from desktop.notifications import TrayPressed, TraySeen
from tests.desktop.stage import Stage

ICON = TraySeen(shown=True, possible=True)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_what_leads_elsewhere_is_mended_once_and_not_while_the_window_opens(stage: Stage):
    controller = stage.opens()
    assert stage.autostart.calls == []
    controller.tick()
    controller.tick()
    assert stage.autostart.calls == [("look",)]


def test_switches_are_passed_on_and_what_came_of_them_is_shown(stage: Stage):
    controller = stage.opens()
    controller.start_client_at_sign_in(True)
    controller.start_relay_at_sign_in(False)
    assert stage.autostart.calls == [("set_client", True), ("set_relay", False)]
    stage.tells(AutostartSeen(True, False))
    assert stage.screen.last("show_autostart") == (AutostartSeen(True, False),)
    assert not stage.screen.of("show_toast")


def test_why_it_could_not_be_changed_is_said(stage: Stage):
    stage.opens()
    stage.tells(AutostartSeen(False, False, "The disk is full."))
    assert stage.screen.last("show_toast") == ("The disk is full.",)


class TestClosingBesideTheOwnRelay:
    def test_it_may_stay_and_start_with_the_computer(self, stage: Stage):
        controller = stage.opens()
        stage.hosting.is_running = True
        stage.tells(AutostartSeen(False, False))
        controller.quit()
        assert [choice.key for choice in stage.screen.question.choices] == ["stay", "always", "stop", "cancel"]
        stage.screen.answer("always")
        assert stage.hosting.calls == [("let_stay",)]
        assert stage.autostart.calls == [("set_relay", True)]
        assert stage.settings.settings.stay_hosting is True

    @pytest.mark.parametrize("seen", [(), (AutostartSeen(False, True),)])
    def test_that_is_not_offered_where_it_is_so_or_nobody_knows(self, stage: Stage, seen: tuple[AutostartSeen, ...]):
        controller = stage.opens()
        stage.hosting.is_running = True
        stage.tells(*seen)
        controller.quit()
        assert [choice.key for choice in stage.screen.question.choices] == ["stay", "stop", "cancel"]
        stage.screen.answer("stay")
        assert stage.autostart.calls == []


class TestInTheBackground:
    def test_the_window_goes_as_soon_as_there_is_an_icon_to_bring_it_back_by(self, stage: Stage):
        controller = stage.opens(in_background=True)
        assert not stage.screen.of("hide")
        stage.tells(ICON)
        assert stage.screen.of("hide") == [()]
        controller.fold(TrayPressed("open"))
        assert stage.screen.last("come_to_front") == ("",)
        stage.tells(ICON)
        assert stage.screen.of("hide") == [()], "it goes once"

    def test_a_window_that_somebody_has_taken_stays(self, stage: Stage):
        controller = stage.opens(in_background=True)
        controller.window_focused(True)
        stage.tells(ICON)
        controller.window_focused(False)
        stage.tells(ICON)
        assert not stage.screen.of("hide")

    def test_a_window_that_was_asked_for_stays(self, stage: Stage):
        stage.opens()
        stage.tells(ICON)
        assert not stage.screen.of("hide")

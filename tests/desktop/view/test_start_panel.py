"""The part of the settings that says what starts at sign-in, in a real window."""

from __future__ import annotations

from typing import Any

import pytest

from desktop.autostart.seen import AutostartSeen
from tests.desktop.view.conftest import Stage
from tests.desktop.view.test_window import texts, top

pytestmark = pytest.mark.window

RELAY = "Start the relay on this computer as well"


def opened(stage: Stage) -> Any:
    stage.window.show_chooser()
    stage.window.open_settings("start")
    stage.wait(lambda: stage.asked.of("look_at_autostart"))
    from desktop.view.settings.start import StartPanel

    return top(stage).panel(StartPanel)


def test_nothing_can_be_pressed_before_it_is_known(stage: Stage):
    panel = opened(stage)
    assert panel.client.instate(["disabled"])
    stage.window.show_autostart(AutostartSeen(False, False))
    assert panel.client.instate(["!disabled", "!selected"])
    panel.client.invoke()
    assert stage.asked.of("start_client_at_sign_in") == [(True,)]


def test_a_switch_says_what_came_of_it(stage: Stage):
    panel = opened(stage)
    stage.window.show_autostart(AutostartSeen(True, False))
    assert panel.client.instate(["selected"])
    stage.window.show_autostart(AutostartSeen(False, False, "The disk is full."))
    assert panel.client.instate(["!selected"])
    assert "The disk is full." in texts(stage)
    assert stage.asked.of("start_client_at_sign_in") == []


def test_the_relay_is_asked_about_only_where_there_is_one(stage: Stage):
    opened(stage)
    stage.window.show_autostart(AutostartSeen(False, False))
    stage.pump()
    assert RELAY not in texts(stage)
    stage.window._sheets.close_all()
    stage.settings.change(own_relay="A" * 52)
    panel = opened(stage)
    stage.window.show_autostart(AutostartSeen(False, False))
    stage.pump()
    assert RELAY in texts(stage)
    panel.relay.invoke()
    assert stage.asked.of("start_relay_at_sign_in") == [(True,)]


def test_what_is_known_is_shown_at_once_the_next_time(stage: Stage):
    stage.window.show_autostart(AutostartSeen(True, True))
    panel = opened(stage)
    assert panel.client.instate(["selected", "!disabled"])
    assert panel.relay.instate(["selected", "!disabled"])

"""The settings, in a real window: sections by keyboard, every change at once, nothing that is typed lost."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import pytest
from msgspec.structs import replace

from common import VERSION
from common.ids import Millis, RelayId, UserId
from common.protocol.messages import AccessToken, Webhook
from desktop import locale
from desktop.events.conversations import OwnStatus
from desktop.screen import Place
from desktop.view.settings.sections import SECTIONS
from tests.desktop.view.conftest import Stage
from tests.desktop.view.talk import GENERAL, conversation, open_main
from tests.desktop.view.test_window import focused, press, texts, top

pytestmark = pytest.mark.window


def arrive(stage: Stage) -> Any:
    """The settings over an open conversation."""
    open_main(stage, conversation(3))
    stage.window.show_place(Place(RelayId("A" * 52), "Office", "/home/peter/token"))
    stage.window.show_own_status(OwnStatus("online", "at lunch", True))
    stage.screen.composer.text.insert("1.0", "half written")
    stage.window.root.event_generate("<Control-comma>")
    stage.window.root.focus_force()
    stage.pump()
    return top(stage)


def test_every_section_is_reached_by_keys_alone_and_comes_back_to_the_first(stage: Stage):
    sheet = arrive(stage)
    sheet.first_focus().focus_force()
    stage.pump()
    seen = []
    for _section in SECTIONS:
        seen.append(sheet.section)
        focused(stage).event_generate("<Down>")
        stage.pump()
    assert seen == [section.name for section in SECTIONS]
    assert sheet.section == SECTIONS[0].name
    focused(stage).event_generate("<Control-Next>")
    stage.pump()
    assert sheet.section == SECTIONS[1].name
    focused(stage).event_generate("<Escape>")
    stage.pump()
    assert top(stage) is None
    assert stage.screen.composer.value() == "half written"


def test_tab_goes_from_the_names_through_the_section_to_done(stage: Stage):
    sheet = arrive(stage)
    widget, found = sheet.first_focus(), []
    while widget is not None and widget not in found:
        found.append(widget)
        widget = widget.tk_focusNext()
    words = [str(one.cget("text")).strip() for one in found if one.winfo_class() == "TButton"]
    for wanted in ("Appearance", "About the program", "Dark", "Русский", "300 %", "Done"):
        assert wanted in words
    assert all(one.winfo_class() in ("TButton", "TEntry", "TCheckbutton") for one in found)


def test_a_change_of_the_look_stays_in_its_section_with_the_keyboard_and_loses_nothing_typed(stage: Stage):
    sheet = arrive(stage)
    press(stage, "200 %")
    assert stage.settings.settings.text == 200
    assert top(stage) is not sheet
    assert top(stage).section == "appearance"
    press(stage, "Dark")
    assert stage.window.look.palette.dark
    stage.window.set_text(100)
    press(stage, "You")
    field = top(stage)._panel.winfo_children()[1].text
    field.put("in a meeting")
    field.entry.focus_force()
    stage.pump()
    stage.window.set_theme("light")
    stage.pump()
    again = top(stage)._panel.winfo_children()[1].text
    assert again.text == "in a meeting"
    stage.wait(lambda: stage.window.root.focus_lastfor() is again.entry, "the keyboard went elsewhere")
    press(stage, "Done")
    assert stage.screen.composer.value() == "half written"


def test_a_size_that_an_older_version_kept_can_be_seen_and_chosen_again(stage: Stage):
    stage.settings.change(scale=125)
    stage.window.redraw()
    arrive(stage)
    assert "125 %" in texts(stage)


def test_about_says_what_where_and_whereby(stage: Stage):
    arrive(stage)
    press(stage, "About the program")
    words = texts(stage)
    for fact in (VERSION, "Office", "AAAA", "/home/peter/token", str(stage.settings.folder), sys.version.split()[0]):
        assert fact in words
    press(stage, "Appearance")
    assert "/home/peter/token" not in texts(stage)


def test_who_is_not_signed_in_has_only_what_is_of_this_computer(stage: Stage):
    stage.window.show_chooser()
    stage.window.open_settings("you")
    words = texts(stage)
    assert "Appearance" in words
    assert "Others see you as" not in words
    press(stage, "About the program")
    assert "The key that keeps you signed in" not in texts(stage)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_every_section_has_a_title_in_russian_and_a_module_that_builds_it(section):
    locale.use("ru")
    try:
        assert locale._(section.title) != section.title
    finally:
        locale.use("en")
    assert callable(import_module(f"desktop.view.settings.{section.name}").build)


TOKEN = AccessToken(5, "printer", ("write",), Millis(1_700_000_000_000), Millis(1_700_000_000_000))


def test_a_token_is_asked_for_shown_once_with_its_command_listed_and_revoked(stage: Stage):
    arrive(stage)
    press(stage, "Scripts")
    stage.wait(lambda: stage.asked.of("list_tokens"))
    panel = top(stage)._panel
    press(stage, "Make a token")
    assert "Please enter something here." in texts(stage)
    panel.name.put("printer")
    press(stage, "Read")
    press(stage, "No end")
    press(stage, "Make a token")
    assert stage.asked.of("create_token") == [("printer", "read", None)]
    stage.window.show_token_made(TOKEN, "s3cret", "curl -d x https://relay/api")
    stage.window.show_tokens([TOKEN])
    assert "printer · may read and write" in texts(stage)
    assert [entry.get() for entry in panel._made.entries] == ["s3cret", "curl -d x https://relay/api"]
    press(stage, "Copy")
    assert stage.window.root.clipboard_get() == "curl -d x https://relay/api"
    stage.window.set_theme("dark")
    stage.pump()
    assert top(stage)._panel._made.entries[0].get() == "s3cret", "another look does not lose what is shown once"
    stage.window.show_tokens([TOKEN])
    press(stage, "Revoke")
    assert not stage.asked.of("revoke_token")
    press(stage, "Revoke")
    assert stage.asked.of("revoke_token") == [(5,)]
    press(stage, "Done")
    stage.window.open_settings("scripts")
    assert top(stage)._panel._made is None, "it is shown once"


def test_a_webhook_is_asked_for_shown_once_with_its_command_listed_and_revoked(stage: Stage):
    open_main(stage, conversation(3))
    stage.window.show_header(replace(GENERAL, kind="group", may_manage=True))
    stage.window._around.open_info()
    press(stage, "Webhooks")
    sheet = top(stage)
    assert stage.asked.of("list_webhooks") == [(GENERAL.group,)]
    press(stage, "Make an address")
    assert "Please enter something here." in texts(stage)
    sheet.name.put("Printer")
    press(stage, "Make an address")
    assert stage.asked.of("create_webhook") == [(GENERAL.group, "Printer")]
    hook = Webhook(7, GENERAL.group, "Printer", UserId(1), Millis(1_700_000_000_000))
    stage.window.show_hook_made(hook, "https://relay/hooks/abc", "curl https://relay/hooks/abc -d Hello")
    stage.window.show_hooks(GENERAL.group, [hook])
    stage.window.set_theme("dark")
    stage.pump()
    assert top(stage)._made.entries[0].get() == "https://relay/hooks/abc"
    press(stage, "Revoke")
    press(stage, "Revoke")
    assert stage.asked.of("revoke_webhook") == [(GENERAL.group, 7)]
    stage.window.show_hooks(GENERAL.group, [])
    assert "Revoke" not in texts(stage)

"""The section of the settings about notifications, and what the window does for them: its icon, its title, its way to the front."""

from __future__ import annotations

import sys
import tkinter as tk
from collections.abc import Iterator
from tkinter import ttk

import pytest
from PIL import Image

from desktop import locale
from desktop.notifications import ServiceSeen, TestShown, TraySeen, Wishes
from desktop.screen import Choice, NotifierSight, Question
from desktop.view.app_icon import badge_text, draw_app_icon
from desktop.view.notify_panel import NotifyPanel
from tests.desktop.view.conftest import Stage

pytestmark = pytest.mark.window


@pytest.fixture
def panel(stage: Stage) -> NotifyPanel:
    stage.window.show_chooser()
    return opened(stage)


def opened(stage: Stage) -> NotifyPanel:
    stage.window.open_settings("notifications")
    stage.pump()
    (found,) = (widget for widget in within(stage.window.root) if isinstance(widget, NotifyPanel))
    return found


def within(widget: tk.Misc) -> Iterator[tk.Misc]:
    yield widget
    for child in widget.winfo_children():
        yield from within(child)


def switch(panel: NotifyPanel, beginning: str) -> ttk.Checkbutton:
    (found,) = (
        widget
        for widget in within(panel)
        if isinstance(widget, ttk.Checkbutton) and str(widget["text"]).startswith(beginning)
    )
    return found


def press(panel: NotifyPanel, label: str) -> None:
    (found,) = (
        widget for widget in within(panel) if isinstance(widget, ttk.Button) and str(widget["text"]).strip() == label
    )
    found.invoke()


def test_what_the_system_can_do_is_asked_when_the_section_opens(stage, panel):
    stage.wait(lambda: stage.asked.of("look_at_notifier"))
    assert panel.state["text"] == "Looking for the notifications of this system…"


def test_every_choice_takes_effect_at_once(stage, panel):
    press(panel, "Name and text")
    switch(panel, "With a sound").invoke()
    switch(panel, "Let calls").invoke()
    switch(panel, "Show a notification").invoke()
    assert [wishes for (wishes,) in stage.asked.of("set_wishes")] == [
        Wishes(privacy="text"),
        Wishes(privacy="text", sound=False),
        Wishes(privacy="text", sound=False, calls_in_dnd=True),
        Wishes(is_on=False, privacy="text", sound=False, calls_in_dnd=True),
    ]


def test_the_test_says_what_to_do_when_nothing_is_seen(stage, panel, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    press(panel, "Test notification")
    assert stage.asked.of("test_notification") == [()]
    stage.window.show_notifier(NotifierSight(ServiceSeen("dunst"), TestShown(True)))
    assert panel.state["text"] == "A test notification was shown just now."
    assert "do not disturb" in panel.advice["text"]
    assert panel.advice.winfo_manager() == "pack"


def test_a_system_without_a_service_is_told_once_and_there(stage, panel, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    stage.window.show_notifier(NotifierSight(ServiceSeen("", "missing"), TestShown(False)))
    assert panel.state["text"] == "This desktop has no notification service."
    assert "dunst" in panel.advice["text"]
    assert panel.state["fg"] == stage.window.look.palette.danger
    stage.window.show_notifier(NotifierSight(ServiceSeen("Plasma")))
    assert (panel.state["text"], panel.advice.winfo_manager()) == ("This system shows notifications.", "")


def test_the_icon_beside_the_clock_is_offered_only_where_it_is_seen(stage, panel):
    offered = switch(panel, "Closing the window")
    stage.pump()
    assert not offered.winfo_ismapped()
    stage.window.show_notifier(NotifierSight(tray=TraySeen(shown=False, possible=True)))
    stage.pump()
    assert offered.winfo_ismapped()
    offered.invoke()
    assert stage.asked.of("set_tray") == [(True,)]
    # Who has chosen it and then comes to a desktop without one is told what closing does there.
    stage.window.show_notifier(NotifierSight(tray=TraySeen(shown=False, possible=False)))
    stage.pump()
    assert offered.winfo_ismapped()
    assert any(
        str(widget.cget("text")).startswith("Here nobody shows")
        for widget in within(panel)
        if isinstance(widget, tk.Label)
    )


def test_it_stays_as_it_is_in_another_language(stage, panel):
    stage.window.show_notifier(NotifierSight(ServiceSeen("dunst")))
    locale.use("ru")
    stage.window.redraw()
    stage.pump()
    (anew,) = (widget for widget in within(stage.window.root) if isinstance(widget, NotifyPanel))
    assert anew.state["text"] == "Эта система показывает уведомления."
    assert stage.asked.of("set_wishes") == []


class TestTheIcon:
    def test_it_counts_to_nine(self):
        assert [badge_text(count) for count in (-1, 0, 1, 9, 10, 1000)] == ["", "", "1", "9", "9+", "9+"]

    @pytest.mark.parametrize("size", [16, 22, 32, 64])
    def test_what_waits_is_a_red_spot_at_its_corner(self, size):
        plain, badged = draw_app_icon(size, ""), draw_app_icon(size, "3")
        assert plain.size == badged.size == (size, size)
        assert reds(plain) == 0
        assert reds(badged) > size * size // 20
        corner = badged.crop((0, 0, size // 3, size // 3))
        assert corner.tobytes() == plain.crop((0, 0, size // 3, size // 3)).tobytes()

    def test_the_window_wears_it(self, stage):
        stage.window.show_chooser()
        worn: list[tuple[str, ...]] = []
        stage.window.root.iconphoto = lambda _default, *pictures: worn.append(pictures)
        for count in (2, 2, 3, 0):
            stage.window.show_unread(count)
        assert len(worn) == 3
        assert len({pictures[0] for pictures in worn}) == 3


def reds(icon: Image.Image) -> int:
    pixels = icon.tobytes()
    return sum(
        pixels[at] > 150 and pixels[at + 1] < 90 and pixels[at + 2] < 90 and pixels[at + 3] > 200
        for at in range(0, len(pixels), 4)
    )


class TestTheWayToTheMessage:
    def test_what_only_covers_it_is_closed(self, stage, panel):
        stage.window.clear_the_view()
        assert stage.window.screen.winfo_manager() == "pack"

    def test_a_question_stays(self, stage):
        stage.window.show_chooser()
        answers: list[str] = []
        stage.window.ask(
            Question("Stop?", "It runs.", (Choice("stop", "Stop"), Choice("stay", "Keep it"))), answers.append
        )
        stage.window.clear_the_view()
        stage.pump()
        assert (answers, stage.window.screen.winfo_manager()) == ([], "")

    def test_what_was_typed_stays(self, stage):
        stage.window.show_chooser()
        stage.window.open_address(invitation=False)
        (field,) = (widget for widget in within(stage.window.root) if isinstance(widget, ttk.Entry))
        stage.window.clear_the_view()
        assert stage.window.screen.winfo_manager() == "pack"
        stage.window.open_address(invitation=False)
        (field,) = (widget for widget in within(stage.window.root) if isinstance(widget, ttk.Entry))
        field.insert(0, "192.168.")
        stage.window.clear_the_view()
        assert field.get() == "192.168."

    def test_a_window_that_was_put_away_comes_back(self, stage):
        stage.window.show_chooser()
        stage.window.hide()
        stage.pump()
        assert not stage.window.root.winfo_viewable()
        stage.window.come_to_front("")
        stage.wait(lambda: stage.window.root.winfo_viewable())

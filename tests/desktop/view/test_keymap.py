"""What the keys do, in a real window: everything is reached by them, and the list of them is true, under a Russian layout too."""

from __future__ import annotations

import os
import shutil
import subprocess
import tkinter as tk
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from common.ids import Seq, UserId
from desktop.model.rows import Delivery, Quote
from desktop.screen import SignInMode
from desktop.view import keymap, keys
from desktop.view.keymap import TABLE, TITLES, written
from tests.desktop.view.conftest import Stage
from tests.desktop.view.talk import GENERAL, conversation, found, open_main, said
from tests.desktop.view.test_window import texts, top

pytestmark = pytest.mark.window

WITHIN_S = 10.0
CODES = {sign: code for code, sign in keys._X11.items()}
RUSSIAN = {
    "Ctrl+K": ("ctrl", "k", "SwitcherSheet"),
    "Ctrl+F": ("ctrl", "f", "SearchSheet"),
    "Ctrl+N": ("ctrl", "n", "PeopleSheet"),
    "Ctrl+,": ("ctrl", "comma", "SettingsSheet"),
    "Ctrl+.": ("ctrl", "period", "EmojiSheet"),
    "Ctrl+/": ("ctrl", "slash", "ShortcutsSheet"),
    "Ctrl+Shift+I": ("ctrl+shift", "i", "GroupInfoSheet"),
}


def arrive(stage: Stage) -> Any:
    """The main screen, with the keyboard."""
    open_main(stage, conversation(30))
    stage.window.root.focus_force()
    stage.screen.composer.text.focus_force()
    stage.pump()
    return stage.screen


def press(stage: Stage, *events: str) -> None:
    """At whatever has the keyboard."""
    for event in events:
        widget = stage.window.root.focus_get()
        assert widget is not None
        widget.event_generate(event)
        stage.pump()


def at(stage: Stage, widget: tk.Misc) -> None:
    widget.focus_force()
    stage.pump()


# -- the table ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", TABLE)
def test_no_key_means_two_things_at_one_place(where: keymap.Where):
    names = [name for key in TABLE[where] for name in key.keys]
    assert len(names) == len(set(names))
    assert len({key.act for key in TABLE[where]}) == len(TABLE[where])
    assert where in TITLES


def test_who_binds_other_acts_than_the_table_names_is_told(stage: Stage):
    acts: dict[str, keymap.Act] = {key.act: lambda: None for key in TABLE["people"]}
    with pytest.raises(ValueError, match="fly"):
        keymap.bind(stage.window.root, "people", {**acts, "fly": lambda: None})
    acts.pop("menu")
    with pytest.raises(ValueError, match="menu"):
        keymap.bind(stage.window.root, "people", acts)


def test_every_key_of_every_place_does_what_stands_beside_it(stage: Stage):
    done: list[str] = []
    stage.window.show_chooser()
    for where, table in TABLE.items():
        frame = tk.Frame(stage.window.root)
        keymap.bind(frame, where, {key.act: lambda act=key.act: done.append(act) for key in table})  # type: ignore[misc]
        frame.pack()
        frame.focus_force()
        stage.pump()
        for key in table:
            for name in key.keys:
                done.clear()
                frame.event_generate(_event(name))
                assert done[:1] == [key.act], f"{where}: {name}"
        frame.destroy()


def _event(name: str) -> str:
    """As Tk writes that key."""
    *held, key = name.replace("++", "+plus").split("+") if name != "+" else ["plus"]
    names = {
        "Enter": "Return", "Esc": "Escape", "PgUp": "Prior", "PgDn": "Next", "Del": "Delete", "Backspace": "BackSpace",
        "Space": "space", ",": "comma", ".": "period", "/": "slash", "-": "minus",
    }  # fmt: skip
    key = names.get(key, key.lower() if len(key) == 1 else key)
    return "<" + "-".join([*(held if "Ctrl" not in held else ["Control", *held[1:]]), "Key", key]) + ">"


@pytest.mark.parametrize(
    "keysym, state, name",
    [
        ("k", 0x4, "Ctrl+K"),
        ("f", 0x5, "Ctrl+Shift+F"),
        ("plus", 0x5, "Ctrl++"),
        ("equal", 0x4, "Ctrl++"),
        ("KP_Add", 0x14, "Ctrl++"),
        ("Up", 0x9, "Alt+Shift+Up"),
        ("Prior", 0, "PgUp"),
        ("KP_Enter", 0, "Enter"),
        ("r", 0x2, "R"),
        ("question", 0x5, "Ctrl+/"),
    ],
)
def test_a_key_is_written_as_the_table_writes_it(keysym: str, state: int, name: str):
    assert written(keysym, state) == name


def test_the_list_of_keys_has_all_of_the_table(stage: Stage):
    arrive(stage)
    press(stage, "<F1>")
    words = texts(stage)
    for where, table in TABLE.items():
        assert TITLES[where] in words
        for key in table:
            assert key.what in words


# -- without the mouse -------------------------------------------------------------------------------------------------


def test_f6_goes_round_the_panes_and_back(stage: Stage):
    screen = arrive(stage)
    panes = screen.panes()
    seen = []
    for _turn in panes:
        press(stage, "<F6>")
        seen.append(stage.window.root.focus_get())
    assert set(seen) == set(panes)
    assert seen[-1] is screen.composer.text
    press(stage, "<Shift-F6>")
    assert stage.window.root.focus_get() is seen[-2]


def test_escape_leads_back_to_where_one_writes(stage: Stage):
    screen = arrive(stage)
    for pane in screen.panes():
        at(stage, pane)
        press(stage, "<Escape>")
        assert stage.window.root.focus_get() is screen.composer.text


def test_the_list_of_conversations_is_gone_through_by_keys(stage: Stage):
    screen = arrive(stage)
    at(stage, screen.rail.canvas)
    press(stage, "<Down>", "<End>", "<Home>")
    assert stage.asked.of("open_group") == [(2,), (3,)]
    press(stage, "<Shift-F10>")
    assert screen._popup.winfo_exists()
    press(stage, "<Escape>", "<Return>")
    assert stage.window.root.focus_get() is screen.composer.text


def test_members_are_gone_through_by_keys(stage: Stage):
    screen = arrive(stage)
    at(stage, screen.members.list.canvas)
    press(stage, "<End>")
    assert screen.members.list._active == 1
    press(stage, "<Home>")
    assert screen.members.list._active == 0
    press(stage, "<Return>")
    assert screen._popup.winfo_exists()


@pytest.mark.parametrize(
    "key, asked",
    [
        ("<r>", ("reply_to", (29,))),
        ("<p>", ("pin", (29, True))),
        ("<u>", ("mark_unread", (29,))),
    ],
)
def test_a_letter_does_something_with_the_marked_message(stage: Stage, key: str, asked: tuple[str, tuple[Any, ...]]):
    screen = arrive(stage)
    at(stage, screen.timeline.canvas)
    press(stage, key)
    assert not stage.asked.of(asked[0])
    press(stage, "<Up>", "<Up>", key)
    assert stage.asked.of(asked[0]) == [asked[1]]


def test_f_forwards_and_plus_reacts(stage: Stage):
    screen = arrive(stage)
    for key, sheet in (("<f>", "ForwardSheet"), ("<plus>", "EmojiSheet")):
        at(stage, screen.timeline.canvas)
        press(stage, "<Up>", key)
        assert type(top(stage)).__name__ == sheet
        press(stage, "<Escape>")


def test_home_end_and_pages_move_through_the_messages(stage: Stage):
    screen = arrive(stage)
    timeline = screen.timeline
    at(stage, timeline.canvas)
    press(stage, "<Home>")
    assert timeline.visible()[0][0] == 0
    press(stage, "<Next>")
    stage.wait(lambda: timeline.visible()[0][0] > 0, "PgDn did not move")
    press(stage, "<End>")
    assert timeline.visible()[-1][0] == 29


def test_enter_opens_the_messages_menu_and_does_its_line(stage: Stage):
    screen = arrive(stage)
    timeline = screen.timeline
    at(stage, timeline.canvas)
    press(stage, "<Up>", "<Return>")
    assert timeline._menu.is_open
    press(stage, "<Return>")
    assert not timeline._menu.is_open
    assert stage.asked.of("reply_to") == [(30,)]


def test_links_quotes_and_the_rest_of_a_long_message_are_in_the_menu_that_keys_open(stage: Stage):
    long = "https://example.org/one and\n" + "\n".join(f"line {number}" for number in range(60))
    row = replace(said(2, long), quote=Quote(Seq(1), UserId(2), "Anna", "message 1"))
    open_main(stage, [said(1), row])
    timeline = stage.screen.timeline
    at(stage, timeline.canvas)
    press(stage, "<Up>", "<Shift-F10>")
    labels = [choice.label for choice in timeline._menu._choices]
    assert "Open https://example.org/one" in labels
    assert "Go to the message that it answers" in labels
    assert "Show the whole message" in labels
    next(choice for choice in timeline._menu._choices if choice.label == "Show the whole message").act()
    timeline._menu.close()
    stage.pump()
    press(stage, "<Shift-F10>")
    assert "Show the whole message" not in [choice.label for choice in timeline._menu._choices]


def test_a_failed_message_is_tried_again_by_keys(stage: Stage):
    open_main(stage, [said(1), said(2, own=True, delivery=Delivery.FAILED, problem="No answer.")])
    timeline = stage.screen.timeline
    at(stage, timeline.canvas)
    press(stage, "<Menu>")
    while timeline._menu._choices[timeline._menu._active - len(timeline._menu._quick)].label != "Try again":
        press(stage, "<Down>")
    press(stage, "<Return>")
    assert len(stage.asked.of("retry")) == 1


def test_the_hidden_password_is_shown_by_keys(stage: Stage):
    stage.window.show_sign_in(found(), SignInMode.SIGN_IN)
    stage.pump()
    form = stage.screen
    at(stage, form._password.entry)
    assert form._password.entry.tk_focusNext() is form._eye
    form._eye.invoke()
    assert str(form._password.entry.cget("show")) == ""


def test_keys_of_the_window_cost_nothing_of_what_is_being_written(stage: Stage):
    screen = arrive(stage)
    screen.composer.text.insert("1.0", "half of a thought")
    for event in (
        "<Control-k>",
        "<Control-n>",
        "<Control-f>",
        "<Control-comma>",
        "<Control-slash>",
        "<Control-period>",
    ):
        screen.composer.text.mark_set("insert", "1.4")
        at(stage, screen.composer.text)
        press(stage, event)
        assert top(stage) is not None, event
        press(stage, "<Escape>")
        assert screen.composer.value() == "half of a thought", event
        assert stage.window.root.focus_get() is screen.composer.text
    for event in ("<Control-i>", "<Control-e>", "<Control-Shift-U>", "<Control-0>"):
        at(stage, screen.composer.text)
        press(stage, event)
        assert stage.screen.composer.value() == "half of a thought", event


@pytest.mark.parametrize("letter", "PFNBEUI")
@pytest.mark.parametrize("form", ["<Control-Shift-Key-{upper}>", "<Control-Shift-Lock-Key-{lower}>"])
def test_no_letter_with_control_and_shift_selects_what_the_next_one_would_wipe(stage: Stage, form: str, letter: str):
    screen = arrive(stage)
    field = screen.composer.text
    field.insert("1.0", "half of a\nthought")
    field.mark_set("insert", "2.3")
    press(stage, form.format(upper=letter, lower=letter.lower()))
    assert not field.tag_ranges("sel")


# -- under a Russian layout --------------------------------------------------------------------------------------------


@pytest.fixture
def russian(display: str) -> Iterator[None]:
    """The keyboard of this screen is a Russian one alone, as after ``setxkbmap ru``."""
    for program, package in (("xdotool", "xdotool"), ("setxkbmap", "x11-xkb-utils")):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is missing: apt-get install -y {package}")
    subprocess.run(["setxkbmap", "-display", display, "ru"], check=True, timeout=WITHIN_S)
    yield
    subprocess.run(["setxkbmap", "-display", display, "us"], check=True, timeout=WITHIN_S)


def type_places(display: str, *places: str) -> None:
    """Press keys by their places on the keyboard: ``ctrl+45``."""
    subprocess.run(["xdotool", "key", *places], env={**os.environ, "DISPLAY": display}, check=True, timeout=WITHIN_S)


def test_shortcuts_work_with_setxkbmap_ru(stage: Stage, display: str, russian: None):
    screen = arrive(stage)
    stage.window.show_header(replace(GENERAL, joined=True))
    for name, (held, sign, sheet) in RUSSIAN.items():
        at(stage, screen.composer.text)
        type_places(display, f"{held}+{CODES[sign]}")
        stage.wait(lambda: top(stage) is not None, f"{name} opened nothing")
        assert type(top(stage)).__name__ == sheet, name
        press(stage, "<Escape>")
        stage.wait(lambda: top(stage) is None)
    at(stage, screen.timeline.canvas)
    press(stage, "<Up>")
    type_places(display, str(CODES["r"]))
    stage.wait(lambda: stage.asked.of("reply_to"), "R did not reply")
    at(stage, screen.timeline.canvas)
    type_places(display, f"ctrl+{CODES['a']}", f"ctrl+{CODES['c']}")
    stage.wait(lambda: screen.timeline.selected_text(), "nothing was selected")
    stage.wait(lambda: "message 30" in _copied(stage), "nothing was copied")


def _copied(stage: Stage) -> str:
    try:
        return stage.window.root.clipboard_get()
    except tk.TclError:  # nothing is there yet
        return ""

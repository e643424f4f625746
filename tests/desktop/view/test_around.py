"""What is opened around the conversations, in a real window: people, groups, invitations, finding, status, mentions."""

from __future__ import annotations

import tkinter as tk
from functools import partial
from pathlib import Path
from tkinter import ttk
from typing import Any

import pytest
from msgspec.structs import replace

from common.crypto.identity import show_relay_id
from common.ids import GroupId, Millis, RelayId, Seq, UserId
from common.protocol import limits
from common.protocol.messages import Invite, MuteMember, SetSlow, User
from desktop import locale
from desktop.events.conversations import OwnStatus
from desktop.model.reacted import ReactionNote
from desktop.model.rows import BanRow, HitRow, MemberRow, PinRow, Quote, RailRow, ReaderRow
from desktop.model.unsent import UnsentRow, UnsentText
from desktop.screen import Editing, Replying, Writing
from desktop.view import fuzzy, keys
from desktop.view.block import Text
from desktop.view.file_dialog import FileDialog
from desktop.view.layouts import swapped
from desktop.view.mentions import begun, called
from desktop.view.picklist import PickList
from desktop.view.qr import draw_qr
from desktop.view.settings.status import StatusPanel
from tests.desktop.view.conftest import Stage
from tests.desktop.view.talk import GENERAL, conversation, open_main
from tests.desktop.view.test_window import everything, press, texts, top

pytestmark = pytest.mark.window

KNOWN = show_relay_id(RelayId("A" * 52))
NOW = Millis(1_700_000_000_000)
TEAM = replace(GENERAL, kind="group", name="Tea", may_manage=True, members=14, pins=2)
ME = MemberRow(UserId(1), "Peter", "peter", "owner", "online", True)
ANNA = MemberRow(UserId(2), "Anna", "anna", "admin", "away", False, "writing", True)
BORIS = MemberRow(UserId(3), "Борис", "boris", "member", "dnd", False)
LINK = "pymessenger://192.168.1.20:5000/ABCD?code=ABCDEFGHIJKLMNOP"


def arrive(stage: Stage) -> None:
    """The main screen with a group of three that the person owns."""
    open_main(stage, conversation(3))
    stage.window.show_header(TEAM)
    stage.window.show_members([ME, ANNA, BORIS])
    stage.window.root.focus_force()
    stage.screen.composer.text.focus_force()
    stage.pump()


def write(stage: Stage, text: str) -> tk.Text:
    field: tk.Text = stage.screen.composer.text
    field.insert("insert", text)
    field.event_generate("<KeyRelease>", keysym="a")
    stage.pump()
    return field


def labels(menu: Any) -> list[str]:
    return [line.label for line in menu]


# -- the composer ------------------------------------------------------------------------------------------------------


def test_a_reply_is_said_above_the_field_and_escape_ends_it(stage: Stage):
    arrive(stage)
    stage.window.show_composer_mode(Replying(Quote(Seq(2), UserId(2), "Anna", "\nThe kettle\nis on")))
    words = texts(stage)
    assert "Reply to Anna" in words
    assert "The kettle" in words
    assert "is on" not in words
    stage.screen.composer.text.event_generate("<Escape>")
    assert stage.asked.of("cancel_reply") == [()]
    stage.window.show_composer_mode(Writing())
    assert "Reply to Anna" not in texts(stage)
    stage.screen.composer.text.event_generate("<Escape>")
    assert stage.asked.of("cancel_reply") == [()]


def test_up_in_an_empty_field_edits_the_last_message_and_a_new_look_keeps_the_mode(stage: Stage):
    arrive(stage)
    field = write(stage, "half written")
    field.event_generate("<Up>")
    assert not stage.asked.of("edit_last")
    field.delete("1.0", "end")
    field.event_generate("<Up>")
    assert stage.asked.of("edit_last") == [()]
    stage.window.show_composer_mode(Editing(Seq(2), "What it said"))
    stage.window.show_composer("What it said", True)
    field.event_generate("<Up>")
    assert stage.asked.of("edit_last") == [()]
    stage.window.set_theme("dark")
    assert "Edit the message" in texts(stage)
    assert stage.screen.composer.value() == "What it said"


def test_typing_is_told_and_a_draft_that_is_shown_is_not_typing(stage: Stage):
    arrive(stage)
    stage.window.show_composer("a draft", True)
    stage.pump()
    assert not stage.asked.of("typing")
    write(stage, "!")
    assert stage.asked.of("typing")


@pytest.mark.parametrize(
    "before, name",
    [
        ("@", ""),
        ("hello @an", "an"),
        ("(@ан", "ан"),
        ("me@an", None),
        ("@an ", None),
        ("@an.na", "an.na"),
        ("no", None),
    ],
)
def test_the_name_that_is_being_written(before: str, name: str | None):
    assert begun(before) == name


def test_whom_a_text_calls():
    people = {"anna": UserId(2), "boris": UserId(3)}
    assert called("@Anna, see @boris. And @anna; mail@boris @nobody", people) == (2, 3)
    assert called("@all", people) == (0,)
    assert called("эй, @Все!", people) == (0,)
    assert called("@allan", people) == ()


def test_a_name_is_completed_by_keys_and_called(stage: Stage):
    arrive(stage)
    field = write(stage, "Hello @b")
    assert stage.asked.of("seek_people") == [("b", TEAM.group)]
    stage.window.show_people("b", [BORIS, replace(BORIS, user=UserId(9), name="Bella", username="bella")])
    assert "@bella" in texts(stage)
    field.event_generate("<Down>")
    field.event_generate("<Tab>")
    assert stage.screen.composer.value() == "Hello @bella "
    assert "@boris" not in texts(stage)
    field.event_generate("<Return>")
    assert stage.asked.of("send") == [("Hello @bella", (9,))]


def test_escape_puts_the_names_away_for_this_word(stage: Stage):
    arrive(stage)
    field = write(stage, "@b")
    stage.window.show_people("b", [BORIS])
    field.event_generate("<Escape>")
    field.event_generate("<KeyRelease>", keysym="Escape")
    stage.pump()
    assert "@boris" not in texts(stage)
    assert len(stage.asked.of("seek_people")) == 1
    assert stage.screen.composer.value() == "@b"


def test_a_name_typed_under_the_other_layout_is_found(stage: Stage):
    arrive(stage)
    write(stage, "@фт")
    assert stage.asked.of("seek_people") == [("фт", TEAM.group)]
    stage.window.show_people("фт", [])
    assert stage.asked.of("seek_people")[-1] == ("an", TEAM.group)
    stage.window.show_people("an", [ANNA])
    assert "@anna" in texts(stage)


def test_everybody_is_called_only_after_a_question_with_their_number(stage: Stage):
    arrive(stage)
    field = write(stage, "@all come")
    field.event_generate("<Return>")
    assert "13 people will be told" in texts(stage), "all 14 but the author"
    press(stage, "Cancel")
    assert not stage.asked.of("send")
    assert stage.screen.composer.value() == "@all come"
    stage.screen.composer.text.event_generate("<Return>")
    press(stage, "Send")
    assert stage.asked.of("send") == [("@all come", (0,))]
    stage.window.show_header(replace(TEAM, members=2))
    write(stage, "@all come").event_generate("<Return>")
    assert "1 person will be told" in texts(stage)


# -- people ------------------------------------------------------------------------------------------------------------


def test_a_person_is_found_and_written_to(stage: Stage):
    arrive(stage)
    stage.window._around.new_conversation()
    stage.pump()
    assert stage.asked.of("seek_people") == [("", None)]
    sheet = top(stage)
    sheet.field.insert(0, "b")
    assert stage.asked.of("seek_people")[-1] == ("b", None)
    stage.window.show_people("", [ANNA])
    assert "@anna" not in texts(stage)  # the answer to an older question
    stage.window.show_people("b", [ANNA, BORIS])
    sheet.field.event_generate("<Down>")
    sheet.field.event_generate("<Return>")
    assert stage.asked.of("open_direct") == [(3,)]
    assert top(stage) is None


def test_who_is_in_a_group_is_not_offered_again(stage: Stage):
    arrive(stage)
    stage.window._around.add_people()
    stage.window.show_people("", [ANNA, BORIS, replace(BORIS, user=UserId(7), name="Clara", username="clara")])
    words = texts(stage)
    assert "Clara" in words
    assert "Anna" not in words
    top(stage).field.event_generate("<Return>")
    assert stage.asked.of("add_member") == [(TEAM.group, 7)]


def test_what_may_be_done_with_a_member_follows_from_the_ranks(stage: Stage):
    arrive(stage)
    around = stage.window._around
    assert labels(around.member_menu(BORIS)) == [
        "Write to Борис",
        "Make an administrator",
        "Make an owner",
        "Mute…",
        "Take out",
        "Take out for good",
    ]
    stage.window.show_members([replace(ME, role="admin"), ANNA, BORIS])
    assert labels(around.member_menu(ANNA)) == ["Write to Anna"]
    assert labels(around.member_menu(BORIS)) == ["Write to Борис", "Mute…", "Take out", "Take out for good"]
    assert labels(around.member_menu(replace(BORIS, muted=True)))[1] == "Let write again"
    stage.window.show_header(replace(TEAM, may_manage=False, may_rename=False))
    assert labels(around.member_menu(BORIS)) == ["Write to Борис"]
    stage.window.show_header(replace(TEAM, kind="general", may_manage=False))
    assert labels(around.member_menu(BORIS)) == ["Write to Борис", "Mute…"]


def test_somebody_is_muted_for_a_time_and_a_pause_is_chosen(stage: Stage):
    arrive(stage)
    next(one for one in stage.window._around.member_menu(BORIS) if one.label == "Mute…").act()
    press(stage, "1 hour")
    press(stage, "Mute")
    assert stage.asked.of("order") == [(MuteMember(group=TEAM.group, user=3, seconds=3600),)]
    next(
        one for one in stage.window._around.member_menu(replace(BORIS, muted=True)) if one.label == "Let write again"
    ).act()
    assert stage.asked.of("order")[-1] == (MuteMember(group=TEAM.group, user=3, on=False),)
    stage.window._around.open_info()
    press(stage, "30 seconds")
    assert stage.asked.of("order")[-1] == (SetSlow(group=TEAM.group, seconds=30),)


def test_while_there_is_a_pause_the_text_stays(stage: Stage):
    arrive(stage)
    stage.window.show_composer("", True)
    composer = stage.screen.composer
    composer.text.insert("1.0", "Too soon")
    stage.window.show_wait(30)
    composer._submit()
    assert (composer.value(), stage.asked.of("send")) == ("Too soon", [])
    assert "Slow mode: you can send in 30 seconds" in texts(stage)
    stage.window.show_composer_mode(Editing(Seq(2), "What it said"))
    composer._submit()
    assert stage.asked.of("send") == [("Too soon",)], "another text for an old message need not wait"
    stage.window.show_composer_mode(Writing())
    composer.text.insert("1.0", "Now")
    stage.window.show_wait(0)
    composer._submit()
    assert stage.asked.of("send")[-1] == ("Now",)


@pytest.mark.parametrize(
    "line, yes, intent, arguments",
    [
        ("Make an owner", "Yes", "set_role", (TEAM.group, 3, "owner")),
        ("Take out", "Take out", "remove_member", (TEAM.group, 3)),
        ("Take out for good", "Take out for good", "ban_member", (TEAM.group, 3, True)),
    ],
)
def test_nothing_is_done_to_a_person_unasked(
    stage: Stage, line: str, yes: str, intent: str, arguments: tuple[object, ...]
):
    arrive(stage)
    act = next(one for one in stage.window._around.member_menu(BORIS) if one.label == line).act
    act()
    assert not stage.asked.of(intent)
    press(stage, "Cancel")
    assert not stage.asked.of(intent)
    act()
    press(stage, yes)
    assert stage.asked.of(intent) == [arguments]


def test_a_click_on_a_member_opens_what_can_be_done(stage: Stage):
    arrive(stage)
    people = stage.screen.members.list
    drawn = people.drawn(2)
    people.canvas.event_generate("<Button-1>", x=40, y=people.to_view(drawn) + 10)
    press(stage, "Write to Борис")
    assert stage.asked.of("open_direct") == [(3,)]


# -- groups and invitations --------------------------------------------------------------------------------------------


def test_all_about_a_group(stage: Stage):
    arrive(stage)
    stage.window._around.open_info()
    words = texts(stage)
    for part in ("Tea", "14 members", "Pinned messages (2)", "Add people", "Invite by a link", "Leave the group"):
        assert part in words
    top(stage).topic.put("All about tea")
    press(stage, "Done")
    assert stage.asked.of("set_topic") == [(TEAM.group, "All about tea")]
    stage.window._around.open_info()
    press(stage, "Mentions")
    assert stage.asked.of("mute") == [(TEAM.group, "mentions")]


def test_of_what_a_conversation_tells_and_whether_it_is_hidden_is_seen_where_it_is_chosen(stage: Stage):
    arrive(stage)
    stage.window.show_header(replace(TEAM, notify="mentions", hidden=True))
    stage.window._around.open_info()
    about = top(stage)
    assert chosen_level(stage) == "Mentions"
    press(stage, "Nothing")
    assert stage.asked.of("mute") == [(TEAM.group, "nothing")]
    assert top(stage) is about
    assert chosen_level(stage) == "Nothing"
    stage.window.show_header(replace(TEAM, notify="nothing", hidden=True))
    stage.window.redraw()
    assert chosen_level(stage) == "Nothing"
    assert "Put out of sight" not in texts(stage)
    press(stage, "Put back into the list")
    assert stage.asked.of("hide") == [(TEAM.group, False)]


def chosen_level(stage: Stage) -> str:
    """The one button of the three that is marked."""
    stage.pump()
    (marked,) = (
        str(widget.cget("text")).strip()
        for widget in everything(top(stage).level)
        if isinstance(widget, ttk.Button) and "Primary" in str(widget.cget("style"))
    )
    return marked


def test_a_muted_conversation_is_seen_to_be_one_in_the_list_and_above_its_messages(stage: Stage):
    arrive(stage)
    loud = RailRow(GroupId(1), "group", "A group of a long, long, long name", "", "", False, NOW, 0)
    bells = []
    for row in (loud, replace(loud, notify="mentions"), replace(loud, notify="nothing")):
        stage.window.show_rail([row], 0)
        stage.pump()
        listed = stage.screen.rail
        marks = listed.lay_out(listed.count() - 1).marks
        title = next(mark for mark in marks if getattr(mark, "font", "") == "second_bold")
        signs = [(mark, getattr(getattr(mark, "ask", None), "args", ())) for mark in marks]
        bells.append({args[0]: mark for mark, args in signs if args and args[0] in ("at", "bell_off")})
        for bell in bells[-1].values():
            assert title.x + stage.window.look.fonts.width("second_bold", title.text) < bell.x
    assert [list(found) for found in bells] == [[], ["at"], ["bell_off"]], "each level has a sign of its own"
    name = stage.screen.header._name
    pictures = set()
    for level, is_muted in (("all", False), ("mentions", True), ("nothing", True), ("all", False)):
        stage.window.show_header(replace(TEAM, name="A group of a long, long, long name " * 3, notify=level))
        stage.pump()
        pictures.add(str(name.cget("image")))
        assert bool(str(name.cget("image"))) == is_muted, level
        written = stage.window.look.fonts.width("title", name.cget("text"))
        assert written + (stage.window.look.px(16) if is_muted else 0) <= name.winfo_width(), "the sign is in view"
    assert len(pictures) == 3


def test_the_menu_of_the_list_marks_of_what_one_is_told_now(stage: Stage):
    arrive(stage)
    row = RailRow(GroupId(1), "group", "Store", "", "", False, NOW, 0, notify="mentions")
    lines = stage.window._around.rail_menu(row)
    assert [line.label for line in lines if line.chosen] == ["Tell me only when I am called"]
    icons = {line.label: line.shown_icon for line in lines}
    assert icons["Tell me only when I am called"] == "check"
    assert icons["Tell me of nothing"] == "bell_off"
    assert icons["Open"] != "check"


def test_what_was_not_sent_is_copied_saved_and_dropped(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    arrive(stage)
    row = UnsentRow(GroupId(8), "Чай", (UnsentText("поздно", ("чайник.png",), NOW), UnsentText("ещё не всё")))
    stage.window.show_unsent([row])
    stage.pump()
    assert all(text in texts(stage) for text in ("Чай", "поздно", "ещё не всё", "чайник.png"))
    press(stage, "Copy")
    assert stage.window.root.clipboard_get() == "ещё не всё", "each text has a button of its own"
    monkeypatch.setattr(FileDialog, "folder", lambda _dialog, _title, _at, chosen: chosen(Path("there")))
    press(stage, "Save the files…")
    assert stage.asked.of("save_unsent") == [(8, Path("there"))]
    press(stage, "Delete all of it…")
    press(stage, "Cancel")
    assert not stage.asked.of("drop_unsent")
    press(stage, "Delete all of it…")
    press(stage, "Delete")
    assert stage.asked.of("drop_unsent") == [(8,)]
    stage.window.show_unsent([])
    stage.pump()
    assert "поздно" not in texts(stage)
    top(stage).close()
    assert stage.asked.of("hide_unsent") == [()]
    stage.window.open_settings("messages")
    press(stage, "Show what was not sent")
    assert stage.asked.of("show_unsent") == [()]


def test_who_is_taken_out_of_a_private_group_does_not_come_back_alone(stage: Stage):
    arrive(stage)
    for private, words in ((False, "but can come back"), (True, "only when somebody adds or invites them")):
        stage.window.show_header(replace(TEAM, private=private))
        stage.window._around._remove(TEAM.group, MemberRow(UserId(3), "Boris", "boris", "member", "online", False))
        assert words in texts(stage)
        press(stage, "Cancel")


def test_what_is_found_everywhere_has_the_initials_of_who_said_it(stage: Stage):
    arrive(stage)
    stage.window._around.open_search(everywhere=True)
    sheet = top(stage)
    sheet.field.insert(0, "tea")
    stage.wait(lambda: stage.asked.of("search"), "the pause did not end")
    stage.window.show_hits("tea", [hit(5)], True, False)
    pictures = [getattr(mark, "ask", None) for mark in sheet.list.lay_out(0).marks]
    assert [picture.args[1] for picture in pictures if isinstance(picture, partial)] == ["Anna"]


def test_a_private_group_is_said_to_be_one(stage: Stage):
    arrive(stage)
    stage.window.show_header(replace(TEAM, private=True))
    stage.window._around.open_info()
    stage.pump()
    assert "Private group: only its members see it · 14 members" in texts(stage)


@pytest.mark.parametrize("button", ["Members", "Pinned messages (2)", "Put out of sight"])
def test_a_topic_that_was_typed_is_kept_whichever_button_leads_on(stage: Stage, button: str):
    arrive(stage)
    stage.window._around.open_info()
    about = top(stage)
    about.topic.put("x" * (limits.TOPIC_CHARACTERS + 1))
    press(stage, button)
    assert top(stage) is about, "too long a topic is said, not lost"
    assert not stage.asked.of("set_topic")
    assert not stage.asked.of("hide")
    about.topic.put("All about tea")
    press(stage, button)
    assert stage.asked.of("set_topic") == [(TEAM.group, "All about tea")]
    assert top(stage) is not about
    stage.window._around.open_info()
    press(stage, button)
    assert len(stage.asked.of("set_topic")) == 1, "nothing was typed"


def test_who_may_not_manage_a_group_sees_no_way_to(stage: Stage):
    arrive(stage)
    stage.window.show_header(replace(TEAM, may_manage=False, may_rename=False, topic="Only read"))
    stage.window._around.open_info()
    words = texts(stage)
    assert "Only read" in words
    assert "Add people" not in words
    assert "Invite by a link" not in words


def test_an_invitation_is_made_shown_copied_and_taken_back(stage: Stage):
    arrive(stage)
    stage.window._around.open_invites(TEAM.group)
    assert stage.asked.of("list_invites") == [(TEAM.group,)]
    press(stage, "Any number of times")
    press(stage, "No end")
    press(stage, "Make a link")
    assert stage.asked.of("create_invite") == [(TEAM.group, None, None)]
    invite = Invite(5, UserId(1), NOW, TEAM.group)
    stage.window.show_invite(invite, "ABCD", LINK)
    assert top(stage).link.get() == LINK
    press(stage, "Copy the link")
    assert stage.window.root.clipboard_get() == LINK
    stage.window.show_invites(GroupId(99), [replace_invite(6)])
    assert "Take back" not in texts(stage)
    stage.window.show_invites(TEAM.group, [invite])
    stage.window.set_theme("dark")
    assert top(stage).link.get() == LINK
    press(stage, "Take back")
    assert stage.asked.of("revoke_invite") == [(TEAM.group, 5)]


def replace_invite(number: int) -> Invite:
    return Invite(number, UserId(1), NOW, GroupId(99))


def test_an_invitation_to_the_relay_is_for_those_who_run_it(stage: Stage):
    arrive(stage)
    assert "Invite people" not in labels(stage.window._relay_menu())
    stage.window.show_main("Office", User(UserId(1), "peter", "Peter", "owner"))
    assert "Invite people" in labels(stage.window._relay_menu())


@pytest.mark.parametrize(
    "typed, asked, problem",
    [
        ("ABCD-EFGH", [("ABCD-EFGH",)], ""),
        (f"pymessenger://10.0.0.3:5000/{KNOWN}?code=AB12", [("AB12",)], ""),
        (f"pymessenger://10.0.0.3:5000/{KNOWN}", [], "There is no code in it."),
        ("http://10.0.0.3", [], "not an invitation link"),
    ],
)
def test_a_group_is_joined_by_a_link_or_a_code(stage: Stage, typed: str, asked: list[tuple[str]], problem: str):
    arrive(stage)
    stage.window._around.new_conversation()
    press(stage, "I have an invitation")
    top(stage)._code.put(typed)
    press(stage, "Join")
    assert stage.asked.of("join_by_code") == asked
    assert (top(stage) is None) == bool(asked)
    assert problem in texts(stage)


def test_a_code_to_be_photographed_has_whole_squares_and_a_white_border():
    image = draw_qr(LINK, 200)
    squares = next(count for count in range(21, 200) if image.width % count == 0 and image.width // count == 4)
    step = image.width // squares
    assert image.width <= 200
    assert {image.getpixel((x, 2 * step)) for x in range(image.width)} == {(255, 255, 255, 255)}
    # The finder in the corner: seven dark squares, one light, begin after the quiet zone of four.
    red = image.getchannel(0)
    row = [red.getpixel(((4 + place) * step + step // 2, 4 * step + 1)) for place in range(8)]
    assert row == [0] * 7 + [255]


# -- finding -----------------------------------------------------------------------------------------------------------


def test_how_a_name_fits_what_was_typed():
    assert fuzzy.fitness("ge", "General") > fuzzy.fitness("ne", "General") > fuzzy.fitness("gl", "General")
    assert fuzzy.fitness("te", "Green Tea") > fuzzy.fitness("ee", "Green Tea")
    assert fuzzy.fitness("xq", "General") == fuzzy.NO_FIT
    assert fuzzy.fitness("пут", "General") == fuzzy.fitness("gen", "General")
    assert swapped(swapped("Привет,")) == "привет,"


def test_another_conversation_by_a_few_letters_the_last_one_first(stage: Stage):
    arrive(stage)
    rows = [
        RailRow(GroupId(1), "group", "Build", "", "", False, NOW, 0),
        RailRow(GroupId(2), "group", "Bread", "", "", False, Millis(NOW + 9), 4),
        RailRow(GroupId(3), "direct", "Barbara", "", "", False, Millis(NOW - 9), 0, hidden=True),
    ]
    stage.window.show_rail(rows, 0)
    assert "Barbara" not in texts(stage)
    stage.window._around.open_switcher()
    stage.pump()
    lines = top(stage).list._lines
    assert [line.title for line in lines] == ["Bread", "Build", "Barbara"]
    top(stage).field.insert(0, "bar")
    assert [line.title for line in top(stage).list._lines] == ["Barbara"]
    top(stage).field.event_generate("<Return>")
    assert stage.asked.of("open_group") == [(3,)]


@pytest.mark.parametrize("code, title", [("k", "Go to a conversation"), ("f", "Search messages")])
def test_the_keys_for_finding_work_under_a_russian_layout(stage: Stage, code: str, title: str):
    arrive(stage)
    keycode = next(place for place, letter in keys._X11.items() if letter == code)
    cyrillic = {"k": "Cyrillic_el", "f": "Cyrillic_a"}[code]
    assert keys.letter(cyrillic, keycode, "linux") == code
    stage.screen.composer.text.event_generate(f"<Control-{code}>")
    assert title in texts(stage)


def hit(seq: int) -> HitRow:
    return HitRow(TEAM.group, "Tea", Seq(seq), UserId(2), "Anna", Millis(NOW + seq), f"some tea {seq}", ((5, 8),))


def test_messages_are_looked_for_here_then_everywhere_and_more_of_them(stage: Stage):
    arrive(stage)
    stage.window._around.open_search(everywhere=False)
    sheet = top(stage)
    sheet.field.insert(0, "tea")
    stage.wait(lambda: stage.asked.of("search"), "the pause did not end")
    assert stage.asked.of("search") == [("tea", TEAM.group, None)]
    stage.window.show_hits("te", [hit(9)], True, False)
    assert "some" not in texts(stage)  # the answer to an older question
    stage.window.show_hits("tea", [hit(5), hit(4)], False, True)
    assert "Still looking through older messages" in texts(stage)
    press(stage, "Show older ones")
    assert stage.asked.of("search")[-1] == ("tea", TEAM.group, NOW + 4)
    stage.window.show_hits("tea", [hit(3)], True, False)
    assert sheet.list.count() == 3
    assert "Still looking" not in texts(stage)
    press(stage, "Everywhere")
    assert stage.asked.of("search")[-1] == ("tea", None, None)
    stage.window.show_hits("tea", [hit(5), hit(4)], True, False)
    sheet.field.event_generate("<Down>")
    sheet.field.event_generate("<Return>")
    assert stage.asked.of("jump_to") == [(TEAM.group, 4)]


def test_what_was_found_is_emphasised(stage: Stage):
    arrive(stage)
    stage.window._around.open_search(everywhere=True)
    top(stage).field.insert(0, "tea")
    top(stage)._ask()
    stage.window.show_hits("tea", [hit(5)], True, False)
    stage.pump()
    found: PickList = top(stage).list
    fonts = {mark.text: mark.font for mark in found.block(0).marks if isinstance(mark, Text)}
    assert fonts["tea"] == "small_bold"
    assert fonts["some"] == "small"


def test_pinned_messages_readers_and_earlier_texts(stage: Stage):
    arrive(stage)
    window = stage.window
    window.show_pins(TEAM.group, [PinRow(Seq(2), UserId(2), "Anna", "the pinned one", NOW)])
    assert "pinned" in texts(stage)
    top(stage).list._choose()
    assert stage.asked.of("jump_to") == [(TEAM.group, 2)]
    window.show_readers(Seq(1), [ReaderRow(UserId(2), "Anna", NOW)])
    assert "Read by 1 person" in texts(stage)
    press(stage, "Close")
    window.show_edits(Seq(1), [(NOW, "before"), (NOW, "after")])
    words = texts(stage)
    assert "before" in words
    assert "after" in words
    locale.use("ru")
    window.redraw()
    assert "Прежние тексты" in texts(stage)


# -- the list at the left, the header, the person ----------------------------------------------------------------------


def test_only_conversations_with_something_unread(stage: Stage):
    arrive(stage)
    rows = [
        RailRow(GroupId(1), "group", "Open one", "", "", False, NOW, 0),
        RailRow(GroupId(2), "group", "Quiet one", "", "", False, NOW, 0),
        RailRow(GroupId(3), "group", "Loud one", "", "", False, NOW, 5, mentions=1),
    ]
    stage.window.show_rail(rows, 0)
    stage.screen.toggle_unread_only()
    words = texts(stage)
    assert "Quiet one" not in words
    assert "Loud one" in words
    assert "Open one" in words
    assert "@" in words.splitlines()
    stage.window.show_rail([replace(row, unread=0, mentions=0) for row in rows], 0)
    assert "Nothing is unread" in texts(stage)
    stage.screen.toggle_unread_only()
    assert "Quiet one" in texts(stage)


def test_a_conversation_is_muted_and_hidden_from_its_menu(stage: Stage):
    arrive(stage)
    rail = stage.screen.rail
    rail.canvas.event_generate("<Button-3>", x=60, y=60, rootx=80, rooty=150)
    press(stage, "Tell me of nothing")
    assert stage.asked.of("mute") == [(1, "nothing")]
    rail.canvas.focus_force()
    rail.canvas.event_generate("<Shift-F10>")
    press(stage, "Put out of sight")
    assert stage.asked.of("hide") == [(1, True)]


def test_who_is_writing_and_how_the_other_one_is(stage: Stage):
    arrive(stage)
    direct = replace(TEAM, kind="direct", name="Anna", peer=UserId(2), presence="dnd", status="writing", members=2)
    stage.window.show_header(direct)
    assert "do not disturb · writing" in texts(stage)
    stage.window.show_header(replace(direct, typing="Anna is writing…"))
    assert "Anna is writing…" in texts(stage)


def test_the_own_status(stage: Stage):
    arrive(stage)
    stage.window.show_own_status(OwnStatus("away", "at lunch", True))
    stage.window.open_settings("you")
    panel = next(child for child in top(stage)._panel.winfo_children() if isinstance(child, StatusPanel))
    assert panel.text.text == "at lunch"
    press(stage, "Do not disturb")
    panel.text.put("busy")
    panel.text.entry.focus_force()
    stage.pump()
    panel.text.entry.event_generate("<Return>")
    panel._switched(False)
    assert stage.asked.of("set_receipts") == [(False,)]
    assert stage.asked.of("set_presence") == [("dnd", "at lunch"), ("dnd", "busy")]
    panel.text.put("x" * 500)
    panel.text.entry.event_generate("<Return>")
    assert "At most" in texts(stage)
    panel.text.put("typed and left")
    press(stage, "About the program")
    assert stage.asked.of("set_presence")[-1] == ("dnd", "typed and left")


def test_who_was_banned_is_listed_and_allowed_again(stage: Stage):
    arrive(stage)
    stage.window._around.open_info()
    press(stage, "Taken out for good")
    assert stage.asked.of("list_bans") == [(TEAM.group,)]
    rows = [BanRow(UserId(7), "Глеб", "gleb", "Anna", NOW), BanRow(UserId(8), "Mei", "mei", "Peter", NOW)]
    stage.window.show_bans(TEAM.group, rows)
    words = texts(stage)
    assert "Глеб · @gleb" in words
    assert "By Anna" in words
    press(stage, "Allow again")
    assert stage.asked.of("ban_member") == [(TEAM.group, 8, False)]
    stage.window.set_theme("dark")
    stage.window.show_bans(TEAM.group, [])
    assert "Nobody is banned from this group." in texts(stage)
    assert len(stage.window._sheets._sheets) == 1


def test_who_reacted_is_said_below_the_messages_and_leads_to_them(stage: Stage):
    arrive(stage)
    stage.window.show_reactions(ReactionNote(("Борис",), 2, "👍", 1, Seq(2), "The **kettle** is on"))
    assert "Борис and 2 others reacted to “The kettle is on”" in texts(stage)
    press(stage, "Борис and 2 others reacted to “The kettle is on”")
    assert stage.asked.of("jump_to") == [(TEAM.group, 2)]
    stage.window.set_theme("dark")
    stage.window.show_reactions(ReactionNote(("Борис", "Mei"), 0, "👍", 3, Seq(2), "x"))
    assert "Борис and Mei reacted to 3 of your messages" in texts(stage)
    stage.window.show_reactions(None)
    assert "reacted" not in texts(stage)

"""The screens as a person meets them, in a real window."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterator
from tkinter import ttk
from typing import Any

import pytest
from msgspec.structs import replace

from common.ids import GroupId, RelayId, UserId
from common.protocol import limits
from common.protocol.messages import User
from desktop import locale
from desktop.events.relays import Trust
from desktop.model.rows import Delivery
from desktop.screen import Choice, ChoiceKind, Finding, Question, SignInField, SignInMode, Tone
from desktop.settings import SettingsFile
from desktop.view import emoji_probe
from tests.desktop.view.conftest import Stage
from tests.desktop.view.talk import GENERAL, conversation, found, member, open_main, rail, said

pytestmark = pytest.mark.window


def everything(widget: tk.Misc) -> Iterator[tk.Misc]:
    """The widget and all that is mapped within it."""
    yield widget
    for child in widget.winfo_children():
        if child.winfo_manager() or isinstance(child, tk.Canvas):
            yield from everything(child)


def texts(stage: Stage) -> str:
    """All words that widgets show."""
    stage.pump()
    shown = []
    for widget in everything(stage.window.root):
        if isinstance(widget, tk.Label | ttk.Button | ttk.Checkbutton):
            shown.append(str(widget.cget("text")).strip())
        elif isinstance(widget, tk.Canvas):
            call = widget.tk.call
            items = [item for item in widget.find_all() if call(str(widget), "type", item) == "text"]
            shown += [str(call(str(widget), "itemcget", item, "-text")) for item in items]
    return "\n".join(shown)


def press(stage: Stage, label: str) -> None:
    """The button of that label."""
    stage.pump()
    buttons = [
        widget
        for widget in everything(stage.window.root)
        if isinstance(widget, ttk.Button) and str(widget.cget("text")).strip() == label
    ]
    assert buttons, f"no button {label!r}"
    buttons[-1].invoke()
    stage.pump()


def top(stage: Stage) -> Any:
    """The sheet that is seen."""
    return stage.window._sheets.top


def focused(stage: Stage) -> tk.Misc:
    """What has the keyboard."""
    widget = stage.window.root.focus_get()
    assert widget is not None
    return widget


# -- choosing ----------------------------------------------------------------------------------------------------------


def test_a_relay_is_shown_with_all_that_matters_and_chosen(stage: Stage):
    relay = found("K", "Office")
    stage.window.show_chooser()
    assert "No relay found yet" in texts(stage)
    stage.window.show_relays([relay])
    words = texts(stage)
    for part in ("Office", "192.168.1.20:5000", "3 online", "open to everybody", "New · KKKK-KKKK-KKKK-KKKK"):
        assert part in words
    assert "No relay found yet" not in words
    press(stage, "Join")
    assert stage.asked.of("choose_relay") == [(relay,)]


def test_an_impostor_can_only_be_explained(stage: Stage):
    impostor = found("X", trust=Trust.IMPOSTOR)
    stage.window.show_chooser()
    stage.window.show_relays([impostor])
    assert "Same name, different identity" in texts(stage)
    press(stage, "Details")
    assert stage.asked.of("explain_impostor") == [(impostor,)]
    assert not stage.asked.of("choose_relay")


def test_who_only_answers_where_a_known_relay_was_is_not_said_to_show_its_name(stage: Stage):
    stage.window.show_chooser()
    stage.window.show_relays([replace(found("X", trust=Trust.IMPOSTOR), only_address=True)])
    assert "A relay that you know had this address" in texts(stage)
    assert "Same name" not in texts(stage)


def test_a_known_relay_that_does_not_answer_can_be_opened_and_forgotten(stage: Stage):
    silent = replace(found("K", "Office", Trust.KNOWN), is_silent=True)
    stage.window.show_chooser()
    stage.window.show_relays([silent])
    words = texts(stage)
    assert "does not answer" in words
    assert "online" not in words
    assert "what you read there opens all the same" in words
    press(stage, "Open")
    assert stage.asked.of("choose_relay") == [(silent,)]


def test_names_that_begin_alike_are_told_apart_where_there_is_room(stage: Stage):
    stage.window.show_chooser()
    stage.window.show_relays(
        [
            found("A", "The long name of the office on the second floor, store"),
            found("B", "The long name of the office on the second floor, shop"),
        ]
    )
    stage.pump()
    assert "The long name of the office on the second floor, store" in texts(stage)
    assert "The long name of the office on the second floor, shop" in texts(stage)


def test_relays_come_and_go_and_the_others_stay_as_they_are(stage: Stage):
    stage.window.show_chooser()
    one, two = found("A", "One"), found("B", "Two")
    stage.window.show_relays([one, two])
    stage.pump()
    card = stage.screen._cards[two.relay_id][2]
    stage.window.show_relays([two], trouble="No network.")
    words = texts(stage)
    assert "One" not in words
    assert "Two" in words
    assert "No network." in words
    stage.window.show_relays([one, two])
    stage.window.show_relays([one, two])
    assert stage.screen._cards[two.relay_id][2].winfo_exists()
    assert not card.winfo_exists() or card is stage.screen._cards[two.relay_id][2]


def test_the_one_relay_that_the_settings_name_can_be_tried_again(stage: Stage):
    stage.window.show_chooser()
    stage.window.show_relays([], sought="10.0.0.3:5000")
    assert "Looking for the relay at 10.0.0.3:5000…" in texts(stage)
    assert "Try again" not in texts(stage)
    stage.window.show_relays([], "Nobody answers there.", sought="10.0.0.3:5000")
    words = texts(stage)
    assert words.count("Nobody answers there.") == 1
    assert "10.0.0.3:5000" in words
    assert "New ones appear here" not in words
    press(stage, "Try again")
    assert stage.asked.of("seek_again") == [()]
    stage.window.show_relays([found("K", "Office")], sought="10.0.0.3:5000")
    words = texts(stage)
    assert "SERVER_HOST names the relay at 10.0.0.3:5000" in words
    assert "Office" in words
    assert "Try again" not in words
    stage.window.show_relays([])
    assert "Try again" not in texts(stage)


def test_the_bar_moves_while_relays_are_looked_for(stage: Stage):
    stage.window.show_chooser()
    stage.pump()
    bar = stage.screen._progress
    middle = bar.winfo_width() // 2, bar.winfo_height() // 2
    stage.wait(lambda: "pbar" in str(bar.identify(*middle)), "the bar stood still")


def test_the_ways_to_a_relay_that_is_not_listed(stage: Stage):
    stage.window.show_chooser()
    press(stage, "Start a relay on this computer")
    press(stage, "Check the connection")
    press(stage, "Ask every address")
    assert [call[0] for call in stage.asked.calls if call[0] in ("start_relay", "check_connection", "sweep")] == [
        "start_relay",
        "check_connection",
        "sweep",
    ]


def test_an_address_that_leads_nowhere_is_told_beside_its_field(stage: Stage):
    stage.window.show_chooser()
    press(stage, "Enter an address…")
    press(stage, "Go on")
    assert not stage.asked.of("enter_address")
    sheet = top(stage)
    sheet._field.put(" 10.0.0.3 ")
    press(stage, "Go on")
    assert stage.asked.of("enter_address") == [("10.0.0.3",)]
    stage.window.show_address_problem("Nothing answers there.")
    assert "Nothing answers there." in texts(stage)
    stage.window.show_address_problem("")
    assert not stage.window._sheets


def test_a_copied_invitation_is_already_there(stage: Stage):
    stage.window.root.clipboard_clear()
    stage.window.root.clipboard_append("pymessenger://10.0.0.1:5000/ABC?code=1")
    stage.window.show_chooser()
    press(stage, "Paste an invitation")
    press(stage, "Go on")
    assert stage.asked.of("paste_invitation") == [("pymessenger://10.0.0.1:5000/ABC?code=1",)]


def test_forgetting_a_relay_is_asked_first(stage: Stage):
    known = found("A", trust=Trust.KNOWN)
    stage.window._ask_forget(known)
    press(stage, "Cancel")
    assert not stage.asked.of("forget_relay")
    stage.window._ask_forget(known)
    press(stage, "Forget")
    assert stage.asked.of("forget_relay") == [(known.relay_id,)]


def test_a_client_that_cannot_begin_says_why_and_closes_by_any_key_that_ends(stage: Stage):
    open_main(stage, conversation(3))
    stage.window.show_blocked("Py_messenger cannot begin", "secrets.json cannot be read.")
    stage.window.root.focus_force()
    stage.pump()
    words = texts(stage)
    assert "secrets.json cannot be read." in words
    in_russian(stage)
    assert "secrets.json cannot be read." in texts(stage)
    press(stage, "Закрыть")
    for key in ("<Return>", "<Escape>"):
        stage.screen.button.event_generate(key)
    assert len(stage.asked.of("quit")) == 3


# -- signing in --------------------------------------------------------------------------------------------------------


def fill(stage: Stage, **fields: str) -> None:
    for name, text in fields.items():
        getattr(stage.screen, f"_{name}").put(text)


def test_signing_in(stage: Stage):
    relay = found()
    stage.window.show_sign_in(relay, SignInMode.SIGN_IN)
    press(stage, "Sign in")
    assert "Please enter a user name." in texts(stage)
    fill(stage, username=" anna ", password="correct horse")
    press(stage, "Sign in")
    assert stage.asked.of("sign_in") == [(relay, "anna", "correct horse")]


def test_a_new_account_with_an_invitation(stage: Stage):
    relay = found(registration="invite")
    stage.window.show_sign_in(relay, SignInMode.SIGN_IN)
    press(stage, "I am new here: make an account")
    fill(stage, username="anna", password="short")
    press(stage, "Make an account")
    assert f"At least {limits.PASSWORD_MIN} characters" in texts(stage)
    fill(stage, password="long enough", display_name="Анна")
    press(stage, "Make an account")
    assert "asks for an invitation code" in texts(stage)
    fill(stage, code="ABCD")
    press(stage, "Make an account")
    assert stage.asked.of("register") == [(relay, "anna", "long enough", "Анна", "ABCD")]


def test_a_code_that_is_known_is_filled_in(stage: Stage):
    relay = found()
    stage.window.show_sign_in(relay, SignInMode.REGISTER, code="OWNER-CODE")
    fill(stage, username="anna", password="long enough")
    press(stage, "Make an account")
    assert stage.asked.of("register")[0][-1] == "OWNER-CODE"


def test_what_the_relay_refused_stands_beside_its_field_and_the_form_can_be_used_again(stage: Stage):
    stage.window.show_sign_in(found(), SignInMode.SIGN_IN)
    fill(stage, username="anna", password="wrong horse")
    stage.window.show_sign_in_busy(True)
    press(stage, "One moment…")
    assert not stage.asked.of("sign_in")
    stage.window.show_sign_in_problem(SignInField.PASSWORD, "The user name or the password is wrong.")
    assert "The user name or the password is wrong." in texts(stage)
    assert stage.screen._password.entry.instate(["invalid", "!disabled"])
    press(stage, "Sign in")
    assert stage.asked.of("sign_in")


def test_a_closed_relay_makes_an_account_for_its_owner_alone(stage: Stage):
    relay = found(registration="closed")
    stage.window.show_sign_in(relay, SignInMode.SIGN_IN)
    assert "I am new here" not in texts(stage)
    press(stage, "I have a code")
    assert "Owner code" in texts(stage)
    fill(stage, username="anna", password="long enough")
    press(stage, "Make an account")
    assert "only its owner by the owner code" in texts(stage)
    fill(stage, code="ABCD")
    press(stage, "Make an account")
    assert stage.asked.of("register") == [(relay, "anna", "long enough", "", "ABCD")]


@pytest.mark.parametrize("mode", list(SignInMode))
def test_a_code_can_be_given_where_none_is_needed(stage: Stage, mode: SignInMode):
    stage.window.show_sign_in(found(), mode)
    assert "code" not in texts(stage).replace("I have a code", "")
    press(stage, "I have a code")
    assert "Invitation or owner code" in texts(stage)
    assert "I have a code" not in texts(stage)
    fill(stage, username="anna", password="long enough", code="ABCD")
    in_russian(stage)
    press(stage, "Создать учётную запись")
    assert stage.asked.of("register")[-1][-1] == "ABCD"
    fill(stage, code="")
    press(stage, "Создать учётную запись")
    assert stage.asked.of("register")[-1][-1] == "", "it may stay empty after all"


def test_an_owner_code_is_called_one(stage: Stage):
    stage.window.show_sign_in(found(), SignInMode.REGISTER, "ABCD", is_owners=True)
    assert "Owner code" in texts(stage)
    stage.window.show_sign_in(found(), SignInMode.REGISTER, "ABCD")
    assert "Invitation code" in texts(stage)
    assert "Owner code" not in texts(stage)


def test_a_code_that_the_relay_asks_for_after_all_gets_its_field(stage: Stage):
    stage.window.show_sign_in(found(), SignInMode.REGISTER)
    stage.window.show_sign_in_problem(SignInField.CODE, "It asks for a code now.")
    assert "Invitation or owner code" in texts(stage)
    assert stage.screen._code.entry.instate(["invalid"])


# -- writing -----------------------------------------------------------------------------------------------------------


def composer(stage: Stage) -> Any:
    return stage.screen.composer


def write(stage: Stage, text: str) -> None:
    composer(stage).text.insert("insert", text)
    stage.pump()


def key(stage: Stage, sequence: str) -> None:
    composer(stage).text.focus_force()
    stage.pump()
    composer(stage).text.event_generate(sequence)
    stage.pump()


def test_enter_sends_and_shift_enter_breaks_the_line(stage: Stage):
    open_main(stage, conversation(3))
    write(stage, "Привет")
    key(stage, "<Shift-Return>")
    write(stage, "мир  ")
    key(stage, "<Return>")
    assert stage.asked.of("send") == [("Привет\nмир",)]
    assert composer(stage).value() == ""


@pytest.mark.parametrize("text", [" \n ", "\u200b", "\u2060\u00a0\ufeff", "\u3164\u2800", "\u200d\ufe0f"])
def test_what_would_show_nothing_is_not_sent_and_the_button_says_so(stage: Stage, text: str):
    open_main(stage, conversation(1))
    at_first = str(composer(stage)._send["image"])
    write(stage, text)
    key(stage, "<Return>")
    assert not stage.asked.of("send")
    assert str(composer(stage)._send["image"]) == at_first
    write(stage, "!")
    assert str(composer(stage)._send["image"]) != at_first


def test_the_field_grows_to_eight_lines(stage: Stage):
    open_main(stage, conversation(3))
    heights = []
    for _ in range(12):
        write(stage, "line\n")
        stage.pump()
        heights.append(int(composer(stage).text["height"]))
    assert heights[0] == 2
    assert max(heights) == 8
    key(stage, "<Return>")
    stage.wait(lambda: int(composer(stage).text["height"]) == 1)


def test_a_message_over_the_limit_is_counted_and_not_sent(stage: Stage):
    open_main(stage, conversation(1))
    write(stage, "x" * (limits.TEXT_CHARACTERS - 10))
    assert "10 characters left" in texts(stage)
    write(stage, "y" * 11)
    assert "1 character too many" in texts(stage)
    key(stage, "<Return>")
    assert not stage.asked.of("send")
    assert len(composer(stage).value()) == limits.TEXT_CHARACTERS + 1


def test_a_draft_is_told_after_a_pause_and_at_once_when_asked(stage: Stage):
    open_main(stage, conversation(1))
    write(stage, "half a thou")
    stage.wait(lambda: stage.asked.of("draft_changed") == [("half a thou",)], "the draft was not told")
    write(stage, "ght")
    composer(stage).flush_draft()
    assert stage.asked.of("draft_changed")[-1] == ("half a thought",)


def test_what_is_half_written_is_told_before_another_conversation_opens_or_the_window_closes(stage: Stage):
    open_main(stage, conversation(1))
    stage.asked.calls.clear()
    write(stage, "half")
    stage.window._neighbour(1, False)
    write(stage, " more")
    stage.window._want_to_close()
    told = [call for call in stage.asked.calls if call[0] in ("draft_changed", "open_group", "close_window")]
    assert told == [
        ("draft_changed", "half"),
        ("open_group", GroupId(2)),
        ("draft_changed", "half more"),
        ("close_window",),
    ]


def test_another_draft_replaces_the_text_and_is_not_told_back(stage: Stage):
    open_main(stage, conversation(1))
    write(stage, "abc")
    stage.window.show_composer("kept draft", True)
    stage.pump()
    assert composer(stage).value() == "kept draft"
    composer(stage).flush_draft()
    assert ("kept draft",) not in stage.asked.of("draft_changed")


def test_where_nothing_can_be_written_the_reason_stands(stage: Stage):
    open_main(stage, conversation(1))
    stage.window.show_composer("", False, "Join this group to write.")
    assert "Join this group to write." in texts(stage)
    write(stage, "x")
    key(stage, "<Return>")
    assert not stage.asked.of("send")


def test_what_is_pasted_replaces_the_selection(stage: Stage):
    open_main(stage, conversation(1))
    write(stage, "old words")
    composer(stage).text.tag_add("sel", "1.0", "1.3")
    stage.window.root.clipboard_clear()
    stage.window.root.clipboard_append("new\r\n")
    composer(stage).text.event_generate("<<Paste>>")
    assert composer(stage).value() == "new\n words"


def test_what_is_pasted_into_a_field_of_one_line_is_one_line(stage: Stage):
    stage.window.show_sign_in(found(), SignInMode.SIGN_IN)
    field = stage.screen._username.entry
    stage.window.root.clipboard_clear()
    stage.window.root.clipboard_append("анна\nпетрова\n")
    field.event_generate("<<Paste>>")
    assert field.get() == "анна петрова"


# -- emoji -------------------------------------------------------------------------------------------------------------


def test_the_system_is_asked_about_emoji_once_and_the_answer_is_kept(stage: Stage):
    if not emoji_probe.is_needed():
        pytest.skip("this system draws emoji without trouble")
    open_main(stage, conversation(1))
    assert not stage.window.look.safe.astral
    stage.wait(lambda: stage.settings.settings.emoji, "the probe did not answer")
    assert stage.settings.settings.emoji.startswith("Tk ")
    assert stage.window.look.safe.astral == stage.settings.settings.emoji.endswith("harmless")


def test_a_probe_that_dies_keeps_emoji_from_tk(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    answers: list[bool] = []
    monkeypatch.setattr("desktop.view.emoji_probe.sys.executable", "/bin/false")
    probe = emoji_probe.EmojiProbe(stage.window.root, answers.append)
    probe.start_after(0)
    stage.wait(lambda: answers)
    assert answers == [False]
    stage.window._know_about_emoji(False)
    stage.window.root.clipboard_clear()
    stage.window.root.clipboard_append("hi 😀")
    open_main(stage, conversation(1))
    composer(stage).text.event_generate("<<Paste>>")
    assert composer(stage).value() == "hi :grinning face:"


# -- the main screen ---------------------------------------------------------------------------------------------------


def test_a_conversation_is_opened_by_click_and_by_key(stage: Stage):
    open_main(stage, conversation(3))
    canvas = stage.screen.rail.canvas
    drawn = stage.screen.rail.drawn(2)
    canvas.event_generate("<Button-1>", x=60, y=stage.screen.rail.to_view(drawn) + 20)
    stage.window._neighbour(1, False)
    stage.window._neighbour(-1, False)
    assert stage.asked.of("open_group") == [(GroupId(2),), (GroupId(2),), (GroupId(3),)]


def test_the_next_unread_conversation(stage: Stage):
    open_main(stage, conversation(3))
    rows = [*rail("A", "B"), *rail("-", "-", "C", unread=3)[2:]]
    stage.window.show_rail(rows, 0)
    stage.window._neighbour(1, True)
    assert stage.asked.of("open_group") == [(GroupId(3),)]


def test_the_list_of_conversations_stays_where_it_is_when_more_of_them_come(stage: Stage):
    open_main(stage, conversation(3))
    stage.pump()
    stage.window.show_rail(rail("General", *(f"Group {number}" for number in range(200))), 0)
    stage.window.show_members([member(number, f"Person {number}") for number in range(1, 500)])
    stage.pump()
    assert stage.screen.rail.visible()[0][0] == 0
    assert stage.screen.members.list.visible()[0][0] == 0


def test_header_rail_members_and_status_say_what_they_were_told(stage: Stage):
    open_main(stage, conversation(3))
    stage.window.show_status("Not connected, next try in 5 s", Tone.BAD)
    words = texts(stage)
    for part in (
        "14 members, 5 online",
        "Everyone",
        "GROUPS",
        "Tea",
        "Anna: hello",
        "Not connected",
        "@peter",
        "online",
    ):
        assert part in words


def test_without_a_conversation_there_is_nothing_to_write_to(stage: Stage):
    open_main(stage, conversation(3))
    stage.window.show_header(None)
    assert "Choose a conversation" in texts(stage)
    assert not stage.screen.composer.winfo_ismapped()


def test_renaming_and_leaving(stage: Stage):
    open_main(stage, conversation(3))
    stage.window._around.rename()
    top(stage)._name.put("Tea time")
    press(stage, "Rename")
    assert stage.asked.of("rename_group") == [(GENERAL.group, "Tea time")]
    stage.window._around.ask_leave()
    press(stage, "Leave")
    assert stage.asked.of("leave_group") == [(GENERAL.group,)]


def test_a_new_group(stage: Stage):
    open_main(stage, conversation(3))
    stage.window._around.new_group()
    press(stage, "Make the group")
    assert "A group needs a name." in texts(stage)
    sheet: Any = top(stage)
    sheet._name.put("Tea")
    sheet._topic.put("At five")
    next(w for w in everything(sheet) if isinstance(w, ttk.Checkbutton)).invoke()
    press(stage, "Make the group")
    assert stage.asked.of("create_group") == [("Tea", "At five", True)]
    assert not stage.window._sheets


def test_the_members_pane_is_closed_opened_and_remembered(stage: Stage):
    open_main(stage, conversation(3))
    assert stage.screen.members.winfo_ismapped()
    stage.window.root.event_generate("<Control-i>")
    stage.pump()
    assert not stage.screen.members.winfo_ismapped()
    assert stage.asked.of("show_members") == [(False,)]
    assert stage.settings.settings.show_members is False


# -- sheets ------------------------------------------------------------------------------------------------------------


def test_a_question_is_answered_once_and_escape_takes_the_last_choice(stage: Stage):
    answers: list[str] = []
    question = Question("Stop?", "It runs.", (Choice("stop", "Stop", ChoiceKind.DANGER), Choice("stay", "Keep it")))
    stage.window.show_chooser()
    stage.window.ask(question, answers.append)
    press(stage, "Stop")
    stage.window.ask(question, answers.append)
    stage.pump()
    top(stage).focus_force()
    stage.pump()
    top(stage).event_generate("<Escape>")
    stage.pump()
    assert answers == ["stop", "stay"]
    assert stage.screen.winfo_ismapped()


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_question_when_the_window_closes_has_its_four_answers_side_by_side(stage: Stage, language: str):
    locale.use(language)
    labels = [locale._(text) for text in ("Let it stay", "Let it stay, and start at sign-in", "Stop it", "Cancel")]
    stage.window.show_chooser()
    stage.window.ask(Question("?", "It runs.", tuple(Choice(label, label) for label in labels)), lambda _key: None)
    stage.pump()
    answers = [
        widget
        for widget in everything(top(stage))
        if isinstance(widget, ttk.Button) and str(widget.cget("text")).strip() in labels
    ]
    assert len(answers) == 4
    assert len({button.winfo_rooty() for button in answers}) == 1


def test_the_recovery_code_stays_until_it_is_confirmed(stage: Stage):
    confirmed: list[bool] = []
    stage.window.show_chooser()
    stage.window.show_recovery_code("AAAA-BBBB-CCCC-DDDD-EEEE-FFFF", lambda: confirmed.append(True))
    stage.pump()
    top(stage).focus_force()
    top(stage).event_generate("<Escape>")
    assert "AAAA  BBBB  CCCC  DDDD" in texts(stage)
    press(stage, "Copy")
    assert stage.window.root.clipboard_get() == "AAAA-BBBB-CCCC-DDDD-EEEE-FFFF"
    press(stage, "I have written it down")
    assert confirmed == [True]
    assert not stage.window._sheets


def test_the_alarm_shows_both_identities_and_leads_nowhere(stage: Stage):
    stage.window.show_chooser()
    stage.window.show_identity_alarm("Office", RelayId("A" * 52), RelayId("B" * 52))
    stage.window.show_identity_alarm("Office", RelayId("A" * 52), RelayId("B" * 52))
    words = texts(stage)
    assert "AAAA-AAAA" in words
    assert "BBBB-BBBB" in words
    press(stage, "Close")
    assert not stage.window._sheets
    assert not stage.asked.of("choose_relay")


def test_findings_appear_while_the_check_goes_on(stage: Stage):
    stage.window.show_chooser()
    stage.window.show_findings((), done=False)
    stage.window.show_findings([Finding(True, "Announcements are heard.")], done=False)
    stage.window.show_findings(
        [Finding(True, "Announcements are heard."), Finding(False, "The port is closed.", "sudo ufw allow 5000")],
        done=True,
    )
    words = texts(stage)
    assert "The port is closed." in words
    assert "sudo ufw allow 5000" in words
    assert len(stage.window._sheets._sheets) == 1


def test_findings_that_come_after_their_dialog_was_closed_open_none(stage: Stage):
    stage.window.show_chooser()
    stage.window.show_findings((), done=False)
    press(stage, "Close")
    stage.window.show_findings([Finding(True, "Announcements are heard.")], done=True)
    assert not stage.window._sheets


def test_findings_are_copied_as_text_for_who_helps(stage: Stage):
    stage.window.show_chooser()
    stage.window.show_findings((), done=False)
    closed = Finding(False, "The port\u202e is closed.", "sudo ufw allow 5000")
    stage.window.show_findings([Finding(True, "Announcements are heard."), closed], done=True)
    press(stage, "Copy as text")
    program, *lines = stage.window.root.clipboard_get().splitlines()
    assert program.startswith("Py_messenger ")
    assert lines == [
        "Check the connection",
        "✓ Announcements are heard.",
        "✗ The port is closed.",
        "    sudo ufw allow 5000",
    ]


def test_a_check_is_made_again_from_what_the_last_one_found(stage: Stage):
    stage.window.show_chooser()
    stage.window.show_findings((), done=False)
    assert "Check again" not in texts(stage)
    stage.window.show_findings([Finding(False, "The port is closed.")], done=True)
    press(stage, "Check again")
    assert stage.asked.of("check_connection") == [()]
    stage.window.show_findings((), done=False)
    assert "The port is closed." not in texts(stage)
    assert top(stage)._progress.winfo_manager()


def test_the_connection_is_checked_from_beside_what_says_that_there_is_none(stage: Stage):
    open_main(stage, conversation(3))
    assert not stage.screen._check.winfo_ismapped()
    stage.window.show_status("Not connected, next try in 5 s", Tone.BAD)
    stage.window.show_status("Connecting…", Tone.BUSY)
    stage.pump()
    press(stage, "Check the connection")
    assert stage.asked.of("check_connection") == [()]
    stage.window.show_status("Connected", Tone.GOOD)
    stage.pump()
    assert not stage.screen._check.winfo_ismapped()


def test_sheets_over_each_other_are_answered_in_turn(stage: Stage):
    stage.window.show_chooser()
    stage.window.open_settings()
    stage.window.show_recovery_code("A-B", lambda: None)
    stage.pump()
    assert not stage.window._sheets._sheets[0].winfo_ismapped()
    press(stage, "I have written it down")
    assert stage.window._sheets._sheets[0].winfo_ismapped()


# -- another look ------------------------------------------------------------------------------------------------------


def in_russian(stage: Stage) -> None:
    locale.use("ru")
    stage.window.redraw()


def test_theme_size_and_language_change_at_once_and_nothing_is_lost(stage: Stage):
    open_main(stage, conversation(300), anchor=100)
    write(stage, "a draft")
    before = stage.screen.timeline.visible()[0][0]
    steps: list[Callable[[], None]] = [
        lambda: stage.window.set_theme("dark"),
        lambda: stage.window.set_zoom(130),
        lambda: in_russian(stage),
    ]
    for step in steps:
        step()
        stage.pump()
        stage.wait(lambda: stage.screen.timeline.visible())
        assert abs(stage.screen.timeline.visible()[0][0] - before) <= 3
        assert composer(stage).value() == "a draft"
    assert stage.window.look.palette.dark
    assert stage.window.look.px(100) == 130
    assert stage.settings.settings.theme == "dark"
    assert stage.settings.settings.scale == 130
    assert stage.asked.of("set_theme") == [("dark",)]
    assert "General" in texts(stage)


def test_the_settings_stay_open_while_the_look_changes(stage: Stage):
    stage.window.show_chooser()
    stage.window.open_settings()
    press(stage, "Dark")
    assert stage.window.look.palette.dark
    press(stage, "Русский")
    assert stage.asked.of("set_language") == [("ru",)]
    press(stage, "Done")
    assert stage.screen.winfo_ismapped()


def test_a_question_stays_a_question_in_another_look(stage: Stage):
    answers: list[str] = []
    question = Question("Stop?", "It runs.", (Choice("stop", "Stop", ChoiceKind.DANGER), Choice("stay", "Keep it")))
    stage.window.show_chooser()
    stage.window.show_recovery_code("AAAA-BBBB-CCCC-DDDD", lambda: answers.append("written down"))
    stage.window.ask(question, answers.append)
    stage.window.set_zoom(130)
    stage.window.set_theme("dark")
    press(stage, "Stop")
    assert "AAAA-BBBB-CCCC-DDDD" in texts(stage)
    press(stage, "I have written it down")
    assert answers == ["stop", "written down"]
    assert stage.screen.winfo_ismapped()


def test_a_half_filled_sheet_stays_in_another_look(stage: Stage):
    open_main(stage, conversation(1))
    stage.window._around.new_group()
    stage.pump()
    before = top(stage)
    before._name.put("Te")
    before._topic.put("At five")
    before._topic.entry.focus_force()
    next(w for w in everything(before) if isinstance(w, ttk.Checkbutton)).invoke()
    stage.window.set_theme("dark")
    stage.pump()
    sheet = top(stage)
    assert sheet is not before
    stage.wait(lambda: stage.window.root.focus_lastfor() is sheet._topic.entry, "the keyboard went elsewhere")
    sheet._name.entry.insert("insert", "a")
    press(stage, "Make the group")
    assert stage.asked.of("create_group") == [("Tea", "At five", True)]


def test_findings_stay_in_another_look(stage: Stage):
    stage.window.show_chooser()
    stage.window.show_findings((), done=False)
    stage.window.show_findings([Finding(False, "The port is closed.")], done=True)
    stage.window.set_theme("dark")
    assert "The port is closed." in texts(stage)
    assert not top(stage)._progress.winfo_manager()


def test_what_is_typed_into_the_form_stays_in_another_look(stage: Stage):
    relay = found()
    stage.window.show_sign_in(relay, SignInMode.SIGN_IN)
    press(stage, "I am new here: make an account")
    fill(stage, username="anna", password="correct horse", display_name="Анна")
    in_russian(stage)
    press(stage, "Создать учётную запись")
    assert stage.asked.of("register") == [(relay, "anna", "correct horse", "Анна", "")]
    stage.window.show_sign_in_busy(True)
    in_russian(stage)
    press(stage, "Секунду…")
    assert len(stage.asked.of("register")) == 1


@pytest.mark.parametrize("theme, percent", [("light", 85), ("dark", 150)])
def test_every_screen_can_be_drawn_in_every_size_and_theme(stage: Stage, theme: str, percent: int):
    window = stage.window
    window.set_theme(theme)
    window.set_zoom(percent)
    window.root.geometry("720x520")
    window.show_chooser()
    window.show_relays(
        [found(), found("B", "Б" * 64, Trust.KNOWN), found("C", trust=Trust.IMPOSTOR)], "Trouble.", "Runs."
    )
    stage.pump()
    window.show_sign_in(found(registration="invite"), SignInMode.REGISTER, "code")
    stage.pump()
    open_main(stage, [said(1, "x" * 500), said(2, "hi", own=True)])
    window.open_settings()
    stage.pump()


def test_the_title_counts_what_is_unread(stage: Stage):
    stage.window.show_unread(3)
    assert stage.window.root.title() == "(3) Py_messenger"
    stage.window.show_unread(0)
    assert stage.window.root.title() == "Py_messenger"


def test_a_toast_goes_by_itself(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("desktop.view.tokens.TOAST_MS", 400)
    stage.window.show_chooser()
    stage.window.show_toast("Saved.\nReally.")
    assert "Saved. Really." in texts(stage)
    stage.wait(lambda: "Saved." not in texts(stage), "the toast stayed")


def test_the_place_of_the_window_is_remembered(stage: Stage):
    stage.window.show_chooser()
    stage.pump()
    stage.window.root.geometry("900x640+30+40")
    stage.wait(lambda: stage.window.root.winfo_width() == 900)
    stage.window.close()
    assert SettingsFile(stage.settings.folder).settings.geometry == "900x640+30+40"


def test_the_keyboard_is_told_when_it_comes_to_the_window_not_when_it_moves_within(stage: Stage):
    open_main(stage, conversation(3))
    stage.window.root.focus_force()
    stage.wait(lambda: stage.asked.of("window_focused"), "the window did not notice")
    for _ in range(4):
        stage.window._next_pane(1)
        stage.pump()
    assert stage.asked.of("window_focused") == [(True,)]


def test_what_is_wrong_with_no_field_stands_above_the_button(stage: Stage):
    stage.window.show_sign_in(found(), SignInMode.SIGN_IN)
    stage.window.show_sign_in_problem(SignInField.FORM, "The relay cannot be reached.")
    assert "The relay cannot be reached." in texts(stage)
    stage.window.show_sign_in_problem(SignInField.CODE, "That code is used up.")
    assert "That code is used up." in texts(stage)


def test_closing_is_asked_of_the_controller(stage: Stage):
    stage.window.show_chooser()
    stage.window.root.event_generate("<Control-q>")
    stage.window.root.tk.call(*stage.window.root.tk.splitlist(stage.window.root.protocol("WM_DELETE_WINDOW")))
    assert stage.asked.of("close_window")


# -- the keyboard alone ------------------------------------------------------------------------------------------------


def tab_through(stage: Stage) -> list[tk.Misc]:
    """Every widget that Tab comes to, in its order, from the beginning of the screen."""
    stage.pump()
    first = stage.screen.tk_focusNext()
    assert first is not None
    found = [first]
    while (following := found[-1].tk_focusNext()) is not None and following is not first:
        found.append(following)
    return found


def test_tab_goes_through_the_list_of_relays_from_top_to_bottom(stage: Stage):
    stage.window.show_chooser()
    stage.window.show_relays([found("A", "One"), found("B", "Two", Trust.KNOWN)])
    stage.window.show_relays([found("A", "One again"), found("B", "Two", Trust.KNOWN)])
    tops = [widget.winfo_rooty() for widget in tab_through(stage)]
    assert tops == sorted(tops)
    assert len(tops) == 9


def test_tab_goes_through_the_main_screen_from_left_to_right(stage: Stage):
    open_main(stage, conversation(3))
    screen, order = stage.screen, tab_through(stage)
    panes = [screen.rail.canvas, screen.timeline.canvas, screen.composer.text, screen.members.list.canvas]
    assert [widget for widget in order if widget in panes] == panes
    assert all(widget in order for widget in (screen._relay, screen._more, screen.header._members))


def test_the_list_that_has_the_keyboard_is_marked_when_it_came_by_key(stage: Stage):
    open_main(stage, conversation(3))
    timeline = stage.screen.timeline
    timeline.canvas.focus_force()
    stage.pump()
    assert not timeline._ring
    stage.screen.rail.canvas.focus_force()
    stage.pump()
    stage.window._next_pane(1)
    stage.pump()
    assert stage.window.root.focus_get() is timeline.canvas
    assert len(timeline._ring) == 4
    stage.window._next_pane(-1)
    stage.wait(lambda: not timeline._ring, "the mark stayed")


def test_a_failed_message_is_dealt_with_by_keyboard(stage: Stage):
    open_main(stage, [said(1), said(2, "lost", own=True, delivery=Delivery.FAILED, problem="No."), said(3)])
    canvas = stage.screen.timeline.canvas
    canvas.focus_force()
    stage.pump()
    for press_key in ("<Shift-F10>", "<Down>", "<Return>"):
        canvas.event_generate(press_key)
    stage.pump()
    assert stage.asked.of("retry") == [(said(2).nonce,)]


def test_escape_leaves_the_form(stage: Stage):
    stage.window.show_sign_in(found(), SignInMode.SIGN_IN)
    stage.pump()
    stage.screen._password.entry.focus_force()
    stage.pump()
    stage.screen._password.entry.event_generate("<Escape>")
    assert stage.asked.of("back_to_relays") == [()]


def test_the_keys_are_listed(stage: Stage):
    open_main(stage, conversation(3))
    stage.window.root.focus_force()
    stage.pump()
    stage.window.root.event_generate("<F1>")
    assert "Shift+Enter" in texts(stage)
    press(stage, "Close")
    assert not stage.window._sheets


# -- the way out -------------------------------------------------------------------------------------------------------


def test_the_name_of_the_relay_leads_to_the_other_relays(stage: Stage):
    open_main(stage, conversation(3))
    stage.asked.calls.clear()
    write(stage, "half")
    press(stage, "Office")
    press(stage, "Other relays")
    assert stage.asked.calls[-2:] == [("draft_changed", "half"), ("back_to_relays",)]


def test_signing_out_is_asked_first(stage: Stage):
    open_main(stage, conversation(3))
    for answer, asked in (("Cancel", []), ("Sign out", [()])):
        stage.screen._more.invoke()
        press(stage, "Sign out on this device")
        press(stage, answer)
        assert stage.asked.of("sign_out") == asked


def test_the_menu_goes_by_escape_by_a_click_elsewhere_and_by_its_own_button(stage: Stage):
    open_main(stage, conversation(3))
    stage.window.root.focus_force()
    screen = stage.screen

    def by_escape() -> None:
        screen._popup._lines[0].event_generate("<Escape>")

    def by_click() -> None:
        screen.header.event_generate("<Button-1>", x=5, y=5)

    for close in (by_escape, by_click, screen._relay.invoke):
        screen._relay.invoke()
        stage.pump()
        assert "Other relays" in texts(stage)
        close()
        assert "Other relays" not in texts(stage)
    assert not stage.asked.of("back_to_relays")


def test_a_group_that_is_not_joined_says_why_nothing_is_there(stage: Stage):
    open_main(stage, conversation(1))
    stage.window.open_timeline([], None)
    stage.window.show_header(replace(GENERAL, joined=False, members=None))
    stage.window.show_composer("", False, "Join this group to write in it.")
    words = texts(stage)
    assert "You are not in this group." in words
    assert "MEMBERS" not in words
    stage.window.open_timeline(conversation(2), None)
    assert "You are not in this group." not in texts(stage)
    stage.window.open_timeline([], None)
    stage.window.show_header(GENERAL)
    assert "You are not in this group." not in texts(stage)


def test_only_a_composer_that_can_be_written_in_is_marked(stage: Stage):
    open_main(stage, conversation(1))
    composer(stage).text.focus_force()
    stage.wait(lambda: composer(stage)._well.instate(["focus"]), "the frame was not marked")
    stage.window.show_composer("", False, "Join this group to write in it.")
    stage.wait(lambda: composer(stage)._well.instate(["!focus"]), "the frame stayed marked")


def test_in_a_narrow_window_the_members_take_the_place_of_the_rail(stage: Stage):
    open_main(stage, conversation(3))
    screen = stage.screen
    stage.window.root.geometry("720x520")
    stage.wait(lambda: screen.winfo_width() == 720 and not screen.members.winfo_ismapped())
    assert screen.rail.winfo_ismapped()
    stage.window.root.event_generate("<Control-i>")
    stage.wait(lambda: screen.members.winfo_ismapped() and not screen.rail.winfo_ismapped())
    assert screen.timeline.winfo_width() > 400
    stage.window.root.geometry("1000x700")
    stage.wait(lambda: screen.members.winfo_ismapped() and screen.rail.winfo_ismapped())
    stage.window.root.geometry("720x520")
    stage.wait(lambda: screen.rail.winfo_ismapped() and not screen.members.winfo_ismapped())
    stage.window.root.event_generate("<Control-i>")
    stage.wait(lambda: screen.members.winfo_ismapped() and not screen.rail.winfo_ismapped())
    stage.window.root.event_generate("<Control-i>")
    stage.wait(lambda: screen.rail.winfo_ismapped() and not screen.members.winfo_ismapped())


def test_while_conversations_are_being_opened_nothing_is_made_up(stage: Stage):
    stage.window.show_main("", User(UserId(0), "", "", "member"))
    stage.window.show_status("Opening…", Tone.BUSY)
    words = texts(stage)
    assert "Opening…" in words
    assert "?" not in words
    assert "Choose a conversation" not in words


def test_return_on_a_button_that_closes_its_sheet_ends_there(stage: Stage):
    open_main(stage, conversation(1))
    answers: list[str] = []
    question = Question("Really?", "", (Choice("yes", "Yes", ChoiceKind.PRIMARY), Choice("no", "No")))
    stage.window.ask(question, answers.append)
    stage.pump()
    button = top(stage).first_focus()
    button.focus_force()
    stage.pump()
    button.event_generate("<Return>")
    stage.pump()
    assert answers == ["yes"]
    assert top(stage) is None

"""“This relay” in a real window: there for owners only, told of by the relay's answers, gone through by keys."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest

from common.ids import Millis, UserId
from common.protocol.messages import (
    Account,
    Accounts,
    Answer,
    AuditAct,
    AuditEntries,
    AuditEntry,
    CreateInvite,
    DisableUser,
    Health,
    Invite,
    Invited,
    Invites,
    KeyWay,
    ListAccounts,
    ListAudit,
    ListInvites,
    ListSessions,
    OneRelay,
    PasswordMade,
    Promote,
    RelayState,
    ResetPassword,
    RevokeInvite,
    RevokeSessions,
    Session,
    Sessions,
    ShowState,
    User,
)
from desktop import locale
from desktop.view.relay.audit import ACTS, words_of
from desktop.view.relay.sections import SECTIONS
from desktop.view.relay.state import TROUBLES
from desktop.view.theme import SHEET_BLUR
from relay.health.troubles import CODES
from tests.desktop.view.conftest import Stage
from tests.desktop.view.talk import conversation, open_main
from tests.desktop.view.test_window import focused, press, texts, top

pytestmark = pytest.mark.window

OWNER = User(UserId(1), "peter", "Peter Ivanov", "owner")
NOW = Millis(1_700_000_000_000)


def arrive(stage: Stage, section: str = "", me: User = OWNER) -> Any:
    """The sheet, at that section."""
    open_main(stage, conversation(3))
    stage.window.show_main("Office", me)
    stage.window._around.owning.open(section)
    sheet = top(stage)
    if sheet is not None:
        sheet.first_focus().focus_force()
    stage.pump()
    return sheet


def lines(stage: Stage) -> list[str]:
    return [line.label for line in stage.window._relay_menu()]


def test_only_owners_have_it_in_the_menu(stage: Stage):
    open_main(stage, conversation(3))
    for role, there in (("member", False), ("admin", False), ("owner", True)):
        stage.window.show_main("Office", replace_role(OWNER, role))
        assert ("This relay" in lines(stage)) == there
    assert arrive(stage, me=replace_role(OWNER, "admin")) is None


def replace_role(user: User, role: Any) -> User:
    return User(user.id, user.username, user.display_name, role)


def test_every_section_is_reached_by_keys(stage: Stage):
    sheet = arrive(stage)
    seen = []
    for _section in SECTIONS:
        seen.append(sheet.section)
        focused(stage).event_generate("<Down>")
        stage.pump()
    assert seen == [section.name for section in SECTIONS]
    focused(stage).event_generate("<Escape>")
    stage.pump()
    assert top(stage) is None


def test_the_sheet_goes_with_who_owns_the_relay_no_more(stage: Stage):
    arrive(stage)
    stage.window.show_main("Office", replace_role(OWNER, "admin"))
    stage.pump()
    assert top(stage) is None


# -- how it stands -----------------------------------------------------------------------------------------------------

STATE = RelayState(
    version="1.0",
    since=NOW,
    health=Health(status="ok"),
    registration="open",
    people=3,
    online=1,
    groups=2,
    entries=4711,
    files=1_000_000,
    folder="/srv/relay/data",
    key_file="/home/peter/relay.key",
    ways=(KeyWay("file", NOW, opens=True), KeyWay("recovery", NOW, confirmed=True)),
    free=5_000_000_000,
    total=9_000_000_000,
    backup_folder="/mnt/usb",
    backup_at=NOW,
)


def stands(stage: Stage, **changes: Any) -> str:
    """All that is said when the relay stands like that."""
    stage.window.show_ordered(ShowState(), OneRelay(relay=msgspec.structs.replace(STATE, **changes)), "")
    return texts(stage)


def test_a_relay_that_is_well_is_said_to_be_and_nothing_is_to_be_mended(stage: Stage):
    arrive(stage, "state")
    assert orders(stage) == [ShowState()]
    said = stands(stage)
    for words in ("The relay is well.", "opens the data · /home/peter/relay.key", "confirmed", "4,711", "/mnt/usb"):
        assert words in said
    for words in ("never been confirmed", "never been a backup", "not confirmed", "RELAY_BACKUP_DIR"):
        assert words not in said
    press(stage, "Ask the relay again")
    assert orders(stage) == [ShowState(), ShowState()]


def test_what_is_to_be_mended_is_said_in_words(stage: Stage):
    arrive(stage, "state")
    unconfirmed = (KeyWay("file", NOW, opens=False), KeyWay("recovery", NOW, confirmed=False))
    said = stands(stage, ways=unconfirmed, backup_at=None, backup_folder="")
    assert "does not open the data" in said
    assert "The recovery code has never been confirmed" in said
    assert "There has never been a backup." in said
    assert "There is no recovery code." in stands(stage, ways=(KeyWay("file", NOW, opens=True),))
    assert "the next start needs the passphrase" in stands(stage, ways=(KeyWay("passphrase", NOW),))
    assert "the next start" not in stands(stage, ways=(KeyWay("passphrase", NOW),), knows_passphrase=True)
    assert "25 % of what was said before" in stands(stage, resealing=(25, 100))
    closed = stands(stage, registration="invite", only_admins_invite=True)
    assert "An account needs an invitation. Only those of owners and administrators count." in closed


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_trouble_has_its_words_and_an_unknown_one_comes_in_the_relays(stage: Stage, language: str):
    locale.use(language)
    arrive(stage, "state")
    assert set(TROUBLES) == set(CODES)
    reasons = [f"reason {code}" for code in CODES] + ["something quite new"]
    said = stands(stage, health=Health(status="degraded", reasons=reasons, codes=[*CODES, "quite_new"]))
    assert "something quite new" in said
    assert "reason " not in said
    assert all(locale._(words) in said for words in TROUBLES.values())


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ru"])
def test_how_it_stands_keeps_its_margins_at_the_sides_where_it_is_only_too_high(
    stage: Stage, language: str, theme: str
):
    locale.use(language)
    stage.settings.change(language=language, theme=theme)
    stage.window.root.geometry("1120x760+0+0")
    stage.window.redraw()
    sheet = arrive(stage, "state")
    stage.wait(lambda: stage.window.root.winfo_width() == 1120)
    reasons = [f"reason {code}" for code in CODES]
    stands(stage, health=Health(status="degraded", reasons=reasons, codes=list(CODES)))
    stage.pump()
    assert sheet.scrolled.winfo_height() < sheet.body.winfo_reqheight(), "it is too high for the window"
    at_the_side = sheet._inside.winfo_x() - stage.window.look.px(SHEET_BLUR) * 2
    assert at_the_side == stage.window.look.px(24)


# -- people ------------------------------------------------------------------------------------------------------------


def account(number: int, name: str, role: Any = "member", **more: Any) -> Account:
    return Account(User(UserId(number), name.casefold(), name, role), NOW, **more)


PEOPLE = Accounts(
    accounts=[
        account(1, "Peter", "owner", online=True, devices=1, seen=NOW),
        account(2, "Anna", devices=2, seen=NOW),
        account(3, "Борис", disabled=True),
    ]
)
ANNAS = Sessions(sessions=[Session(7, "phone", NOW, NOW), Session(8, "script", NOW, NOW, ("write",))])


def people(stage: Stage) -> Any:
    """The list is there; its panel."""
    sheet = arrive(stage, "people")
    stage.window.show_ordered(ListAccounts(), PEOPLE, "")
    stage.pump()
    return sheet._panel


def look_at_anna(stage: Stage) -> Any:
    panel = people(stage)
    panel.field.focus_force()
    panel.field.insert(0, "ann")
    stage.pump()
    panel.field.event_generate("<Return>")
    stage.pump()
    stage.window.show_ordered(ListSessions(user=2), ANNAS, "")
    stage.pump()
    return panel


def orders(stage: Stage) -> list[Any]:
    return [asked[0] for asked in stage.asked.of("order")]


def answer(stage: Stage, label: str) -> None:
    """Press that button of the question that has come up."""
    assert type(top(stage)).__name__ == "AskSheet"
    press(stage, label)


def test_everybody_is_listed_with_role_and_state_and_found_by_name_on_either_layout(stage: Stage):
    panel = people(stage)
    assert orders(stage) == [ListAccounts()]
    said = texts(stage)
    assert "3 people have an account, 1 here now." in said
    assert "Find by name" in said
    assert "owner · here now, 1 device" in said
    assert "@борис · shut out" in said
    for typed, found in (("ann", ["Anna"]), (",jhbc", ["Борис"]), ("", ["Peter", "Anna", "Борис"]), ("zz", [])):
        panel.field.delete(0, "end")
        panel.field.insert(0, typed)
        stage.pump()
        assert [line.title for line in panel.list._lines] == found
    assert "Nobody is called so." in texts(stage)


def test_a_person_is_reached_by_keys_with_their_devices_and_left_again(stage: Stage):
    panel = look_at_anna(stage)
    assert orders(stage)[-1] == ListSessions(user=2)
    said = texts(stage)
    assert "@anna" in said
    assert "phone" in said
    assert "Access token “script”" in said
    assert stage.window.root.focus_get() is panel._person.first_focus()
    panel._person.first_focus().event_generate("<Return>")
    stage.pump()
    assert "3 people have an account" in texts(stage) or "1 here now" in texts(stage)
    assert stage.window.root.focus_get() is panel.field


@pytest.mark.parametrize(
    "label, yes, order",
    [
        ("Shut out", "Shut out", DisableUser(user=2)),
        ("New password", "New password", ResetPassword(user=2)),
        ("Administrator", "Yes", Promote(user=2, role="admin")),
        ("Owner", "Yes", Promote(user=2, role="owner")),
        ("Sign out everywhere", "Sign them out", RevokeSessions(user=2)),
    ],
)
def test_nothing_is_done_to_anybody_before_it_was_confirmed(stage: Stage, label: str, yes: str, order: Any):
    look_at_anna(stage)
    before = len(orders(stage))
    press(stage, label)
    answer(stage, "Cancel")
    assert len(orders(stage)) == before
    press(stage, label)
    answer(stage, yes)
    assert orders(stage)[-1] == order
    assert "Anna" in texts(stage)
    before = len(orders(stage))
    done = PasswordMade(password="q3VhP8-xkT2m") if isinstance(order, ResetPassword) else Answer()
    stage.window.show_ordered(order, done, "")
    assert orders(stage)[before:] == [ListAccounts(), ListSessions(user=2)]


def test_one_device_is_signed_out(stage: Stage):
    panel = look_at_anna(stage)
    panel._person._sessions.winfo_children()[0].winfo_children()[0].invoke()
    stage.pump()
    assert "phone" in texts(stage)
    answer(stage, "Sign them out")
    assert orders(stage)[-1] == RevokeSessions(user=2, session=7)


def test_a_new_password_is_shown_once_to_be_copied_and_stays_through_another_look(stage: Stage):
    look_at_anna(stage)
    stage.window.show_ordered(ResetPassword(user=2), PasswordMade(password="q3VhP8-xkT2m"), "")
    stage.pump()
    assert "It is shown this once" in texts(stage)
    press(stage, "Copy")
    assert stage.window.root.clipboard_get() == "q3VhP8-xkT2m"
    stage.window.set_theme("dark")
    stage.pump()
    panel = top(stage)._panel
    assert panel._person._secret.winfo_children()[1].winfo_children()[1].get() == "q3VhP8-xkT2m"
    press(stage, "All people")
    assert panel.known.password is None


def test_who_was_shut_out_is_let_in_without_a_question(stage: Stage):
    panel = people(stage)
    panel._chosen(2)
    stage.pump()
    press(stage, "Let in again")
    assert orders(stage)[-1] == DisableUser(user=3, on=False)


def test_an_owner_does_not_shut_themselves_out_and_keeps_this_device(stage: Stage):
    panel = people(stage)
    panel._chosen(0)
    own = Sessions(sessions=[Session(1, "notebook", NOW, NOW, own=True), Session(2, "phone", NOW, NOW)])
    stage.window.show_ordered(ListSessions(user=1), own, "")
    said = texts(stage).splitlines()
    assert "Shut out" not in said
    assert "New password" not in said
    assert "Sign out everywhere" not in said
    assert said.count("Sign out there") == 1
    press(stage, "Member")
    assert "You will own this relay no more" in texts(stage)


def test_what_was_refused_is_said_above_the_person(stage: Stage):
    look_at_anna(stage)
    stage.window.show_ordered(DisableUser(user=2), None, "This is the only owner of the relay.")
    assert "This is the only owner of the relay." in texts(stage)


def test_many_people_cost_no_widgets(stage: Stage):
    panel = people(stage)
    many = Accounts(accounts=[account(number, f"Person {number}") for number in range(1, 5001)])
    stage.window.show_ordered(ListAccounts(), many, "")
    stage.pump()
    assert len(panel.list._lines) == 5000
    panel.field.insert(0, "person 4999")
    stage.pump()
    assert panel.list._lines[0].title == "Person 4999"


# -- invitations -------------------------------------------------------------------------------------------------------

LINK = "pymessenger://192.168.1.20:5000/ABCDEFGHIJKLMNOPQRSTUVWXYZ234567?code=ABCDEFGHIJKLMNOP"


def test_a_link_is_made_shown_copied_and_taken_back_after_a_question(stage: Stage):
    sheet = arrive(stage, "invites")
    assert orders(stage) == [ListInvites()]
    press(stage, "10 times")
    press(stage, "No end")
    press(stage, "Make a link")
    assert orders(stage)[-1] == CreateInvite(uses=10)
    invite = Invite(5, UserId(1), NOW, None, 10)
    stage.window.show_ordered(CreateInvite(uses=10), Invited(invite=invite, code="ABCD", link=LINK), "")
    assert orders(stage)[-1] == ListInvites()
    stage.window.show_ordered(ListInvites(), Invites(invites=[invite]), "")
    assert sheet._panel.inviting.link.get() == LINK
    press(stage, "Copy the link")
    assert stage.window.root.clipboard_get() == LINK
    stage.window.set_theme("dark")
    stage.pump()
    panel = top(stage)._panel
    assert panel.inviting.link.get() == LINK
    assert panel.inviting.uses.value == 10
    stage.window.show_ordered(ListInvites(), Invites(invites=[invite]), "")
    press(stage, "Take back")
    answer(stage, "Take back")
    assert orders(stage)[-1] == RevokeInvite(invite=5)
    press(stage, "Another link")
    assert "Make a link" in texts(stage)


# -- what was done -----------------------------------------------------------------------------------------------------

ENTRIES = [
    AuditEntry(9, NOW, "role_changed", "client", "peter", "anna", "admin"),
    AuditEntry(8, NOW, "backup_made", "relay", detail="/mnt/usb/relay.backup"),
]


def test_what_was_done_is_told_page_by_page(stage: Stage):
    arrive(stage, "audit")
    assert stage.asked.of("order") == [(ListAudit(limit=30),)]
    stage.window.show_ordered(ListAudit(limit=30), AuditEntries(entries=ENTRIES, more=True), "")
    assert "peter gave anna another role: administrator" in texts(stage)
    assert "The relay itself made a backup: /mnt/usb/relay.backup" in texts(stage)
    press(stage, "Show older ones")
    assert stage.asked.of("order")[-1] == (ListAudit(before=8, limit=30),)
    older = AuditEntry(7, NOW, "account_made", "client", "boris", "boris", "")
    answer = AuditEntries(entries=[older], more=False)
    stage.window.show_ordered(ListAudit(before=8, limit=30), answer, "")
    stage.window.show_ordered(ListAudit(before=8, limit=30), answer, "")  # of a press too many
    assert texts(stage).count("boris made an account") == 1
    assert "Show older ones" not in texts(stage)


def test_what_is_refused_is_said_in_the_sheet_and_goes_with_the_next_try(stage: Stage):
    arrive(stage, "audit")
    stage.window.show_ordered(ListAudit(limit=30), None, "You may not do that here.")
    assert "You may not do that here." in texts(stage)
    stage.window.show_ordered(ListAudit(limit=30), AuditEntries(entries=ENTRIES, more=True), "")
    press(stage, "Show older ones")
    assert "You may not do that here." not in texts(stage)


def test_an_answer_that_comes_late_finds_nobody_and_a_refusal_is_said_in_passing(stage: Stage):
    arrive(stage, "audit").close()
    stage.window.show_ordered(ListAudit(limit=30), AuditEntries(entries=ENTRIES, more=True), "")
    stage.window.show_ordered(ListAudit(limit=30), None, "You may not do that here.")
    assert "You may not do that here." in texts(stage)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_act_has_its_words_and_an_unknown_one_is_shown_as_it_is(stage: Stage, language: str):
    locale.use(language)
    assert set(ACTS) == set(get_args(AuditAct))
    for act in get_args(AuditAct):
        said = words_of(AuditEntry(1, NOW, act, "client", "<by>", "<whom>", "<detail>"))
        assert said.startswith("<by>")
        assert act not in said
    assert words_of(AuditEntry(1, NOW, "moved_on", "client", "anna", "boris", "x")) == "anna · moved on · boris · x"


def test_a_mute_and_a_limit_are_written_down_in_the_persons_words():
    muted = AuditEntry(1, NOW, "user_muted", "client", "anna", "boris", "7200")
    assert words_of(muted) == "anna muted boris on the whole relay (2 hours)"
    for_ever = AuditEntry(1, NOW, "user_muted", "client", "anna", "boris")
    assert words_of(for_ever) == "anna muted boris on the whole relay (until it is lifted)"
    changed = AuditEntry(1, NOW, "limits_changed", "client", "anna", "", "messages_per_hour: – → 5")
    assert words_of(changed) == "anna changed a limit of everybody: messages in an hour: – → 5"


def test_another_look_leaves_the_section_and_asks_anew(stage: Stage):
    arrive(stage, SECTIONS[-1].name)
    asked = len(stage.asked.of("order"))
    stage.window.set_theme("dark")
    stage.pump()
    assert top(stage).section == SECTIONS[-1].name
    assert len(stage.asked.of("order")) > asked

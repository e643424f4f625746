"""Every screen and every sheet of the window, to be gone through: each by its name and how one gets there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from common.ids import GroupId, Millis, RelayId, Seq, UserId
from common.protocol.messages import (
    AccessToken,
    Account,
    Accounts,
    Answer,
    AuditEntries,
    AuditEntry,
    Command,
    CreateInvite,
    GetRetention,
    Health,
    Invite,
    Invited,
    Invites,
    Keeps,
    KeyWay,
    LimitException,
    ListAccounts,
    ListAudit,
    ListInvites,
    ListLimits,
    ListSessions,
    OneRelay,
    PasswordMade,
    PersonLimit,
    PersonLimits,
    RelayState,
    ResetPassword,
    Retained,
    Role,
    Session,
    Sessions,
    ShowState,
    User,
    Webhook,
)
from desktop.autostart.seen import AutostartSeen
from desktop.events.conversations import OwnStatus
from desktop.events.relays import FoundRelay, Trust
from desktop.locale import _
from desktop.model.reacted import ReactionNote
from desktop.model.rows import BanRow, DayLine, Delivery, HitRow, MemberRow, NewLine, PinRow, Quote, ReaderRow, Row
from desktop.model.transfers import TransferList
from desktop.model.unsent import UnsentRow, UnsentText
from desktop.moves import MoveShown
from desktop.own_data import OwnDataProgress
from desktop.own_data import Phase as OwnDataPhase
from desktop.screen import Choice, ChoiceKind, Editing, Finding, Place, Question, Replying, SignInMode, Tone, Writing
from desktop.view.files.cards import Item
from desktop.view.files.viewer import EDGE
from desktop.view.limits_form import LIMITS
from desktop.view.relay.sections import SECTIONS as OWNERS_SECTIONS
from desktop.view.settings.sections import SECTIONS
from tests.desktop.view.conftest import Stage
from tests.desktop.view.files.some import MB, arrives, carrying, file, photo, transfer
from tests.desktop.view.talk import GENERAL, ME, member, open_main, rail, said

NOW = Millis(1_700_000_000_000)
TEAM = replace(
    GENERAL,
    kind="group",
    name="Склад и отгрузка второй очереди",
    topic="Что приехало, что уехало, и кто за это отвечает",
    may_manage=True,
    may_leave=True,
    members=14,
    pins=2,
)
LINK = "pymessenger://192.168.1.20:5000/ABCDEFGHIJKLMNOPQRSTUVWXYZ234567?code=ABCDEFGHIJKLMNOP"
LONG = (
    "Завтра в девять приходит машина с оборудованием: нужны двое на разгрузку, остальные как обычно. "
    "The list is at https://example.org/warehouse/tomorrow, and `python messenger.py relay run` starts it."
)


UNSENT = [
    UnsentRow(
        GroupId(number), name, (UnsentText(LONG, ("план второй очереди.pdf", "чайник.png"), NOW), UnsentText("и ещё"))
    )
    for number, name in ((8, "Склад и отгрузка второй очереди"), (9, ""))
]


def enter(stage: Stage) -> None:
    """The main screen with a group that the person owns, and something of everything in it."""
    rows: list[Row] = [
        DayLine(date(2023, 11, 14)),
        *(said(number) for number in range(1, 30)),
        said(30, LONG),
        NewLine(),
        said(31, "Готово ✅", own=True, delivery=Delivery.READ),
        said(32, "no connection", own=True, delivery=Delivery.FAILED, problem="The relay did not answer."),
    ]
    open_main(stage, rows)
    window = stage.window
    window.show_rail([replace(row, name=name) for row, name in zip(rail("A", "B", "C"), NAMES, strict=True)], 0)
    back(stage)


def back(stage: Stage) -> None:
    """To the conversation, whatever was opened from it."""
    window = stage.window
    window.show_header(TEAM)
    stage.screen.toggle_members(False)
    stage.screen.show_conversation()
    window.show_members([MemberRow(ME.id, "Пётр Иванов", "peter", "owner", "online", True), BORIS, *PEOPLE])
    window.show_composer("", True)
    window.show_wait(0)
    window.show_composer_mode(Writing())
    stage.pump()


NAMES = ("Склад и отгрузка второй очереди", "Tea", "Бухгалтерия")
PEOPLE = [member(number, f"Участник {number}") for number in range(4, 16)]
BORIS = MemberRow(UserId(3), "Борис Константинопольский", "boris", "admin", "dnd", False, "на совещании до двух")


def _relays() -> list[FoundRelay]:
    known = FoundRelay(RelayId("A" * 52), "Контора", "192.168.1.20", 5000, (), 3, "open", Trust.KNOWN, NOW)
    new = FoundRelay(RelayId("B" * 52), "A relay with a rather long name", "fe80::1", 5000, (), 12, "invite", Trust.NEW)
    impostor = replace(known, relay_id=RelayId("C" * 52), trust=Trust.IMPOSTOR, known_since=None)
    neighbour = replace(impostor, relay_id=RelayId("D" * 52), name="Чайная", only_address=True)
    silent = replace(known, relay_id=RelayId("E" * 52), name="Мастерская второй очереди", is_silent=True)
    return [known, silent, new, impostor, neighbour]


def _choosing(relays: list[FoundRelay], sought: str = "") -> Callable[[Stage], object]:
    def show(stage: Stage) -> None:
        stage.window.show_chooser()
        stage.window.show_relays(relays, "The firewall of this computer may keep relays from being heard.", "", sought)

    return show


def _signing_in(mode: SignInMode) -> Callable[[Stage], object]:
    def show(stage: Stage) -> None:
        stage.window.show_chooser()
        stage.window.show_sign_in(replace(_relays()[2], trust=Trust.NEW), mode)

    return show


def _asks(stage: Stage) -> None:
    text = "Everything that was said stays where it is; only this computer forgets it, and asks for the password again."
    choices = (
        Choice("yes", "Оставить работать", ChoiceKind.PRIMARY),
        Choice("always", "Оставить и запускать при входе"),
        Choice("stop", "Остановить", ChoiceKind.DANGER),
        Choice("no", "Отмена"),
    )
    stage.window.ask(Question("Остановить и ретранслятор?", text, choices), lambda _key: None)


def _findings(stage: Stage) -> None:
    lines = [
        Finding(True, _("This computer is on the network: {addresses}.").format(addresses="192.168.1.5 (enp4s0)")),
        Finding(True, _("“{name}” answers at {address}.").format(name="Касса", address="192.168.1.7:5000")),
        Finding(
            False,
            _(
                "“{name}” is heard, but cannot be reached on port {port}. Most likely the firewall of its computer holds it back; on "
                "Linux this lets it through:"
            ).format(name="Склад", port=5000),
            "sudo ufw allow 5000",
        ),
        Finding(
            False,
            _(
                "“{name}” can be reached only at {addresses}, and this computer is in another network, at {own}. On the relay's computer "
                "leave SERVER_HOST empty, or name the adapter of this network in RELAY_INTERFACES."
            ).format(name="Офис", addresses="10.78.0.1", own="192.168.1.5 (enp4s0)"),
        ),
    ]
    stage.window.show_findings((), done=False)
    stage.window.show_findings(lines, done=True)


def _starting(stage: Stage) -> None:
    stage.window.show_autostart(
        AutostartSeen(
            True,
            True,
            _("What starts with this computer cannot be changed: {reason}").format(reason="[Errno 28] No space"),
        )
    )
    stage.window.open_settings("start")


def _not_connected(stage: Stage) -> None:
    stage.window.show_status(_("Not connected · next try in {n} s").format(n=55), Tone.BAD)


def _with_invite(stage: Stage) -> None:
    stage.window._around.open_invites(TEAM.group)
    made = Invite(1, UserId(1), NOW, TEAM.group, 1)
    stage.window.show_invites(TEAM.group, [Invite(number, UserId(1), NOW, TEAM.group) for number in range(3)])
    stage.window.show_invite(made, "ABCD", LINK)


def _hooks(stage: Stage) -> None:
    stage.window._around.open_hooks()
    hook = Webhook(1, TEAM.group, "Принтер в коридоре", UserId(1), NOW)
    curl = "curl -sS --insecure --pinnedpubkey 'sha256//AAAA' https://192.168.1.20:5000/hooks/AAAA -d 'Hello'"
    stage.window.show_hook_made(hook, "https://192.168.1.20:5000/hooks/AAAA", curl)
    stage.window.show_hooks(TEAM.group, [hook, hook])


def _search(stage: Stage) -> None:
    stage.window._around.open_search(everywhere=True)
    sheet: Any = stage.window._sheets.top
    sheet.field.insert(0, "машина")
    sheet._ask()
    hits = [
        HitRow(GroupId(4), "Склад", Seq(number), UserId(2), "Анна", Millis(NOW + number * 60_000), LONG, ((14, 22),))
        for number in range(9)
    ]
    stage.window.show_hits("машина", hits, False, True)


def _transfers(stage: Stage) -> None:
    film = file(1, "a very long name of a film that nobody can read to its end.mp4", 800 * MB)
    listed = (transfer(film, "running", 200 * MB, rate=3e6, left_s=200.0), transfer(film, "failed", problem=LONG))
    stage.window.show_transfer_list(TransferList(listed, 1, 1, 1, 0.25))
    stage.window.files.open_transfers()


def _viewer(stage: Stage) -> None:
    pictures = [photo(1, 4000, 3000), photo(2)]
    stage.window.open_timeline([carrying(1, *pictures)], None)
    stage.pump()
    stage.window.files.view(Item(pictures[0].id, pictures[0]))
    arrives(stage, pictures[0], edge=EDGE)


def _people(stage: Stage) -> None:
    stage.window._around.new_conversation()
    stage.window.show_people("", PEOPLE)


def _settings(section: str, stage: Stage) -> None:
    stage.window.show_own_status(OwnStatus("dnd", "на совещании"))
    stage.window.show_place(Place(RelayId("A" * 52), "Контора", "/home/peter/.local/share/pymessenger/token-AAAAAAAA"))
    stage.window.open_settings(section)
    token = AccessToken(1, "Принтер", ("write",), NOW, NOW)
    stage.window.show_token_made(
        token, "A" * 43, "curl -sS --insecure https://192.168.1.20:5000/api/list_groups -d '{}'"
    )
    stage.window.show_tokens([token, token])


def _owning(section: str, stage: Stage) -> None:
    stage.window.show_main("Контора", User(UserId(1), "peter", "Пётр Иванов", "owner"))
    stage.window._around.owning.open(section)
    stage.pump()
    for command in [asked[0] for asked in stage.asked.of("order")]:
        stage.window.show_ordered(command, ANSWERS[type(command)], "")


def _keeping(stage: Stage) -> None:
    stage.window.show_main("Контора", User(UserId(1), "peter", "Пётр Иванов", "owner"))
    stage.window.show_header(replace(TEAM, keeps=Keeps(days=30, entries=10_000, held=True, own=True)))
    stage.window._around.open_retention()
    stage.window.show_ordered(GetRetention(), ANSWERS[GetRetention], "")


def _deleting(stage: Stage) -> None:
    stage.window._around.deleting.open()
    sheet: Any = stage.window._sheets.top
    sheet.fate.choose("erase")
    sheet.refused(LONG, is_password=False)
    sheet.refused("", is_password=True)


def _own_data(phase: OwnDataPhase) -> Callable[[Stage], object]:
    path = Path("/home/peter/Документы/Склад и отгрузка второй очереди", "Контора peter 2026-11-27.zip")

    def show(stage: Stage) -> None:
        stage.window._around.own_data.open()
        stage.window.show_own_data(OwnDataProgress(path, phase, 31_000_000, 62_000_000, problem=LONG))

    return show


def _moving(shown: MoveShown) -> Callable[[Stage], object]:
    return lambda stage: stage.window.show_move(shown)


def _moving_unfinished(stage: Stage) -> None:
    _owning("moving", stage)
    stage.window.show_move(MoveShown("in_doubt"))


def _person(stage: Stage) -> None:
    _owning("people", stage)
    sheet: Any = stage.window._sheets.top
    panel = sheet._panel
    panel.list._on_choose(1)
    stage.pump()
    stage.window.show_ordered(ListSessions(user=3), ANSWERS[ListSessions], "")
    stage.window.show_ordered(ResetPassword(user=3), PasswordMade(password="q3VhP8-xkT2m"), "")


def _limits_opened(stage: Stage) -> None:
    _owning("limits", stage)
    sheet: Any = stage.window._sheets.top
    form = sheet._panel.form
    form._openers["groups"].invoke()
    form.editor.field.delete(0, "end")
    form.editor._take()
    stage.pump()


def _person_limits(stage: Stage) -> None:
    _person(stage)
    stage.window.show_ordered(ListLimits(user=3), _limits(is_person=True), "")
    sheet: Any = stage.window._sheets.top
    sheet._panel._person.allowance._place.winfo_children()[0]._openers["groups"].invoke()
    stage.pump()


def _own_invite(stage: Stage) -> None:
    _owning("invites", stage)
    made = Invited(invite=Invite(1, UserId(1), NOW, None, 1), code="ABCD", link=LINK)
    stage.window.show_ordered(CreateInvite(), made, "")


def _account(number: int, name: str, role: Role = "member", **more: Any) -> Account:
    return Account(User(UserId(number), f"user{number}", name, role), NOW, **more)


def _limits(*, is_person: bool) -> PersonLimits:
    used = {"links": 2, "devices": 3, "files": 3_456_000_000, "groups": 17} if is_person else {}
    limits = [
        PersonLimit(name, 1234, 5000, changed=True, used=used.get(name))
        if name in ("groups", "tokens")
        else PersonLimit(name, 5 << 30 if name == "files" else 50, 50, used=used.get(name))
        for name in LIMITS
    ]
    people = [
        User(UserId(number), f"user{number}", f"Участник с длинным именем {number}", "member")
        for number in range(1, 13)
    ]
    return PersonLimits(limits=limits, exceptions=[LimitException(each, "groups", 100_000) for each in people])


ANSWERS: dict[type[Command], Answer] = {
    ListLimits: _limits(is_person=False),
    ListAccounts: Accounts(
        accounts=[
            _account(1, "Пётр Иванов", "owner", online=True, devices=2, seen=NOW),
            _account(3, "Борис Константинопольский-Задунайский", "admin", devices=1, seen=NOW),
            _account(4, "A", disabled=True),
            *(_account(number, f"Участник {number}", devices=1, seen=NOW) for number in range(5, 40)),
        ]
    ),
    ListInvites: Invites(invites=[Invite(number, UserId(1), NOW, None, number) for number in range(1, 9)]),
    ShowState: OneRelay(
        relay=RelayState(
            version="1.0",
            since=NOW,
            health=Health(
                status="degraded",
                reasons=["The disk of the data folder is nearly full: 80 MB are free.", "Something new is not well."],
                codes=["disk_low", "brand_new"],
            ),
            registration="invite",
            only_admins_invite=True,
            people=40,
            disabled=1,
            online=3,
            groups=7,
            entries=123_456,
            files=5_000_000_000,
            folder="/var/lib/pymessenger/a-rather-long-name-of-a-folder/data",
            key_file="/home/peter/.config/pymessenger/relay-abcdefgh.key",
            ways=(KeyWay("file", NOW, opens=True), KeyWay("passphrase", NOW), KeyWay("recovery", NOW, confirmed=False)),
            database=700_000_000,
            free=80_000_000,
            total=500_000_000_000,
            resealing=(10, 100),
        )
    ),
    GetRetention: Retained(keeps=Keeps(days=365, entries=100_000)),
    ListSessions: Sessions(
        sessions=[
            Session(1, "Ноутбук второй очереди склада", NOW, NOW),
            Session(2, "", NOW, NOW),
            Session(3, "Принтер", NOW, NOW, ("write",)),
        ]
    ),
    ListAudit: AuditEntries(
        entries=[
            AuditEntry(9, NOW, "member_banned", "client", "peter", "Борис Константинопольский", TEAM.name),
            AuditEntry(8, NOW, "backup_made", "relay", detail="/mnt/usb/backups/relay-abcdefgh-20261127-120000.backup"),
            AuditEntry(7, NOW, damaged=True),
        ],
        more=True,
    ),
}
"""What the relay says to its owner."""


def _pins(stage: Stage) -> None:
    pins = [PinRow(Seq(number), UserId(2), "Анна", LONG, NOW, ()) for number in range(6)]
    stage.window.show_pins(TEAM.group, pins)


def _answering(stage: Stage) -> None:
    stage.window.show_composer_mode(Replying(Quote(Seq(2), UserId(2), "Борис Константинопольский", LONG)))


def _calling(stage: Stage) -> None:
    field = stage.screen.composer.text
    field.insert("insert", "@")
    stage.screen.focus_pane(field)
    stage.screen.composer._mentions.look_again()
    stage.window.show_people("", PEOPLE)


MUTED = (
    "Вам запрещено писать на этом узле, пока его владелец не снимет запрет. Читать можно всё, и то, что скажут другие."
)


def _slow(stage: Stage) -> None:
    stage.window.show_composer("Готово", True)
    stage.window.show_wait(1799)


def _menu(stage: Stage) -> None:
    stage.screen.timeline._open_menu_by_key()


def _relay_menu(stage: Stage) -> None:
    stage.screen.show_list()
    stage.pump()
    stage.screen._open_relay_menu()


def _member_menu(stage: Stage) -> None:
    stage.screen.toggle_members(True)
    stage.pump()
    stage.screen._open_member_menu(BORIS, stage.screen.winfo_rootx() + 900, stage.screen.winfo_rooty() + 600)


def _nothing(stage: Stage) -> None:
    stage.window.show_header(None)


def _members(stage: Stage) -> None:
    stage.screen.toggle_members(True)


BEFORE: dict[str, Callable[[Stage], object]] = {
    "choosing": _choosing(_relays()),
    "choosing-none": _choosing([]),
    "choosing-one": _choosing([], "10.0.0.3:5000"),
    "sign-in": _signing_in(SignInMode.SIGN_IN),
    "register": _signing_in(SignInMode.REGISTER),
    "blocked": lambda stage: stage.window.show_blocked("Py_messenger is open already", LONG),
    "address": lambda stage: stage.window.open_address(invitation=False),
    "invitation": lambda stage: stage.window.open_address(invitation=True),
    "findings": _findings,
    "recovery": lambda stage: stage.window.show_recovery_code("-".join(["ABCD"] * 13), lambda: None),
    "alarm": lambda stage: stage.window.show_identity_alarm("Контора", RelayId("A" * 52), RelayId("B" * 52)),
}
"""What there is before somebody is signed in."""

WITHIN: dict[str, Callable[[Stage], object]] = {
    "main": lambda _stage: None,
    "not-connected": _not_connected,
    "list": lambda stage: stage.screen.show_list(),
    "members": _members,
    "nothing-open": _nothing,
    "answering": _answering,
    "reacted": lambda stage: stage.window.show_reactions(
        ReactionNote(("Борис Константинопольский",), 2, "👍", 1, Seq(2), LONG)
    ),
    "editing": lambda stage: stage.window.show_composer_mode(Editing(Seq(2), LONG)),
    "calling": _calling,
    "muted": lambda stage: stage.window.show_composer("", False, MUTED),
    "slow": _slow,
    "mute": lambda stage: stage.window._around.quieting.open_mute(BORIS.name, BORIS.user, None),
    "menu": _menu,
    "relay-menu": _relay_menu,
    "member-menu": _member_menu,
    "toast": lambda stage: stage.window.show_toast(LONG),
    **{f"settings-{one.name}": partial(_settings, one.name) for one in SECTIONS},
    "settings-start-relay": _starting,
    **{f"this-relay-{one.name}": partial(_owning, one.name) for one in OWNERS_SECTIONS},
    "this-relay-person": _person,
    "this-relay-limits-opened": _limits_opened,
    "this-relay-person-limits": _person_limits,
    "this-relay-moving-unfinished": _moving_unfinished,
    "moving-relay": _moving(MoveShown("holding", 31_000_000, 62_000_000, 4_100_000.0, 7.5)),
    "moving-relay-refused": _moving(MoveShown("not_moved", reason="occupied")),
    "moving-relay-in-doubt": _moving(MoveShown("in_doubt", reason="", problem="The relay does not answer.")),
    "moving-relay-done": _moving(MoveShown("serving")),
    "this-relay-invite": _own_invite,
    "export": lambda stage: stage.window._around.export(),
    "own-data": lambda stage: stage.window._around.own_data.open(),
    "own-data-fetching": _own_data("fetching"),
    "own-data-done": _own_data("done"),
    "own-data-failed": _own_data("failed"),
    "deleting": _deleting,
    "keys": lambda stage: stage.window.open_keys(),
    "asking": _asks,
    "emoji": lambda stage: stage.window.pick_emoji(lambda _sign: None),
    "forward": lambda stage: stage.window._open_forward(Seq(1)),
    "new-group": lambda stage: stage.window._around.new_group(),
    "join-by-code": lambda stage: stage.window._around.join_by_code(),
    "rename": lambda stage: stage.window._around.rename(),
    "about-group": lambda stage: stage.window._around.open_info(),
    "keeping": _keeping,
    "invites": lambda stage: stage.window._around.open_invites(TEAM.group),
    "invite-made": _with_invite,
    "transfers": _transfers,
    "viewer": _viewer,
    "hooks": _hooks,
    "bans": lambda stage: stage.window.show_bans(
        TEAM.group, [BanRow(UserId(number), "Борис Константинопольский", "boris", "Анна", NOW) for number in range(5)]
    ),
    "unsent": lambda stage: stage.window.show_unsent(UNSENT),
    "unsent-none": lambda stage: stage.window.show_unsent([]),
    "people": _people,
    "switcher": lambda stage: stage.window._around.open_switcher(),
    "search": _search,
    "pins": _pins,
    "readers": lambda stage: stage.window.show_readers(Seq(1), [ReaderRow(UserId(2), "Анна", NOW)] * 5),
    "edits": lambda stage: stage.window.show_edits(Seq(1), [(NOW, LONG)] * 5),
}
"""What there is around the conversations."""


def close(stage: Stage) -> None:
    """Take away what was opened last."""
    stage.window._sheets.close_all()
    stage.window._toast.hide()
    if hasattr(stage.screen, "close_menu"):
        stage.screen.close_menu()
        stage.screen.timeline._menu.close()
        stage.screen.composer._mentions.close()

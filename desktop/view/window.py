"""The one window: owns Tk's root, swaps the screens, and remembers what was shown, so that it can be built anew.

Another theme, size or language means other pictures, fonts and words in every widget. Instead of teaching each widget to change, the
window builds the present screen anew and shows it again what it was shown last; what the reader looks at stays where it is.

Screens and sheets are imported when they are needed first: the first window is to be there in half a second.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, TypeVar

from msgspec import Struct

from common.ids import GroupId, Millis, RelayId, Seq
from common.protocol.messages import AccessToken, Answer, Command, Invite, User, Webhook
from desktop.autostart.seen import AutostartSeen
from desktop.events import FoundRelay, OwnStatus, PictureKnown, Transfer
from desktop.export.order import Progress
from desktop.intents import Intents
from desktop.locale import _
from desktop.model.attached import AttachedRow
from desktop.model.reacted import ReactionNote
from desktop.model.rows import BanRow, Header, HitRow, MemberRow, PinRow, RailRow, ReaderRow, Rows, Splice
from desktop.model.transfers import TransferList
from desktop.model.unsent import UnsentRow
from desktop.moves import MoveShown
from desktop.own_data import OwnDataProgress
from desktop.screen import (
    Choice,
    ChoiceKind,
    ComposerMode,
    Finding,
    NotifierSight,
    Place,
    Question,
    SignInField,
    SignInMode,
    Tone,
    Writing,
)
from desktop.settings import SettingsFile
from desktop.view import emoji_probe, keymap, keys, scale, system_theme, theme
from desktop.view.around import Around
from desktop.view.emoji_probe import EmojiProbe
from desktop.view.files.files import Files
from desktop.view.kept import keep, put_back
from desktop.view.look import Look, make_look
from desktop.view.overlay import Choice as MenuLine
from desktop.view.paint import Paint
from desktop.view.pasting import paste_safely
from desktop.view.placement import Placement
from desktop.view.safetext import SafeText
from desktop.view.sheets.stack import SheetStack
from desktop.view.sizing import Sizing
from desktop.view.toast import Toast
from desktop.view.writing_shown import ShowsComposer

if TYPE_CHECKING:
    from desktop.view.blocked import Blocked
    from desktop.view.chooser import Chooser
    from desktop.view.main_screen import MainScreen
    from desktop.view.secret_shown import Shown
    from desktop.view.settings.desk import Desk
    from desktop.view.sign_in import SignIn

Panel = TypeVar("Panel", bound=tk.Misc)
TITLE: Final = "Py_messenger"
_PROBE_AFTER_MS: Final = 1500
"""The probe for emoji waits until the window is there."""
_HARMLESS, _DEADLY = "harmless", "deadly"


class _Shown(Struct):
    """What the controller said last, to be shown again by a new screen."""

    relays: tuple[Sequence[FoundRelay], str, str, str] = ((), "", "", "")
    blocked: tuple[str, str] = ("", "")
    sign_in: tuple[FoundRelay, SignInMode, str, str, bool] | None = None
    main: tuple[str, User] | None = None
    status: tuple[str, Tone] | None = None
    rail: tuple[Sequence[RailRow], int | None] = ((), None)
    header: Header | None = None
    rows: Rows = ()
    new_count: int = 0
    members: Sequence[MemberRow] = ()
    composer: tuple[str, bool, str] = ("", False, "")
    attached: Sequence[AttachedRow] = ()
    mode: ComposerMode = Writing()
    wait_s: int = 0
    unread: int = 0
    place: Place | None = None
    reactions: ReactionNote | None = None


class Window(ShowsComposer):
    """The whole view. Implements `desktop.screen.Screen`; tells `Intents` what the person asked for."""

    _shown: _Shown

    def __init__(self, intents: Intents, settings: SettingsFile, *, in_background: bool = False) -> None:
        """*in_background*: it appears minimised, until somebody wants it."""
        scale.become_dpi_aware()
        self._intents = intents
        self._settings = settings
        self.root = tk.Tk(className=TITLE)
        self.root.withdraw()
        self._system_scale = scale.system_scale(self.root.winfo_fpixels("1i"))
        self._paint = Paint(self.root)
        self._safe = SafeText()
        self._emoji_probe: EmojiProbe | None = None
        self._shown = _Shown()
        # At most one of them is there.
        self._chooser: Chooser | None = None
        self._sign_in: SignIn | None = None
        self._blocked: Blocked | None = None
        self._main: MainScreen | None = None
        self._sheets = SheetStack(self._hide_screen, self._show_screen)
        self._toast = Toast(self.root)
        self._around = Around(
            self.root,
            lambda: self.look,
            self._sheets,
            intents,
            self.ask,
            self._open_group,
            self._open_members,
            self.show_toast,
        )
        self._notifier = NotifierSight()
        self._starts: AutostartSeen | None = None
        self._made: Shown | None = None
        """The access token that was made last, while the settings are open."""
        self.files = Files(self.root, lambda: self.look, self._sheets, intents, self.ask, self.show_toast)
        self._focused = False
        self._focus_job = ""
        self._is_closed = False
        self._in_background = in_background
        self._is_away = False
        """It was put away in the background."""
        self.look = self._make_look()
        self.root.configure(bg=self.look.palette.window)
        self._icon_says = ""
        self.root.iconphoto(True, self._paint.avatar(64, "M", 4, square=True))
        keys.edit_on_every_layout(self.root)
        paste_safely(self.root, self._safe)
        self._ask_about_emoji()
        self._placement = Placement(self.root, settings, self._system_scale)
        self._sizing = Sizing(self.root, settings, self._resized)
        self._write_title()
        self._bind()

    # -- choosing a relay ----------------------------------------------------------------------------------------------

    def show_chooser(self) -> None:
        from desktop.view.chooser import Chooser

        self._forget_main()
        chooser = Chooser(
            self.root,
            self.look,
            self._intents,
            lambda: self.open_address(invitation=False),
            lambda: self.open_address(invitation=True),
            self.open_settings,
            self._ask_forget,
        )
        chooser.show_relays(*self._shown.relays)
        self._swap(chooser=chooser)

    def show_relays(self, relays: Sequence[FoundRelay], trouble: str = "", hosting: str = "", sought: str = "") -> None:
        self._shown.relays = (relays, trouble, hosting, sought)
        if self._chooser is not None:
            self._chooser.show_relays(relays, trouble, hosting, sought)

    def show_address_problem(self, message: str) -> None:
        from desktop.view.sheets.address import AddressSheet

        sheet = self._sheets.find(AddressSheet)
        if sheet is not None:
            if message:
                sheet.show_problem(message)
            else:
                sheet.close()
        elif message:
            self.show_toast(message)

    def show_findings(self, findings: Sequence[Finding], done: bool) -> None:
        from desktop.view.sheets.findings import FindingsSheet

        if self._sheets.find(FindingsSheet) is None and not findings and not done:
            self._sheets.open(lambda close: FindingsSheet(self.root, self.look, close, self._intents.check_connection))
        sheet = self._sheets.find(FindingsSheet)
        if sheet is not None:  # else it was closed before all was found
            sheet.show(findings, done)

    def show_recovery_code(self, code: str, on_confirmed: Callable[[], None]) -> None:
        from desktop.view.sheets.security import RecoverySheet

        self._sheets.open(lambda close: RecoverySheet(self.root, self.look, close, code, on_confirmed))
        self._reveal()

    def show_blocked(self, title: str, text: str) -> None:
        from desktop.view.blocked import Blocked

        self._forget_main()
        self._shown.blocked = (title, text)
        self._swap(blocked=Blocked(self.root, self.look, title, text, self._want_to_quit))

    # -- signing in ----------------------------------------------------------------------------------------------------

    def show_sign_in(
        self, relay: FoundRelay, mode: SignInMode, code: str = "", username: str = "", *, is_owners: bool = False
    ) -> None:
        from desktop.view.sign_in import SignIn

        self._forget_main()
        self._shown.sign_in = (relay, mode, code, username, is_owners)
        sign_in = SignIn(self.root, self.look, self._intents)
        sign_in.show(relay, mode, code, username, is_owners)
        self._swap(sign_in=sign_in)

    def show_sign_in_busy(self, busy: bool) -> None:
        if self._sign_in is not None:
            self._sign_in.show_busy(busy)

    def show_sign_in_problem(self, field: SignInField, message: str) -> None:
        if self._sign_in is not None:
            self._sign_in.show_problem(field, message)
        else:
            self.show_toast(message)

    def show_identity_alarm(self, relay_name: str, expected: RelayId, found: RelayId) -> None:
        from desktop.view.sheets.security import AlarmSheet

        if self._sheets.find(AlarmSheet) is None:
            self._sheets.open(lambda close: AlarmSheet(self.root, self.look, close, relay_name, expected, found))
            self._reveal()

    # -- the main screen -----------------------------------------------------------------------------------------------

    def show_main(self, relay_name: str, user: User) -> None:
        self._shown.sign_in = None
        if self._main is not None and self._shown.main == (relay_name, user):
            return
        self._shown.main = (relay_name, user)
        self._around.signed_in(relay_name, user)
        self._build_main()

    def show_status(self, text: str, tone: Tone) -> None:
        self._shown.status = (text, tone)
        if self._main is not None:
            self._main.show_status(text, tone)

    def show_rail(self, rows: Sequence[RailRow], selected: int | None) -> None:
        self._shown.rail = (rows, selected)
        self._around.rail = rows
        if self._main is not None:
            self._main.show_rail(rows, selected)

    def show_header(self, header: Header | None) -> None:
        self._shown.header = header
        self._around.header = header
        if self._main is not None:
            self._main.show_header(header)

    def open_timeline(self, rows: Rows, anchor: int | None) -> None:
        self._shown.rows = rows
        self._shown.new_count = 0
        if self._main is not None:
            self._main.timeline.open(rows, anchor)

    def splice_timeline(self, splice: Splice) -> None:
        if self._main is not None:
            self._main.timeline.change(splice)

    def show_new_count(self, count: int) -> None:
        self._shown.new_count = count
        if self._main is not None:
            self._main.timeline.show_new_count(count)

    def show_members(self, members: Sequence[MemberRow]) -> None:
        self._shown.members = members
        self._around.members = members
        if self._main is not None:
            self._main.show_members(members)

    def show_row(self, index: int) -> None:
        if self._main is not None:
            self._main.show_conversation()
            self._main.timeline.point_out(index)

    # -- files ---------------------------------------------------------------------------------------------------------

    def show_transfers(self, statuses: Mapping[str, Transfer | None]) -> None:
        self.files.show_transfers(statuses)

    def show_transfer_list(self, transfers: TransferList) -> None:
        self.files.show_transfer_list(transfers)

    def show_picture(self, picture: PictureKnown) -> None:
        self.files.show_picture(picture)

    def retry_pictures(self) -> None:
        self.files.retry_pictures()

    # -- lists that were asked for -------------------------------------------------------------------------------------

    def show_pins(self, group: GroupId, pins: Sequence[PinRow]) -> None:
        self._around.show_pins(group, pins)

    def show_readers(self, seq: Seq, readers: Sequence[ReaderRow]) -> None:
        self._around.show_readers(readers)

    def show_edits(self, seq: Seq, texts: Sequence[tuple[Millis, str]]) -> None:
        self._around.show_edits(texts)

    def show_people(self, text: str, people: Sequence[MemberRow]) -> None:
        if not self._around.show_people(text, people) and self._main is not None:
            self._main.composer.show_people(text, people)

    def show_hits(self, query: str, hits: Sequence[HitRow], complete: bool, more: bool) -> None:
        self._around.show_hits(query, hits, complete, more)

    def show_invite(self, invite: Invite, code: str, link: str) -> None:
        self._around.show_invite(invite, code, link)

    def show_reactions(self, note: ReactionNote | None) -> None:
        self._shown.reactions = note
        if self._main is not None:
            self._main.show_reactions(note)

    def show_token_made(self, token: AccessToken, secret: str, curl: str) -> None:
        from desktop.view.secret_shown import Shown
        from desktop.view.settings.scripts import TokensPanel

        self._made = Shown(_("Access token “{name}”").format(name=self.look.safe.name(token.name)), secret, curl)
        panel = self._settings_panel(TokensPanel)
        if panel is not None:
            panel.show_made(self._made)
            panel.point_out()

    def show_tokens(self, tokens: Sequence[AccessToken]) -> None:
        from desktop.view.settings.scripts import TokensPanel

        panel = self._settings_panel(TokensPanel)
        if panel is not None:
            panel.show_tokens(tokens)

    def _settings_panel(self, kind: type[Panel]) -> Panel | None:
        """The open section of the settings, if it is of that kind."""
        from desktop.view.sheets.settings import SettingsSheet

        sheet = self._sheets.find(SettingsSheet)
        if sheet is None:
            return None
        sheet.after_idle(sheet.hear_panel)  # with what it is about to be told
        return sheet.panel(kind)

    def show_hook_made(self, hook: Webhook, url: str, curl: str) -> None:
        self._around.show_hook_made(hook, url, curl)

    def show_hooks(self, group: GroupId, hooks: Sequence[Webhook]) -> None:
        self._around.show_hooks(group, hooks)

    def show_bans(self, group: GroupId, bans: Sequence[BanRow]) -> None:
        self._around.show_bans(group, bans)

    def show_invites(self, group: GroupId | None, invites: Sequence[Invite]) -> None:
        self._around.show_invites(group, invites)

    def show_ordered(self, command: Command, answer: Answer | None, problem: str) -> None:
        if not self._around.ordered(command, answer, problem) and problem:
            self.show_toast(problem)

    def show_move(self, shown: MoveShown) -> None:
        if said := self._around.moving.show(shown):
            self.show_toast(said)

    def show_export(self, progress: Progress) -> None:
        if said := self._around.exporting.show(progress):
            self.show_toast(said)

    def show_own_data(self, progress: OwnDataProgress) -> None:
        if said := self._around.own_data.show(progress):
            self.show_toast(said)

    def show_not_deleted(self, code: str, problem: str) -> None:
        if not self._around.deleting.show_refused(code, problem):
            self.show_toast(problem)

    def show_unsent(self, rows: Sequence[UnsentRow]) -> None:
        self._around.unsent.show(rows)

    def show_place(self, place: Place) -> None:
        self._shown.place = place

    def show_own_status(self, status: OwnStatus) -> None:
        self._around.status = status

    # -- over everything -----------------------------------------------------------------------------------------------

    def show_toast(self, text: str) -> None:
        palette = self.look.palette
        on_timeline = bool(self._sheets) or self._main is not None
        self._toast.show(self.look, text, palette.timeline if on_timeline else palette.window)

    def ask(self, question: Question, on_answer: Callable[[str], None]) -> None:
        from desktop.view.sheets.ask import AskSheet

        self._sheets.open(lambda close: AskSheet(self.root, self.look, close, question, on_answer))
        self._reveal()

    def show_unread(self, count: int) -> None:
        self._shown.unread = count
        self._write_title()
        self._badge()

    def show_autostart(self, seen: AutostartSeen) -> None:
        from desktop.view.settings.start import StartPanel
        from desktop.view.sheets.settings import SettingsSheet

        self._starts = seen
        sheet = self._sheets.find(SettingsSheet)
        panel = sheet.panel(StartPanel) if sheet is not None else None
        if panel is not None:
            panel.show(seen)

    def beep(self) -> None:
        self.root.bell()

    def show_notifier(self, sight: NotifierSight) -> None:
        from desktop.view.notify_panel import NotifyPanel
        from desktop.view.sheets.settings import SettingsSheet

        self._notifier = sight
        sheet = self._sheets.find(SettingsSheet)
        panel = sheet.panel(NotifyPanel) if sheet is not None else None
        if panel is not None:
            panel.show(sight)

    def come_to_front(self, token: str) -> None:
        from desktop.view.raising import come_to_front

        self._in_background = self._is_away = False
        come_to_front(self.root, token)

    def hide(self) -> None:
        self._is_away = self._in_background
        self._placement.keep()
        self.root.withdraw()

    def clear_the_view(self) -> None:
        self._sheets.leave()

    def redraw(self) -> None:
        """Build everything anew: the look or the language has changed. What was typed and what was asked stay."""
        self.look = self._make_look()
        self.root.configure(bg=self.look.palette.window)
        self._toast.hide()
        if self._main is not None:
            self._build_main()
        elif self._sign_in is not None:
            self._rebuild_sign_in(self._sign_in)
        elif self._chooser is not None:
            self.show_chooser()
        elif self._blocked is not None:
            self.show_blocked(*self._shown.blocked)
        self._sheets.rebuild()
        self._write_title()

    def close(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        if self._emoji_probe is not None:
            self._emoji_probe.stop()
        self._placement.keep()
        self._sizing.stop()
        self._toast.hide()
        self.files.close()
        self._paint.clear()
        self.root.destroy()

    # -- what the person does with the window --------------------------------------------------------------------------

    def open_settings(self, section: str = "") -> None:
        """The settings, at the section of that name."""
        from desktop.view.sheets.settings import SettingsSheet

        if self._sheets.find(SettingsSheet) is None:
            self._made = None
            self._sheets.open(lambda close: SettingsSheet(self.root, self.look, close, self._desk(), section))

    def _desk(self) -> Desk:
        from desktop.view.settings.desk import Desk

        around = self._around
        user, place = (around.user, self._shown.place) if self._main is not None else (None, None)
        return Desk(
            self.look,
            self._settings,
            self._intents,
            user,
            place,
            around.status,
            self._notifier,
            self._starts,
            self.set_theme,
            self.set_language,
            self.set_zoom,
            self.set_text,
            self._ask_sign_out,
            around.own_data.open,
            around.deleting.open,
            self.ask,
            self._made,
        )

    def open_keys(self) -> None:
        """The sheet with the keys that do something."""
        from desktop.view.sheets.shortcuts import ShortcutsSheet

        if self._sheets.find(ShortcutsSheet) is None:
            self._sheets.open(lambda close: ShortcutsSheet(self.root, self.look, close))

    def open_address(self, invitation: bool) -> None:
        """The sheet for a typed address or a pasted invitation."""
        from desktop.view.sheets.address import AddressSheet

        on_enter = self._intents.paste_invitation if invitation else self._intents.enter_address
        self._sheets.open(lambda close: AddressSheet(self.root, self.look, close, invitation, on_enter))

    def pick_emoji(self, on_chosen: Callable[[str], None]) -> None:
        """The sheet with all emoji."""
        from desktop.view.sheets.emoji import EmojiSheet

        self._sheets.open(lambda close: EmojiSheet(self.root, self.look, close, self._settings, on_chosen))

    def _pick_for_composer(self) -> None:
        if self._main is not None and not self._sheets:
            self.pick_emoji(lambda sign: self._main.composer.insert(sign) if self._main is not None else None)

    def _open_forward(self, seq: Seq) -> None:
        from desktop.view.sheets.forward import ForwardSheet

        rows = self._shown.rail[0]
        choose: Callable[[GroupId], None] = lambda group: self._intents.forward(seq, group)  # noqa: E731
        self._sheets.open(lambda close: ForwardSheet(self.root, self.look, close, rows, choose))

    def set_theme(self, name: str) -> None:
        """Light, dark or as the system."""
        self._settings.change(theme=name)
        self.redraw()
        self._intents.set_theme(name)

    def set_language(self, language: str) -> None:
        """Another language; the controller puts it to use and has everything redrawn."""
        self._settings.change(language=language)
        self._intents.set_language(language)

    def set_zoom(self, percent: int) -> None:
        """Everything larger or smaller."""
        self._sizing.set_zoom(percent)

    def set_text(self, percent: int) -> None:
        """Text alone larger or smaller."""
        self._sizing.set_text(percent)

    def _resized(self) -> None:
        self._placement.fit_zoom()
        self.redraw()

    # -- screens -------------------------------------------------------------------------------------------------------

    @property
    def screen(self) -> Chooser | SignIn | MainScreen | Blocked | None:
        """The one that is there now."""
        return self._chooser or self._sign_in or self._main or self._blocked

    def _swap(
        self,
        *,
        chooser: Chooser | None = None,
        sign_in: SignIn | None = None,
        main: MainScreen | None = None,
        blocked: Blocked | None = None,
    ) -> None:
        old = self.screen
        self._chooser, self._sign_in, self._main, self._blocked = chooser, sign_in, main, blocked
        if old is not None:
            old.destroy()
        if not self._sheets:
            self._show_screen()
        self._reveal()

    def _show_screen(self) -> None:
        if self.screen is not None:
            self.screen.pack(fill="both", expand=True)
        if self._main is not None:
            self._main.focus_front()

    def _hide_screen(self) -> None:
        if self.screen is not None:
            self.screen.pack_forget()

    def _reveal(self) -> None:
        """The window itself appears with the first thing that it shows."""
        if self._is_away or self.root.state() != "withdrawn":
            return
        if self._in_background:
            self.root.iconify()
        else:
            self.root.deiconify()

    def _build_main(self) -> None:
        from desktop.view.main_screen import MainScreen

        shown, old = self._shown, self._main
        assert shown.main is not None
        position = old.timeline.position() if old is not None and shown.header is not None else None
        composer = (old.composer.value(), *shown.composer[1:]) if old is not None else shown.composer
        main = MainScreen(
            self.root,
            self.look,
            self._intents,
            *shown.main,
            self._settings.settings.show_members,
            self._keep_members,
            self._around,
            self._relay_menu(),
            self.ask,
            self._open_forward,
            self.pick_emoji,
            self.files,
        )
        if old is not None:
            main.stay_as(old)
        if shown.status is not None:
            main.show_status(*shown.status)
        main.show_rail(*shown.rail)
        main.show_header(shown.header)
        main.show_members(shown.members)
        main.show_reactions(shown.reactions)
        main.composer.show(*composer)
        main.composer.show_attachments(shown.attached)
        main.composer.show_mode(shown.mode)
        main.composer.show_wait(shown.wait_s)
        main.timeline.open(shown.rows, None)
        self._swap(main=main)
        if position is not None and not position.at_end:
            self.root.update_idletasks()  # the timeline gets its size
            main.timeline.go_to(position)
        main.timeline.show_new_count(shown.new_count)
        main.timeline.focus_changed(self._focused)

    def _relay_menu(self) -> Sequence[MenuLine]:
        return (
            MenuLine("server", _("Other relays"), self._leave_for_relays),
            MenuLine("user", _("Your status"), lambda: self.open_settings("you")),
            *self._around.relay_lines(),
            MenuLine("wifi", _("Check the connection"), self._intents.check_connection),
            MenuLine("gear", _("Settings"), self.open_settings),
            MenuLine("keyboard", _("Keys"), self.open_keys),
            MenuLine("leave", _("Sign out on this device"), self._ask_sign_out),
        )

    def _rebuild_sign_in(self, old: SignIn) -> None:
        relay, _mode, code, username, is_owners = self._shown.sign_in or (None, None, "", "", False)
        assert relay is not None
        done, mode, busy = keep(old), old.mode, old.is_busy
        self.show_sign_in(relay, mode, code, username, is_owners=is_owners)
        assert self._sign_in is not None
        self._sign_in.stay_as(old)
        self._sign_in.update_idletasks()  # what is not there yet cannot take the keyboard
        put_back(self._sign_in, done)
        if busy:
            self._sign_in.show_busy(True)

    def _forget_main(self) -> None:
        """Another screen: nothing of the conversations is shown any more."""
        self._shown = _Shown(relays=self._shown.relays, unread=self._shown.unread)
        self._around.forget()
        self.files.forget()

    def _make_look(self) -> Look:
        chosen = self._settings.settings
        dark = chosen.theme == "dark" or (chosen.theme == "system" and system_theme.is_dark())
        look = make_look(self.root, self._system_scale.zoomed(chosen.scale, chosen.text), dark, self._paint, self._safe)
        theme.apply(self.root, look, "window")
        return look

    def _keep_members(self, wanted: bool) -> None:
        self._settings.change(show_members=wanted)

    # -- questions of the window's own ---------------------------------------------------------------------------------

    def _ask_forget(self, relay: FoundRelay) -> None:
        text = _(
            "“{name}” will be treated as new: its identity, your sign-in and the messages kept on this computer are dropped. "
            "Messages that were not sent yet are lost."
        )
        question = Question(
            _("Forget this relay?"),
            text.format(name=self.look.safe.name(relay.name)),
            (Choice("forget", _("Forget"), ChoiceKind.DANGER), Choice("keep", _("Cancel"))),
        )
        self.ask(question, lambda key: self._intents.forget_relay(relay.relay_id) if key == "forget" else None)

    def _want_to_close(self) -> None:
        self._flush_draft()
        self._intents.close_window()

    def _want_to_quit(self) -> None:
        self._flush_draft()
        self._intents.quit()

    def _flush_draft(self) -> None:
        if self._main is not None:
            self._main.composer.flush_draft()

    def _ask_sign_out(self) -> None:
        question = Question(
            _("Sign out on this device?"),
            _(
                "To come back you need your password. The messages kept on this computer, and those that were not sent yet, "
                "stay here until then."
            ),
            (Choice("out", _("Sign out"), ChoiceKind.DANGER), Choice("stay", _("Cancel"))),
        )
        self.ask(question, lambda key: self._sign_out() if key == "out" else None)

    def _sign_out(self) -> None:
        self._flush_draft()
        self._sheets.close_all()
        self._intents.sign_out()

    def _leave_for_relays(self) -> None:
        """To the list of relays; this device stays signed in."""
        self._flush_draft()
        self._intents.back_to_relays()

    # -- emoji ---------------------------------------------------------------------------------------------------------

    def _ask_about_emoji(self) -> None:
        """Find out whether Tk survives them here, unless that is known; until then none gets to Tk."""
        if not emoji_probe.is_needed():
            return
        name, _space, answer = self._settings.settings.emoji.rpartition(" ")
        if name == emoji_probe.system_name(self.root):
            self._safe.astral = answer == _HARMLESS
            return
        self._safe.astral = False
        self._emoji_probe = emoji_probe.EmojiProbe(self.root, self._know_about_emoji)
        self._emoji_probe.start_after(_PROBE_AFTER_MS)

    def _know_about_emoji(self, harmless: bool) -> None:
        name = emoji_probe.system_name(self.root)
        self._settings.change(emoji=f"{name} {_HARMLESS if harmless else _DEADLY}")
        self._safe.astral = harmless
        if harmless and self._main is not None:
            self._main.rail.refresh()
            self._main.timeline.refresh()
            self._main.members.list.refresh()

    # -- keyboard and focus --------------------------------------------------------------------------------------------

    def _bind(self) -> None:
        root = self.root
        root.protocol("WM_DELETE_WINDOW", self._want_to_close)
        root.bind("<FocusIn>", self._focus_moved)
        root.bind("<FocusOut>", self._focus_moved)
        keymap.bind(root, "window", self._acts())
        root.bind("<Button-1>", self._pressed_somewhere)
        for touch in ("<Key>", "<Button>", "<Motion>", "<MouseWheel>"):
            root.bind_all(touch, lambda _event: self._intents.active(), add=True)

    def _acts(self) -> Mapping[str, Callable[[], object]]:
        """What the keys do that work everywhere. With a sheet open, only those that lead nowhere else."""
        around = self._around
        return {
            "list_keys": self.open_keys,
            "next_pane": lambda: self._next_pane(1),
            "previous_pane": lambda: self._next_pane(-1),
            "back": self._go_back,
            "switch": around.open_switcher,
            "previous": lambda: self._neighbour(-1, False),
            "next": lambda: self._neighbour(1, False),
            "previous_unread": lambda: self._neighbour(-1, True),
            "next_unread": lambda: self._neighbour(1, True),
            "only_unread": lambda: self._in_main(lambda main: main.toggle_unread_only()),
            "new": around.new_conversation,
            "search": lambda: around.open_search(everywhere=False),
            "search_all": lambda: around.open_search(everywhere=True),
            "pins": lambda: self._in_main(
                lambda main: self._intents.show_pins() if main.open_header is not None else None
            ),
            "about": around.open_info,
            "members": lambda: self._in_main(lambda main: main.toggle_members()),
            "export": around.export,
            "transfers": lambda: self._in_main(lambda _main: self.files.open_transfers()),
            "attach": lambda: self._in_main(lambda main: main.files_in.choose()),
            "emoji": self._pick_for_composer,
            "menu": lambda: self._in_main(lambda main: main.open_own_menu()),
            "settings": lambda: None if self._sheets else self.open_settings(),
            "check": lambda: None if self._sheets else self._intents.check_connection(),
            "larger": lambda: self._sizing.step_zoom(1),
            "smaller": lambda: self._sizing.step_zoom(-1),
            "normal": lambda: self._sizing.step_zoom(0),
            "larger_text": lambda: self._sizing.step_text(1),
            "smaller_text": lambda: self._sizing.step_text(-1),
            "normal_text": lambda: self._sizing.step_text(0),
            "quit": self._want_to_quit,
        }

    def _in_main(self, act: Callable[[MainScreen], object]) -> None:
        """Do that with the main screen, if it is what is seen."""
        if self._main is not None and not self._sheets:
            act(self._main)

    def _go_back(self) -> bool:
        """From wherever the keyboard is to where one writes; there is nothing behind that."""
        if self._main is None or self._sheets:
            return False
        self._main.go_back()
        return True

    def _open_group(self, group: GroupId) -> None:
        if self._main is not None:
            self._main.open_group(group)

    def _open_members(self) -> None:
        if self._main is not None:
            self._main.toggle_members(True)

    def _neighbour(self, by: int, unread_only: bool) -> None:
        self._in_main(lambda main: main.rail.open_neighbour(by, unread_only))

    def _next_pane(self, by: int) -> None:
        if self._main is not None and not self._sheets:
            panes = self._main.panes()
            focused = self.root.focus_get()
            here = panes.index(focused) if focused in panes else -1 if by > 0 else 0
            pane = panes[(here + by) % len(panes)]
            self._main.focus_pane(pane)
            pane.event_generate("<<TraverseIn>>")

    def _pressed_somewhere(self, event: tk.Event[tk.Misc]) -> None:
        if self._main is not None:
            self._main.close_menu(unless_at=event.widget)

    def _focus_moved(self, _event: tk.Event[tk.Misc]) -> None:
        """Between two widgets of the window the keyboard is nowhere for a moment; so look when it has settled."""
        if not self._focus_job:
            self._focus_job = self.root.after_idle(self._look_at_focus)

    def _look_at_focus(self) -> None:
        self._focus_job = ""
        focused = bool(str(self.root.tk.call("focus", "-displayof", str(self.root))))
        if focused != self._focused:
            self._focused = focused
            # First the controller: what the timeline then says was read counts only in a window that has the keyboard.
            self._intents.window_focused(focused)
            if self._main is not None:
                self._main.timeline.focus_changed(focused)

    def _write_title(self) -> None:
        count = self._shown.unread
        self.root.title(f"({count}) {TITLE}" if count else TITLE)

    def _badge(self) -> None:
        """The count on the window's icon, which the taskbar shows."""
        from desktop.view.app_icon import badge_text, draw_app_icon

        text = badge_text(self._shown.unread)
        if text == self._icon_says:
            return
        self._icon_says = text
        pictures = [
            self._paint.passing_picture(("app icon", size, text), lambda size=size: draw_app_icon(size, text))  # type: ignore[misc]
            for size in (64, 32)
        ]
        self.root.iconphoto(True, *pictures)

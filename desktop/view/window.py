"""The one window: owns Tk's root, swaps the screens, and remembers what was shown, so that it can be built anew.

Another theme, size or language means other pictures, fonts and words in every widget. Instead of teaching each widget to change, the
window builds the present screen anew and shows it again what it was shown last; what the reader looks at stays where it is.

Screens and sheets are imported when they are needed first: the first window is to be there in half a second.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from common.ids import RelayId
from common.protocol.messages import User
from desktop.events import FoundRelay
from desktop.intents import Intents
from desktop.locale import _
from desktop.model.rows import Header, MemberRow, RailRow, Rows, Splice
from desktop.screen import Choice, ChoiceKind, Finding, Question, SignInField, SignInMode, Tone
from desktop.settings import SettingsFile
from desktop.view import emoji_probe, keys, scale, system_theme, theme
from desktop.view.emoji_probe import EmojiProbe
from desktop.view.kept import keep, put_back
from desktop.view.look import Look, make_look
from desktop.view.overlay import Choice as MenuLine
from desktop.view.paint import Paint
from desktop.view.pasting import paste_safely
from desktop.view.placement import Placement
from desktop.view.safetext import SafeText
from desktop.view.sheets.stack import SheetStack
from desktop.view.toast import Toast

if TYPE_CHECKING:
    from desktop.view.chooser import Chooser
    from desktop.view.main_screen import MainScreen
    from desktop.view.sign_in import SignIn

TITLE: Final = "Py_messenger"
_PROBE_AFTER_MS: Final = 1500
"""The probe for emoji waits until the window is there."""
_HARMLESS, _DEADLY = "harmless", "deadly"


@dataclass(slots=True)
class _Shown:
    """What the controller said last, to be shown again by a new screen."""

    relays: tuple[Sequence[FoundRelay], str, str, str] = ((), "", "", "")
    sign_in: tuple[FoundRelay, SignInMode, str, str] | None = None
    main: tuple[str, User] | None = None
    status: tuple[str, Tone] | None = None
    rail: tuple[Sequence[RailRow], int | None] = ((), None)
    header: Header | None = None
    rows: Rows = ()
    new_count: int = 0
    members: Sequence[MemberRow] = ()
    composer: tuple[str, bool, str] = ("", False, "")
    unread: int = 0


class Window:
    """The whole view. Implements `desktop.screen.Screen`; tells `Intents` what the person asked for."""

    def __init__(self, intents: Intents, settings: SettingsFile) -> None:
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
        self._main: MainScreen | None = None
        self._sheets = SheetStack(self._hide_screen, self._show_screen)
        self._toast = Toast(self.root)
        self._focused = False
        self._focus_job = ""
        self._is_closed = False
        self.look = self._make_look()
        self.root.configure(bg=self.look.palette.window)
        self.root.iconphoto(True, self._paint.avatar(64, "M", 4, square=True))
        keys.edit_on_every_layout(self.root)
        paste_safely(self.root, self._safe)
        self._ask_about_emoji()
        self._placement = Placement(self.root, settings, self.look.scale)
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

        if self._sheets.find(FindingsSheet) is None:
            self._sheets.open(lambda close: FindingsSheet(self.root, self.look, close))
        sheet = self._sheets.find(FindingsSheet)
        assert sheet is not None
        sheet.show(findings, done)

    def show_recovery_code(self, code: str, on_confirmed: Callable[[], None]) -> None:
        from desktop.view.sheets.security import RecoverySheet

        self._sheets.open(lambda close: RecoverySheet(self.root, self.look, close, code, on_confirmed))
        self._reveal()

    # -- signing in ----------------------------------------------------------------------------------------------------

    def show_sign_in(self, relay: FoundRelay, mode: SignInMode, code: str = "", username: str = "") -> None:
        from desktop.view.sign_in import SignIn

        self._forget_main()
        self._shown.sign_in = (relay, mode, code, username)
        sign_in = SignIn(self.root, self.look, self._intents)
        sign_in.show(relay, mode, code, username)
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
        self._build_main()

    def show_status(self, text: str, tone: Tone) -> None:
        self._shown.status = (text, tone)
        if self._main is not None:
            self._main.show_status(text, tone)

    def show_rail(self, rows: Sequence[RailRow], selected: int | None) -> None:
        self._shown.rail = (rows, selected)
        if self._main is not None:
            self._main.show_rail(rows, selected)

    def show_header(self, header: Header | None) -> None:
        self._shown.header = header
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
        if self._main is not None:
            self._main.show_members(members)

    def show_composer(self, text: str, enabled: bool, hint: str = "") -> None:
        self._shown.composer = (text, enabled, hint)
        if self._main is not None:
            self._main.composer.show(text, enabled, hint)
            if enabled and not self._sheets:
                self._main.composer.focus()

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

    def beep(self) -> None:
        self.root.bell()

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
        self._sheets.rebuild()
        self._write_title()

    def close(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        if self._emoji_probe is not None:
            self._emoji_probe.stop()
        self._placement.keep()
        self._toast.hide()
        self._paint.clear()
        self.root.destroy()

    # -- what the person does with the window --------------------------------------------------------------------------

    def open_settings(self) -> None:
        """The sheet with theme, language and size."""
        from desktop.view.sheets.preferences import PreferencesSheet

        self._sheets.open(
            lambda close: PreferencesSheet(
                self.root,
                self.look,
                close,
                self._settings.settings,
                self.set_theme,
                self.set_language,
                self.set_zoom,
                self._ask_sign_out if self._main is not None else None,
            )
        )

    def open_keys(self) -> None:
        """The sheet with the keys that do something."""
        from desktop.view.sheets.shortcuts import ShortcutsSheet

        if not self._sheets:
            self._sheets.open(lambda close: ShortcutsSheet(self.root, self.look, close))

    def open_address(self, invitation: bool) -> None:
        """The sheet for a typed address or a pasted invitation."""
        from desktop.view.sheets.address import AddressSheet

        on_enter = self._intents.paste_invitation if invitation else self._intents.enter_address
        self._sheets.open(lambda close: AddressSheet(self.root, self.look, close, invitation, on_enter))

    def open_new_group(self) -> None:
        """The sheet for a new group."""
        from desktop.view.sheets.group import CreateGroupSheet

        create = self._intents.create_group
        if self._main is not None and not self._sheets:
            self._sheets.open(lambda close: CreateGroupSheet(self.root, self.look, close, create))

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
        percent = min(max(percent, scale.ZOOM_MIN), scale.ZOOM_MAX)
        if percent != self._settings.settings.scale:
            self._settings.change(scale=percent)
            self.redraw()
            self._intents.set_scale(percent)

    # -- screens -------------------------------------------------------------------------------------------------------

    @property
    def screen(self) -> Chooser | SignIn | MainScreen | None:
        """The one that is there now."""
        return self._chooser or self._sign_in or self._main

    def _swap(
        self, *, chooser: Chooser | None = None, sign_in: SignIn | None = None, main: MainScreen | None = None
    ) -> None:
        old = self.screen
        self._chooser, self._sign_in, self._main = chooser, sign_in, main
        if old is not None:
            old.destroy()
        if not self._sheets:
            self._show_screen()
        self._reveal()

    def _show_screen(self) -> None:
        if self.screen is not None:
            self.screen.pack(fill="both", expand=True)
        if self._main is not None:
            self._main.composer.focus()

    def _hide_screen(self) -> None:
        if self.screen is not None:
            self.screen.pack_forget()

    def _reveal(self) -> None:
        """The window itself appears with the first thing that it shows."""
        if self.root.state() == "withdrawn":
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
            self.open_new_group,
            self._open_rename,
            self._ask_leave,
            self._relay_menu(),
        )
        if shown.status is not None:
            main.show_status(*shown.status)
        main.show_rail(*shown.rail)
        main.show_header(shown.header)
        main.show_members(shown.members)
        main.composer.show(*composer)
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
            MenuLine("gear", _("Settings"), self.open_settings),
            MenuLine("keyboard", _("Keys"), self.open_keys),
            MenuLine("leave", _("Sign out on this device"), self._ask_sign_out),
        )

    def _rebuild_sign_in(self, old: SignIn) -> None:
        relay, _mode, code, username = self._shown.sign_in or (None, None, "", "")
        assert relay is not None
        done, mode, busy = keep(old), old.mode, old.is_busy
        self.show_sign_in(relay, mode, code, username)
        assert self._sign_in is not None
        self._sign_in.update_idletasks()  # what is not there yet cannot take the keyboard
        put_back(self._sign_in, done)
        if busy:
            self._sign_in.show_busy(True)

    def _forget_main(self) -> None:
        """Another screen: nothing of the conversations is shown any more."""
        self._shown = _Shown(relays=self._shown.relays, unread=self._shown.unread)

    def _make_look(self) -> Look:
        chosen = self._settings.settings
        dark = chosen.theme == "dark" or (chosen.theme == "system" and system_theme.is_dark())
        look = make_look(self.root, self._system_scale.zoomed(chosen.scale), dark, self._paint, self._safe)
        theme.apply(self.root, look, "window")
        return look

    def _keep_members(self, wanted: bool) -> None:
        self._settings.change(show_members=wanted)

    # -- questions of the window's own ---------------------------------------------------------------------------------

    def _open_rename(self) -> None:
        from desktop.view.sheets.group import RenameGroupSheet

        header = self._shown.header
        if header is not None:
            group, name = header.group, header.name
            rename: Callable[[str], None] = lambda new: self._intents.rename_group(group, new)  # noqa: E731
            self._sheets.open(lambda close: RenameGroupSheet(self.root, self.look, close, name, rename))

    def _ask_leave(self) -> None:
        header = self._shown.header
        if header is None:
            return
        group = header.group
        text = _("You will get no more messages of “{name}”. You can join again later if the group is not private.")
        question = Question(
            _("Leave the group?"),
            text.format(name=self.look.safe.name(header.name)),
            (Choice("leave", _("Leave"), ChoiceKind.DANGER), Choice("stay", _("Cancel"))),
        )
        self.ask(question, lambda key: self._intents.leave_group(group) if key == "leave" else None)

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
        shortcuts = keys.Shortcuts(root)
        shortcuts.on("n", self.open_new_group)
        shortcuts.on("comma", lambda: None if self._sheets else self.open_settings())
        shortcuts.on("i", self._toggle_members)
        shortcuts.on("plus", lambda: self._zoom_step(1))
        shortcuts.on("plus", lambda: self._zoom_step(1), shift=True)
        shortcuts.on("equal", lambda: self._zoom_step(1))
        shortcuts.on("minus", lambda: self._zoom_step(-1))
        shortcuts.on("0", lambda: self.set_zoom(100))
        shortcuts.on("q", self._want_to_close)
        shortcuts.on("slash", self.open_keys)
        for key, by in (("Up", -1), ("Down", 1)):
            root.bind(f"<Alt-{key}>", lambda _event, by=by: self._neighbour(by, False))  # type: ignore[misc]
            root.bind(f"<Alt-Shift-{key}>", lambda _event, by=by: self._neighbour(by, True))  # type: ignore[misc]
        root.bind("<F6>", lambda _event: self._next_pane(1))
        root.bind("<Shift-F6>", lambda _event: self._next_pane(-1))
        root.bind("<F1>", lambda _event: self.open_keys())
        root.bind("<Button-1>", self._pressed_somewhere)

    def _toggle_members(self) -> None:
        if self._main is not None and not self._sheets:
            self._main.toggle_members()

    def _zoom_step(self, by: int) -> None:
        from desktop.view.sheets.preferences import ZOOMS

        place = min(range(len(ZOOMS)), key=lambda at: abs(ZOOMS[at] - self._settings.settings.scale)) + by
        if 0 <= place < len(ZOOMS):
            self.set_zoom(ZOOMS[place])

    def _neighbour(self, by: int, unread_only: bool) -> str:
        if self._main is not None and not self._sheets:
            self._main.rail.open_neighbour(by, unread_only)
        return "break"

    def _next_pane(self, by: int) -> str:
        if self._main is not None and not self._sheets:
            panes = self._main.panes()
            focused = self.root.focus_get()
            here = panes.index(focused) if focused in panes else -1 if by > 0 else 0
            pane = panes[(here + by) % len(panes)]
            pane.focus_set()
            pane.event_generate("<<TraverseIn>>")
        return "break"

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
            if self._main is not None:
                self._main.timeline.focus_changed(focused)
            self._intents.window_focused(focused)

    def _write_title(self) -> None:
        count = self._shown.unread
        self.root.title(f"({count}) {TITLE}" if count else TITLE)

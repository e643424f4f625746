"""The one window: owns Tk's root, swaps the screens, and remembers what was shown, so that it can be built anew.

Another theme, size or language means other pictures, fonts and words in every widget. Instead of teaching each widget to change, the
window builds the present screen anew and shows it again what it was shown last; what the reader looks at stays where it is.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from common.ids import RelayId
from common.protocol.messages import User
from desktop.events import FoundRelay
from desktop.intents import Intents
from desktop.locale import _, n_
from desktop.model.rows import Header, MemberRow, RailRow, Rows, Splice
from desktop.screen import Choice, ChoiceKind, Finding, Question, SignInField, SignInMode, Tone
from desktop.settings import SettingsFile
from desktop.view import keys, scale, system_theme, theme, tokens
from desktop.view.look import Look, make_look
from desktop.view.main_screen import MainScreen
from desktop.view.paint import Paint
from desktop.view.safetext import SafeText
from desktop.view.toast import Toast

if TYPE_CHECKING:
    from desktop.view.chooser import Chooser
    from desktop.view.sheets.address import AddressSheet
    from desktop.view.sheets.base import Sheet
    from desktop.view.sheets.findings import FindingsSheet
    from desktop.view.sign_in import SignIn

TITLE: Final = "Py_messenger"
_GEOMETRY_MS: Final = 600


@dataclass(slots=True)
class _Shown:
    """What the controller said last, to be shown again by a new screen."""

    relays: tuple[Sequence[FoundRelay], str, str] = ((), "", "")
    sign_in: tuple[FoundRelay, SignInMode, str, str] | None = None
    main: tuple[str, User] | None = None
    status: tuple[str, Tone] | None = None
    rail: tuple[Sequence[RailRow], int | None] = ((), None)
    header: Header | None = None
    rows: Rows = field(default=())
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
        self._shown = _Shown()
        self._screen: Chooser | SignIn | MainScreen | None = None
        self._sheets: list[Sheet] = []
        self._address_sheet: AddressSheet | None = None
        self._findings_sheet: FindingsSheet | None = None
        self._toast = Toast(self.root)
        self._geometry_job = ""
        self._focused = False
        self._is_closed = False
        self.look = self._make_look()
        keys.edit_on_every_layout(self.root)
        self._place()
        self._bind()

    # -- choosing a relay ----------------------------------------------------------------------------------------------

    def show_chooser(self) -> None:
        from desktop.view.chooser import Chooser

        self._forget_main()
        self._shown.sign_in = None
        screen = Chooser(
            self.root,
            self.look,
            self._intents,
            lambda: self._open_address(invitation=False),
            lambda: self._open_address(invitation=True),
            self.open_settings,
            self._ask_forget,
        )
        screen.show_relays(*self._shown.relays)
        self._swap(screen)

    def show_relays(self, relays: Sequence[FoundRelay], trouble: str = "", hosting: str = "") -> None:
        from desktop.view.chooser import Chooser

        self._shown.relays = (relays, trouble, hosting)
        if isinstance(self._screen, Chooser):
            self._screen.show_relays(relays, trouble, hosting)

    def show_address_problem(self, message: str) -> None:
        sheet = self._address_sheet
        if sheet is not None:
            if message:
                sheet.show_problem(message)
            else:
                sheet.close()
        elif message:
            self.show_toast(message)

    def show_findings(self, findings: Sequence[Finding], done: bool) -> None:
        from desktop.view.sheets.findings import FindingsSheet

        if self._findings_sheet is None:
            self._findings_sheet = FindingsSheet(self.root, self.look, lambda: self._close_sheet(self._findings_sheet))
            self._open_sheet(self._findings_sheet)
        self._findings_sheet.show(findings, done)

    def show_recovery_code(self, code: str, on_confirmed: Callable[[], None]) -> None:
        from desktop.view.sheets.security import RecoverySheet

        sheet = RecoverySheet(self.root, self.look, lambda: self._close_sheet(sheet), code, on_confirmed)
        self._open_sheet(sheet)

    # -- signing in ----------------------------------------------------------------------------------------------------

    def show_sign_in(self, relay: FoundRelay, mode: SignInMode, code: str = "", username: str = "") -> None:
        from desktop.view.sign_in import SignIn

        self._forget_main()
        self._shown.sign_in = (relay, mode, code, username)
        screen = SignIn(self.root, self.look, self._intents)
        screen.show(relay, mode, code, username)
        self._swap(screen)

    def show_sign_in_busy(self, busy: bool) -> None:
        from desktop.view.sign_in import SignIn

        if isinstance(self._screen, SignIn):
            self._screen.show_busy(busy)

    def show_sign_in_problem(self, field: SignInField, message: str) -> None:
        from desktop.view.sign_in import SignIn

        if isinstance(self._screen, SignIn):
            self._screen.show_problem(field, message)
        else:
            self.show_toast(message)

    def show_identity_alarm(self, relay_name: str, expected: RelayId, found: RelayId) -> None:
        from desktop.view.sheets.security import AlarmSheet

        if any(isinstance(sheet, AlarmSheet) for sheet in self._sheets):
            return
        sheet = AlarmSheet(self.root, self.look, lambda: self._close_sheet(sheet), relay_name, expected, found)
        self._open_sheet(sheet)

    # -- the main screen -----------------------------------------------------------------------------------------------

    def show_main(self, relay_name: str, user: User) -> None:
        self._shown.sign_in = None
        if isinstance(self._screen, MainScreen) and self._shown.main == (relay_name, user):
            return
        self._shown.main = (relay_name, user)
        self._build_main()

    def show_status(self, text: str, tone: Tone) -> None:
        self._shown.status = (text, tone)
        if isinstance(self._screen, MainScreen):
            self._screen.show_status(text, tone)

    def show_rail(self, rows: Sequence[RailRow], selected: int | None) -> None:
        self._shown.rail = (rows, selected)
        if isinstance(self._screen, MainScreen):
            self._screen.show_rail(rows, selected)

    def show_header(self, header: Header | None) -> None:
        self._shown.header = header
        if isinstance(self._screen, MainScreen):
            self._screen.show_header(header)

    def open_timeline(self, rows: Rows, anchor: int | None) -> None:
        self._shown.rows = rows
        self._shown.new_count = 0
        if isinstance(self._screen, MainScreen):
            self._screen.timeline.open(rows, anchor)

    def splice_timeline(self, splice: Splice) -> None:
        if isinstance(self._screen, MainScreen):
            self._screen.timeline.change(splice)

    def show_new_count(self, count: int) -> None:
        self._shown.new_count = count
        if isinstance(self._screen, MainScreen):
            self._screen.timeline.show_new_count(count)

    def show_members(self, members: Sequence[MemberRow]) -> None:
        self._shown.members = members
        if isinstance(self._screen, MainScreen):
            self._screen.show_members(members)

    def show_composer(self, text: str, enabled: bool, hint: str = "") -> None:
        self._shown.composer = (text, enabled, hint)
        if isinstance(self._screen, MainScreen):
            self._screen.composer.show(text, enabled, hint)
            if enabled and not self._sheets:
                self._screen.composer.focus()

    # -- over everything -----------------------------------------------------------------------------------------------

    def show_toast(self, text: str) -> None:
        palette = self.look.palette
        on_timeline = bool(self._sheets) or isinstance(self._screen, MainScreen)
        self._toast.show(self.look, text, palette.timeline if on_timeline else palette.window)

    def ask(self, question: Question, on_answer: Callable[[str], None]) -> None:
        from desktop.view.sheets.ask import AskSheet

        sheet = AskSheet(self.root, self.look, lambda: self._close_sheet(sheet), question, on_answer)
        self._open_sheet(sheet)

    def show_unread(self, count: int) -> None:
        self._shown.unread = count
        self._write_title()

    def beep(self) -> None:
        self.root.bell()

    def redraw(self) -> None:
        """Build everything anew: the look or the language has changed."""
        self.look = self._make_look()
        self.root.configure(bg=self.look.palette.window)
        sheets, self._sheets = self._sheets, []
        for sheet in sheets:
            sheet.destroy()
        self._address_sheet = self._findings_sheet = None
        self._toast.hide()
        if isinstance(self._screen, MainScreen):
            self._build_main()
        elif self._shown.sign_in is not None:
            self.show_sign_in(*self._shown.sign_in)
        elif self._screen is not None:
            self.show_chooser()
        self._write_title()

    def close(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        self._keep_geometry()
        self._toast.hide()
        self._paint.clear()
        self.root.destroy()

    # -- what the person does with the window --------------------------------------------------------------------------

    def open_settings(self) -> None:
        """The sheet with theme, language and size."""
        from desktop.view.sheets.preferences import PreferencesSheet

        sheet = PreferencesSheet(
            self.root,
            self.look,
            lambda: self._close_sheet(sheet),
            self._settings.settings,
            self.set_theme,
            self.set_language,
            self.set_zoom,
            self._sign_out if isinstance(self._screen, MainScreen) else None,
        )
        self._open_sheet(sheet)

    def set_theme(self, name: str) -> None:
        """Light, dark or as the system."""
        self._settings.change(theme=name)
        self._rebuild_with_settings()
        self._intents.set_theme(name)

    def set_language(self, language: str) -> None:
        """Another language; the controller puts it to use and has everything redrawn."""
        were_open = self._settings_are_open()
        self._settings.change(language=language)
        self._intents.set_language(language)
        if were_open and not self._settings_are_open():
            self.open_settings()

    def set_zoom(self, percent: int) -> None:
        """Everything larger or smaller."""
        percent = min(max(percent, scale.ZOOM_MIN), scale.ZOOM_MAX)
        if percent != self._settings.settings.scale:
            self._settings.change(scale=percent)
            self._rebuild_with_settings()
            self._intents.set_scale(percent)

    def pump(self) -> None:
        """Handle what has come in, once; for tests and benchmarks, which have no main loop."""
        self.root.update()

    # -- inside --------------------------------------------------------------------------------------------------------

    def _make_look(self) -> Look:
        chosen = self._settings.settings
        dark = chosen.theme == "dark" or (chosen.theme == "system" and system_theme.is_dark())
        look = make_look(self.root, self._system_scale.zoomed(chosen.scale), dark, self._paint, self._safe)
        theme.apply(self.root, look)
        return look

    def _place(self) -> None:
        px, root = self.look.px, self.root
        root.configure(bg=self.look.palette.window)
        root.minsize(px(tokens.WINDOW_MIN_WIDTH), px(tokens.WINDOW_MIN_HEIGHT))
        width = min(px(tokens.WINDOW_WIDTH), root.winfo_screenwidth())
        height = min(px(tokens.WINDOW_HEIGHT), root.winfo_screenheight())
        root.geometry(self._on_screen(self._settings.settings.geometry) or f"{width}x{height}")
        if self._settings.settings.maximized:
            self._maximize()
        self._write_title()
        root.iconphoto(True, self._paint.avatar(64, "M", 4, square=True))

    def _on_screen(self, geometry: str) -> str:
        """The remembered place, unless no screen is there any more."""
        if not geometry:
            return ""
        size, plus, place = geometry.partition("+")
        if not plus:
            return geometry
        x, _plus, y = place.partition("+")
        root = self.root
        seen = (
            int(x) < root.winfo_vrootx() + root.winfo_vrootwidth() - 80
            and int(y) < root.winfo_vrooty() + root.winfo_vrootheight() - 80
        )
        return geometry if seen else size

    def _bind(self) -> None:
        root = self.root
        root.protocol("WM_DELETE_WINDOW", self._intents.close_window)
        root.bind("<Configure>", self._configured)
        root.bind("<FocusIn>", lambda event: self._focus_moved(event, True))
        root.bind("<FocusOut>", lambda event: self._focus_moved(event, False))
        shortcuts = keys.Shortcuts(root)
        shortcuts.on("n", self._new_group)
        shortcuts.on("comma", self.open_settings_once)
        shortcuts.on("i", self._toggle_members)
        shortcuts.on("plus", lambda: self._zoom_step(1))
        shortcuts.on("equal", lambda: self._zoom_step(1))
        shortcuts.on("minus", lambda: self._zoom_step(-1))
        shortcuts.on("0", lambda: self.set_zoom(100))
        shortcuts.on("q", self._intents.close_window)
        for key, by in (("Up", -1), ("Down", 1)):
            root.bind(f"<Alt-{key}>", lambda _event, by=by: self._neighbour(by, False))  # type: ignore[misc]
            root.bind(f"<Alt-Shift-{key}>", lambda _event, by=by: self._neighbour(by, True))  # type: ignore[misc]
        root.bind("<F6>", lambda _event: self._next_pane())

    def open_settings_once(self) -> None:
        """By its key: not over another sheet."""
        if not self._sheets:
            self.open_settings()

    def _rebuild_with_settings(self) -> None:
        """Redraw, and open the settings again in their new look when they were open."""
        were_open = self._settings_are_open()
        self.redraw()
        if were_open:
            self.open_settings()

    def _settings_are_open(self) -> bool:
        from desktop.view.sheets.preferences import PreferencesSheet

        return any(isinstance(sheet, PreferencesSheet) for sheet in self._sheets)

    def _swap(self, screen: Chooser | SignIn | MainScreen) -> None:
        old, self._screen = self._screen, screen
        if old is not None:
            old.destroy()
        if not self._sheets:
            screen.pack(fill="both", expand=True)
        if self.root.state() == "withdrawn":
            self.root.deiconify()

    def _build_main(self) -> None:
        shown = self._shown
        assert shown.main is not None
        old = self._screen if isinstance(self._screen, MainScreen) else None
        position = old.timeline.position() if old is not None and shown.header is not None else None
        composer = (old.composer.value(), *shown.composer[1:]) if old is not None else shown.composer
        screen = MainScreen(
            self.root,
            self.look,
            self._intents,
            *shown.main,
            self._settings.settings.show_members,
            self._keep_members,
            self._new_group,
            self._rename_group,
            self._ask_leave,
            self.open_settings,
        )
        if shown.status is not None:
            screen.show_status(*shown.status)
        screen.show_rail(*shown.rail)
        screen.show_header(shown.header)
        screen.show_members(shown.members)
        screen.composer.show(*composer)
        screen.timeline.open(shown.rows, None)
        screen.timeline.show_new_count(shown.new_count)
        self._swap(screen)
        if position is not None and not position.at_end:
            self.root.update_idletasks()
            screen.timeline.go_to(position)
        screen.timeline.focus_changed(self._focused)

    def _keep_members(self, wanted: bool) -> None:
        self._settings.change(show_members=wanted)

    def _forget_main(self) -> None:
        """Another screen: nothing of the conversations is shown any more."""
        relays, unread = self._shown.relays, self._shown.unread
        self._shown = _Shown(relays=relays, unread=unread)

    def _open_sheet(self, sheet: Sheet) -> None:
        for open_one in self._sheets:
            open_one.place_forget()
        if self._screen is not None:
            self._screen.pack_forget()
        elif self.root.state() == "withdrawn":
            self.root.deiconify()
        self._sheets.append(sheet)
        sheet.appear()

    def _close_sheet(self, sheet: Sheet | None) -> None:
        if sheet is None or sheet not in self._sheets:
            return
        self._sheets.remove(sheet)
        sheet.destroy()
        if sheet is self._address_sheet:
            self._address_sheet = None
        if sheet is self._findings_sheet:
            self._findings_sheet = None
        if self._sheets:
            self._sheets[-1].appear()
        elif self._screen is not None:
            self._screen.pack(fill="both", expand=True)
            if isinstance(self._screen, MainScreen):
                self._screen.composer.focus()

    def _open_address(self, invitation: bool) -> None:
        from desktop.view.sheets.address import AddressSheet

        on_enter = self._intents.paste_invitation if invitation else self._intents.enter_address
        sheet = AddressSheet(self.root, self.look, lambda: self._close_sheet(sheet), invitation, on_enter)
        self._address_sheet = sheet
        self._open_sheet(sheet)

    def _new_group(self) -> None:
        from desktop.view.sheets.group import CreateGroupSheet

        if isinstance(self._screen, MainScreen) and not self._sheets:
            sheet = CreateGroupSheet(self.root, self.look, lambda: self._close_sheet(sheet), self._intents.create_group)
            self._open_sheet(sheet)

    def _rename_group(self) -> None:
        from desktop.view.sheets.group import RenameGroupSheet

        header = self._shown.header
        if header is not None:
            sheet = RenameGroupSheet(
                self.root,
                self.look,
                lambda: self._close_sheet(sheet),
                header.name,
                lambda name: self._intents.rename_group(header.group, name),
            )
            self._open_sheet(sheet)

    def _ask_leave(self) -> None:
        header = self._shown.header
        if header is None:
            return
        name = self.look.safe.name(header.name)
        question = Question(
            _("Leave the group?"),
            _(
                "You will get no more messages of “{name}”. You can join again later if the group is not private."
            ).format(name=name),
            (Choice("leave", _("Leave"), ChoiceKind.DANGER), Choice("stay", _("Cancel"))),
        )
        self.ask(question, lambda key: self._intents.leave_group(header.group) if key == "leave" else None)

    def _ask_forget(self, relay: FoundRelay) -> None:
        question = Question(
            _("Forget this relay?"),
            _(
                "“{name}” will be treated as new: its identity, your sign-in and the messages kept on this computer are dropped. "
                "Messages that were not sent yet are lost."
            ).format(name=self.look.safe.name(relay.name)),
            (Choice("forget", _("Forget"), ChoiceKind.DANGER), Choice("keep", _("Cancel"))),
        )
        self.ask(question, lambda key: self._intents.forget_relay(relay.relay_id) if key == "forget" else None)

    def _sign_out(self) -> None:
        for sheet in list(self._sheets):
            self._close_sheet(sheet)
        self._intents.sign_out()

    def _toggle_members(self) -> None:
        if isinstance(self._screen, MainScreen) and not self._sheets:
            self._screen.toggle_members()

    def _zoom_step(self, by: int) -> None:
        from desktop.view.sheets.preferences import ZOOMS

        place = min(range(len(ZOOMS)), key=lambda at: abs(ZOOMS[at] - self._settings.settings.scale)) + by
        if 0 <= place < len(ZOOMS):
            self.set_zoom(ZOOMS[place])

    def _neighbour(self, by: int, unread_only: bool) -> str:
        if isinstance(self._screen, MainScreen) and not self._sheets:
            self._screen.rail.open_neighbour(by, unread_only)
        return "break"

    def _next_pane(self) -> str:
        screen = self._screen
        if isinstance(screen, MainScreen) and not self._sheets:
            panes: list[tk.Misc] = [screen.rail.canvas, screen.timeline.canvas, screen.composer.text]
            focused = self.root.focus_get()
            here = panes.index(focused) if focused in panes else -1
            panes[(here + 1) % len(panes)].focus_set()
        return "break"

    def _focus_moved(self, event: tk.Event[tk.Misc], focused: bool) -> None:
        """The keyboard came to the window or left it, not just moved between its widgets."""
        if event.widget is not self.root or focused == self._focused:
            return
        self._focused = focused
        if isinstance(self._screen, MainScreen):
            self._screen.timeline.focus_changed(focused)
        self._intents.window_focused(focused)

    def _write_title(self) -> None:
        count = self._shown.unread
        text = n_("({n}) {title}", "({n}) {title}", count).format(n=count, title=TITLE) if count else TITLE
        self.root.title(text)

    # -- the window's place --------------------------------------------------------------------------------------------

    def _configured(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self.root:
            if self._geometry_job:
                self.root.after_cancel(self._geometry_job)
            self._geometry_job = self.root.after(_GEOMETRY_MS, self._keep_geometry)

    def _keep_geometry(self) -> None:
        if self._geometry_job:
            self.root.after_cancel(self._geometry_job)
            self._geometry_job = ""
        if self.root.state() == "withdrawn" or self.root.winfo_width() < self.look.px(tokens.WINDOW_MIN_WIDTH) // 2:
            return  # never shown, or its size is not settled
        maximized = self._is_maximized()
        geometry = self._settings.settings.geometry if maximized else self.root.geometry()
        self._settings.change(geometry=geometry, maximized=maximized)

    def _is_maximized(self) -> bool:
        if self.root.tk.call("tk", "windowingsystem") == "x11":
            return bool(self.root.attributes("-zoomed"))
        return self.root.state() == "zoomed"

    def _maximize(self) -> None:
        if self.root.tk.call("tk", "windowingsystem") == "x11":
            self.root.attributes("-zoomed", True)
        else:
            self.root.state("zoomed")

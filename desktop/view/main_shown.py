"""The window's part that has the main screen and tells it what there is, and remembers it: a screen that is built anew is told it again."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from common.ids import GroupId, Seq
from common.protocol.messages import User
from desktop.intents import Intents
from desktop.locale import _
from desktop.model.attached import AttachedRow
from desktop.model.reacted import ReactionNote
from desktop.model.rows import Header, MemberRow, RailRow, Rows, Splice
from desktop.screen import ComposerMode, Place, Question, Tone, Writing
from desktop.settings import SettingsFile
from desktop.view.around import Around
from desktop.view.files.files import Files
from desktop.view.look import Look
from desktop.view.overlay import Choice as MenuLine
from desktop.view.sheets.stack import SheetStack

if TYPE_CHECKING:
    from desktop.view.main_screen import MainScreen


class MainTold(Struct):
    """What the controller said last of the conversations."""

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
    reactions: ReactionNote | None = None


class ShowsMain:
    """Of `desktop.screen.Screen` what concerns the main screen."""

    root: tk.Tk
    look: Look
    files: Files
    _intents: Intents
    _settings: SettingsFile
    _sheets: SheetStack
    _around: Around
    _main: MainScreen | None
    _place: Place | None
    _focused: bool
    _swap: Callable[..., None]
    _leave_for_relays: Callable[[], None]
    _ask_sign_out: Callable[[], None]
    open_settings: Callable[..., None]
    open_keys: Callable[[], None]
    pick_emoji: Callable[[Callable[[str], None]], None]
    ask: Callable[[Question, Callable[[str], None]], None]

    def __init__(self) -> None:
        self._shown = MainTold()

    def show_main(self, relay_name: str, user: User) -> None:
        if self._main is not None and self._shown.main == (relay_name, user):
            return
        self._shown.main = (relay_name, user)
        self._around.signed_in(relay_name, user)
        self._build_main()

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

    def _forget_main(self) -> None:
        """Another screen: nothing of the conversations is shown any more."""
        self._shown = MainTold()
        self._place = None
        self._around.forget()
        self.files.forget()

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

    def _open_forward(self, seq: Seq) -> None:
        from desktop.view.sheets.forward import ForwardSheet

        rows = self._shown.rail[0]
        choose: Callable[[GroupId], None] = lambda group: self._intents.forward(seq, group)  # noqa: E731
        self._sheets.open(lambda close: ForwardSheet(self.root, self.look, close, rows, choose))

    def _open_group(self, group: GroupId) -> None:
        if self._main is not None:
            self._main.open_group(group)

    def _open_members(self) -> None:
        if self._main is not None:
            self._main.toggle_members(True)

    def _keep_members(self, wanted: bool) -> None:
        self._settings.change(show_members=wanted)

    # -- what there is to read -----------------------------------------------------------------------------------------

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

    def show_reactions(self, note: ReactionNote | None) -> None:
        self._shown.reactions = note
        if self._main is not None:
            self._main.show_reactions(note)

    # -- what is being written -----------------------------------------------------------------------------------------

    def show_composer(self, text: str, enabled: bool, hint: str = "") -> None:
        self._shown.composer = (text, enabled, hint)
        if self._main is not None:
            self._main.composer.show(text, enabled, hint)
            if enabled and not self._sheets:
                self._main.focus_front()

    def focus_composer(self) -> None:
        if self._main is not None and not self._sheets:
            self._main.composer.focus()

    def show_wait(self, seconds: int) -> None:
        self._shown.wait_s = seconds
        if self._main is not None:
            self._main.composer.show_wait(seconds)

    def show_attachments(self, files: Sequence[AttachedRow]) -> None:
        self._shown.attached = files
        if self._main is not None:
            self._main.composer.show_attachments(files)

    def show_composer_mode(self, mode: ComposerMode) -> None:
        self._shown.mode = mode
        if self._main is not None:
            self._main.composer.show_mode(mode, take_keyboard=not self._sheets)

"""The one window: owns Tk's root, swaps the screens, and builds them anew. What is shown in it, its parts show: a base class each.

Another theme, size or language means other pictures, fonts and words in every widget. Instead of teaching each widget to change, the
window builds the present screen anew and shows it again what it was shown last; what the reader looks at stays where it is.

Screens and sheets are imported when they are needed first: the first window is to be there in half a second.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from desktop.events.transfers import PictureKnown, Transfer
from desktop.intents import Intents
from desktop.model.transfers import TransferList
from desktop.screen import (
    Question,
)
from desktop.settings import SettingsFile
from desktop.view import emoji_probe, keys, scale, system_theme, theme
from desktop.view.around import Around
from desktop.view.asked_shown import ShowsAsked
from desktop.view.emoji_probe import EmojiProbe
from desktop.view.entrance_shown import ShowsEntrance
from desktop.view.files.files import Files
from desktop.view.leaving import LeadsOut
from desktop.view.look import Look, make_look
from desktop.view.main_shown import ShowsMain
from desktop.view.paint import Paint
from desktop.view.pasting import paste_safely
from desktop.view.placement import Placement
from desktop.view.safetext import SafeText
from desktop.view.settings_shown import ShowsSettings
from desktop.view.sheets.stack import SheetStack
from desktop.view.sizing import Sizing
from desktop.view.toast import Toast
from desktop.view.window_keys import HearsKeys

if TYPE_CHECKING:
    from desktop.view.blocked import Blocked
    from desktop.view.chooser import Chooser
    from desktop.view.main_screen import MainScreen
    from desktop.view.sign_in import SignIn

TITLE: Final = "Py_messenger"
_PROBE_AFTER_MS: Final = 1500
"""The probe for emoji waits until the window is there."""
_HARMLESS, _DEADLY = "harmless", "deadly"


class Window(ShowsEntrance, ShowsMain, ShowsAsked, ShowsSettings, HearsKeys, LeadsOut):
    """The whole view. Implements `desktop.screen.Screen`; tells `Intents` what the person asked for."""

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
        ShowsEntrance.__init__(self)
        ShowsMain.__init__(self)
        ShowsSettings.__init__(self)
        HearsKeys.__init__(self)
        # At most one of them is there.
        self._chooser: Chooser | None = None
        self._sign_in: SignIn | None = None
        self._blocked: Blocked | None = None
        self._main: MainScreen | None = None
        self._sheets = SheetStack(self._hide_screen, self._uncover_screen)
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
        self.files = Files(self.root, lambda: self.look, self._sheets, intents, self.ask, self.show_toast)
        self._is_closed = False
        self._in_background = in_background
        self._is_away = False
        """It was put away in the background."""
        self.look = self._make_look()
        self.root.configure(bg=self.look.palette.window)
        self._unread = 0
        self._icon_says = ""
        self.root.iconphoto(True, self._paint.avatar(64, "M", 4, square=True))
        keys.edit_on_every_layout(self.root)
        paste_safely(self.root, self._safe)
        self._ask_about_emoji()
        self._placement = Placement(self.root, settings, self._system_scale)
        self._sizing = Sizing(self.root, settings, self._resized)
        self._write_title()
        self._bind()

    # -- files ---------------------------------------------------------------------------------------------------------

    def show_transfers(self, statuses: Mapping[str, Transfer | None]) -> None:
        self.files.show_transfers(statuses)

    def show_transfer_list(self, transfers: TransferList) -> None:
        self.files.show_transfer_list(transfers)

    def show_picture(self, picture: PictureKnown) -> None:
        self.files.show_picture(picture)

    def retry_pictures(self) -> None:
        self.files.retry_pictures()

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
        self._unread = count
        self._write_title()
        self._badge()

    def beep(self) -> None:
        self.root.bell()

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
            self.show_blocked(*self._blocked_by)
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

    def open_keys(self) -> None:
        """The sheet with the keys that do something."""
        from desktop.view.sheets.shortcuts import ShortcutsSheet

        if self._sheets.find(ShortcutsSheet) is None:
            self._sheets.open(lambda close: ShortcutsSheet(self.root, self.look, close))

    def pick_emoji(self, on_chosen: Callable[[str], None]) -> None:
        """The sheet with all emoji."""
        from desktop.view.sheets.emoji import EmojiSheet

        self._sheets.open(lambda close: EmojiSheet(self.root, self.look, close, self._settings, on_chosen))

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

    def _uncover_screen(self) -> None:
        """The last sheet is gone: what is typed from now on is for the screen, which has to be there first."""
        if self.screen is not None:
            self.screen.pack(fill="both", expand=True)
            self.root.update_idletasks()
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

    def _make_look(self) -> Look:
        chosen = self._settings.settings
        dark = chosen.theme == "dark" or (chosen.theme == "system" and system_theme.is_dark())
        look = make_look(self.root, self._system_scale.zoomed(chosen.scale, chosen.text), dark, self._paint, self._safe)
        theme.apply(self.root, look, "window")
        return look

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

    # -- title and icon ------------------------------------------------------------------------------------------------

    def _write_title(self) -> None:
        count = self._unread
        self.root.title(f"({count}) {TITLE}" if count else TITLE)

    def _badge(self) -> None:
        """The count on the window's icon, which the taskbar shows."""
        from desktop.view.app_icon import badge_text, draw_app_icon

        text = badge_text(self._unread)
        if text == self._icon_says:
            return
        self._icon_says = text
        pictures = [
            self._paint.passing_picture(("app icon", size, text), lambda size=size: draw_app_icon(size, text))  # type: ignore[misc]
            for size in (64, 32)
        ]
        self.root.iconphoto(True, *pictures)

"""The window's part that hears the person: what the keys do that work everywhere, and whether the window has the keyboard."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from desktop.intents import Intents
from desktop.view import keymap
from desktop.view.around import Around
from desktop.view.files.files import Files
from desktop.view.sheets.stack import SheetStack
from desktop.view.sizing import Sizing

if TYPE_CHECKING:
    from desktop.view.main_screen import MainScreen


class HearsKeys:
    """Bound once to the root; what a key does, it does to the main screen that is there then."""

    root: tk.Tk
    files: Files
    _intents: Intents
    _sheets: SheetStack
    _around: Around
    _main: MainScreen | None
    _sizing: Sizing
    _want_to_close: Callable[[], None]
    _want_to_quit: Callable[[], None]
    open_settings: Callable[..., None]
    open_keys: Callable[[], None]
    pick_emoji: Callable[[Callable[[str], None]], None]

    def __init__(self) -> None:
        self._focused = False
        self._focus_job = ""

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

    def _pick_for_composer(self) -> None:
        if self._main is not None and not self._sheets:
            self.pick_emoji(lambda sign: self._main.composer.insert(sign) if self._main is not None else None)

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

"""The third screen: conversations at the left, the open one in the middle, its members at the right."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from common.ids import GroupId
from common.protocol.messages import User
from desktop.intents import Intents
from desktop.locale import _
from desktop.model.rows import Header, MemberRow, RailRow
from desktop.screen import Tone
from desktop.view import kit, theme, tokens
from desktop.view.composer import Composer
from desktop.view.fonts import fit
from desktop.view.header import ConversationHeader
from desktop.view.look import Look
from desktop.view.members import MembersPane
from desktop.view.overlay import Choice
from desktop.view.popup import Popup
from desktop.view.rail import Rail
from desktop.view.timeline import Timeline

_MEMBERS_FROM = 900
"""In a narrower window (logical pixels) the members pane comes only when it is asked for, and then in the place of the rail."""


class MainScreen(tk.Frame):
    """Puts the panes together. Sheets are opened by the window."""

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        intents: Intents,
        relay_name: str,
        user: User,
        members_wanted: bool,
        on_members: Callable[[bool], None],
        on_new_group: kit.Command,
        on_rename: kit.Command,
        on_leave: kit.Command,
        relay_menu: Sequence[Choice],
    ) -> None:
        """*relay_menu*: what can be done with the relay and the account, opened at the name of either."""
        super().__init__(parent, bg=look.palette.window, bd=0, highlightthickness=0)
        theme.apply(self, look, "rail", "timeline")
        self._look = look
        self._intents = intents
        self._header: Header | None = None
        self._members_wanted = members_wanted
        self._members_asked = False
        """In a window that is too narrow for it, the pane was asked for."""
        self._on_members = on_members
        self._relay_menu = relay_menu
        self._popup: Popup | None = None
        px = look.px

        is_known = bool(user.username)  # else the conversations are still being opened
        left = self._left = kit.fixed_frame(self, look, "rail", width=tokens.RAIL_WIDTH)
        left.pack(side="left", fill="y")
        head = kit.fixed_frame(left, look, "rail", height=tokens.HEADER_HEIGHT)
        head.pack(fill="x")
        kit.icon_button(head, look, "plus", on_new_group, _("New group"), "rail").pack(side="right", padx=(0, px(10)))
        words = kit.frame(head, look, "rail")
        words.pack(side="left", padx=(px(12), 0), fill="x", expand=True)
        title = kit.frame(words, look, "rail")
        title.pack(anchor="w")
        shown = fit(look.fonts, "title", look.safe.name(relay_name), px(170))
        self._relay = kit.button(title, look, shown, self._open_relay_menu, "Title", surface="rail")
        arrow = look.icon("down", 14, look.palette.text3, 2.2)
        self._relay.configure(image=arrow, compound="right", text=f"{shown} ")
        kit.Tip(self._relay, look, _("Other relays, settings, sign out"))
        lock = kit.label(title, look, image=look.icon("lock", 14, look.palette.ok, 2.4), surface="rail")
        if is_known:
            self._relay.pack(side="left")
            lock.pack(side="left", padx=px(2))
        status = kit.frame(words, look, "rail")
        status.pack(anchor="w", fill="x", padx=(px(6), 0))
        self._dot = kit.label(status, look, surface="rail")
        self._dot.pack(side="left", padx=(0, px(6)))
        self._status = kit.label(status, look, "", "small", look.palette.text2, "rail")
        self._status.pack(side="left")
        self.rail = Rail(left, look, self.open_group)
        self.rail.pack(fill="both", expand=True)
        if is_known:
            self._own(left, user)

        self._left_line = kit.separator(self, look)
        self._left_line.pack(side="left", fill="y")
        self._members_line = kit.separator(self, look)
        self.members = MembersPane(self, look, lambda: self.toggle_members(False))
        self._middle = kit.frame(self, look)
        self._middle.pack(side="left", fill="both", expand=True)
        self.header = ConversationHeader(self._middle, look, self.toggle_members, on_rename, on_leave, self._join)
        self._header_line = kit.separator(self._middle, look)
        self.composer = Composer(self._middle, look, intents)
        self._composer_line = kit.separator(self._middle, look)
        self.timeline = Timeline(self._middle, look, intents)
        # The order in which Tab goes through them.
        self.composer.lift()
        self.members.lift()
        self._nothing = self._nothing_open(
            _("Choose a conversation at the left, or make a new group.") if is_known else ""
        )
        self._show_conversation(False)
        self.bind("<Configure>", lambda event: self._arrange(event.width))

    # -- what is shown -------------------------------------------------------------------------------------------------

    def show_status(self, text: str, tone: Tone) -> None:
        """How the link is."""
        look = self._look
        palette = look.palette
        colour = {Tone.GOOD: palette.ok, Tone.BUSY: palette.away, Tone.BAD: palette.badge_muted}[tone]
        self._dot.configure(image=look.paint.disc(look.px(8), colour))
        self._status.configure(text=fit(look.fonts, "small", look.safe.line(text), look.px(tokens.RAIL_WIDTH - 90)))

    def show_rail(self, rows: Sequence[RailRow], selected: int | None) -> None:
        """The conversations."""
        self.rail.show_rows(rows, selected)

    def show_header(self, header: Header | None) -> None:
        """The open conversation; None: none is."""
        changed = (header is None) != (self._header is None)
        self._header = header
        if header is not None:
            self.header.show(header)
            self.members.show_header(header)
            self.timeline.show_nothing(
                "" if header.joined else _("You are not in this group. Join it to read what is said here and to write.")
            )
        if changed:
            self._show_conversation(header is not None)
            self._arrange(self.winfo_width())

    def show_members(self, members: Sequence[MemberRow]) -> None:
        """Who is in it."""
        self.members.list.show_members(members)

    @property
    def open_header(self) -> Header | None:
        """Which conversation is open."""
        return self._header

    def panes(self) -> list[tk.Misc]:
        """What takes the keyboard, pane by pane, from left to right; only what is there."""
        panes = (self.rail.canvas, self.timeline.canvas, self.composer.text, self.members.list.canvas)
        return [pane for pane in panes if pane.winfo_ismapped()]

    def toggle_members(self, wanted: bool | None = None) -> None:
        """Open or close the members pane."""
        self._members_wanted = (not self.members.winfo_ismapped()) if wanted is None else wanted
        self._arrange(self.winfo_width(), asked=True)
        self._on_members(self._members_wanted)
        self._intents.show_members(self._members_wanted)

    # -- inside --------------------------------------------------------------------------------------------------------

    def _own(self, parent: tk.Misc, user: User) -> None:
        """Who is signed in here."""
        look, px = self._look, self._look.px
        name = look.safe.name(user.display_name or user.username)
        row = kit.fixed_frame(parent, look, "rail", height=52)
        self._more = kit.icon_button(
            row, look, "dots", self._open_own_menu, _("Other relays, settings, sign out"), "rail"
        )
        self._more.pack(side="right", padx=(0, px(10)))
        row.pack(side="bottom", fill="x")
        kit.separator(parent, look).pack(side="bottom", fill="x")
        kit.avatar(row, look, name, user.id, 30, surface="rail").pack(side="left", padx=(px(18), px(10)))
        words = kit.frame(row, look, "rail")
        words.pack(side="left", fill="x", expand=True)
        room = px(tokens.RAIL_WIDTH - 120)
        kit.label(words, look, fit(look.fonts, "second_bold", name, room), "second_bold", surface="rail").pack(
            anchor="w"
        )
        login = fit(look.fonts, "meta", f"@{look.safe.name(user.username)}", room)
        kit.label(words, look, login, "meta", look.palette.text3, "rail").pack(anchor="w")

    def _open_relay_menu(self) -> None:
        self._open_menu(self._relay, self._look.px(tokens.HEADER_HEIGHT - 4), "nw")

    def _open_own_menu(self) -> None:
        self._open_menu(self._more, self.winfo_height() - self._look.px(48), "sw")

    def _open_menu(self, opener: tk.Widget, y: int, anchor: str) -> None:
        was_open = self._popup is not None and self._popup.winfo_exists()
        self.close_menu()
        if not was_open:
            px = self._look.px
            self._popup = Popup(self, self._look, opener, self._relay_menu, "rail")
            self._popup.appear(px(12), y, px(tokens.RAIL_WIDTH - 24), anchor)

    def close_menu(self, unless_at: tk.Misc | None = None) -> None:
        """Close the menu that was opened by a button, if it is there; not when *unless_at* is a part of it."""
        popup = self._popup
        if popup is not None and popup.winfo_exists() and not (unless_at is not None and popup.holds(unless_at)):
            popup.close()

    def _nothing_open(self, text: str) -> tk.Frame:
        look, px = self._look, self._look.px
        place = kit.frame(self._middle, look, "timeline")
        inside = kit.frame(place, look, "timeline")
        inside.place(relx=0.5, rely=0.45, anchor="center")
        kit.label(inside, look, text, "second", look.palette.text2, "timeline").pack(pady=px(4))
        return place

    def _show_conversation(self, shown: bool) -> None:
        parts = (self.header, self._header_line, self.composer, self._composer_line, self.timeline, self._nothing)
        for part in parts:
            part.pack_forget()
        if not shown:
            self._nothing.pack(fill="both", expand=True)
            return
        self.header.pack(fill="x")
        self._header_line.pack(fill="x")
        self.composer.pack(side="bottom", fill="x")
        self._composer_line.pack(side="bottom", fill="x")
        self.timeline.pack(fill="both", expand=True)

    def _arrange(self, width: int, asked: bool = False) -> None:
        """The members pane is there when it is wanted and there is room, or when it was just asked for.

        Where there is no room for it beside the others, the rail makes way until it is closed.
        """
        if width <= 1:
            return
        roomy = width >= self._look.px(_MEMBERS_FROM)
        stays = self._members_asked and bool(self.members.winfo_manager())
        self._members_asked = not roomy and self._members_wanted and (asked or stays)
        shown = self._members_wanted and self._header is not None and (roomy or self._members_asked)
        if shown != bool(self.members.winfo_manager()):
            if shown:
                self.members.pack(side="right", fill="y", before=self._middle)
                self._members_line.pack(side="right", fill="y", before=self._middle)
            else:
                self.members.pack_forget()
                self._members_line.pack_forget()
        if (roomy or not shown) != bool(self._left.winfo_manager()):
            if self._left.winfo_manager():
                self._left.pack_forget()
                self._left_line.pack_forget()
            else:
                self._left.pack(side="left", fill="y", before=self._middle)
                self._left_line.pack(side="left", fill="y", before=self._middle)

    def _join(self) -> None:
        if self._header is not None:
            self._intents.join_group(self._header.group)

    def open_group(self, group: GroupId) -> None:
        """Ask for another conversation; what is half written in this one is told first."""
        self.composer.flush_draft()
        self._intents.open_group(group)

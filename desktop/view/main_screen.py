"""The third screen: conversations at the left, the open one in the middle, its members at the right."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from common.ids import GroupId, Seq
from common.protocol.messages import User
from desktop.intents import Intents
from desktop.locale import _
from desktop.model.reacted import ReactionNote
from desktop.model.rows import Header, MemberRow, RailRow
from desktop.model.transfers import TransferList
from desktop.screen import Tone
from desktop.view import kit, theme, tokens
from desktop.view.around import Around
from desktop.view.composer import Composer
from desktop.view.files.button import TransfersButton
from desktop.view.files.files import Files
from desktop.view.files_in import FilesIn
from desktop.view.fonts import fit
from desktop.view.header import ConversationHeader
from desktop.view.look import Look
from desktop.view.members import MembersPane
from desktop.view.message_acts import Ask, Forward, PickEmoji
from desktop.view.overlay import Choice
from desktop.view.popup import Popup
from desktop.view.rail import Rail
from desktop.view.timeline import Timeline

DROP_AFTER_MS: Final = 400
"""When what is dragged is looked for: not before the window is there."""
_MEMBERS_FROM = 900
"""In a narrower window (logical pixels) the members pane comes only when it is asked for, and then in the place of the rail."""
_TWO_FROM = 640
"""In a narrower one there is one pane at a time: the conversations, the open one, or its members."""


if TYPE_CHECKING:
    from desktop.view.reaction_bar import ReactionBar


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
        around: Around,
        relay_menu: Sequence[Choice],
        ask: Ask,
        forward: Forward,
        pick_emoji: PickEmoji,
        files: Files,
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
        self._group: GroupId | None = None
        """The conversation that was opened last."""
        self._rail_asked = False
        """The same of the conversations, where there is room for one pane."""
        self._on_members = on_members
        self._around = around
        self._files = files
        self.transfers: TransfersButton | None = None
        self._relay_menu = relay_menu
        self._popup: Popup | None = None
        px = look.px

        is_known = bool(user.username)  # else the conversations are still being opened
        left = self._left = kit.fixed_frame(self, look, "rail", width=tokens.RAIL_WIDTH)
        left.pack(side="left", fill="y")
        head = kit.fixed_frame(left, look, "rail", height=tokens.HEADER_HEIGHT)
        head.pack(fill="x")
        new = kit.icon_button(head, look, "plus", around.new_conversation, _("New conversation"), "rail")
        new.pack(side="right", padx=(0, px(10)))
        self._filter = kit.icon_button(head, look, "filter", self.toggle_unread_only, _("Only unread"), "rail")
        self._filter.pack(side="right")
        words = kit.frame(head, look, "rail")
        words.pack(side="left", padx=(px(12), 0), fill="x", expand=True)
        title = kit.frame(words, look, "rail")
        title.pack(anchor="w")
        self._relay_name = look.safe.name(relay_name)
        self._relay = kit.button(title, look, "", self._open_relay_menu, "Title", surface="rail")
        arrow = look.icon("down", 14, look.palette.text3, 2.2)
        self._relay.configure(image=arrow, compound="right")
        self._status_text = ""
        words.bind("<Configure>", lambda event: self._write_head(event.width))
        self._head_words = words
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
        self._check = kit.button(
            left, look, _("Check the connection"), intents.check_connection, "Link", "wifi", "rail"
        )
        self.rail = Rail(left, look, self.open_group, self._open_rail_menu, self.show_writing)
        self.rail.pack(fill="both", expand=True)
        if is_known:
            self._own(left, user)

        self._left_line = kit.separator(self, look)
        self._left_line.pack(side="left", fill="y")
        self._members_line = kit.separator(self, look)
        self.members = MembersPane(self, look, lambda: self.toggle_members(False), self._open_member_menu)
        self._middle = kit.frame(self, look)
        self._middle.pack(side="left", fill="both", expand=True)
        self.header = ConversationHeader(
            self._middle,
            look,
            self.show_list,
            self.toggle_members,
            self._join,
            lambda: around.open_search(everywhere=False),
            intents.show_pins,
            around.open_info,
            files.open_transfers,
        )
        self._header_line = kit.separator(self._middle, look)
        root = self.winfo_toplevel()
        assert isinstance(root, tk.Tk)
        self.files_in = FilesIn(root, look, intents, self._middle, self._attaches_in)
        self.composer = Composer(
            self._middle, look, intents, around.seek_here, around.ask_everybody, self.files_in.paste
        )
        self._composer_line = kit.separator(self._middle, look)
        self.timeline = Timeline(self._middle, look, intents, ask, forward, pick_emoji, files)
        files.on_changed = self.timeline.files_changed
        files.rows = lambda: self.timeline.rows
        files.on_transfers = self._show_transfers
        self.header.transfers.show(files.transfers)
        self.composer.add_button("clip", _("Attach files"), self.files_in.choose, "left")
        self.composer.add_button("smile", _("Emoji"), lambda: pick_emoji(self.composer.insert))
        self._reactions: ReactionBar | None = None
        # The order in which Tab goes through them.
        self.composer.lift()
        self.members.lift()
        self._nothing = self._nothing_open(
            _("Choose a conversation at the left, or make a new group.") if is_known else ""
        )
        self._show_conversation(False)
        self.bind("<Configure>", lambda event: self._arrange(event.width))
        self._drop_job = self.after(DROP_AFTER_MS, self.files_in.dropping.begin)
        self.bind("<Destroy>", self._end)

    # -- what is shown -------------------------------------------------------------------------------------------------

    def show_status(self, text: str, tone: Tone) -> None:
        """How the link is."""
        look = self._look
        palette = look.palette
        colour = {Tone.GOOD: palette.ok, Tone.BUSY: palette.away, Tone.BAD: palette.badge_muted}[tone]
        self._dot.configure(image=look.paint.disc(look.px(8), colour))
        self._status_text = look.safe.line(text)
        # While it is tried again and again it stays where it is.
        if tone is Tone.BAD and not self._check.winfo_manager():
            self._check.pack(anchor="w", padx=look.px(12), before=self.rail)
        elif tone is Tone.GOOD:
            self._check.pack_forget()
        self._write_head(self._head_words.winfo_width())

    def show_rail(self, rows: Sequence[RailRow], selected: int | None) -> None:
        """The conversations."""
        self.rail.show_rows(rows, selected)

    def show_header(self, header: Header | None) -> None:
        """The open conversation; None: none is."""
        changed = (header is None) != (self._header is None)
        if header is not None and header.group != self._group:
            self._group = header.group
            self._rail_asked = False
            changed = True
        self._header = header
        self.timeline.group = header.group if header is not None else None
        if header is not None:
            self.header.show(header)
            self.members.show_header(header)
            self.timeline.show_nothing(
                "" if header.joined else _("You are not in this group. Join it to read what is said here and to write.")
            )
        if changed:
            self._show_conversation(header is not None)
            self._arrange(self.winfo_width())

    def show_reactions(self, note: ReactionNote | None) -> None:
        """A line below the messages, or none."""
        if note is None:
            if self._reactions is not None:
                self._reactions.pack_forget()
            return
        if self._reactions is None:
            from desktop.view.reaction_bar import ReactionBar

            self._reactions = ReactionBar(self._middle, self._look, self._jump, self._intents.dismiss_reactions)
        self._reactions.show(note)
        if self.timeline.winfo_manager():
            self._reactions.pack(side="bottom", fill="x", before=self.timeline)

    def _jump(self, seq: Seq) -> None:
        if self._header is not None:
            self._intents.jump_to(self._header.group, seq)

    def show_members(self, members: Sequence[MemberRow]) -> None:
        """Who is in it."""
        self.members.list.show_members(members)
        self.composer.know_people(members)

    @property
    def open_header(self) -> Header | None:
        """Which conversation is open."""
        return self._header

    def toggle_unread_only(self) -> None:
        """Show only conversations with something unread, or all again."""
        wanted = not self.rail.unread_only
        self.rail.show_unread_only(wanted)
        palette = self._look.palette
        self._filter.configure(
            image=self._look.icon(
                "filter", 20, palette.accent_text if wanted else palette.text2, 2.6 if wanted else 1.9
            )
        )

    def panes(self) -> list[tk.Misc]:
        """What takes the keyboard, pane by pane, from left to right; only what is there, or could be in the place of another."""
        panes = (self.rail.canvas, self.timeline.canvas, self.composer.text, self.members.list.canvas)
        if self._is_narrow() and self._header is not None:
            return list(panes if self._members_wanted else panes[:3])
        return [pane for pane in panes if pane.winfo_ismapped()]

    def focus_pane(self, pane: tk.Misc) -> None:
        """Give the keyboard to one of `panes`; where only one has room, it comes to the front."""
        if not pane.winfo_ismapped():
            self._rail_asked = pane is self.rail.canvas
            self._members_asked = self._members_asked and pane is self.members.list.canvas
            self._arrange(self.winfo_width(), asked=pane is self.members.list.canvas)
            self.update_idletasks()  # what is not there yet cannot take the keyboard
        pane.focus_set()

    def focus_front(self) -> None:
        """Give the keyboard to where one writes, or else to what is there."""
        if self._is_narrow() and (self._header is None or self._rail_asked):
            self.rail.canvas.focus_set()
        else:
            self.composer.focus()

    def stay_as(self, old: MainScreen) -> None:
        """Take the place of *old*: the same pane is in front, where there is room for one."""
        self._group = old._group
        self._rail_asked, self._members_asked = old._rail_asked, old._members_asked

    def show_writing(self) -> None:
        """The keyboard to where one writes."""
        self.show_conversation()
        self.focus_front()

    def go_back(self) -> None:
        """To where one writes; from there, where one pane has room, to the list."""
        is_there = self.focus_lastfor() is self.composer.text
        if self._is_narrow() and (is_there or self._header is None):
            self.show_list()
        else:
            if self._is_narrow():
                self.show_conversation()
            self.focus_front()

    def open_own_menu(self) -> None:
        """What can be done with the relay and the account."""
        if self._is_narrow():
            self.show_list()
        self._open_relay_menu()

    def show_list(self) -> None:
        """The list of conversations, also where only one pane has room."""
        self.focus_pane(self.rail.canvas)

    def show_conversation(self) -> None:
        """The open conversation, also where only one pane has room."""
        if self._rail_asked or (self._is_narrow() and self._members_asked):
            self._rail_asked = self._members_asked = False
            self._arrange(self.winfo_width())
            self.focus_front()

    def toggle_members(self, wanted: bool | None = None) -> None:
        """Open or close the members pane."""
        self._members_wanted = (not self.members.winfo_ismapped()) if wanted is None else wanted
        self._arrange(self.winfo_width(), asked=True)
        self._on_members(self._members_wanted)
        self._intents.show_members(self._members_wanted)

    # -- inside --------------------------------------------------------------------------------------------------------

    def _end(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self:
            self.after_cancel(self._drop_job)
            self.files_in.close()

    def _attaches_in(self) -> str | None:
        """The conversation that files would go to now; None under a sheet, and where one cannot write."""
        header = self._header
        return header.name if header is not None and header.joined and self.winfo_ismapped() else None

    def _show_transfers(self, transfers: TransferList) -> None:
        if self.transfers is not None:
            self.transfers.show(transfers)
        self.header.transfers.show(transfers)

    def _own(self, parent: tk.Misc, user: User) -> None:
        """Who is signed in here."""
        look, px = self._look, self._look.px
        name = look.safe.name(user.display_name or user.username)
        row = kit.fixed_frame(parent, look, "rail", height=52)
        self._more = kit.icon_button(
            row, look, "dots", self._open_own_menu, _("Other relays, settings, sign out"), "rail"
        )
        self._more.pack(side="right", padx=(0, px(10)))
        self.transfers = TransfersButton(row, look, self._files.open_transfers, "rail")
        self.transfers.show(self._files.transfers)
        row.pack(side="bottom", fill="x")
        kit.separator(parent, look).pack(side="bottom", fill="x")
        kit.avatar(row, look, name, user.id, 30, surface="rail").pack(side="left", padx=(px(18), px(10)))
        words = kit.frame(row, look, "rail")
        words.pack(side="left", fill="x", expand=True)
        room = look.tx(tokens.RAIL_WIDTH) - px(120)
        kit.label(words, look, fit(look.fonts, "second_bold", name, room), "second_bold", surface="rail").pack(
            anchor="w"
        )
        login = fit(look.fonts, "meta", f"@{look.safe.name(user.username)}", room)
        kit.label(words, look, login, "meta", look.palette.text3, "rail").pack(anchor="w")

    def _open_relay_menu(self) -> None:
        self._open_menu(self._relay, self._look.tx(tokens.HEADER_HEIGHT - 4), "nw")

    def _open_own_menu(self) -> None:
        self._open_menu(self._more, self.winfo_height() - self._look.tx(48), "sw")

    def _open_rail_menu(self, row: RailRow, x: int, y: int) -> None:
        self._open_at(self.rail.canvas, self._around.rail_menu(row), "rail", x, y)

    def _open_member_menu(self, row: MemberRow, x: int, y: int) -> None:
        self._open_at(self.members.list.canvas, self._around.member_menu(row), "window", x, y)

    def _open_at(self, opener: tk.Widget, choices: Sequence[Choice], ground: kit.Surface, x: int, y: int) -> None:
        """A menu at a point of the screen, kept within the window."""
        self.close_menu()
        if not choices:
            return
        px = self._look.px
        popup = self._popup = Popup(self, self._look, opener, choices, ground)
        popup.appear(x - self.winfo_rootx(), y - self.winfo_rooty(), px(200))

    def _open_menu(self, opener: tk.Widget, y: int, anchor: str) -> None:
        was_open = self._popup is not None and self._popup.winfo_exists()
        self.close_menu()
        if not was_open:
            px = self._look.px
            self._popup = Popup(self, self._look, opener, self._relay_menu, "rail")
            self._popup.appear(px(12), y, self._look.tx(tokens.RAIL_WIDTH - 24), anchor)

    def close_menu(self, unless_at: tk.Misc | None = None) -> None:
        """Close the menu that was opened by a button, if it is there; not when *unless_at* is a part of it."""
        popup = self._popup
        if popup is not None and popup.winfo_exists() and not (unless_at is not None and popup.holds(unless_at)):
            popup.close()

    def _nothing_open(self, text: str) -> tk.Frame:
        look, px = self._look, self._look.px
        place = kit.frame(self._middle, look, "timeline")
        inside = kit.frame(place, look, "timeline")
        inside.place(relx=0.5, rely=0.45, anchor="center", relwidth=0.9)
        words = kit.paragraph(inside, look, text, "second", look.palette.text2, "timeline")
        words.configure(justify="center", anchor="center")
        words.pack(fill="x", pady=px(4))
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
        if self._is_narrow(width):
            self._arrange_one(asked)
            return
        self.header.show_back(False)
        self._left.pack_configure(fill="y", expand=False) if self._left.winfo_manager() else None
        if not self._middle.winfo_manager():
            self._middle.pack(side="left", fill="both", expand=True)
        self.members.pack_configure(fill="y", expand=False) if self.members.winfo_manager() else None
        roomy = width >= self._look.tx(_MEMBERS_FROM)
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

    def _is_narrow(self, width: int = 0) -> bool:
        return 1 < (width or self.winfo_width()) < self._look.tx(_TWO_FROM)

    def _arrange_one(self, asked: bool) -> None:
        """One pane fills the window."""
        if asked:
            self._members_asked = self._members_wanted
            self._rail_asked = False
        front: tk.Widget = self._middle
        if self._header is None or self._rail_asked:
            front = self._left
        elif self._members_asked and self._members_wanted:
            front = self.members
        self.header.show_back(True)
        for part in (self._left, self._left_line, self._middle, self._members_line, self.members):
            if part is not front and part.winfo_manager():
                part.pack_forget()
        if front.winfo_manager():
            front.pack_configure(fill="both", expand=True)
        else:
            front.pack(side="left", fill="both", expand=True)
        hidden = self.composer.text if front is not self._middle else self.rail.canvas
        if self.focus_lastfor() is hidden:
            self.focus_front()

    def _write_head(self, width: int) -> None:
        """The relay's name and the state of the link, as far as there is room."""
        if width <= 1:
            return
        look, px = self._look, self._look.px
        name = fit(look.fonts, "title", self._relay_name, max(1, width - px(60)))
        self._relay.configure(text=f"{name} ")
        self._status.configure(text=fit(look.fonts, "small", self._status_text, max(1, width - px(24))))

    def _join(self) -> None:
        if self._header is not None:
            self._intents.join_group(self._header.group)

    def open_group(self, group: GroupId) -> None:
        """Ask for another conversation; what is half written in this one is told first."""
        self.composer.flush_draft()
        self._intents.open_group(group)
        if self._header is not None and self._header.group == group:
            self.show_conversation()

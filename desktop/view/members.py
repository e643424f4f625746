"""Who is in the open conversation: those who are here now first, as the model sorts them."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Hashable, Sequence
from functools import partial

from desktop.locale import _, n_
from desktop.model.rows import Header, MemberRow
from desktop.view import keymap, kit, presence, tokens
from desktop.view.block import Block, Panel, Picture, Text
from desktop.view.fonts import fit
from desktop.view.look import Look
from desktop.view.virtual import VirtualList

_PICTURED_FROM = 420
"""In a pane that is as high as this (logical pixels) the conversation's picture stands above its people."""


class MemberList(VirtualList):
    """The people."""

    START_MARGIN = 0
    END_MARGIN = 8

    def __init__(self, parent: tk.Misc, look: Look, on_person: Callable[[MemberRow, int, int], None]) -> None:
        """*on_person*: what can be done with that one is wanted, at that place of the screen."""
        self._members: Sequence[MemberRow] = ()
        self._on_person = on_person
        self._active = -1
        super().__init__(parent, look, "window")

    def show_members(self, members: Sequence[MemberRow]) -> None:
        """Replace the list; the place in it stays."""
        self._members = members
        self._active = min(self._active, len(members) - 1)
        self.go_to(self.position())

    def count(self) -> int:
        return len(self._members)

    def key(self, index: int) -> Hashable:
        return self._members[index], index == self._active

    def lay_out(self, index: int) -> Block:
        member = self._members[index]
        look, px, palette, fonts = self.look, self.look.px, self.look.palette, self.look.fonts
        height = look.tx(44)
        size = px(34)
        name = look.safe.name(member.name)
        block = Block(height)
        if index == self._active:
            radius = px(8)
            fill = palette.rail_hover
            block.marks.append(Panel(px(8), 0, max(1, self.width - px(10)), height, (radius,) * 4, fill))
        top = (height - size) // 2
        ground = palette.rail_hover if index == self._active else palette.window
        avatar = partial(look.paint.avatar, size, name, member.user, ground=ground)
        block.marks.append(Picture(px(18), top, avatar))
        dot = px(13)
        ring = partial(look.paint.disc, dot, presence.colour(palette, member.presence), ground, px(2))
        block.marks.append(Picture(px(18) + size + px(2), top + size + px(2), ring, "se"))
        left = px(18) + size + px(10)
        room = self.width - left - px(12)
        title = _("{name} (you)").format(name=name) if member.own else name
        block.marks.append(
            Text(left, look.tx(14), fit(fonts, "second_bold", title, room), "second_bold", palette.text, "w")
        )
        roles = {"owner": _("owner"), "admin": _("administrator"), "member": ""}
        words = [presence.words(member.presence), look.safe.line(member.status), roles[member.role]]
        if member.muted:
            words.append(_("muted"))
        if member.typing:
            words = [_("is writing…")]
        state = " · ".join(word for word in words if word)
        colour = palette.accent_text if member.typing else palette.text2
        block.marks.append(Text(left, look.tx(31), fit(fonts, "small", state, room), "small", colour, "w"))
        return block

    def _bind(self) -> None:
        super()._bind()
        canvas = self.canvas
        canvas.bind("<Button-1>", lambda event: self._press(event))
        canvas.bind("<Button-3>", lambda event: self._press(event))
        canvas.bind("<Motion>", lambda event: self._mark(self._under(event.y)))
        canvas.bind("<Leave>", lambda _event: self._mark(-1))
        keymap.bind(
            canvas,
            "people",
            {
                "up": lambda: self._step(-1),
                "down": lambda: self._step(1),
                "first": lambda: self._step(-len(self._members)),
                "last": lambda: self._step(len(self._members)),
                "page_up": lambda: self._step(-self._page() // self.look.tx(44)),
                "page_down": lambda: self._step(self._page() // self.look.tx(44)),
                "menu": self._open,
            },
        )

    def _press(self, event: tk.Event[tk.Canvas]) -> None:
        self.canvas.focus_set()
        index = self._under(event.y)
        if index >= 0:
            self._on_person(self._members[index], event.x_root, event.y_root)

    def _open(self) -> None:
        drawn = self.drawn(self._active)
        if self._active >= 0 and drawn is not None:
            x = self.canvas.winfo_rootx() + self.look.px(40)
            y = self.canvas.winfo_rooty() + self.to_view(drawn) + drawn.block.height // 2
            self._on_person(self._members[self._active], x, y)

    def _step(self, by: int) -> None:
        if self._members:
            self._mark(min(max(self._active + by, 0), len(self._members) - 1))
            self.reveal(self._active)

    def _under(self, y: float) -> int:
        found = self.row_at(y)
        if found is None:
            return -1
        index, drawn = found
        return index if 0 <= y - self.to_view(drawn) < drawn.block.height else -1

    def _mark(self, index: int) -> None:
        if index == self._active:
            return
        before, self._active = self._active, index
        for changed in (before, index):
            if 0 <= changed < self.count():
                self.redraw(changed)


class MembersPane(tk.Frame):
    """The pane at the right: what this conversation is, and who is in it."""

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        on_close: kit.Command,
        on_person: Callable[[MemberRow, int, int], None],
    ) -> None:
        super().__init__(parent, bg=look.palette.window, bd=0, width=look.tx(tokens.MEMBERS_WIDTH))
        self.pack_propagate(False)
        self._look = look
        px = look.px
        self._name_text = ""
        head = kit.fixed_frame(self, look, height=tokens.HEADER_HEIGHT)
        head.pack(fill="x")
        self._title = kit.label(head, look, _("About this group"), "title")
        self._title.pack(side="left", padx=px(18))
        kit.icon_button(head, look, "close", on_close, _("Close"), size=18).pack(side="right", padx=px(10))
        self._line = kit.separator(self, look)
        self._line.pack(fill="x")
        self._avatar = kit.avatar(self, look, "?", 0, 76, True)
        self._avatar.pack(pady=(px(20), px(8)))
        self._name = kit.label(self, look, "", "title")
        self._name.configure(justify="center", anchor="center")
        self._name.pack(fill="x", padx=px(18))
        self._topic = kit.paragraph(self, look, "", "second", look.palette.text2)
        self._topic.configure(justify="center", anchor="center")
        self._topic.pack(fill="x", padx=px(18), pady=(px(2), px(14)))
        kit.separator(self, look).pack(fill="x")
        self._count = kit.label(self, look, "", "small_bold", look.palette.text3)
        self._count.pack(anchor="w", padx=px(18), pady=(px(14), px(6)))
        self.list = MemberList(self, look, on_person)
        self.list.pack(fill="both", expand=True)
        self.bind("<Configure>", lambda event: self._arrange(event.width, event.height))

    def show_header(self, header: Header) -> None:
        """Which conversation it is."""
        look = self._look
        name = look.safe.name(header.name)
        ident = header.peer if header.peer is not None else header.group
        picture = look.paint.avatar(look.px(76), name, ident, header.kind != "direct")
        self._title.configure(text=_("About") if header.kind == "direct" else _("About this group"))
        self._avatar.configure(image=picture)
        self._name_text = name
        self._write_name(self.winfo_width())
        self._topic.configure(text=look.safe.line(header.status if header.kind == "direct" else header.topic))
        count = header.members if header.members is not None else 0
        self._count.configure(text=n_("MEMBERS — {n}", "MEMBERS — {n}", count).format(n=count) if count else "")

    def _arrange(self, width: int, height: int) -> None:
        """In a low window the people matter more than the picture."""
        self._write_name(width)
        wanted = height >= self._look.tx(_PICTURED_FROM)
        if wanted == bool(self._avatar.winfo_manager()):
            return
        px = self._look.px
        if wanted:
            self._avatar.pack(pady=(px(20), px(8)), after=self._line)
            self._name.pack(fill="x", padx=px(18), after=self._avatar)
            self._topic.pack(fill="x", padx=px(18), pady=(px(2), px(14)), after=self._name)
        else:
            for part in (self._avatar, self._name, self._topic):
                part.pack_forget()

    def _write_name(self, width: int) -> None:
        room = (width if width > 1 else self._look.tx(tokens.MEMBERS_WIDTH)) - self._look.px(36)
        self._name.configure(text=fit(self._look.fonts, "title", self._name_text, max(1, room)))

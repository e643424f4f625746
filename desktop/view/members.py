"""Who is in the open conversation: those who are here now first, as the model sorts them."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Hashable, Sequence
from functools import partial

from desktop.locale import _, n_
from desktop.model.rows import Header, MemberRow
from desktop.view import kit, tokens
from desktop.view.block import Block, Picture, Text
from desktop.view.fonts import fit
from desktop.view.look import Look
from desktop.view.virtual import VirtualList


class MemberList(VirtualList):
    """The people."""

    START_MARGIN = 0
    END_MARGIN = 8

    def __init__(self, parent: tk.Misc, look: Look) -> None:
        self._members: Sequence[MemberRow] = ()
        super().__init__(parent, look, "window")

    def show_members(self, members: Sequence[MemberRow]) -> None:
        """Replace the list; the place in it stays."""
        self._members = members
        self.go_to(self.position())

    def count(self) -> int:
        return len(self._members)

    def key(self, index: int) -> Hashable:
        return self._members[index]

    def lay_out(self, index: int) -> Block:
        member = self._members[index]
        look, px, palette, fonts = self.look, self.look.px, self.look.palette, self.look.fonts
        height = px(44)
        size = px(34)
        name = look.safe.name(member.name)
        online = member.presence == "online"
        block = Block(height)
        top = (height - size) // 2
        block.marks.append(Picture(px(18), top, partial(look.paint.avatar, size, name, member.user)))
        dot = px(13)
        colour = palette.ok if online else palette.badge_muted
        ring = partial(look.paint.disc, dot, colour, palette.window, px(2))
        block.marks.append(Picture(px(18) + size + px(2), top + size + px(2), ring, "se"))
        left = px(18) + size + px(10)
        room = self.width - left - px(12)
        title = _("{name} (you)").format(name=name) if member.own else name
        block.marks.append(Text(left, px(14), fit(fonts, "second_bold", title, room), "second_bold", palette.text, "w"))
        roles = {"owner": _("owner"), "admin": _("administrator"), "member": ""}
        words = [_("online") if online else _("offline"), roles[member.role]]
        state = " · ".join(word for word in words if word)
        block.marks.append(Text(left, px(31), fit(fonts, "small", state, room), "small", palette.text2, "w"))
        return block


class MembersPane(tk.Frame):
    """The pane at the right: what this conversation is, and who is in it."""

    def __init__(self, parent: tk.Misc, look: Look, on_close: kit.Command) -> None:
        super().__init__(parent, bg=look.palette.window, bd=0, width=look.px(tokens.MEMBERS_WIDTH))
        self.pack_propagate(False)
        self._look = look
        px = look.px
        head = kit.fixed_frame(self, look, height=tokens.HEADER_HEIGHT)
        head.pack(fill="x")
        kit.label(head, look, _("About this group"), "title").pack(side="left", padx=px(18))
        kit.icon_button(head, look, "close", on_close, _("Close"), size=18).pack(side="right", padx=px(10))
        kit.separator(self, look).pack(fill="x")
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
        self.list = MemberList(self, look)
        self.list.pack(fill="both", expand=True)

    def show_header(self, header: Header) -> None:
        """Which conversation it is."""
        look = self._look
        name = look.safe.name(header.name)
        picture = look.paint.avatar(look.px(76), name, header.group, header.kind != "direct")
        self._avatar.configure(image=picture)
        self._name.configure(text=fit(look.fonts, "title", name, look.px(tokens.MEMBERS_WIDTH - 36)))
        self._topic.configure(text=look.safe.line(header.topic))
        count = header.members if header.members is not None else 0
        self._count.configure(text=n_("MEMBERS — {n}", "MEMBERS — {n}", count).format(n=count) if count else "")

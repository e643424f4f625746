"""About a conversation: what it is, who is in it, and what can be done with it as a whole."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from msgspec import Struct

from common.protocol import limits
from common.protocol.messages import NotifyLevel
from desktop.locale import _, n_
from desktop.model.rows import Header
from desktop.view import kit, presence
from desktop.view.keeping import rule_text
from desktop.view.levels import levels
from desktop.view.look import Look
from desktop.view.quieting import pauses, slow_words
from desktop.view.sheets.base import Sheet
from desktop.view.sheets.choosing import Choosing


class InfoActs(Struct, frozen=True):
    """What the sheet's buttons do."""

    rename: kit.Command
    set_topic: Callable[[str], None]
    show_pins: kit.Command
    show_members: kit.Command
    add_people: kit.Command
    invite: kit.Command
    bans: kit.Command
    hooks: kit.Command
    mute: Callable[[NotifyLevel], None]
    slow: Callable[[int], None]
    keeping: kit.Command | None
    """Say how much of the past is kept; None: the person may not."""
    hide: Callable[[bool], None]
    export: kit.Command
    leave: kit.Command


class GroupInfoSheet(Sheet):
    """Made of what the header says; what the person may not do is not there."""

    WIDTH = 480

    def __init__(self, parent: tk.Misc, look: Look, on_close: kit.Command, header: Header, acts: InfoActs) -> None:
        super().__init__(parent, look, on_close, _("About the group") if header.kind != "direct" else _("About"))
        px = look.px
        self._header = header
        self._acts = acts
        top = kit.frame(self.body, look)
        top.pack(fill="x", pady=(0, px(12)))
        name = look.safe.name(header.name)
        ident = header.peer if header.peer is not None else header.group
        kit.avatar(top, look, name, ident, 56, header.kind != "direct").pack(side="left", padx=(0, px(14)))
        if header.may_rename:
            kit.icon_button(top, look, "edit", self._first_close(acts.rename), _("Rename the group")).pack(side="right")
        words = kit.frame(top, look)
        words.pack(side="left", fill="x", expand=True)
        kit.paragraph(words, look, name, "title").pack(fill="x")
        kit.paragraph(words, look, _about(look, header), "second", look.palette.text2).pack(fill="x")
        self.topic: kit.Field | None = None
        if header.may_manage and header.kind != "direct":
            self.topic = kit.Field(self.body, look, _("Topic"), hint=_("What it is about; may stay empty."))
            self.topic.put(look.safe.drawable(header.topic))
            self.topic.pack(fill="x", pady=(0, px(10)))
        elif header.topic:
            kit.paragraph(self.body, look, look.safe.line(header.topic)).pack(fill="x", pady=(0, px(10)))
        self._beside = 2 if self.room >= look.tx(self.WIDTH) else 1
        self._lines = self._columns()
        pins = _("Pinned messages") + (f" ({header.pins})" if header.pins else "")
        self._line("pin", pins, acts.show_pins)
        if header.kind != "direct":
            self._line("users", _("Members"), acts.show_members)
            if header.may_manage:
                self._line("plus", _("Add people"), acts.add_people)
                self._line("link", _("Invite by a link"), acts.invite)
                self._line("warning", _("Taken out for good"), acts.bans)
                self._line("key", _("Webhooks"), acts.hooks)
        self.level = Choosing(
            self.body, look, _("Tell me of"), [(one.level, one.short) for one in levels()], header.notify, acts.mute
        )
        self.level.pack(fill="x", pady=(px(10), 0))
        self.pause: Choosing[int] | None = None
        if header.may_rename:
            self.pause = Choosing(
                self.body,
                look,
                _("Slow mode: between two messages of one member"),
                pauses(header.slow),
                header.slow,
                acts.slow,
            )
            self.pause.pack(fill="x", pady=(px(10), 0))
        elif header.slow:
            kit.paragraph(self.body, look, slow_words(header.slow), "second", look.palette.text2).pack(
                fill="x", pady=(px(10), 0)
            )
        self._say_what_is_kept(header, acts)
        kit.separator(self.body, look).pack(fill="x", pady=(px(14), px(6)))
        self._lines = self._columns()
        hide = _("Put back into the list") if header.hidden else _("Put out of sight")
        self._line("eye", hide, lambda: acts.hide(not header.hidden))
        self._line("export", _("Export"), acts.export)
        if header.may_leave and header.joined:
            self._line("leave", _("Leave the group"), acts.leave)
        self.add_button(_("Done"), self._done, "Primary", default=True)

    def first_focus(self) -> tk.Misc:
        return self

    def _line(self, icon: str, label: str, act: kit.Command) -> None:
        made = kit.button(self._lines, self.look, label, self._first_close(act), "Menu", icon=icon)
        row, column = divmod(len(self._lines.grid_slaves()), self._beside)
        made.grid(row=row, column=column, sticky="we")

    def _say_what_is_kept(self, header: Header, acts: InfoActs) -> None:
        look, px = self.look, self.look.px
        title = _("How long messages are kept")
        kit.label(self.body, look, title, "small_bold", look.palette.text2).pack(anchor="w", pady=(px(12), px(3)))
        row = kit.frame(self.body, look)
        row.pack(fill="x")
        if acts.keeping is not None:
            change = kit.button(row, look, _("Change…"), self._first_close(acts.keeping), "Link")
            change.pack(side="right", anchor="n", padx=(px(10), 0))
        kit.paragraph(row, look, rule_text(header.keeps)).pack(side="left", fill="x", expand=True)

    def _columns(self) -> tk.Frame:
        """Two lines beside each other, so that all of them fit into a low window; large text needs the whole width."""
        place = kit.frame(self.body, self.look)
        place.pack(fill="x")
        place.columnconfigure(tuple(range(self._beside)), weight=1, uniform="lines")
        return place

    def _first_close(self, act: kit.Command) -> kit.Command:
        def run() -> None:
            if self._done():
                act()

        return run

    def _done(self) -> bool:
        """Close with the topic that was typed, whichever button leads away; whether it could be taken."""
        topic = self.topic.text.strip() if self.topic is not None else self._header.topic
        if self.topic is not None and len(topic) > limits.TOPIC_CHARACTERS:
            self.topic.show_problem(_("At most {n} characters, please.").format(n=limits.TOPIC_CHARACTERS))
            return False
        self.close()
        if self.topic is not None and topic != self.look.safe.drawable(self._header.topic):
            self._acts.set_topic(topic)
        return True


def _about(look: Look, header: Header) -> str:
    if header.presence is not None:
        words = [presence.words(header.presence), look.safe.line(header.status)]
    else:
        kind = _("Private group: only its members see it") if header.private else _("Group")
        words = [_("The group of everybody") if header.kind == "general" else kind]
        if header.members is not None:
            words.append(n_("{n} member", "{n} members", header.members).format(n=header.members))
    return " · ".join(word for word in words if word)

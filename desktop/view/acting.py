"""What can be done with a message of the list: by a click into it, by its menu, or by a key while it is marked."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Hashable, Sequence
from functools import partial
from typing import Final

from common.ids import GroupId, Seq
from desktop.intents import Intents
from desktop.locale import _
from desktop.model.rows import Bubble, Delivery, Row
from desktop.view import actions, bubble, keymap, keys, kit, markdown, opening
from desktop.view.block import Hit
from desktop.view.files.cards import items_of
from desktop.view.files.files import Files
from desktop.view.files.in_timeline import item_of
from desktop.view.links import Kind, address
from desktop.view.look import Look
from desktop.view.marking import MarkingList, ident
from desktop.view.message_acts import Ask, Forward, MessageActs, PickEmoji
from desktop.view.overlay import Choice, Menu
from desktop.view.upload_menu import upload_choices

_LINK_SHOWN: Final = 40


class ActingList(MarkingList):
    """The rows, and the menu over them. Subclasses bind the pointer and the keys."""

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        surface: kit.Surface,
        intents: Intents,
        ask: Ask,
        forward: Forward,
        pick_emoji: PickEmoji,
        files: Files,
    ) -> None:
        """*ask*: put a question to the person, and say what was answered. *forward*: let them choose where to."""
        self._ask = ask
        self._files = files
        self._intents = intents
        self._acts = MessageActs(intents, ask, forward, pick_emoji, self._take_keyboard)
        self._expanded: set[Hashable] = set()
        self.group: GroupId | None = None
        """The conversation that the rows are of."""
        super().__init__(parent, look, surface)
        self._menu = Menu(self.canvas, look)

    # -- a click into it -----------------------------------------------------------------------------------------------

    def _hit_at(self, x: float, y: float) -> tuple[int, Hit] | None:
        found = self.row_at(y)
        if found is None:
            return None
        index, drawn = found
        hit = drawn.block.hit(x, y - self.to_view(drawn))
        return None if hit is None else (index, hit)

    def _act(self, index: int, hit: Hit) -> None:
        row = self._rows[index]
        match hit.action:
            case actions.LINK if isinstance(row, Bubble):
                self._follow(hit.value, markdown.texts_of(bubble.document(row, self.look), hit.value))
            case actions.UNFOLD:
                self._expanded.add(ident(row))
                drawn = self.drawn(index)
                self.show(index, self.to_view(drawn) if drawn is not None else 0)
            case actions.JUMP:
                self._jump(Seq(int(hit.value)), index)
            case actions.PERSON if isinstance(row, Bubble) and (drawn := self.drawn(index)) is not None:
                self._menu.open(hit.x, self.to_view(drawn) + hit.y + hit.height, [self._write_to(row)])
            case actions.REACT if isinstance(row, Bubble):
                self._acts.toggle(row, hit.value)
            case actions.FILE | actions.FILE_SIDE if (
                isinstance(row, Bubble) and (item := item_of(row, hit)) is not None
            ):
                self._files.act(item) if hit.action == actions.FILE else self._files.act_beside(item)
            case actions.GAP:
                self._intents.load_gap(index)
            case actions.COPY if isinstance(row, Bubble):
                self.copy(bubble.body_text(row, self.look))
            case actions.RETRY | actions.EDIT | actions.DISCARD if isinstance(row, Bubble):
                self._act_on_failed(row, hit.action)

    def _jump(self, seq: Seq, below: int) -> None:
        """To the message of that seq: among the rows before row *below*, or wherever it is."""
        for index in range(min(below, self.count()) - 1, -1, -1):
            row = self._rows[index]
            if isinstance(row, Bubble) and row.seq is not None and row.seq <= seq:
                if row.seq == seq:
                    self._mark(ident(row))
                    self.show(index, self.height // 3)
                    return
                break
        if self.group is not None:
            self._intents.jump_to(self.group, seq)

    def _follow(self, target: str, texts: Sequence[str]) -> None:
        """An invitation leads to its relay; of everything else the person first sees where it leads, and whether its *texts* say so."""
        found = address(target)
        if found is None:
            return
        if found.kind is Kind.INVITATION:
            self._intents.paste_invitation(target)
            return

        def answered(key: str) -> None:
            if key == opening.OPEN:
                opening.open_address(found)
            elif key == opening.COPY:
                self.copy(target)

        self._ask(opening.question(found, texts), answered)

    def _act_on_failed(self, row: Bubble, action: str) -> None:
        if row.nonce is None:
            return
        match action:
            case actions.RETRY:
                self._intents.retry(row.nonce)
            case actions.EDIT:
                self._intents.edit_failed(row.nonce)
            case actions.DISCARD:
                self._intents.discard(row.nonce)

    # -- a key while it is marked --------------------------------------------------------------------------------------

    def _act_on_file(self) -> bool:
        """What is most likely wanted with it."""
        item = None if self._menu.is_open else self._marked_file()
        if item is not None:
            self._files.act(item)
        return item is not None

    def _file_key(self, letter: str) -> bool:
        item = None if self._menu.is_open else self._marked_file()
        return item is not None and self._files.key(letter, item)

    def _act_on_marked(self, name: str) -> bool:
        """Do that with the message whose menu is open, else with the marked one; whether there is one, and it can be done with it."""
        if self._menu.is_open:
            return self._menu.act_by_key(keymap.key_of("messages", name))
        row = self._marked_row()
        return row is not None and self._acts.act(name, row)

    def _copy_by_key(self) -> bool:
        row = self._marked_row()
        return self.copy() or (row is not None and self.copy(bubble.body_text(row, self.look)))

    def _menu_by_key(self) -> None:
        if self._menu.is_open:
            self._menu.act()
        else:
            self._open_menu_by_key()

    def _take_keyboard(self) -> None:
        if self.winfo_exists():  # another look made another timeline, which has it or not as it was
            self.canvas.focus_set()

    # -- its menu ------------------------------------------------------------------------------------------------------

    def _open_menu_by_key(self) -> None:
        """For the marked message, or the one that needs somebody most: the last one in view that failed, else the last one."""
        bubbles = [(row, drawn) for index, drawn in self.visible() if isinstance(row := self._rows[index], Bubble)]
        if not bubbles:
            return
        failed = [found for found in bubbles if found[0].delivery is Delivery.FAILED]
        marked = [found for found in bubbles if ident(found[0]) == self._marked]
        row, drawn = (marked or failed or bubbles)[-1]
        x = self.width - self.look.px(40) if row.own else self.look.px(80)
        y = min(self.to_view(drawn) + drawn.block.height // 2, self.height)
        self._menu.open(x, y, [*self._choices(row, None), *self._hit_choices(row)], self._acts.quick(row))
        self._menu.step(1)

    def _hit_choices(self, row: Bubble) -> Sequence[Choice]:
        """What a click into the message would do."""
        index = next(index for index, _drawn in self.visible() if self._rows[index] is row)
        choices: dict[tuple[str, str], Choice] = {}
        for hit in self.block(index).hits:
            act = partial(self._act, index, hit)
            match hit.action:
                case actions.LINK:
                    made = Choice(
                        "link", _("Open {link}").format(link=self.look.safe.line(hit.value, _LINK_SHOWN)), act
                    )
                case actions.JUMP:
                    made = Choice("up", _("Go to the message that it answers"), act)
                case actions.UNFOLD:
                    made = Choice("down", _("Show the whole message"), act)
                case _:
                    continue
            choices.setdefault((hit.action, hit.value), made)
        return list(choices.values())

    def _open_menu(self, event: tk.Event[tk.Canvas]) -> None:
        self.canvas.focus_set()
        found = self.row_at(event.y)
        if found is None:
            return
        hit = self._hit_at(event.x, event.y)
        choices = self._choices(self._rows[found[0]], hit[1] if hit is not None else None)
        if choices:
            row = self._rows[found[0]]
            self._menu.open(event.x, event.y, choices, self._acts.quick(row) if isinstance(row, Bubble) else ())

    def _choices(self, row: Row, hit: Hit | None) -> Sequence[Choice]:
        choices: list[Choice] = []
        lines_of = ""
        if isinstance(row, Bubble):
            item = item_of(row, hit)
            if item is None and hit is None:
                item = self._file_focus.item(row)
            if item is not None:
                lines_of = item.key if self._files.status(item.key) is not None else ""
                choices += self._files.choices(item)
            choices += self._files.choices_for_all(items_of(row))
            choices += self._acts.first(row)
        shortcut = "⌘C" if keys.MODIFIER == "Command" else "Ctrl+C"
        if self.selected_text():
            choices.append(Choice("copy", _("Copy selected text"), self.copy, shortcut))
        if not isinstance(row, Bubble):
            return choices
        text = bubble.body_text(row, self.look)
        choices.append(Choice("copy", _("Copy message"), lambda: self.copy(text)))
        if hit is not None and hit.action == actions.LINK:
            choices.append(Choice("link", _("Copy link"), lambda: self.copy(hit.value)))
        if row.delivery is Delivery.FAILED:
            choices.append(Choice("retry", _("Try again"), lambda: self._act_on_failed(row, actions.RETRY)))
            choices.append(Choice("edit", _("Edit"), lambda: self._act_on_failed(row, actions.EDIT)))
            choices.append(Choice("trash", _("Delete"), lambda: self._act_on_failed(row, actions.DISCARD), danger=True))
        choices += upload_choices(row, self.look, self._intents, lines_of)
        if not row.own:
            choices.append(self._write_to(row))
        choices += self._acts.last(row)
        return choices

    def _write_to(self, row: Bubble) -> Choice:
        """To the conversation with the author alone."""
        name = self.look.safe.name(row.author_name)
        return Choice("user", _("Write to {name}").format(name=name), lambda: self._intents.open_direct(row.author))

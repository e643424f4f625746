"""All files that are on their way, with what can be done with each and with all of them."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Hashable
from functools import partial
from typing import Final

from desktop.events.transfers import Transfer
from desktop.intents import Intents
from desktop.locale import _
from desktop.model.transfers import UNDER_WAY, TransferList
from desktop.view import keymap, kit
from desktop.view.block import Block, Hit, Panel, Picture, Rule, Text
from desktop.view.files import kinds
from desktop.view.files.progress import status_text
from desktop.view.flow import Flow
from desktop.view.fonts import fit
from desktop.view.look import Look
from desktop.view.sheets.base import Sheet
from desktop.view.virtual import VirtualList

_HEIGHT: Final = 300
_HEIGHT_LEAST: Final = 110
_ROW: Final = 54
_MAIN, _DROP = "main", "drop"


class TransferRows(VirtualList):
    """One line is marked; Return does what is most likely wanted with it, Delete gives it up."""

    START_MARGIN = 2
    END_MARGIN = 2

    def __init__(
        self, parent: tk.Misc, look: Look, on_act: Callable[[Transfer], None], on_drop: Callable[[Transfer], None]
    ) -> None:
        self._transfers: tuple[Transfer, ...] = ()
        self._active = ""
        self._on_act = on_act
        self._on_drop = on_drop
        super().__init__(parent, look, "window")

    def show_transfers(self, transfers: tuple[Transfer, ...]) -> None:
        """As they stand now; the place stays."""
        self._transfers = transfers
        if not any(transfer.key == self._active for transfer in transfers):
            self._active = transfers[0].key if transfers else ""
        self.go_to(self.position())

    @property
    def active(self) -> Transfer | None:
        """The marked one."""
        return next((transfer for transfer in self._transfers if transfer.key == self._active), None)

    def count(self) -> int:
        return len(self._transfers)

    def key(self, index: int) -> Hashable:
        return self._transfers[index], self._transfers[index].key == self._active

    def lay_out(self, index: int) -> Block:
        look, px, tx, palette, fonts = self.look, self.look.px, self.look.tx, self.look.palette, self.look.fonts
        transfer = self._transfers[index]
        high = tx(_ROW)
        block = Block(high)
        if transfer.key == self._active:
            block.marks.append(
                Panel(0, px(1), max(1, self.width - px(2)), high - px(2), (px(8),) * 4, palette.accent_soft)
            )
        icon = partial(look.icon, kinds.icon(transfer.name, ""), 22, palette.text2)
        block.marks.append(Picture(px(22), high // 2, icon, "center"))
        arrow = partial(look.icon, "send" if transfer.kind == "upload" else "download", 12, palette.text3)
        left, right = px(44), self.width - px(76)
        name = kinds.fit_name(fonts, "second_bold", look.safe.name_of_file(transfer.name), right - left - px(18))
        block.marks.append(Picture(left, tx(15), arrow, "w"))
        block.marks.append(Text(left + px(18), tx(15), name, "second_bold", palette.text, "w"))
        failed = transfer.state == "failed"
        words = _("Arrived · {status}") if transfer.kind == "download" else _("Sent · {status}")
        status = look.safe.line(status_text(transfer))
        if transfer.state == "done":
            status = words.format(status=status)
        colour = palette.danger if failed else palette.text2
        below = fit(fonts, "small", status, right - left)
        block.marks.append(Text(left, tx(34), below, "small", colour, "w"))
        if transfer.state in UNDER_WAY and transfer.size:
            share = min(transfer.done / transfer.size, 1.0)
            block.marks.append(Rule(left, high - tx(8), right - left, px(3), palette.chip))
            fill = palette.text3 if transfer.state == "paused" else palette.accent
            block.marks.append(Rule(left, high - tx(8), round((right - left) * share), px(3), fill))
        for place, (icon_name, action) in enumerate(((_icon_of(transfer), _MAIN), ("close", _DROP))):
            x = self.width - px(70) + place * px(32)
            picture = partial(look.icon, icon_name, 18, palette.text2)
            block.marks.append(Picture(x + px(14), high // 2, picture, "center"))
            block.hits.append(Hit(x, 0, px(30), high, action))
        return block

    # -- inside --------------------------------------------------------------------------------------------------------

    def _bind(self) -> None:
        super()._bind()
        canvas = self.canvas
        canvas.bind("<Button-1>", self._press)
        canvas.bind("<Double-Button-1>", lambda _event: self._act())
        keymap.bind(
            canvas,
            "transfers",
            {
                "up": lambda: self._step(-1),
                "down": lambda: self._step(1),
                "page_up": lambda: self.page(-1),
                "page_down": lambda: self.page(1),
                "act": self._act,
                "drop": self._drop,
            },
        )

    def _press(self, event: tk.Event[tk.Canvas]) -> None:
        self.canvas.focus_set()
        found = self.row_at(event.y)
        if found is None:
            return
        index, drawn = found
        inside = event.y - self.to_view(drawn)
        if not 0 <= inside < drawn.block.height:
            return
        self._mark(index)
        hit = drawn.block.hit(event.x, inside)
        if hit is not None:
            self._act() if hit.action == _MAIN else self._drop()

    def _step(self, by: int) -> str:
        at = next((at for at, one in enumerate(self._transfers) if one.key == self._active), 0) + by
        if 0 <= at < len(self._transfers):
            self._mark(at)
            self.reveal(at)
        return "break"

    def _mark(self, index: int) -> None:
        self._active = self._transfers[index].key
        self.go_to(self.position())

    def _act(self) -> str:
        if (transfer := self.active) is not None:
            self._on_act(transfer)
        return "break"

    def _drop(self) -> str:
        if (transfer := self.active) is not None:
            self._on_drop(transfer)
        return "break"


def drop(intents: Intents, transfer: Transfer) -> None:
    """Take it off the list: what is not done is given up with that."""
    if transfer.state == "done":
        intents.clear_transfers(transfer.key)
    else:
        intents.cancel_transfer(transfer.key)


def _icon_of(transfer: Transfer) -> str:
    match transfer.state:
        case "waiting" | "running":
            return "pause"
        case "paused":
            return "play"
        case "failed":
            return "retry"
        case "done":
            return "eye"


class TransfersSheet(Sheet):
    """What is under way, has failed, or has arrived since the client was started."""

    WIDTH = 520

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        on_close: kit.Command,
        intents: Intents,
        transfers: TransferList,
        on_act: Callable[[Transfer], None],
    ) -> None:
        """*transfers*: as they stand now. *on_act*: do what is most likely wanted with that one."""
        super().__init__(parent, look, on_close, _("Files under way"))
        px = look.px
        holder = kit.frame(self.body, look)
        holder.pack(fill="x")
        self.let_shrink(holder, _HEIGHT, _HEIGHT_LEAST)
        self._nothing = kit.label(holder, look, _("Nothing is under way."), "second", look.palette.text2)
        self.list = TransferRows(holder, look, on_act, lambda transfer: drop(intents, transfer))
        self.list.pack(fill="both", expand=True)
        buttons = Flow(self.body, look, "left", 8)
        buttons.pack(fill="x", pady=(px(10), 0))
        self.retry = kit.button(buttons, look, _("Retry the failed ones"), intents.retry_transfers, icon="retry")
        buttons.put(self.retry)
        self.clear = kit.button(
            buttons, look, _("Clear the finished ones"), lambda: intents.clear_transfers(""), icon="check"
        )
        buttons.put(self.clear)
        self.add_button(_("Close"), self.close, "Primary", default=True)
        self.show(transfers)

    def show(self, transfers: TransferList) -> None:
        """As they stand now."""
        self.list.show_transfers(transfers.transfers)
        self.retry.state(["!disabled" if transfers.failed else "disabled"])
        self.clear.state(["!disabled" if transfers.finished else "disabled"])
        if transfers.transfers:
            self._nothing.place_forget()
        else:
            self._nothing.place(relx=0.5, rely=0.5, anchor="center")
            self._nothing.lift()

    def first_focus(self) -> tk.Misc:
        return self.list.canvas

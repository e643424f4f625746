"""The button that says what is under way: a ring that closes, red when something failed; hidden while there is nothing to say."""

from __future__ import annotations

import tkinter as tk
from typing import Final

from PIL import Image, ImageDraw

from desktop.locale import _, n_
from desktop.model.transfers import TransferList
from desktop.view import kit, paint
from desktop.view.look import Look

STEPS: Final = 24
"""Different looks of the ring: more could not be told apart."""
_SIZE: Final = 22


class TransfersButton:
    """Stands in a row of buttons. `show` it what is under way."""

    def __init__(self, parent: tk.Misc, look: Look, on_press: kit.Command, surface: kit.Surface) -> None:
        self._look = look
        self._transfers = TransferList()
        self._is_allowed = True
        self.widget = kit.icon_button(parent, look, "transfers", on_press, "", surface)
        self.tip = kit.Tip(self.widget, look, "")

    def show(self, transfers: TransferList) -> None:
        """How far all of it is."""
        self._transfers = transfers
        if not self._is_allowed or not (transfers.under_way or transfers.failed or transfers.finished):
            self.widget.pack_forget()
            return
        look, palette = self._look, self._look.palette
        if transfers.under_way:
            step = round((transfers.share or 0.0) * STEPS)
            colour = palette.danger if transfers.failed else palette.accent
            size = look.px(_SIZE)
            self.widget.configure(
                image=look.paint.picture(
                    ("ring", size, step, colour, palette.chip, palette.text2),
                    lambda: draw_ring(size, step / STEPS, colour, palette.chip, palette.text2),
                )
            )
        else:
            colour = palette.danger if transfers.failed else palette.text2
            self.widget.configure(image=look.icon("transfers", 20, colour))
        self.tip.say(words(transfers))
        if not self.widget.winfo_manager():
            self.widget.pack(side="right")

    def allow(self, on: bool) -> None:
        """Whether it may be seen here at all."""
        self._is_allowed = on
        self.show(self._transfers)


def words(transfers: TransferList) -> str:
    """What is under way, as a line."""
    parts = []
    if transfers.under_way:
        count = transfers.under_way
        text = n_("{n} file under way, {percent} %", "{n} files under way, {percent} %", count)
        parts.append(text.format(n=count, percent=int((transfers.share or 0.0) * 100)))
    if transfers.failed:
        parts.append(n_("{n} failed", "{n} failed", transfers.failed).format(n=transfers.failed))
    if not parts:
        parts.append(_("All files have arrived"))
    return " · ".join(parts)


def draw_ring(size: int, share: float, colour: str, ground: str, ink: str) -> Image.Image:
    """A ring of which *share* is filled, around an arrow."""
    large = size * paint.SUPERSAMPLING
    image = Image.new("RGBA", (large, large), paint.colour(ground, 0))
    draw = ImageDraw.Draw(image)
    width = max(1, large // 9)
    box = (1, 1, large - 2, large - 2)
    draw.arc(box, 0, 360, fill=paint.colour(ground), width=width)
    if share > 0:
        draw.arc(box, -90, -90 + 360 * share, fill=paint.colour(colour), width=width)
    image = image.resize((size, size), Image.Resampling.LANCZOS)
    inner = int(size * 0.6)
    image.alpha_composite(paint.draw_icon("transfers", inner, ink, 2.4), ((size - inner) // 2, (size - inner) // 2))
    return image

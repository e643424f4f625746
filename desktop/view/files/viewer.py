"""A picture over the whole window: fitted or as large as one likes, and from it to the others of the conversation.

It was decoded in the limited child process, at most `EDGE` pixels wide and high; here only bare pixels are scaled, and of them only what
is in view.
"""

from __future__ import annotations

import sys
import tkinter as tk
from collections.abc import Callable, Collection
from typing import Any, Final, Protocol

from PIL import Image, ImageTk

from desktop.events.transfers import PictureKnown, Transfer
from desktop.locale import _
from desktop.model.rows import Bubble, Rows
from desktop.sizes import size_text
from desktop.view import keymap, kit
from desktop.view.files import copying, kinds
from desktop.view.files.cards import Item, items_of
from desktop.view.files.progress import status_text
from desktop.view.files.reel import Reel
from desktop.view.flow import Flow
from desktop.view.fonts import fit
from desktop.view.look import Look
from desktop.view.sheets.cover import Cover

EDGE: Final = 4096
STEP: Final = 1.25
"""One notch of the wheel, or one key."""
MOST: Final = 8.0
LEAST: Final = 0.05
_PAN: Final = 80
"""Logical pixels that an arrow moves a picture that is larger than the view."""
_NAME: Final = 160
"""The least room for the name, logical pixels at text of the standard size."""


def pictures_of(rows: Rows) -> list[Item]:
    """All pictures of a conversation, as far as it is here, from the first to the last."""
    found = []
    for index in range(len(rows)):
        row = rows[index]
        if isinstance(row, Bubble) and not (row.redacted or row.damaged):
            found += [item for item in items_of(row) if kinds.is_picture(item.file)]
    return found


class Acts(Protocol):
    """What can be done with the file that is looked at."""

    def status(self, key: str) -> Transfer | None:
        """How it stands with it; None: it is neither here nor on its way."""

    def download(self, item: Item) -> None:
        """Into the folder for downloads."""

    def save_as(self, item: Item) -> None:
        """To where the person chooses."""

    def show_folder(self, item: Item) -> None:
        """Where it lies."""

    def say(self, text: str) -> None:
        """A short remark."""


class Viewer(Cover):
    """Its keys are in `keymap`; the wheel zooms, a double click shows the picture as it is, and dragging moves it."""

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        on_close: kit.Command,
        pictures: list[Item],
        at: int,
        files: Acts,
        want: Callable[[Item, int], None],
    ) -> None:
        super().__init__(parent, look, on_close, look.palette.window)
        self._pictures = pictures
        self._at = at
        self._files = files
        self._want = want
        self._source: Image.Image | None = None
        self._reel = Reel(self, self._show_frame)
        self._full = (0, 0)
        self._problem = ""
        self._zoom: float | None = None
        """Pixels of the screen for one of the picture; None: it fits."""
        self._centre = (0.5, 0.5)
        """The place of the picture in the middle of the view, as shares."""
        self._photo: ImageTk.PhotoImage | None = None
        self._job = ""
        self._room = 0
        """Pixels for the words about the picture."""
        self._grip: tuple[int, int] | None = None
        px = look.px
        bar = self._bar = kit.frame(self, look)
        bar.pack(fill="x", pady=px(6))
        shut = kit.icon_button(bar, look, "close", self.close, _("Close"))
        self._tools = Flow(bar, look, "right", 2)
        self._buttons = [shut]
        for icon, act, tip in self._acts():
            self._buttons.append(kit.icon_button(self._tools, look, icon, act, tip))
            self._tools.put(self._buttons[-1])
        self._percent = kit.label(self._tools, look, "100 %", "small", look.palette.text2)
        self._percent.configure(width=6, anchor="e")
        self._tools.put(self._percent)
        words = kit.frame(bar, look)
        # Names take what room there is, and are shortened to it.
        self._name = kit.label(words, look, "", "second_bold")
        self._about = kit.label(words, look, "", "small", look.palette.text2)
        for label in (self._name, self._about):
            label.configure(width=1)
            label.pack(anchor="w", fill="x")
        words.bind("<Configure>", self._words_sized)
        bar.columnconfigure(0, weight=1)
        words.grid(row=0, column=0, sticky="ew", padx=px(16))
        shut.grid(row=0, column=2, padx=(px(4), px(10)))
        bar.bind("<Configure>", lambda event: self._arrange(event.width))
        kit.separator(self, look).pack(fill="x")
        self.canvas = tk.Canvas(self, bg=look.palette.timeline, bd=0, highlightthickness=0, takefocus=1)
        self.canvas.pack(fill="both", expand=True)
        self._back = kit.icon_button(self.canvas, look, "back", lambda: self.go(-1), _("Previous picture"), "timeline")
        self._next = kit.icon_button(self.canvas, look, "next", lambda: self.go(1), _("Next picture"), "timeline")
        self._listen()
        self._load()

    # -- what it shows -------------------------------------------------------------------------------------------------

    @property
    def item(self) -> Item:
        """The picture that is shown."""
        return self._pictures[self._at]

    @property
    def zoom(self) -> float:
        """Pixels of the screen for one of the picture."""
        return self._zoom if self._zoom is not None else self._fitting()

    def go(self, by: int) -> None:
        """To the next or previous picture."""
        at = self._at + by
        if 0 <= at < len(self._pictures):
            self._at = at
            self._load()

    def take(self, told: PictureKnown) -> bool:
        """A picture came; whether it was for the viewer."""
        if told.edge != EDGE:
            return False
        if told.key == self.item.key:
            raster = told.raster
            if raster is None:
                self._source, self._problem = None, told.problem or _("This picture cannot be shown.")
            else:
                self._full = (raster.full_width, raster.full_height)
            self._reel.show(raster)
            self._write()
            self._draw_soon()
        return True

    def files_changed(self, keys: Collection[str]) -> None:
        """These files stand otherwise now."""
        if self.item.key in keys:
            self._write()

    def take_over(self, old: Any) -> None:
        """After a change of theme or size: the same picture, as large as it was."""
        self._at = old._at
        self._source, self._full, self._problem = old._source, old._full, old._problem
        self._zoom, self._centre = old._zoom, old._centre
        self._reel.take_over(old._reel)
        self._write()
        self._draw_soon()
        self.canvas.focus_set()

    def first_focus(self) -> tk.Misc:
        return self.canvas

    def _acts(self) -> list[tuple[str, kit.Command, str]]:
        acts: list[tuple[str, kit.Command, str]] = [
            ("folder", lambda: self._files.show_folder(self.item), _("Show in its folder")),
            ("save", lambda: self._files.save_as(self.item), _("Save as…")),
            ("download", lambda: self._files.download(self.item), _("Download")),
        ]
        if copying.can_copy(self):
            acts.append(("copy", self.copy, _("Copy the picture")))
        acts += [
            ("plus", lambda: self.zoom_by(STEP), _("Larger")),
            ("as_it_is", self.show_as_it_is, _("100 %")),
            ("fit", self.fit, _("Fit into the window")),
            ("minus", lambda: self.zoom_by(1 / STEP), _("Smaller")),
        ]
        return acts

    def _show_frame(self, frame: Image.Image) -> None:
        self._source = frame
        self._draw_soon()

    def _load(self) -> None:
        self._reel.show(None)
        self._source, self._problem, self._zoom, self._centre = None, "", None, (0.5, 0.5)
        self._want(self.item, EDGE)
        self._write()
        self._draw_soon()

    def _write(self) -> None:
        look, file = self.look, self.item.file
        room = max(1, self._room)
        self._name.configure(text=kinds.fit_name(look.fonts, "second_bold", look.safe.name_of_file(file.name), room))
        width, height = self._full if self._source is not None else (file.width, file.height)
        status = self._files.status(self.item.key)
        parts = [size_text(file.size) if status is None else look.safe.line(status_text(status))]
        if width and height:
            parts.insert(0, f"{width} × {height}")
        if self._reel.moves:
            parts.append(_("Space: stand still or go on"))
        if len(self._pictures) > 1:
            parts.insert(0, _("{n} of {all}").format(n=self._at + 1, all=len(self._pictures)))
        self._about.configure(text=fit(look.fonts, "small", " · ".join(parts), room))
        for button, is_there, x, anchor in (
            (self._back, self._at > 0, 0.0, "w"),
            (self._next, self._at + 1 < len(self._pictures), 1.0, "e"),
        ):
            if is_there:
                button.place(relx=x, rely=0.5, anchor=anchor)  # type: ignore[arg-type]
            else:
                button.place_forget()

    def _words_sized(self, event: tk.Event[tk.Misc]) -> None:
        self._room = event.width
        self._write()

    def _arrange(self, width: int) -> None:
        """The buttons stand beside the name, or below it where there is no room for both."""
        px = self.look.px
        tools = [*self._buttons[1:], self._percent]
        needed = sum(one.winfo_reqwidth() + px(2) for one in tools)
        if width >= needed + self._buttons[0].winfo_reqwidth() + px(14) + self.look.tx(_NAME):
            self._tools.configure(width=needed)
            self._tools.grid(row=0, column=1, columnspan=1, sticky="e", padx=0)
        else:
            self._tools.grid(row=1, column=0, columnspan=3, sticky="ew", padx=px(10))

    # -- how large -----------------------------------------------------------------------------------------------------

    def fit(self) -> None:
        """All of it is in view."""
        self._zoom, self._centre = None, (0.5, 0.5)
        self._draw_soon()

    def show_as_it_is(self) -> None:
        """One pixel of the screen for each of the picture."""
        self._zoom = 1.0
        self._draw_soon()

    def zoom_by(self, factor: float, at: tuple[int, int] | None = None) -> None:
        """Larger or smaller; what is *at* that place of the view (its middle by default) stays there."""
        if self._source is None:
            return
        before = self.zoom
        after = min(max(before * factor, min(LEAST, self._fitting())), MOST)
        wide, high = self.canvas.winfo_width(), self.canvas.winfo_height()
        x, y = at or (wide // 2, high // 2)
        full_wide, full_high = self._full
        moved = 1 / before - 1 / after
        self._centre = (
            self._centre[0] + (x - wide / 2) * moved / full_wide,
            self._centre[1] + (y - high / 2) * moved / full_high,
        )
        self._zoom = after
        self._draw_soon()

    def pan_by(self, x: float, y: float) -> None:
        """Move the view over the picture by so many pixels of the screen."""
        if self._source is None:
            return
        zoom, (full_wide, full_high) = self.zoom, self._full
        self._centre = (self._centre[0] + x / zoom / full_wide, self._centre[1] + y / zoom / full_high)
        self._draw_soon()

    def copy(self) -> None:
        """The picture goes to the clipboard."""
        if self._source is not None:
            copying.copy(self, self._source, lambda: self._files.say(_("The picture is on the clipboard.")))

    def _fitting(self) -> float:
        wide, high = max(1, self.canvas.winfo_width()), max(1, self.canvas.winfo_height())
        full_wide, full_high = self._full
        return min(1.0, wide / max(1, full_wide), high / max(1, full_high))

    def _is_larger(self) -> tuple[bool, bool]:
        """Whether it is wider, and whether it is higher than the view."""
        return (
            self._full[0] * self.zoom > self.canvas.winfo_width() + 1,
            self._full[1] * self.zoom > self.canvas.winfo_height() + 1,
        )

    # -- drawing -------------------------------------------------------------------------------------------------------

    def _draw_soon(self) -> None:
        if not self._job:
            self._job = self.after_idle(self._draw)

    def _draw(self) -> None:
        self._job = ""
        canvas, look = self.canvas, self.look
        wide, high = canvas.winfo_width(), canvas.winfo_height()
        canvas.delete("shown")
        if wide <= 1 or high <= 1:
            return
        source = self._source
        if source is None:
            self._photo = None
            self._percent.configure(text="")
            text = look.safe.line(self._problem) if self._problem else _("The picture is on its way…")
            colour = look.palette.text if self._problem else look.palette.text2
            canvas.create_text(
                wide // 2,
                high // 2,
                text=text,
                fill=colour,
                font=look.font("second"),
                tags="shown",
                width=wide * 0.7,
                justify="center",
            )
            return
        zoom, (full_wide, full_high) = self.zoom, self._full
        self._centre = (
            _within(self._centre[0], wide / (full_wide * zoom)),
            _within(self._centre[1], high / (full_high * zoom)),
        )
        # The part of the picture that is in view, in its own pixels, and where it goes.
        left = max(0.0, self._centre[0] * full_wide - wide / 2 / zoom)
        top = max(0.0, self._centre[1] * full_high - high / 2 / zoom)
        right, bottom = min(full_wide, left + wide / zoom), min(full_high, top + high / zoom)
        size = (max(1, round((right - left) * zoom)), max(1, round((bottom - top) * zoom)))
        across, down = source.width / full_wide, source.height / full_high
        box = (left * across, top * down, min(right * across, source.width), min(bottom * down, source.height))
        method = Image.Resampling.NEAREST if zoom >= 3 else Image.Resampling.BILINEAR
        shown = source.resize(size, method, box, reducing_gap=2.0)
        self._photo = ImageTk.PhotoImage(shown, master=self)
        canvas.create_image(wide // 2, high // 2, image=str(self._photo), tags="shown")
        self._percent.configure(text=f"{zoom * 100:.0f} %")

    # -- keys and pointer ----------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        canvas = self.canvas
        canvas.bind("<Configure>", lambda _event: self._draw_soon())
        canvas.bind("<ButtonPress-1>", self._press)
        canvas.bind("<B1-Motion>", self._drag)
        canvas.bind("<Double-Button-1>", lambda _event: self.show_as_it_is() if self._zoom is None else self.fit())
        canvas.bind("<Button-4>", lambda event: self.zoom_by(STEP, (event.x, event.y)))
        canvas.bind("<Button-5>", lambda event: self.zoom_by(1 / STEP, (event.x, event.y)))
        canvas.bind("<MouseWheel>", self._wheel)
        keymap.bind(
            canvas,
            "picture",
            {
                "left": lambda: self._arrow(-1, 0),
                "right": lambda: self._arrow(1, 0),
                "up": lambda: self._arrow(0, -1),
                "down": lambda: self._arrow(0, 1),
                "previous": lambda: self.go(-1),
                "next": lambda: self.go(1),
                "larger": lambda: self.zoom_by(STEP),
                "smaller": lambda: self.zoom_by(1 / STEP),
                "fit": self.fit,
                "as_it_is": self.show_as_it_is,
                "stop": self._reel.toggle,
                "copy": self.copy,
                "download": lambda: self._files.download(self.item),
                "save": lambda: self._files.save_as(self.item),
                "folder": lambda: self._files.show_folder(self.item),
                "back": self.close,
            },
        )
        for part in (self, *self._buttons):
            part.bind("<Escape>", lambda _event: self.close())
        self.bind("<Destroy>", self._destroyed)

    def _press(self, event: tk.Event[tk.Canvas]) -> None:
        self.canvas.focus_set()
        self._grip = (event.x, event.y)

    def _drag(self, event: tk.Event[tk.Canvas]) -> None:
        if self._grip is not None:
            self.pan_by(self._grip[0] - event.x, self._grip[1] - event.y)
            self._grip = (event.x, event.y)

    def _wheel(self, event: tk.Event[tk.Canvas]) -> None:
        notches = event.delta if sys.platform == "darwin" else event.delta / 120
        self.zoom_by(STEP**notches, (event.x, event.y))

    def _arrow(self, x: int, y: int) -> None:
        """Over a picture that is larger than the view, else to the next one."""
        if self._source is not None and self._is_larger()[0 if x else 1]:
            self.pan_by(x * self.look.px(_PAN), y * self.look.px(_PAN))
        elif x:
            self.go(x)

    def _destroyed(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self:
            self._reel.stop()
        if event.widget is self and self._job:
            self.after_cancel(self._job)
            self._job = ""


def _within(centre: float, share: float) -> float:
    """Kept so that a view of that *share* of the picture does not leave it; in the middle where all of it is in view."""
    return 0.5 if share >= 1 else min(max(centre, share / 2), 1 - share / 2)

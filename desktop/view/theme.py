"""The ttk theme: every standard control as stretched pictures, made for one palette and scale.

A corner's colour is baked into its picture, so there is one style for each surface that a control may stand on. A style is called
``<Surface>.<Kind>.<TkClass>``: ``Window.Primary.TButton``. Image elements take their border as padding unless told otherwise, which
would make every control 16 pixels too high; hence ``padding=0`` throughout.
"""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Any, Final

from msgspec import Struct
from PIL import Image

from desktop.view import paint as drawing
from desktop.view import tokens
from desktop.view.look import Look

_BUTTON_WORDS: Final = 420
"""Logical pixels of words in one line of a button."""
_BUTTON_WORDS_MOST: Final = 1000
"""Real pixels of the same: very large text breaks its line rather than leave the window."""
_SWITCH_WORDS: Final = 370
_MIDDLE: Final = 32
_SHEET_MIDDLE: Final = 160
"""Pixels between the corners of a picture that is repeated: of a control, of a sheet."""
SHEET_BLUR: Final = 10
"""Logical pixels; the shadow of a sheet reaches twice as far."""


class _Button(Struct, frozen=True):
    normal: str
    hover: str
    press: str
    text: str
    disabled: str
    bold: bool = True


def apply(root: tk.Misc, look: Look, *surfaces: str) -> None:
    """Use the theme of *look*, making at the first time what stands on these *surfaces*: a screen asks for its own."""
    style = ttk.Style(root)
    name = f"pymessenger-{'dark' if look.palette.dark else 'light'}-{look.scale.factor:.3f}-{look.scale.text:.3f}"
    if name not in style.theme_names():
        style.theme_create(name, parent="default")
    if style.theme_use() != name:
        style.theme_use(name)
    made = style.element_names()
    maker = _Maker(style, look)
    if "sheet" not in made:
        maker.make_common()
    for surface in surfaces:
        if f"{surface.capitalize()}.field" not in made:
            maker.make(surface)


def surface_colour(look: Look, surface: str) -> str:
    """The colour of a surface."""
    return {
        "window": look.palette.window,
        "card": look.palette.card,
        "rail": look.palette.rail,
        "timeline": look.palette.timeline,
        "overlay": look.palette.overlay,
    }[surface]


class _Maker:
    def __init__(self, style: ttk.Style, look: Look) -> None:
        self._style = style
        self._look = look
        self._radius = look.px(tokens.RADIUS_CONTROL)
        self._line = look.px(1)

    def make(self, surface: str) -> None:
        """Everything that may stand on that surface."""
        prefix = surface.capitalize()
        ground = surface_colour(self._look, surface)
        self._buttons(prefix, ground)
        self._entry(prefix, ground)
        self._scrollbar(prefix, ground)
        self._switch(prefix, ground)
        self._frames(prefix, ground)

    def make_common(self) -> None:
        """What there is of only one kind."""
        self._progress()
        self._sheet()

    # -- pieces --------------------------------------------------------------------------------------------------------

    def _panel(
        self, fill: str, ground: str, border: str = "", radius: int | None = None, width: int | None = None
    ) -> str:
        """A picture that Tk repeats the middle of: a middle of few pixels would be copied many thousand times in a large place."""
        radius = self._radius if radius is None else radius
        side = 2 * radius + _MIDDLE
        line = self._line if width is None else width
        key = ("slice", side, radius, fill, border, line, ground)
        draw = drawing.draw_panel
        return self._look.paint.picture(key, lambda: draw(side, side, radius, fill, border, line, ground))

    def _element(
        self, name: str, border: int | tuple[int, int], normal: str, *states: tuple[str, ...], sticky: str = "nswe"
    ) -> None:
        # typeshed's overloads do not know a mixture of state names and an image.
        create: Any = self._style.element_create
        # What is between the corners may be left out, so an element may be smaller than its picture.
        least = {"width": 2 * border + 2, "height": 2 * border + 2} if isinstance(border, int) and border else {}
        create(name, "image", normal, *states, border=border, padding=0, sticky=sticky, **least)

    def _layout(self, style: str, *nested: tuple[str, dict[str, Any]]) -> None:
        """The pieces of *style*, each inside the one before it; all fill their place unless they say otherwise."""
        children: list[tuple[str, dict[str, Any]]] = []
        for name, options in reversed(nested):
            piece: dict[str, Any] = {"sticky": "nswe", **options}
            if children:
                piece["children"] = children
            children = [(name, piece)]
        describe: Any = self._style.layout
        describe(style, children)

    # -- controls ------------------------------------------------------------------------------------------------------

    def _buttons(self, prefix: str, ground: str) -> None:
        palette, look = self._look.palette, self._look
        kinds = {
            "Primary": _Button(
                palette.accent, palette.accent_hover, palette.accent_press, palette.on_accent, palette.accent_soft
            ),
            "Plain": _Button(palette.plain, palette.plain_hover, palette.plain_press, palette.text, palette.plain),
            "Danger": _Button(
                palette.danger_fill, palette.danger_hover, palette.danger_hover, palette.on_accent, palette.plain
            ),
            "Ghost": _Button(ground, palette.rail_hover, palette.border, palette.text2, ground, bold=False),
            "Link": _Button(ground, palette.rail_hover, palette.border, palette.accent_text, ground, bold=False),
            "Menu": _Button(ground, palette.accent_soft, palette.accent_soft, palette.text, ground, bold=False),
            "Nav": _Button(ground, palette.rail_hover, palette.border, palette.text, ground, bold=False),
            "Title": _Button(ground, palette.rail_hover, palette.border, palette.text, ground),
        }
        paddings = {
            "Ghost": (look.px(9), look.px(9)),
            "Link": (look.px(8), look.px(5)),
            "Menu": (look.px(10), look.px(8)),
            "Nav": (look.px(10), look.px(8)),
            "Title": (look.px(6), look.px(2)),
        }
        for kind, colours in kinds.items():
            element = f"{prefix}.{kind}.ground"
            ring = palette.text if kind == "Primary" else palette.accent_text
            focused = colours.normal
            if kind == "Menu":  # the line of a menu that has the keyboard is the marked one
                ring, focused = "", colours.hover
            self._element(
                element,
                self._radius,
                self._panel(colours.normal, ground),
                ("disabled", self._panel(colours.disabled, ground)),
                ("selected", "focus", self._panel(palette.accent_soft, ground, ring, width=look.px(2))),
                ("selected", self._panel(palette.accent_soft, ground)),
                ("pressed", self._panel(colours.press, ground)),
                ("focus", "active", self._panel(colours.hover, ground, ring, width=look.px(2))),
                ("focus", self._panel(focused, ground, ring, width=look.px(2))),
                ("active", self._panel(colours.hover, ground)),
            )
            style = f"{prefix}.{kind}.TButton"
            self._layout(style, (element, {}), ("Button.padding", {}), ("Button.label", {}))
            self._style.configure(
                style,
                background=ground,
                foreground=colours.text,
                font=look.font("title" if kind == "Title" else "second_bold" if colours.bold else "second"),
                padding=paddings.get(kind, (look.px(16), look.px(10))),
                anchor="w" if kind in ("Menu", "Nav") else "center",
                wraplength=min(look.tx(_BUTTON_WORDS), _BUTTON_WORDS_MOST),
            )
            self._style.map(style, background=[], foreground=[("disabled", palette.text3)])

    def _entry(self, prefix: str, ground: str) -> None:
        palette, look = self._look.palette, self._look
        fill = palette.field if ground == palette.window else palette.field_focus if palette.dark else palette.window
        element = f"{prefix}.field"
        self._element(
            element,
            self._radius,
            self._panel(fill, ground, palette.border),
            ("invalid", self._panel(palette.field_focus, ground, palette.danger)),
            ("focus", self._panel(palette.field_focus, ground, palette.accent)),
        )
        style = f"{prefix}.TEntry"
        self._layout(style, (element, {}), ("Entry.padding", {}), ("Entry.textarea", {}))
        self._style.configure(
            style,
            padding=(look.px(12), look.px(9)),
            foreground=palette.text,
            insertcolor=palette.text,
            insertwidth=look.px(1.5),
            fieldbackground=fill,
            selectbackground=palette.select,
            selectforeground=palette.text,
        )
        self._style.map(style, foreground=[("disabled", palette.text3)])

    def _scrollbar(self, prefix: str, ground: str) -> None:
        palette, look = self._look.palette, self._look
        trough, thumb = look.px(10), look.px(6)

        def picture(fill: str) -> str:
            return look.paint.picture(
                ("thumb", trough, thumb, fill, ground), lambda: _draw_thumb(trough, thumb, fill, ground)
            )

        element = f"{prefix}.thumb"
        self._element(
            element,
            (0, thumb),
            picture(palette.thumb),
            ("disabled", picture(ground)),  # all is in view
            ("pressed", picture(palette.text3)),
            ("active", picture(palette.thumb_hover)),
        )
        style = f"{prefix}.Vertical.TScrollbar"
        self._layout(style, ("Vertical.Scrollbar.trough", {"sticky": "ns"}), (element, {"expand": 1}))
        self._style.configure(
            style, troughcolor=ground, background=ground, borderwidth=0, troughrelief="flat", width=trough
        )

    def _switch(self, prefix: str, ground: str) -> None:
        palette, look = self._look.palette, self._look
        width, height = look.px(36), look.px(20)
        element = f"{prefix}.switch"
        self._element(
            element,
            0,
            look.paint.switch(width, height, palette.badge_muted, False),
            ("selected", look.paint.switch(width, height, palette.accent, True)),
            sticky="",
        )
        style = f"{prefix}.TCheckbutton"
        switch = (element, {"side": "right", "sticky": ""})
        label = ("Checkbutton.label", {"side": "left", "sticky": "w"})
        self._layout(style, ("Checkbutton.padding", {"children": [switch, label]}))
        self._style.configure(
            style,
            background=ground,
            foreground=palette.text,
            font=look.font("second"),
            wraplength=min(look.tx(_SWITCH_WORDS), _BUTTON_WORDS_MOST - look.px(36)),
        )
        self._style.map(style, background=[], foreground=[("focus", palette.accent_text)])

    def _frames(self, prefix: str, ground: str) -> None:
        palette, look = self._look.palette, self._look
        card = look.px(tokens.RADIUS_CARD)
        self._element(
            f"{prefix}.card",
            card,
            self._panel(palette.card, ground, palette.border, card),
            ("selected", self._panel(palette.accent_soft, ground, palette.accent, card)),
        )
        self._layout(f"{prefix}.Card.TFrame", (f"{prefix}.card", {}))
        self._style.configure(f"{prefix}.Card.TFrame", background=ground)
        menu = look.px(tokens.RADIUS_MENU)
        popup = self._panel(palette.overlay, ground, palette.overlay_border, menu)
        self._element(f"{prefix}.popup", menu, popup)
        self._layout(f"{prefix}.Popup.TFrame", (f"{prefix}.popup", {}))
        self._style.configure(f"{prefix}.Popup.TFrame", background=ground)
        field = look.px(tokens.RADIUS_FIELD)
        self._element(
            f"{prefix}.well",
            field,
            self._panel(palette.field, ground, palette.border, field),
            ("focus", self._panel(palette.field, ground, palette.accent, field)),
        )
        self._layout(f"{prefix}.Well.TFrame", (f"{prefix}.well", {}))
        self._style.configure(f"{prefix}.Well.TFrame", background=ground)

    def _sheet(self) -> None:
        """A raised card in the middle of the window; its element is as much larger as its shadow reaches."""
        palette, look = self._look.palette, self._look
        radius, blur = look.px(tokens.RADIUS_CARD), look.px(SHEET_BLUR)
        side = 2 * max(radius, blur) + 2 * radius + _SHEET_MIDDLE
        key = ("sheet", side, radius, blur, palette.timeline)

        def draw() -> Image.Image:
            raised = drawing.draw_raised_panel(
                side, side, radius, palette.window, palette.border, blur, palette.shadow / 2
            )
            ground = Image.new("RGBA", raised.size, drawing.colour(palette.timeline))
            ground.alpha_composite(raised)
            return ground

        self._element("sheet", 2 * blur + max(radius, blur), look.paint.picture(key, draw))
        self._layout("Sheet.TFrame", ("sheet", {}))
        self._style.configure("Sheet.TFrame", background=palette.timeline)

    def _progress(self) -> None:
        palette, look = self._look.palette, self._look
        height = look.px(6)
        side = height // 2

        def bar(fill: str, width: int = 2 * height) -> str:
            key = ("bar", height, fill, width, palette.window)
            draw = drawing.draw_panel
            return look.paint.picture(key, lambda: draw(width, height, side, fill, "", 1, palette.window))

        self._element("progress.trough", (side, 0), bar(palette.border), sticky="we")
        # Tk moves the element whose name ends so, and no other.
        self._element("progress.pbar", (side, 0), bar(palette.accent, look.px(96)), sticky="we")
        bar_inside = ("progress.pbar", {"side": "left", "sticky": "ns"})
        self._layout("Window.Horizontal.TProgressbar", ("progress.trough", {"sticky": "we"}), bar_inside)


def _draw_thumb(trough: int, thumb: int, fill: str, ground: str) -> Image.Image:
    height = 2 * thumb + 2
    image = Image.new("RGBA", (trough, height), drawing.colour(ground))
    image.alpha_composite(drawing.draw_panel(thumb, height, thumb // 2, fill), ((trough - thumb) // 2, 0))
    return image

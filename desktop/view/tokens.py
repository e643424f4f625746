"""Colours, lengths and type sizes: the one place where the look is decided. Lengths are logical pixels."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

# -- lengths -----------------------------------------------------------------------------------------------------------

RADIUS_CONTROL: Final = 8
RADIUS_FIELD: Final = 12
RADIUS_BUBBLE: Final = 14
RADIUS_BUBBLE_JOINED: Final = 5
"""The corner next to another bubble of the same author."""
RADIUS_CARD: Final = 12
RADIUS_QUOTE: Final = 6
RADIUS_MENU: Final = 10

RAIL_WIDTH: Final = 300
MEMBERS_WIDTH: Final = 270
HEADER_HEIGHT: Final = 60
RAIL_ROW: Final = 62
BUBBLE_WIDTH: Final = 560
WINDOW_WIDTH: Final = 1120
WINDOW_HEIGHT: Final = 760
WINDOW_MIN_WIDTH: Final = 720
WINDOW_MIN_HEIGHT: Final = 520
WINDOW_ENOUGH_WIDTH: Final = 1280
WINDOW_ENOUGH_HEIGHT: Final = 820
"""The least of a window grows with its interface, but no further than this: even at the largest sizes everything fits into it."""

# -- times, milliseconds -----------------------------------------------------------------------------------------------

TOAST_MS: Final = 4000
FRAME_MS: Final = 14
"""Changes of one frame are gathered this long."""

# -- type --------------------------------------------------------------------------------------------------------------

FONT_PX: Final = {
    "meta": 11,
    "small": 12,
    "small_bold": 12,
    "second": 13,
    "second_bold": 13,
    "body": 14,
    "bold": 14,
    "italic": 14,
    "bold_italic": 14,
    "link": 14,
    "title": 15,
    "head": 20,
    "code": 13,
    "code_large": 16,
}
BOLD_FONTS: Final = frozenset({"small_bold", "second_bold", "bold", "bold_italic", "title", "head"})
ITALIC_FONTS: Final = frozenset({"italic", "bold_italic"})
MONO_FONTS: Final = frozenset({"code", "code_large"})

FAMILIES: Final = {
    "win32": ("Segoe UI",),
    "darwin": ("SF Pro Text", ".AppleSystemUIFont", "Helvetica Neue"),
    "linux": ("Inter", "Noto Sans", "Ubuntu", "Cantarell", "DejaVu Sans"),
}
MONO_FAMILIES: Final = ("Cascadia Mono", "Consolas", "SF Mono", "Menlo", "DejaVu Sans Mono", "Noto Sans Mono")


# -- colours -----------------------------------------------------------------------------------------------------------


class Palette(Struct, frozen=True):
    """The colours of one theme, by role. Pairs of text and ground keep a contrast of 4.5 (WCAG AA)."""

    dark: bool
    window: str
    card: str
    overlay: str
    """Menus, toasts and the button to the newest message."""
    overlay_border: str
    rail: str
    rail_hover: str
    rail_selected: str
    timeline: str
    day: str
    other: str
    own: str
    text: str
    text2: str
    text3: str
    own_text2: str
    accent: str
    accent_hover: str
    accent_press: str
    on_accent: str
    accent_text: str
    accent_soft: str
    link: str
    link_own: str
    code: str
    code_own: str
    quote: str
    quote_own: str
    chip: str
    chip_own: str
    border: str
    field: str
    field_focus: str
    plain: str
    plain_hover: str
    plain_press: str
    ok: str
    ok_text: str
    away: str
    warn_text: str
    danger: str
    danger_fill: str
    danger_hover: str
    badge: str
    badge_muted: str
    thumb: str
    thumb_hover: str
    select: str
    shadow: float
    """Opacity of the shadow under overlays."""
    names: tuple[str, ...]
    """Colours of authors' names."""


LIGHT: Final = Palette(
    dark=False,
    window="#FFFFFF",
    card="#FFFFFF",
    overlay="#FFFFFF",
    overlay_border="#DFE3E9",
    rail="#F4F5F8",
    rail_hover="#E8EBF0",
    rail_selected="#DDE8FD",
    timeline="#E9EDF3",
    day="#D9E0EA",
    other="#FFFFFF",
    own="#D7E6FE",
    text="#15181D",
    text2="#515A68",
    text3="#5F6875",
    own_text2="#3D5A8C",
    accent="#2563DC",
    accent_hover="#1F56C2",
    accent_press="#1A49A8",
    on_accent="#FFFFFF",
    accent_text="#2160D6",
    accent_soft="#E3EDFE",
    link="#1857C0",
    link_own="#164FB0",
    code="#F1F3F7",
    code_own="#C6DAFB",
    quote="#F0F4FA",
    quote_own="#C9DDFC",
    chip="#E9EDF3",
    chip_own="#C3D9FB",
    border="#DFE3E9",
    field="#F1F3F6",
    field_focus="#FFFFFF",
    plain="#EDF0F4",
    plain_hover="#E1E6ED",
    plain_press="#D3D9E1",
    ok="#1E9E57",
    ok_text="#157A42",
    away="#E5A12E",
    warn_text="#9A5B00",
    danger="#C0282E",
    danger_fill="#C0282E",
    danger_hover="#A51F25",
    badge="#2563DC",
    badge_muted="#68727F",
    thumb="#C9D0DA",
    thumb_hover="#68727F",
    select="#B5D2FC",
    shadow=0.22,
    names=("#BE3A30", "#A65700", "#2A772E", "#00727F", "#2A60C8", "#7442BE", "#B03079", "#596700"),
)

DARK: Final = Palette(
    dark=True,
    window="#1A1D22",
    card="#24282F",
    overlay="#262B32",
    overlay_border="#363D47",
    rail="#16191D",
    rail_hover="#22262C",
    rail_selected="#25375A",
    timeline="#101215",
    day="#2A2F37",
    other="#23272E",
    own="#2A4778",
    text="#E9ECF0",
    text2="#A9B2BF",
    text3="#97A1AF",
    own_text2="#C3D3F0",
    accent="#3570DE",
    accent_hover="#4880EA",
    accent_press="#2C62C8",
    on_accent="#FFFFFF",
    accent_text="#78A8FF",
    accent_soft="#22345A",
    link="#7FB0FF",
    link_own="#A9CBFF",
    code="#191C21",
    code_own="#203860",
    quote="#2C313A",
    quote_own="#345489",
    chip="#31373F",
    chip_own="#385A93",
    border="#2B3038",
    field="#24282F",
    field_focus="#1E2228",
    plain="#30353D",
    plain_hover="#3A404A",
    plain_press="#3A404A",
    ok="#4CC38A",
    ok_text="#5FD09A",
    away="#F0B04F",
    warn_text="#F0B04F",
    danger="#FF7070",
    danger_fill="#C23B40",
    danger_hover="#B23338",
    badge="#3570DE",
    badge_muted="#59636F",
    thumb="#363C45",
    thumb_hover="#59636F",
    select="#3A62A6",
    shadow=0.55,
    names=("#FF8A80", "#FFB35C", "#81C784", "#4DD0E1", "#82B1FF", "#B99CFF", "#FF86C2", "#CDDC5A"),
)

AVATAR_GRADIENTS: Final = (
    ("#F2746B", "#D84F45"),
    ("#F3A14B", "#D97F1E"),
    ("#66BB6A", "#3E9B45"),
    ("#35B6C6", "#1390A0"),
    ("#5A9BF6", "#2F6FDC"),
    ("#A07BE8", "#7A52C9"),
    ("#EC6FB0", "#CC4389"),
    ("#93A23A", "#6F7E18"),
)
"""Top and bottom, the same in both themes; the index is a person's or group's, modulo eight, as for names."""

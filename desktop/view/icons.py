"""The icons, as strokes on a grid of 24 by 24; `paint` draws them at any size and colour."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

GRID: Final = 24
_ARC_STEPS: Final = 40

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """A stroke through these points."""

    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Circle:
    """A stroke around a centre."""

    x: float
    y: float
    radius: float


@dataclass(frozen=True, slots=True)
class Dot:
    """A filled disc."""

    x: float
    y: float
    radius: float


@dataclass(frozen=True, slots=True)
class Shape:
    """A filled polygon."""

    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Box:
    """A stroke around a rectangle with round corners."""

    left: float
    top: float
    right: float
    bottom: float
    radius: float


Stroke = Line | Circle | Dot | Shape | Box


def _arc(x: float, y: float, radius: float, start: float, end: float) -> Line:
    """Degrees, clockwise from three o'clock."""
    angles = (math.radians(start + (end - start) * step / _ARC_STEPS) for step in range(_ARC_STEPS + 1))
    return Line(tuple((x + radius * math.cos(angle), y + radius * math.sin(angle)) for angle in angles))


def _line(*points: Point) -> Line:
    return Line(points)


def _gear() -> tuple[Stroke, ...]:
    teeth = []
    for tooth in range(8):
        cos, sin = math.cos(tooth * math.pi / 4), math.sin(tooth * math.pi / 4)
        teeth.append(_line((12 + 7.2 * cos, 12 + 7.2 * sin), (12 + 9.6 * cos, 12 + 9.6 * sin)))
    return (Circle(12, 12, 3.2), Circle(12, 12, 7.2), *teeth)


ICONS: Final[dict[str, tuple[Stroke, ...]]] = {
    "send": (Shape(((3.2, 4.2), (21.4, 12), (3.2, 19.8), (5.6, 13.2), (14, 12), (5.6, 10.8))),),
    "users": (
        Circle(9, 8.5, 3.6),
        _arc(9, 20.5, 6.2, 180, 360),
        _arc(15.5, 8.5, 3.4, 285, 435),
        _arc(15, 20.5, 6.3, 290, 360),
    ),
    "user": (Circle(12, 8.2, 4), _arc(12, 20.6, 7.2, 180, 360)),
    "lock": (Box(5, 10.5, 19, 20.5, 2.5), _arc(12, 10.5, 4.2, 180, 360), Dot(12, 15.2, 1.4)),
    "plus": (_line((12, 5), (12, 19)), _line((5, 12), (19, 12))),
    "check": (_line((4.5, 12.8), (9.3, 17.6), (19.5, 7)),),
    "checks": (_line((2, 12.8), (6.8, 17.6), (16, 7.4)), _line((11.2, 16.6), (12.2, 17.6), (21.8, 7))),
    "clock": (Circle(12, 12, 8.6), _line((12, 7.2), (12, 12.4), (15.4, 14.2))),
    "warning": (
        _line((12, 3.8), (21.6, 20.2), (2.4, 20.2), (12, 3.8)),
        _line((12, 10), (12, 14.4)),
        Dot(12, 17.2, 1.15),
    ),
    "close": (_line((6, 6), (18, 18)), _line((18, 6), (6, 18))),
    "down": (_line((6, 9.5), (12, 15.5), (18, 9.5)),),
    "back": (_line((14.5, 6), (8.5, 12), (14.5, 18)),),
    "server": (Box(3.5, 4, 20.5, 11, 2), Box(3.5, 13, 20.5, 20, 2), Dot(7.3, 7.5, 1.1), Dot(7.3, 16.5, 1.1)),
    "dots": (Dot(12, 5.5, 1.6), Dot(12, 12, 1.6), Dot(12, 18.5, 1.6)),
    "edit": (_line((4, 20), (4.8, 15.9), (16, 4.7), (19.3, 8), (8.1, 19.2), (4, 20)),),
    "copy": (Box(8.5, 8.5, 19.5, 20, 2.2), _line((15.5, 5), (15.5, 4), (4.6, 4), (4.6, 15.5), (5.6, 15.5))),
    "trash": (
        _line((4.5, 6.6), (19.5, 6.6)),
        _line((9.4, 6.4), (9.4, 4), (14.6, 4), (14.6, 6.4)),
        _line((6.4, 6.8), (7.3, 20.2), (16.7, 20.2), (17.6, 6.8)),
    ),
    "retry": (_arc(12, 12.4, 7.6, -60, 225), _line((16.2, 1.9), (16, 6.2), (20.2, 6.6))),
    "link": (_arc(8.6, 15.4, 4.6, 20, 250), _arc(15.4, 8.6, 4.6, 200, 430), _line((9.4, 14.6), (14.6, 9.4))),
    "wifi": (
        Dot(12, 18.5, 1.5),
        _arc(12, 18.5, 5.2, 225, 315),
        _arc(12, 18.5, 9.5, 225, 315),
        _arc(12, 18.5, 13.6, 225, 315),
    ),
    "eye": (_arc(12, 17.6, 11.4, 215, 325), _arc(12, 6.4, 11.4, 35, 145), Circle(12, 12, 3)),
    "leave": (
        _line((14, 4), (5, 4), (5, 20), (14, 20)),
        _line((10, 12), (21, 12)),
        _line((17, 7.8), (21.2, 12), (17, 16.2)),
    ),
    "gear": _gear(),
    "keyboard": (
        Box(2.5, 5.5, 21.5, 18.5, 2.2),
        *(Dot(x, 9.6, 1.1) for x in (6.6, 10.2, 13.8, 17.4)),
        _line((8, 14.6), (16, 14.6)),
    ),
    "key": (
        Circle(7.8, 16.2, 4),
        _line((10.8, 13.2), (20, 4)),
        _line((16.4, 7.6), (19.4, 10.6)),
        _line((13.4, 10.6), (15.4, 12.6)),
    ),
}

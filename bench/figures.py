"""One measured figure, its goal and the machine's own limit; and the table that shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Figure:
    """*value* in *unit*. *limit*: what this machine reaches at the same without the product's own work, from the same run."""

    what: str
    value: float
    unit: str
    goal: float | None = None
    better: Literal["more", "less"] = "more"
    limit: float | None = None

    @property
    def is_met(self) -> bool | None:
        """Whether the goal is reached; None where there is none."""
        if self.goal is None:
            return None
        return self.value >= self.goal if self.better == "more" else self.value <= self.goal


def table(figures: Sequence[Figure]) -> str:
    """A Markdown table, one figure a row."""
    rows = [("what", "measured", "goal", "met", "this machine's limit"), ("---", "---:", "---:", "---", "---:")]
    rows += [
        (
            figure.what,
            _number(figure.value, figure.unit),
            _goal(figure),
            {True: "yes", False: "no", None: ""}[figure.is_met],
            "" if figure.limit is None else _number(figure.limit, figure.unit),
        )
        for figure in figures
    ]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def quantile(values: Sequence[float], part: float) -> float:
    """The value below which *part* (0 to 1) of *values* lie, by nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def _goal(figure: Figure) -> str:
    if figure.goal is None:
        return ""
    sign = "≥" if figure.better == "more" else "≤"
    return f"{sign} {_number(figure.goal, figure.unit)}"


def _number(value: float, unit: str) -> str:
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {unit}".strip()

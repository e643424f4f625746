"""What a person wants to export, and how far that is: values that cross between the window and the link."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from msgspec import Struct

from common.ids import GroupId, Millis

IfThere = Literal["ask", "replace", "beside"]
"""When there is a folder of that name already: ask, put the new one in its place once it is whole, or take another name."""
Phase = Literal["there", "reading", "files", "writing", "done", "failed", "cancelled"]
"""*there*: there is a folder of that name, and nothing was begun. The last three are ends; after the last two nothing is left."""


class Order(Struct, frozen=True):
    """*name*: of the conversation, as the person sees it. *folder*: where the export's own folder is to be made."""

    group: GroupId
    name: str
    folder: Path
    html: bool = True
    json: bool = True
    files: bool = True
    if_there: IfThere = "ask"


class Progress(Struct, frozen=True):
    """How far an export is. *folder*: its own one.

    *done* of *total*: entries of the log in ``reading`` and ``writing``, bytes in ``files``. *waiting*: the relay is away; it goes on
    when that is back. *missing*: names of files that could not be fetched, the first ones of *missing_count*. *complete_up_to*: only
    what this computer had was exported. *may_replace*: what is there is an export.
    """

    order: Order
    folder: Path
    phase: Phase
    done: int = 0
    total: int = 0
    waiting: bool = False
    left_s: float | None = None
    files_done: int = 0
    files: int = 0
    messages: int = 0
    missing: tuple[str, ...] = ()
    missing_count: int = 0
    complete_up_to: Millis | None = None
    may_replace: bool = False
    problem: str = ""

    @property
    def is_under_way(self) -> bool:
        """Whether something is being done."""
        return self.phase in ("reading", "files", "writing")

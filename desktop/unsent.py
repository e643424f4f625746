"""What the link tells of what was not sent in conversations that the person is not in any more."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from common.ids import GroupId


class FormerKnown(Struct, frozen=True):
    """What conversations were called that the person does not see any more, and in which something was not sent."""

    names: Mapping[GroupId, str]


class UnsentSaved(Struct, frozen=True):
    """Copies of so many files that were not sent in *group* are in *folder*; *problem* for people, if not all of them are."""

    group: GroupId
    folder: Path
    count: int
    problem: str = ""

"""What the link tells of what was not sent in conversations that the person is not in any more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from common.ids import GroupId


@dataclass(frozen=True, slots=True)
class FormerKnown:
    """What conversations were called that the person does not see any more, and in which something was not sent."""

    names: Mapping[GroupId, str]


@dataclass(frozen=True, slots=True)
class UnsentSaved:
    """Copies of so many files that were not sent in *group* are in *folder*; *problem* for people, if not all of them are."""

    group: GroupId
    folder: Path
    count: int
    problem: str = ""

"""What somebody has begun to write: one text for each conversation, and what is attached to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from common.ids import GroupId
from common.protocol.visible import says_something


class Drafts:
    """Unsent text by group; what shows nothing is no draft."""

    def __init__(self) -> None:
        self._texts: dict[GroupId, str] = {}
        self._files: dict[GroupId, tuple[str, ...]] = {}

    def know(self, texts: Mapping[GroupId, str]) -> None:
        """Those of the archive; what has been typed since then stays."""
        self._texts = {group: text for group, text in {**texts, **self._texts}.items() if says_something(text)}

    def put(self, group: GroupId, text: str) -> bool:
        """The composer of *group* holds *text*. Returns whether that changes what is to be kept."""
        kept = text if says_something(text) else ""
        if kept == self.of(group):
            return False
        if kept:
            self._texts[group] = kept
        else:
            self._texts.pop(group, None)
        return True

    def attach(self, group: GroupId, names: Iterable[str]) -> None:
        """Files of these names, and no others, are attached in *group*."""
        self._files[group] = tuple(names)

    def seen(self, group: GroupId) -> str:
        """What the list of conversations says of it: its text, else the names of its files; empty when nothing was begun."""
        return self.of(group) or ", ".join(self._files.get(group, ()))

    def groups(self) -> set[GroupId]:
        """Where there is a text."""
        return set(self._texts)

    def of(self, group: GroupId) -> str:
        """What the composer of *group* shows when it is opened."""
        return self._texts.get(group, "")

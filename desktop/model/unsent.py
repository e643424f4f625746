"""What somebody wrote and has not sent in conversations that they are not in any more: kept, out of their sight, and theirs to have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct

from common.ids import GroupId, Millis
from desktop.events.outbox import OutboxItem, PendingUpload
from desktop.model.drafts import Drafts


class UnsentText(Struct, frozen=True):
    """One text and the names of its files. *at*: when it was written; None of a draft."""

    text: str
    files: tuple[str, ...] = ()
    at: Millis | None = None


class UnsentRow(Struct, frozen=True):
    """All of one conversation. *name* is empty when nobody remembers what it was called."""

    group: GroupId
    name: str
    texts: tuple[UnsentText, ...]

    @property
    def has_files(self) -> bool:
        """Whether there is anything to save."""
        return any(one.files for one in self.texts)


class Unsent:
    """Of all conversations; who asks says which of them the person is in."""

    def __init__(self, drafts: Drafts) -> None:
        self._drafts = drafts
        self._outbox: dict[GroupId, tuple[OutboxItem, ...]] = {}
        self._attached: dict[GroupId, tuple[PendingUpload, ...]] = {}
        self._names: dict[GroupId, str] = {}

    def wait(self, group: GroupId, items: Iterable[OutboxItem]) -> None:
        """All that waits in *group*."""
        self._outbox[group] = tuple(item for item in items if item.kind in ("message", "edit"))

    def attach(self, group: GroupId, files: tuple[PendingUpload, ...]) -> None:
        """All that is attached to its draft."""
        self._attached[group] = files

    def name(self, names: Mapping[GroupId, str]) -> None:
        """What conversations were called that the person does not see any more."""
        self._names.update(names)

    def of(self, group: GroupId) -> tuple[UnsentText, ...]:
        """What was not sent there: the messages in their order, then the draft."""
        messages = [
            UnsentText(item.body, tuple(file.name for file in item.files or item.uploads), item.written_at)
            for item in self._outbox.get(group, ())
        ]
        draft = UnsentText(self._drafts.of(group), tuple(file.name for file in self._attached.get(group, ())))
        return tuple(one for one in (*messages, draft) if one.text or one.files)

    def rows(self, is_in: Callable[[GroupId], bool], name_of: Callable[[GroupId], str]) -> list[UnsentRow]:
        """Those of conversations that the person is not in, by name. *name_of*: empty where the person does not see it."""
        groups = {*self._outbox, *self._attached, *self._drafts.groups()}
        found = [
            UnsentRow(group, name_of(group) or self._names.get(group, ""), self.of(group))
            for group in groups
            if not is_in(group) and self.of(group)
        ]
        return sorted(found, key=lambda row: (row.name.casefold(), row.group))

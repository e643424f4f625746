"""Files that are attached to what is being written: chosen, looked at by the link, shown above the composer, taken by a message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from common.ids import GroupId, Millis
from desktop.controller.doors import LinkDoor
from desktop.events import LinkEvent
from desktop.events.outbox import DraftFilesKnown, FilesLookedAt, PendingUpload, PreviewMade
from desktop.locale import _, local_time, n_
from desktop.model.attached import Attached
from desktop.screen import Screen

PROBLEMS_SAID: Final = 3
"""So many are told one by one; of the others, how many there are."""
_ENDINGS: Final = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/bmp": "bmp",
}


class Attaching:
    """The attached files of one account's drafts."""

    def __init__(self, screen: Screen, link: LinkDoor, now: Callable[[], Millis]) -> None:
        self._screen = screen
        self._link = link
        self._now = now
        self._attached = Attached()
        self._group: GroupId | None = None
        self._is_shown = False
        self._is_enabled = False
        self._looked_for: Counter[GroupId] = Counter()
        self._then: dict[GroupId, list[Callable[[], None]]] = {}

    def fold(self, event: LinkEvent) -> bool:
        """Take *event*, if it is about attached files; whether it was."""
        match event:
            case DraftFilesKnown(group, files):
                self._attached.know(group, files)
                self._show(group)
            case PreviewMade(key, png):
                if (found := self._attached.know_preview(key, png)) is not None:
                    self._show(found)
            case FilesLookedAt(group, problems, asked):
                self._say(problems)
                if asked:
                    self._looked_at(group)
            case _:
                return False
        return True

    # -- where ---------------------------------------------------------------------------------------------------------

    def open(self, group: GroupId | None, *, enabled: bool, shown: bool) -> None:
        """Files go to *group* from now on. *shown*: what is written is a new message, so they belong to it."""
        self._group, self._is_enabled, self._is_shown = group, enabled, shown
        self.draw()

    def draw(self) -> None:
        """Show what is attached here."""
        rows = self._attached.rows(self._group) if self._group is not None and self._is_shown else []
        self._screen.show_attachments(rows)

    # -- what the person asks ------------------------------------------------------------------------------------------

    def attach(self, paths: Sequence[Path]) -> None:
        """Attach files in the open conversation."""
        if (group := self._may_attach()) is not None and paths:
            self._looked_for[group] += 1
            self._link.attach(group, tuple(paths))

    def attach_picture(self, content: bytes, mime: str) -> None:
        """Attach what was pasted."""
        if (group := self._may_attach()) is not None:
            self._looked_for[group] += 1
            at = local_time(self._now())
            name = _("Picture {date}").format(date=f"{at:%Y-%m-%d %H.%M.%S}")
            self._link.attach_picture(group, content, f"{name}.{_ENDINGS.get(mime, 'png')}")

    def detach(self, key: str) -> None:
        """Take one away again."""
        if self._group is not None:
            self._link.detach(self._group, key)

    def _may_attach(self) -> GroupId | None:
        """Where to, if anywhere; else the person was told why not."""
        if self._group is None or not self._is_enabled:
            return None
        if not self._is_shown:
            self._screen.show_toast(_("A message that is being edited keeps the files that it has."))
            return None
        return self._group

    # -- what a message takes ------------------------------------------------------------------------------------------

    def has_any(self, group: GroupId) -> bool:
        """Whether a message without a word would bring something."""
        return bool(self._attached.of(group) or self._looked_for[group])

    def take(self, group: GroupId) -> tuple[PendingUpload, ...]:
        """They are a message's from now on."""
        files = self._attached.take(group)
        self._show(group)
        return files

    def when_looked_at(self, group: GroupId, then: Callable[[], None]) -> None:
        """Do *then* when all that was chosen in *group* has been looked at: mostly at once."""
        if self._looked_for[group]:
            self._then.setdefault(group, []).append(then)
        else:
            then()

    def _looked_at(self, group: GroupId) -> None:
        self._looked_for[group] = max(0, self._looked_for[group] - 1)
        if not self._looked_for[group]:
            for then in self._then.pop(group, []):
                then()

    def _show(self, group: GroupId) -> None:
        if group == self._group:
            self.draw()

    def _say(self, problems: Sequence[str]) -> None:
        if problems:
            said = list(problems[:PROBLEMS_SAID])
            if more := len(problems) - len(said):
                said.append(n_("And {n} more file.", "And {n} more files.", more).format(n=more))
            self._screen.show_toast(" ".join(said))

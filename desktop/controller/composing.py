"""What is being written in the open conversation: a new message, an answer to one, or another text for an own one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from msgspec.structs import replace

from common.ids import GroupId, Millis, Nonce, Seq, UserId
from common.protocol import limits
from common.protocol.messages import FileInfo, Forward
from common.protocol.visible import says_something
from desktop.controller.attaching import Attaching
from desktop.controller.doors import LinkDoor
from desktop.controller.holding import Holding
from desktop.events.outbox import ActKind, OutboxItem, PendingUpload
from desktop.model.drafts import Drafts
from desktop.model.rows import Bubble
from desktop.model.timeline import Timeline
from desktop.screen import ComposerMode, Editing, Replying, Screen, Writing

TYPING_EVERY_MS: Final = 3000
"""That somebody writes is told so often: half of the time after which it is no longer believed."""


class Composing:
    """The composer of one account."""

    def __init__(
        self,
        screen: Screen,
        link: LinkDoor,
        drafts: Drafts,
        now: Callable[[], Millis],
        new_nonce: Callable[[], Nonce],
        holding: Holding,
    ) -> None:
        """*drafts*: what was begun in each conversation. *holding*: what keeps the person from writing there."""
        self._screen = screen
        self._link = link
        self._drafts = drafts
        self._holding = holding
        self._why_not = ""
        self._wait_s = 0
        self._now = now
        self._new_nonce = new_nonce
        self.attaching = Attaching(screen, link, now)
        self._mode: ComposerMode = Writing()
        self._group: GroupId | None = None
        self._timeline: Timeline
        self._enabled = False
        self._typing_told: Millis | None = None
        self._edited: str | None = None
        """The text so far of the message that is being edited."""
        self._left: dict[GroupId, tuple[ComposerMode, str | None]] = {}
        """What was begun in conversations that are not open: an answer, or another text."""

    # -- which conversation --------------------------------------------------------------------------------------------

    def open(self, group: GroupId, timeline: Timeline) -> None:
        """Write in *group* from now on, if nothing keeps the person from it."""
        self._leave()
        if group != self._group:
            self._group, self._typing_told = group, None
        self._timeline, self._why_not = timeline, self._holding.why_not(group)
        self._enabled = not self._why_not
        self._wait_s = -1
        self._come_back(group)
        self.show()
        self.settle()

    def _come_back(self, group: GroupId) -> None:
        """To what was begun here, where it can be gone on with."""
        if self._enabled:
            mode, edited = self._left.pop(group, (Writing(), None))
            self._set_mode(mode)
            self._edited = edited
        else:
            self._set_mode(Writing())
            self._edited = None
        self._show_attached()

    def close(self) -> None:
        """No conversation is open."""
        self._leave()
        self._group, self._mode = None, Writing()
        self._show_attached()

    def begin_epoch(self) -> None:
        """The log has another life: what was to be answered or changed may be something else there."""
        self._left.clear()
        self.cancel()

    def _leave(self) -> None:
        """What was begun here is there again when one comes back."""
        if self._group is not None and not isinstance(self._mode, Writing):
            self._left[self._group] = self._mode, self._edited

    def show(self) -> None:
        """Put the draft into the composer, or the text that is being edited."""
        mode = self._mode
        if isinstance(mode, Editing):
            text = mode.text if self._edited is None else self._edited
        else:
            text = self._drafts.of(self._group) if self._group else ""
        # What keeps one from writing stands in the place of the draft, which is there again afterwards.
        self._screen.show_composer(text if self._enabled else "", self._enabled, self._why_not)

    def show_words(self) -> None:
        """The language is another one."""
        if isinstance(self._mode, Replying):
            self._set_mode(Replying(self._timeline.quote(self._mode.quote.seq)))
        if self._group is not None and self._why_not:
            self._why_not = self._holding.why_not(self._group)
            self.show()

    def settle(self) -> None:
        """Follow what keeps the person from writing here, or from sending just now: it begins, ends, and grows shorter."""
        group = self._group
        if group is None:
            return
        why_not = self._holding.why_not(group)
        if why_not != self._why_not:
            self._why_not = why_not
            if self._enabled and why_not:
                self._leave()
                self._set_mode(Writing())
            was_enabled, self._enabled = self._enabled, not why_not
            if self._enabled != was_enabled:
                self._come_back(group)
            self.show()
        wait_s = self._holding.wait_s(group) if self._enabled else 0
        if wait_s != self._wait_s:
            self._wait_s = wait_s
            self._screen.show_wait(wait_s)

    def show_draft(self) -> None:
        """The drafts have changed by themselves."""
        if self._group is not None and not isinstance(self._mode, Editing):
            self.show()

    # -- what the person asks ------------------------------------------------------------------------------------------

    def reply_to(self, seq: Seq) -> None:
        """Answer that message."""
        if self._enabled and self._timeline.message(seq) is not None:
            was_editing = isinstance(self._mode, Editing)
            self._set_mode(Replying(self._timeline.quote(seq)))
            if was_editing:
                self.show()

    def edit(self, seq: Seq) -> None:
        """Give that own message another text."""
        index = self._timeline.index_of(seq)
        row = self._timeline[index] if self._enabled and index is not None else None
        if isinstance(row, Bubble) and row.may_edit:
            self._set_mode(Editing(seq, row.body))
            self.show()

    def cancel(self) -> None:
        """Answer nothing and edit nothing any more; the draft is there again."""
        was_editing = isinstance(self._mode, Editing)
        self._set_mode(Writing())
        if was_editing:
            self.show()

    def send(self, text: str, mentions: tuple[UserId, ...]) -> bool:
        """Do with *text* what the mode says. True: a message was said."""
        group, mode = self._group, self._mode
        if group is None:
            return False
        if isinstance(mode, Editing):
            if says_something(text) and text != mode.text:
                self.act(group, "edit", text, target=mode.seq, mentions=mentions)
            self.cancel()
            return False
        if not (says_something(text) or self.attaching.has_any(group)):
            return False
        if self._holding.wait_s(group):  # the window keeps the text; this one came at the last moment
            self.put_back(group, text)
            return False
        target = mode.quote.seq if isinstance(mode, Replying) else None
        self.attaching.when_looked_at(group, partial(self._say, group, text, target, mentions))
        self._typing_told = None
        self._set_mode(Writing())
        return True

    def _say(self, group: GroupId, text: str, target: Seq | None, mentions: tuple[UserId, ...]) -> None:
        """Put a message into the outbox, with what is attached; more files than one has room for go in further ones."""
        uploads = self.attaching.take(group)
        room = limits.FILES_PER_MESSAGE
        if says_something(text) or uploads:
            self.act(group, "message", text, target=target, mentions=mentions, uploads=uploads[:room])
        for start in range(room, len(uploads), room):
            self.act(group, "message", uploads=uploads[start : start + room])
        if self._drafts.put(group, ""):
            self._link.save_draft(group, "")

    def act(
        self,
        group: GroupId,
        kind: ActKind,
        body: str = "",
        *,
        target: Seq | None = None,
        on: bool = True,
        mentions: tuple[UserId, ...] = (),
        forward: Forward | None = None,
        files: tuple[FileInfo, ...] = (),
        uploads: tuple[PendingUpload, ...] = (),
    ) -> None:
        """Put something into the outbox; the fields are those of `OutboxItem`."""
        item = OutboxItem(group, self._new_nonce(), body, self._now(), kind=kind, target=target, on=on)
        self._link.act(replace(item, mentions=mentions, forward=forward, files=files, uploads=uploads))

    def draft_changed(self, text: str) -> None:
        """The composer holds *text*; another text for an own message is no draft."""
        group = self._group
        if isinstance(self._mode, Editing):
            self._edited = text
        elif group is not None and self._drafts.put(group, text):
            self._link.save_draft(group, self._drafts.of(group))

    def put_back(self, group: GroupId, text: str, target: Seq | None = None) -> None:
        """The words of a message of *group* that is not sent are its draft again, above what is there already. *target*: what it answers."""
        if group == self._group:
            self.cancel()
            if target is not None:
                self.reply_to(target)
        draft = self._drafts.of(group)
        if self._drafts.put(group, f"{text}\n{draft}" if text and draft else text or draft):
            self._link.save_draft(group, self._drafts.of(group))
        if group == self._group:
            self.show_draft()

    def edit_instead(self, group: GroupId, seq: Seq) -> bool:
        """What was put back last is the message at *seq* already: that is edited instead. False: it is not the same text any more."""
        message = self._timeline.message(seq) if group == self._group else None
        text, draft = message.body or "" if message is not None else "", self._drafts.of(group)
        if message is None or not draft.startswith(text):
            return False
        rest = draft.removeprefix(text).removeprefix("\n")
        if self._drafts.put(group, rest):
            self._link.save_draft(group, rest)
        self.cancel()
        self.show_draft()
        self.edit(seq)
        return True

    def typing(self) -> None:
        """Something was typed; others are told now and then."""
        now = self._now()
        if self._group is None or not self._enabled or isinstance(self._mode, Editing):
            return
        if self._typing_told is None or now - self._typing_told >= TYPING_EVERY_MS:
            self._typing_told = now
            self._link.typing(self._group)

    def _set_mode(self, mode: ComposerMode) -> None:
        if mode != self._mode:
            was_editing, self._mode, self._edited = isinstance(self._mode, Editing), mode, None
            self._screen.show_composer_mode(mode)
            if was_editing or isinstance(mode, Editing):
                self._show_attached()

    def _show_attached(self) -> None:
        """Another text for an own message brings no files: what is attached is there again afterwards."""
        self.attaching.open(self._group, enabled=self._enabled, shown=not isinstance(self._mode, Editing))

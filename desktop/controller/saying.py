"""Saying: what is said in the open conversation, what is done with its messages, and how own ones come back to be changed."""

from __future__ import annotations

from common.ids import GroupId, Nonce, Seq, UserId
from common.protocol.messages import Entry, Forward
from desktop.controller.drawing import Stale
from desktop.controller.reading import Reading
from desktop.events.outbox import ActKind, AlreadySaid, OutboxItem
from desktop.locale import _


class Saying(Reading):
    """The part of a `Talk` that follows who writes in it."""

    def send(self, text: str, mentions: tuple[UserId, ...]) -> None:
        """Say *text* in the open conversation, and go to its end; or give the message that is being edited this text."""
        reading = self._reading
        if reading is None or not self.composing.send(text, mentions):
            return
        if reading.mark.said_something():
            self._splice(reading.group, reading.timeline.set_new_after(None))
        reading.arriving = reading.stays_unread = False
        if not reading.at_end:
            reading.at_end = True
            self._screen.open_timeline(reading.timeline, None)
        self._stale |= Stale.COUNT
        self.settle()

    def edit_failed(self, nonce: Nonce) -> None:
        """Take a message that is not sent back into the composer, above what is already there."""
        item = self._reading.timeline.outbox_item(nonce) if self._reading is not None else None
        if item is None:
            return
        # The draft first: a client that dies in between has the text twice, never not at all.
        self.composing.put_back(item.group, item.body, item.target)
        self._link.take_back(nonce)
        self._screen.focus_composer()

    def edit_last(self) -> None:
        """Give the newest own message of the open conversation another text, also one that waits."""
        if self._reading is None:
            return
        match self._reading.timeline.last_own():
            case OutboxItem(nonce=nonce):
                self.edit_failed(nonce)
            case Entry(seq=seq):
                self.composing.edit(seq)

    def _already_said(self, told: AlreadySaid) -> None:
        """The person wanted a message out of the outbox that is an entry by now: what they wanted is done with that."""
        if not told.to_edit:
            self.composing.act(told.group, "redaction", target=told.seq)
            self._screen.show_toast(_("The relay had this message already. It is deleted there, for everybody."))
        elif self.composing.edit_instead(told.group, told.seq):
            self._screen.show_toast(_("The relay had this message already. You are editing it there."))
        else:
            self._screen.show_toast(
                _("The relay had this message already. If you send its text again, it is there twice.")
            )

    def cancel_upload(self, nonce: Nonce, key: str) -> None:
        """Take a file out of a message; the words that came with the last one are not lost."""
        item = self._conversations.waits_for(key)
        if item is not None and len(item.uploads) == 1:
            self.composing.put_back(item.group, item.body)
            self._link.discard(nonce)
        else:
            self._link.cancel_upload(nonce, key)

    def act(self, kind: ActKind, seq: Seq, body: str = "", on: bool = True) -> None:
        """Do something with a message of the open conversation."""
        if self._reading is not None:
            self._reading.stays_unread |= kind == "unread"
            self.composing.act(self._reading.group, kind, body, target=seq, on=on)

    def forward(self, seq: Seq, group: GroupId) -> None:
        """Say a message of the open conversation again in *group*."""
        reading = self._reading
        message = reading.timeline.message(seq) if reading is not None else None
        if reading is not None and message is not None:
            text = reading.timeline.text(seq)
            self.composing.act(group, "message", text, forward=Forward(reading.group, seq), files=message.files)

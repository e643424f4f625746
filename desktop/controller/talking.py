"""The intents of somebody who is signed in. `desktop.intents.Intents` describes each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from common.ids import GroupId, Millis, Nonce, Seq, UserId
from common.protocol.messages import Command, FileId, FileInfo, NotifyLevel, Role, Scope
from desktop.controller.doors import LinkDoor
from desktop.events.conversations import OwnState
from desktop.export.order import Order

if TYPE_CHECKING:
    from desktop.controller.talk import Talk


class Talking:
    """Hands each intent to the present `Talk`, if there is one, or straight to the link."""

    _link: LinkDoor
    _talk: Talk | None

    # -- reading -------------------------------------------------------------------------------------------------------

    def open_group(self, group: GroupId) -> None:
        if self._talk is not None:
            self._talk.open_group(group)

    def close_group(self) -> None:
        if self._talk is not None:
            self._talk.close_group()

    def load_older(self) -> None:
        if self._talk is not None:
            self._talk.load_older()

    def load_gap(self, index: int) -> None:
        if self._talk is not None:
            self._talk.load_gap(index)

    def read_up_to(self, index: int) -> None:
        if self._talk is not None:
            self._talk.read_up_to(index)

    def scrolled(self, at_end: bool) -> None:
        if self._talk is not None:
            self._talk.scrolled(at_end)

    def jump_to_newest(self) -> None:
        if self._talk is not None:
            self._talk.jump_to_newest()

    def jump_to(self, group: GroupId, seq: Seq) -> None:
        if self._talk is not None:
            self._talk.jump_to(group, seq)

    def search(self, query: str, group: GroupId | None, before: Millis | None = None) -> None:
        self._link.search(query, group, before)

    def seek_people(self, text: str, group: GroupId | None) -> None:
        if self._talk is not None:
            self._talk.seek_people(text, group)

    # -- writing -------------------------------------------------------------------------------------------------------

    def send(self, text: str, mentions: tuple[UserId, ...] = ()) -> None:
        if self._talk is not None:
            self._talk.send(text, mentions)

    def send_edit(self, text: str, mentions: tuple[UserId, ...] = ()) -> None:
        self.send(text, mentions)

    def typing(self) -> None:
        if self._talk is not None:
            self._talk.composing.typing()

    def draft_changed(self, text: str) -> None:
        if self._talk is not None:
            self._talk.composing.draft_changed(text)

    def retry(self, nonce: Nonce) -> None:
        self._link.retry(nonce)

    def discard(self, nonce: Nonce) -> None:
        self._link.discard(nonce)

    def show_unsent(self) -> None:
        if self._talk is not None:
            self._talk.kept.show()

    def hide_unsent(self) -> None:
        if self._talk is not None:
            self._talk.kept.hide()

    def save_unsent(self, group: GroupId, folder: Path) -> None:
        if self._talk is not None:
            self._talk.kept.save(group, folder)

    def drop_unsent(self, group: GroupId) -> None:
        if self._talk is not None:
            self._talk.kept.drop(group)

    def edit_failed(self, nonce: Nonce) -> None:
        if self._talk is not None:
            self._talk.edit_failed(nonce)

    def attach(self, paths: Sequence[Path]) -> None:
        if self._talk is not None:
            self._talk.composing.attaching.attach(paths)

    def attach_picture(self, content: bytes, mime: str) -> None:
        if self._talk is not None:
            self._talk.composing.attaching.attach_picture(content, mime)

    def detach(self, key: str) -> None:
        if self._talk is not None:
            self._talk.composing.attaching.detach(key)

    def cancel_upload(self, nonce: Nonce, key: str) -> None:
        if self._talk is not None:
            self._talk.cancel_upload(nonce, key)

    def reply_to(self, seq: Seq) -> None:
        if self._talk is not None and self._talk.is_open:
            self._talk.composing.reply_to(seq)

    def cancel_reply(self) -> None:
        if self._talk is not None and self._talk.is_open:
            self._talk.composing.cancel()

    def edit(self, seq: Seq) -> None:
        if self._talk is not None and self._talk.is_open:
            self._talk.composing.edit(seq)

    def edit_last(self) -> None:
        if self._talk is not None and self._talk.is_open:
            self._talk.edit_last()

    # -- messages ------------------------------------------------------------------------------------------------------

    def delete(self, seq: Seq) -> None:
        if self._talk is not None:
            self._talk.act("redaction", seq)

    def forward(self, seq: Seq, group: GroupId) -> None:
        if self._talk is not None:
            self._talk.forward(seq, group)

    def react(self, seq: Seq, emoji: str, on: bool) -> None:
        if self._talk is not None:
            self._talk.act("reaction", seq, emoji, on)

    def pin(self, seq: Seq, on: bool) -> None:
        if self._talk is not None:
            self._talk.act("pin", seq, on=on)

    def show_pins(self) -> None:
        if self._talk is not None:
            self._talk.ask_about(self._link.list_pins)

    def dismiss_reactions(self) -> None:
        if self._talk is not None:
            self._talk.reacting.dismiss()
            self._talk.settle()

    def mark_unread(self, seq: Seq) -> None:
        if self._talk is not None:
            self._talk.act("unread", seq)

    def show_readers(self, seq: Seq) -> None:
        if self._talk is not None:
            self._talk.ask_about(lambda group: self._link.list_readers(group, seq))

    def show_edits(self, seq: Seq) -> None:
        if self._talk is not None:
            self._talk.ask_about(lambda group: self._link.list_edits(group, seq))

    # -- keeping a copy ------------------------------------------------------------------------------------------------

    def export(self, order: Order) -> None:
        self._link.export(order)

    def cancel_export(self) -> None:
        self._link.cancel_export()

    def fetch_own_data(self, folder: Path) -> None:
        self._link.fetch_own_data(folder)

    def cancel_own_data(self) -> None:
        self._link.cancel_own_data()

    # -- files ---------------------------------------------------------------------------------------------------------

    def download(self, file: FileInfo) -> None:
        if self._talk is not None:
            filing = self._talk.filing
            self._talk.ask_about(lambda group: filing.download(group, file))

    def save_file(self, file: FileInfo, path: Path) -> None:
        if self._talk is not None:
            filing = self._talk.filing
            self._talk.ask_about(lambda group: filing.save(group, file, path))

    def pause_transfer(self, key: str) -> None:
        self._link.pause_transfer(key)

    def resume_transfer(self, key: str) -> None:
        self._link.resume_transfer(key)

    def cancel_transfer(self, key: str) -> None:
        if self._talk is not None:
            self._talk.filing.cancel(key)

    def retry_transfers(self) -> None:
        self._link.retry_transfers()

    def clear_transfers(self, key: str) -> None:
        if self._talk is not None:
            self._talk.filing.clear_finished(key)

    def want_picture(self, key: str, file: FileId, path: Path | None, edge: int) -> None:
        if self._talk is not None:
            self._talk.filing.want_picture(key, file, path, edge)

    # -- the person ----------------------------------------------------------------------------------------------------

    def set_presence(self, state: OwnState, text: str) -> None:
        if self._talk is not None:
            self._talk.own_ways.set_presence(state, text)

    def set_receipts(self, on: bool) -> None:
        if self._talk is not None:
            self._talk.own_ways.set_receipts(on)

    # -- groups --------------------------------------------------------------------------------------------------------

    def open_direct(self, user: UserId) -> None:
        if self._talk is not None:
            self._talk.open_direct(user)

    def create_group(self, name: str, topic: str, private: bool) -> None:
        if self._talk is not None:
            self._talk.create_group(name, topic, private)

    def join_group(self, group: GroupId) -> None:
        self._link.join_group(group)

    def join_by_code(self, code: str) -> None:
        self._link.join_by_code(code)

    def leave_group(self, group: GroupId) -> None:
        self._link.leave_group(group)

    def rename_group(self, group: GroupId, name: str) -> None:
        self._link.rename_group(group, name)

    def set_topic(self, group: GroupId, topic: str) -> None:
        self._link.set_topic(group, topic)

    def add_member(self, group: GroupId, user: UserId) -> None:
        self._link.add_member(group, user)

    def remove_member(self, group: GroupId, user: UserId) -> None:
        self._link.remove_member(group, user)

    def ban_member(self, group: GroupId, user: UserId, on: bool) -> None:
        self._link.ban_member(group, user, on)

    def create_token(self, name: str, scope: Scope, expires: Millis | None) -> None:
        self._link.create_token(name, scope, expires)

    def list_tokens(self) -> None:
        self._link.list_tokens()

    def revoke_token(self, token: int) -> None:
        self._link.revoke_token(token)

    def create_webhook(self, group: GroupId, name: str) -> None:
        self._link.create_webhook(group, name)

    def list_webhooks(self, group: GroupId) -> None:
        self._link.list_webhooks(group)

    def revoke_webhook(self, group: GroupId, webhook: int) -> None:
        self._link.revoke_webhook(group, webhook)

    def list_bans(self, group: GroupId) -> None:
        self._link.list_bans(group)

    def set_role(self, group: GroupId, user: UserId, role: Role) -> None:
        self._link.set_role(group, user, role)

    def create_invite(self, group: GroupId | None, uses: int | None, expires: Millis | None) -> None:
        self._link.create_invite(group, uses, expires)

    def list_invites(self, group: GroupId | None) -> None:
        self._link.list_invites(group)

    def revoke_invite(self, group: GroupId | None, invite: int) -> None:
        self._link.revoke_invite(group, invite)

    def order(self, command: Command) -> None:
        self._link.order(command)

    def mute(self, group: GroupId, level: NotifyLevel) -> None:
        if self._talk is not None:
            self._talk.own_ways.choose(group, notify=level)

    def hide(self, group: GroupId, on: bool) -> None:
        if self._talk is not None:
            self._talk.own_ways.choose(group, hidden=on)

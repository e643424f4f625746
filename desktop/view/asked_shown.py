"""The window's part that hands what somebody asked for to the sheet that waits for it, or says in passing what became of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from common.ids import GroupId, Millis, Seq
from common.protocol.messages import Answer, Command, Invite, Webhook
from desktop.export.order import Progress
from desktop.model.rows import BanRow, HitRow, MemberRow, PinRow, ReaderRow
from desktop.model.unsent import UnsentRow
from desktop.moves import MoveShown
from desktop.own_data import OwnDataProgress
from desktop.view.around import Around

if TYPE_CHECKING:
    from desktop.view.main_screen import MainScreen


class ShowsAsked:
    """Of `desktop.screen.Screen` the lists that were asked for, and what came of longer work."""

    _around: Around
    _main: MainScreen | None
    show_toast: Callable[[str], None]

    def show_pins(self, group: GroupId, pins: Sequence[PinRow]) -> None:
        self._around.show_pins(group, pins)

    def show_readers(self, seq: Seq, readers: Sequence[ReaderRow]) -> None:
        self._around.show_readers(readers)

    def show_edits(self, seq: Seq, texts: Sequence[tuple[Millis, str]]) -> None:
        self._around.show_edits(texts)

    def show_people(self, text: str, people: Sequence[MemberRow]) -> None:
        if not self._around.show_people(text, people) and self._main is not None:
            self._main.composer.show_people(text, people)

    def show_hits(self, query: str, hits: Sequence[HitRow], complete: bool, more: bool) -> None:
        self._around.show_hits(query, hits, complete, more)

    def show_invite(self, invite: Invite, code: str, link: str) -> None:
        self._around.show_invite(invite, code, link)

    def show_hook_made(self, hook: Webhook, url: str, curl: str) -> None:
        self._around.show_hook_made(hook, url, curl)

    def show_hooks(self, group: GroupId, hooks: Sequence[Webhook]) -> None:
        self._around.show_hooks(group, hooks)

    def show_bans(self, group: GroupId, bans: Sequence[BanRow]) -> None:
        self._around.show_bans(group, bans)

    def show_invites(self, group: GroupId | None, invites: Sequence[Invite]) -> None:
        self._around.show_invites(group, invites)

    def show_ordered(self, command: Command, answer: Answer | None, problem: str) -> None:
        if not self._around.ordered(command, answer, problem) and problem:
            self.show_toast(problem)

    def show_move(self, shown: MoveShown) -> None:
        if said := self._around.moving.show(shown):
            self.show_toast(said)

    def show_export(self, progress: Progress) -> None:
        if said := self._around.exporting.show(progress):
            self.show_toast(said)

    def show_own_data(self, progress: OwnDataProgress) -> None:
        if said := self._around.own_data.show(progress):
            self.show_toast(said)

    def show_not_deleted(self, code: str, problem: str) -> None:
        if not self._around.deleting.show_refused(code, problem):
            self.show_toast(problem)

    def show_unsent(self, rows: Sequence[UnsentRow]) -> None:
        self._around.unsent.show(rows)

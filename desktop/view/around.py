"""What is opened around the conversations: sheets for people, groups, invitations, finding and status, and questions before harm."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from typing import Final

from common.ids import GroupId, Millis, Seq, UserId
from common.protocol.messages import Answer, Command, Invite, Role, User, Webhook
from desktop.events.conversations import OwnStatus
from desktop.intents import Intents
from desktop.locale import _, n_
from desktop.model.rows import BanRow, Header, HitRow, MemberRow, PinRow, RailRow, ReaderRow
from desktop.screen import Choice, ChoiceKind, Question
from desktop.view.deleting import Deleting
from desktop.view.exporting import Exporting
from desktop.view.levels import levels
from desktop.view.look import Look
from desktop.view.moving import MovingShown
from desktop.view.overlay import Choice as MenuLine
from desktop.view.own_data import OwnDataShown
from desktop.view.owning import Owning
from desktop.view.quieting import Quieting
from desktop.view.retaining import Retaining, may_change
from desktop.view.sheets.stack import SheetStack
from desktop.view.unsent import UnsentShown

_RANKS: Final[dict[Role, int]] = {"member": 0, "admin": 1, "owner": 2}

Ask = Callable[[Question, Callable[[str], None]], None]


class Around:
    """Remembers what it needs of what the controller showed. Sheets are imported when they are needed first."""

    def __init__(
        self,
        root: tk.Tk,
        look: Callable[[], Look],
        sheets: SheetStack,
        intents: Intents,
        ask: Ask,
        open_group: Callable[[GroupId], None],
        show_members: Callable[[], None],
        say: Callable[[str], None],
    ) -> None:
        """*look*: the present one. *open_group*, *show_members*: of the main screen. *say*: a short remark."""
        self._root = root
        self._look = look
        self._sheets = sheets
        self._intents = intents
        self._ask = ask
        self._open_group = open_group
        self._show_members = show_members
        self.unsent = UnsentShown(root, look, sheets, intents, ask, say)
        self.exporting = Exporting(root, look, sheets, intents, ask)
        self.own_data = OwnDataShown(root, look, sheets, intents)
        self.deleting = Deleting(root, look, sheets, intents, self.own_data.open)
        self.owning = Owning(root, look, sheets, intents, ask)
        self.moving = MovingShown(root, look, sheets, intents)
        self.quieting = Quieting(root, look, sheets, intents)
        self.retaining = Retaining(root, look, sheets, intents, ask, say)
        self.forget()

    def forget(self) -> None:
        """Another relay, or none: nothing that was shown holds any more."""
        self.user: User | None = None
        self.header: Header | None = None
        self.rail: Sequence[RailRow] = ()
        self.members: Sequence[MemberRow] = ()
        self.status = OwnStatus()
        self._inviting: GroupId | None = None
        self.exporting.forget()
        self.own_data.forget()
        self.owning.signed_in("", None)
        self.deleting.signed_in("", None)

    def signed_in(self, relay_name: str, user: User) -> None:
        """Who is there, and where; somebody without a name while the conversations are being opened."""
        self.user = user if user.username else None
        self.owning.signed_in(relay_name, self.user)
        self.deleting.signed_in(relay_name, self.user)

    # -- people --------------------------------------------------------------------------------------------------------

    def new_conversation(self) -> None:
        """Choose somebody to write to, or make a group."""
        self._choose_person(
            _("New conversation"),
            lambda row: self._intents.open_direct(row.user),
            on_group=self.new_group,
            on_code=self.join_by_code,
        )

    def add_people(self) -> None:
        """Choose somebody who is to come into the open group."""
        header = self.header
        if header is not None:
            title = _("Add to “{name}”").format(name=self._look().safe.name(header.name))
            there = [row.user for row in self.members]
            self._choose_person(title, lambda row: self._intents.add_member(header.group, row.user), without=there)

    def seek_here(self, text: str) -> None:
        """People of the open conversation whose name begins so."""
        if self.header is not None:
            self._intents.seek_people(text, self.header.group)

    def show_people(self, text: str, people: Sequence[MemberRow]) -> bool:
        """Whether a sheet wanted them."""
        from desktop.view.sheets.people import PeopleSheet

        sheet = self._sheets.find(PeopleSheet)
        if sheet is not None:
            sheet.show(text, people)
        return sheet is not None

    def ask_everybody(self, then: Callable[[], None]) -> None:
        """Before everybody is called: say how many others that are."""
        header = self.header
        there = (header.members or len(self.members)) if header is not None else 0
        count = max(0, there - 1)
        text = n_("{n} person will be told of your message.", "{n} people will be told of your message.", count)
        question = Question(
            _("Call everybody?"),
            text.format(n=count),
            (Choice("call", _("Send"), ChoiceKind.PRIMARY), Choice("back", _("Cancel"))),
        )
        self._ask(question, lambda key: then() if key == "call" else None)

    def member_menu(self, row: MemberRow) -> Sequence[MenuLine]:
        """What can be done with a person of the open conversation."""
        header = self.header
        if header is None:
            return ()
        group, user = header.group, row.user
        direct = _("Write to yourself") if row.own else _("Write to {name}").format(name=self._name(row))
        lines = [MenuLine("edit", direct, lambda: self._intents.open_direct(user))]
        own = self._own_rank()
        is_below = own == _RANKS["owner"] or _RANKS[row.role] < own
        quieting = self.quieting.lines(header, row, is_below)
        if header.kind == "direct" or not header.may_manage or row.own:
            return [*lines, *quieting]
        if own == _RANKS["owner"]:
            titles: dict[Role, str] = {
                "member": _("Make a member"),
                "admin": _("Make an administrator"),
                "owner": _("Make an owner"),
            }
            lines += [
                MenuLine("key", title, lambda role=role: self._change_role(group, row, role))  # type: ignore[misc]
                for role, title in titles.items()
                if role != row.role
            ]
        lines += quieting
        if header.kind == "group" and is_below:
            lines.append(MenuLine("leave", _("Take out"), lambda: self._remove(group, row)))
            lines.append(MenuLine("warning", _("Take out for good"), lambda: self._ban(group, row)))
        return lines

    # -- groups --------------------------------------------------------------------------------------------------------

    def new_group(self) -> None:
        """The sheet for a new group."""
        from desktop.view.sheets.group import CreateGroupSheet

        create = self._intents.create_group
        if self.user is not None and not self._sheets:
            self._sheets.open(lambda close: CreateGroupSheet(self._root, self._look(), close, create))

    def join_by_code(self) -> None:
        """The sheet for an invitation to a group of this relay."""
        from desktop.view.sheets.group import JoinByCodeSheet

        join = self._intents.join_by_code
        if self.user is not None and not self._sheets:
            self._sheets.open(lambda close: JoinByCodeSheet(self._root, self._look(), close, join))

    def rename(self) -> None:
        """The sheet for another name of the open group."""
        from desktop.view.sheets.group import RenameGroupSheet

        header = self.header
        if header is not None:
            group, name = header.group, header.name
            rename: Callable[[str], None] = lambda new: self._intents.rename_group(group, new)  # noqa: E731
            self._sheets.open(lambda close: RenameGroupSheet(self._root, self._look(), close, name, rename))

    def ask_leave(self) -> None:
        """Ask, and leave the open group."""
        header = self.header
        if header is None:
            return
        group = header.group
        text = _("You will get no more messages of “{name}”. You can join again later if the group is not private.")
        self._danger(
            _("Leave the group?"),
            text.format(name=self._look().safe.name(header.name)),
            _("Leave"),
            lambda: self._intents.leave_group(group),
        )

    def open_info(self) -> None:
        """All about the open conversation."""
        from desktop.view.sheets.group_info import GroupInfoSheet, InfoActs

        header = self.header
        if header is None or self._sheets:
            return
        group = header.group
        acts = InfoActs(
            rename=self.rename,
            set_topic=lambda topic: self._intents.set_topic(group, topic),
            show_pins=self._intents.show_pins,
            show_members=self._show_members,
            add_people=self.add_people,
            invite=lambda: self.open_invites(group),
            bans=lambda: self._intents.list_bans(group),
            hooks=self.open_hooks,
            mute=lambda level: self._intents.mute(group, level),
            slow=lambda seconds: self.quieting.set_slow(group, seconds),
            keeping=self.open_retention if may_change(header, self.user) else None,
            hide=lambda on: self._intents.hide(group, on),
            export=self.export,
            leave=self.ask_leave,
        )

        def make(close: Callable[[], None]) -> GroupInfoSheet:
            now = self.header if self.header is not None and self.header.group == group else header
            return GroupInfoSheet(self._root, self._look(), close, now, acts)

        self._sheets.open(make)

    def open_retention(self) -> None:
        """How much of the open conversation's past is kept."""
        if self.header is not None:
            self.retaining.open(self.header, self.user)

    def ordered(self, command: Command, answer: Answer | None, problem: str) -> bool:
        """What came of something that was asked of the relay as it is; whether there is anybody to tell."""
        return self.owning.show(command, answer, problem) or self.retaining.show(command, answer, problem)

    def export(self) -> None:
        """The open conversation as files to keep."""
        if self.header is not None and self.header.joined:
            self._export(self.header.group, self.header.name)

    def _export(self, group: GroupId, name: str) -> None:
        offline_since = self.header.complete_up_to if self.header is not None else None
        self.exporting.open(group, name, offline_since)

    def rail_menu(self, row: RailRow) -> Sequence[MenuLine]:
        """What can be done with a conversation in the list."""
        group = row.group
        lines = [MenuLine("next", _("Open"), lambda: self._open_group(group))]
        if row.joined:
            lines += [
                MenuLine(
                    one.icon,
                    one.full,
                    lambda level=one.level: self._intents.mute(group, level),  # type: ignore[misc]
                    chosen=one.level == row.notify,
                )
                for one in levels()
            ]
            hide = _("Put back into the list") if row.hidden else _("Put out of sight")
            lines.append(MenuLine("eye", hide, lambda: self._intents.hide(group, not row.hidden)))
            lines.append(MenuLine("export", _("Export"), lambda: self._export(group, row.name)))
        return lines

    # -- invitations ---------------------------------------------------------------------------------------------------

    def relay_lines(self) -> Sequence[MenuLine]:
        """What owners and admins of the relay do with it, for its menu."""
        lines = []
        if self.user is not None and self.user.role in ("owner", "admin"):
            lines.append(MenuLine("link", _("Invite people"), lambda: self.open_invites(None)))
        if self.owning.may:
            lines.append(MenuLine("lock", _("This relay"), self.owning.open))
        return lines

    def open_invites(self, group: GroupId | None) -> None:
        """Invite to a group, or (None) to the relay."""
        from desktop.view.sheets.invites import InvitesSheet

        if self._sheets:
            return
        self._inviting = group
        named = self.header.name if group is not None and self.header is not None else _("this relay")
        self._sheets.open(
            lambda close: InvitesSheet(
                self._root,
                self._look(),
                close,
                named,
                lambda uses, expires: self._intents.create_invite(group, uses, expires),
                lambda invite: self._intents.revoke_invite(group, invite),
            )
        )
        self._intents.list_invites(group)

    def show_invite(self, invite: Invite, code: str, link: str) -> None:
        """An invitation was made."""
        from desktop.view.sheets.invites import InvitesSheet, Made

        if self._sheets.find(InvitesSheet) is None:
            self.open_invites(invite.group)
        sheet = self._sheets.find(InvitesSheet)
        if sheet is not None:
            sheet.show_made(Made(invite, code, link))

    def show_invites(self, group: GroupId | None, invites: Sequence[Invite]) -> None:
        """Those that are still good."""
        from desktop.view.sheets.invites import InvitesSheet

        sheet = self._sheets.find(InvitesSheet)
        if sheet is not None and group == self._inviting:
            sheet.show_list(invites)

    def open_hooks(self) -> None:
        """The webhooks of the open group."""
        from desktop.view.sheets.hooks import HookActs, HooksSheet

        header = self.header
        if header is None or self._sheets:
            return
        group, name = header.group, header.name
        acts = HookActs(lambda given: self._intents.create_webhook(group, given), self._revoke_hook)
        self._sheets.open(lambda close: HooksSheet(self._root, self._look(), close, name, acts))
        self._intents.list_webhooks(group)

    def show_hook_made(self, hook: Webhook, url: str, curl: str) -> None:
        """An address was made."""
        from desktop.view.secret_shown import Shown
        from desktop.view.sheets.hooks import HooksSheet

        sheet = self._sheets.find(HooksSheet)
        if sheet is not None:
            title = _("Address of “{name}”").format(name=self._look().safe.name(hook.name))
            sheet.show_made(Shown(title, url, curl))

    def show_hooks(self, group: GroupId, hooks: Sequence[Webhook]) -> None:
        """Those that are good."""
        from desktop.view.sheets.hooks import HooksSheet

        sheet = self._sheets.find(HooksSheet)
        if sheet is not None and self.header is not None and self.header.group == group:
            sheet.show_hooks(hooks)

    def _revoke_hook(self, hook: Webhook) -> None:
        self._danger(
            _("Revoke the webhook?"),
            _("The script that uses “{name}” stops working at once. That cannot be undone.").format(
                name=self._look().safe.name(hook.name)
            ),
            _("Revoke"),
            lambda: self._intents.revoke_webhook(hook.group, hook.id),
        )

    def show_bans(self, group: GroupId, bans: Sequence[BanRow]) -> None:
        """Who may not come back, as it was asked for."""
        from desktop.view.sheets.bans import BansSheet

        sheet = self._sheets.find(BansSheet)
        if sheet is not None:
            sheet.show(bans)
        elif not self._sheets:
            allow: Callable[[BanRow], None] = lambda ban: self._intents.ban_member(group, ban.user, False)  # noqa: E731
            self._sheets.open(lambda close: BansSheet(self._root, self._look(), close, bans, allow))

    # -- finding -------------------------------------------------------------------------------------------------------

    def open_switcher(self) -> None:
        """Go to a conversation by a few letters."""
        from desktop.view.sheets.switcher import SwitcherSheet

        if self.user is not None and not self._sheets:
            rows = self.rail
            self._sheets.open(lambda close: SwitcherSheet(self._root, self._look(), close, rows, self._open_group))

    def open_search(self, everywhere: bool) -> None:
        """Look for messages."""
        from desktop.view.sheets.finding import SearchSheet

        if self.user is None or self._sheets:
            return
        header, search = self.header, self._intents.search
        here = (header.group, header.name) if header is not None and header.joined else None
        self._sheets.open(
            lambda close: SearchSheet(self._root, self._look(), close, here, everywhere, search, self._intents.jump_to)
        )

    def show_hits(self, query: str, hits: Sequence[HitRow], complete: bool, more: bool) -> None:
        """What was found."""
        from desktop.view.sheets.finding import SearchSheet

        sheet = self._sheets.find(SearchSheet)
        if sheet is not None:
            sheet.show(query, hits, complete, more)

    def show_pins(self, group: GroupId, pins: Sequence[PinRow]) -> None:
        """The pinned messages that were asked for."""
        from desktop.view.sheets.said import PinsSheet

        jump: Callable[[Seq], None] = lambda seq: self._intents.jump_to(group, seq)  # noqa: E731
        if self._sheets.find(PinsSheet) is None:
            self._sheets.open(lambda close: PinsSheet(self._root, self._look(), close, pins, jump))

    def show_readers(self, readers: Sequence[ReaderRow]) -> None:
        """Who has read an own message."""
        from desktop.view.sheets.said import ReadersSheet

        self._sheets.open(lambda close: ReadersSheet(self._root, self._look(), close, readers))

    def show_edits(self, texts: Sequence[tuple[Millis, str]]) -> None:
        """What an own message said before."""
        from desktop.view.sheets.said import EditsSheet

        self._sheets.open(lambda close: EditsSheet(self._root, self._look(), close, texts))

    # -- inside --------------------------------------------------------------------------------------------------------

    def _choose_person(
        self,
        title: str,
        on_person: Callable[[MemberRow], None],
        on_group: Callable[[], None] | None = None,
        without: Sequence[UserId] = (),
        on_code: Callable[[], None] | None = None,
    ) -> None:
        from desktop.view.sheets.people import PeopleSheet

        seek: Callable[[str], None] = lambda text: self._intents.seek_people(text, None)  # noqa: E731
        if self.user is not None and not self._sheets:
            self._sheets.open(
                lambda close: PeopleSheet(
                    self._root, self._look(), close, title, seek, on_person, on_group, without, on_code
                )
            )

    def _own_rank(self) -> int:
        own = next((_RANKS[row.role] for row in self.members if row.own), 0)
        return max(own, _RANKS[self.user.role] if self.user is not None else 0)

    def _change_role(self, group: GroupId, row: MemberRow, role: Role) -> None:
        texts = {
            "member": _(
                "“{name}” will no longer add and remove people, change the topic, or take back what others wrote."
            ),
            "admin": _("“{name}” will add and remove people, change the topic, and take back what others wrote."),
            "owner": _("“{name}” will do everything here that you can, and nobody can undo it but an owner."),
        }
        titles = {
            "member": _("Make a member?"),
            "admin": _("Make an administrator?"),
            "owner": _("Make an owner?"),
        }
        self._danger(
            titles[role],
            texts[role].format(name=self._name(row)),
            _("Yes"),
            lambda: self._intents.set_role(group, row.user, role),
        )

    def _remove(self, group: GroupId, row: MemberRow) -> None:
        text = _("“{name}” gets no more messages of this group, but can come back.")
        if self.header is not None and self.header.private:
            text = _(
                "“{name}” gets no more messages of this group, and comes back only when somebody adds or invites them."
            )
        self._danger(
            _("Take out of the group?"),
            text.format(name=self._name(row)),
            _("Take out"),
            lambda: self._intents.remove_member(group, row.user),
        )

    def _ban(self, group: GroupId, row: MemberRow) -> None:
        self._danger(
            _("Take out for good?"),
            _("“{name}” gets no more messages of this group and cannot join it again.").format(name=self._name(row)),
            _("Take out for good"),
            lambda: self._intents.ban_member(group, row.user, True),
        )

    def _danger(self, title: str, text: str, yes: str, act: Callable[[], None]) -> None:
        question = Question(title, text, (Choice("yes", yes, ChoiceKind.DANGER), Choice("no", _("Cancel"))))
        self._ask(question, lambda key: act() if key == "yes" else None)

    def _name(self, row: MemberRow) -> str:
        return self._look().safe.name(row.name)

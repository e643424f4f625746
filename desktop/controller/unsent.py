"""Words and files that were not sent before one was taken out of a conversation: said, shown, saved, and dropped when asked to."""

from __future__ import annotations

from pathlib import Path

from common.ids import GroupId
from desktop.controller.doors import LinkDoor
from desktop.events import LinkEvent
from desktop.events.outbox import DraftFilesKnown, OutboxListed
from desktop.locale import _, n_
from desktop.model.conversations import Conversation, Conversations
from desktop.model.drafts import Drafts
from desktop.model.roster import Roster
from desktop.model.unsent import Unsent
from desktop.screen import Choice, ChoiceKind, Question, Screen
from desktop.unsent import FormerKnown, UnsentSaved


class Kept:
    """What is kept for one account. `fold` every event."""

    def __init__(
        self, screen: Screen, link: LinkDoor, conversations: Conversations, roster: Roster, drafts: Drafts
    ) -> None:
        self._screen = screen
        self._link = link
        self._conversations = conversations
        self._roster = roster
        self._drafts = drafts
        self._unsent = Unsent(drafts)
        self._is_shown = False

    def fold(self, event: LinkEvent) -> None:
        """Take what *event* says of it."""
        match event:
            case OutboxListed(group, items):
                self._unsent.wait(group, items)
            case DraftFilesKnown(group, files):
                self._unsent.attach(group, files)
            case FormerKnown(names):
                self._unsent.name(names)
            case UnsentSaved():
                self._say_saved(event)
                return
            case _:
                return
        if self._is_shown:
            self.show()

    def gone(self, group: GroupId, conversation: Conversation, *, was_open: bool) -> None:
        """The person is not in that conversation any more; what they wrote for it and nobody has is not lost, but out of sight."""
        name = conversation.name(self._roster)
        self._unsent.name({group: name})
        if self._unsent.of(group):
            question = Question(
                _("Not sent"),
                _("You are not in “{name}” any more. What you have not sent there is kept.").format(name=name),
                (Choice("show", _("Show it"), ChoiceKind.PRIMARY), Choice("later", _("Not now"))),
            )
            self._screen.ask(question, lambda key: self.show() if key == "show" else None)
        elif was_open:
            self._screen.show_toast(_("You are not in “{name}” any more.").format(name=name))

    def show(self) -> None:
        """Show all of it, and again whenever it changes."""
        self._is_shown = True
        self._screen.show_unsent(self._unsent.rows(self._is_in, self._name_of))

    def hide(self) -> None:
        """Nobody looks at it any more."""
        self._is_shown = False

    def save(self, group: GroupId, folder: Path) -> None:
        """Put copies of the files that were not sent there into *folder*."""
        self._link.save_unsent(group, folder)

    def drop(self, group: GroupId) -> None:
        """Give up what was not sent there."""
        self._drafts.put(group, "")
        self._link.drop_unsent(group)
        if self._is_shown:
            self.show()

    def _is_in(self, group: GroupId) -> bool:
        conversation = self._conversations.get(group)
        return conversation is not None and conversation.joined

    def _name_of(self, group: GroupId) -> str:
        return self._conversations.name(group, self._roster)

    def _say_saved(self, told: UnsentSaved) -> None:
        said = n_("{n} file was saved in {folder}.", "{n} files were saved in {folder}.", told.count)
        text = said.format(n=told.count, folder=told.folder)
        self._screen.show_toast(" ".join(part for part in (text if told.count else "", told.problem) if part))

"""A client without a window: the real link in its thread, and what it told, folded so that a test can wait for facts."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from common.ids import GroupId, Millis, Nonce, Seq, UserId
from common.protocol.messages import Entry, GroupInfo, Member, User
from desktop.events import LinkEvent
from desktop.events.conversations import (
    ChoicesKnown,
    CompleteUpTo,
    EntriesKnown,
    EpochBegan,
    GroupChoice,
    GroupLost,
    GroupSeen,
    GroupsListed,
    MembersListed,
    RelatedKnown,
    UsersKnown,
)
from desktop.events.link import Connected, LinkChanged, LinkState, Offline, SignedIn
from desktop.events.outbox import (
    ActKind,
    DraftFilesKnown,
    DraftsKnown,
    FilesLookedAt,
    OutboxItem,
    OutboxListed,
    PendingUpload,
)
from desktop.events.relays import AddressAnswered, FoundRelay
from desktop.events.transfers import Transfer, TransferChanged, TransferEnded
from desktop.link.link import Link
from desktop.link.looking import Looking

T = TypeVar("T")
WITHIN_S = 20.0
PASSWORD = "correct horse battery"


def unix_ms() -> Millis:
    return Millis(time.time_ns() // 1_000_000)


class Client:
    """One person's client in its own folder. Everything is on this machine: nothing is asked on the network."""

    def __init__(self, home: Path, looking: Looking = Looking(multicast=False, broadcast=False)) -> None:  # noqa: B008
        self.home = home
        self._changed = threading.Condition()
        self.events: list[LinkEvent] = []
        self.state: LinkState = Offline()
        self.user: User | None = None
        self.groups: dict[GroupId, GroupInfo] = {}
        self.log: dict[GroupId, dict[Seq, Entry]] = {}
        self.related: dict[GroupId, dict[Seq, Entry]] = {}
        self.told_twice: list[Entry] = []
        self.outbox: dict[GroupId, tuple[OutboxItem, ...]] = {}
        self._to_send: set[Nonce] = set()
        self._listed: set[Nonce] = set()
        self.people: dict[UserId, User] = {}
        self.members: dict[GroupId, tuple[Member, ...]] = {}
        self.choices: dict[GroupId, GroupChoice] = {}
        self.drafts: dict[GroupId, str] = {}
        self.attached: dict[GroupId, tuple[PendingUpload, ...]] = {}
        self.transfers: dict[str, Transfer] = {}
        self.complete_up_to: Millis | None = None
        self.link = Link(home, self._tell, unix_ms, looking)
        self.link.start()

    def _tell(self, event: LinkEvent) -> None:
        with self._changed:
            self.events.append(event)
            self._fold(event)
            self._changed.notify_all()

    def _fold(self, event: LinkEvent) -> None:
        match event:
            case LinkChanged(state):
                self.state = state
            case SignedIn(user=user):
                self.user = user
            case EpochBegan():
                self.log.clear()
            case GroupsListed(groups):
                self.groups = {group.id: group for group in groups}
            case GroupSeen(group):
                self.groups[group.id] = group
            case GroupLost(group):
                self.groups.pop(group, None)
            case EntriesKnown(group, entries, _first, live):
                known = self.log.setdefault(group, {})
                seqs = [entry.seq for entry in entries]
                assert seqs == list(range(seqs[0], seqs[0] + len(seqs))) if seqs else True, f"a run has gaps: {seqs}"
                for entry in entries:
                    if live and entry.seq in known:
                        self.told_twice.append(entry)
                    known[entry.seq] = entry
            case RelatedKnown(group, entries):
                self.related.setdefault(group, {}).update({entry.seq: entry for entry in entries})
            case OutboxListed(group, items):
                self.outbox[group] = items
                self._listed.update(item.nonce for item in items)
            case UsersKnown(users):
                self.people.update({user.id: user for user in users})
            case MembersListed(group, members):
                self.members[group] = members
            case ChoicesKnown(choices):
                self.choices = choices
            case DraftsKnown(drafts):
                self.drafts = drafts
            case DraftFilesKnown(group, files):
                self.attached[group] = files
            case TransferChanged(transfer):
                self.transfers[transfer.key] = transfer
            case TransferEnded(key):
                self.transfers.pop(key, None)
            case CompleteUpTo(at):
                self.complete_up_to = at
            case _:
                pass

    # -- waiting -------------------------------------------------------------------------------------------------------

    def until(self, fact: Callable[[], T | None], within_s: float = WITHIN_S) -> T:
        """Wait until *fact* gives something true; that it gives."""
        with self._changed:
            found = self._changed.wait_for(fact, within_s)
            assert found, f"not within {within_s} s; last told: {self.events[-8:]}"
            return found

    def until_told(self, kind: type[T], since: int = 0, within_s: float = WITHIN_S) -> T:
        """Wait for an event of *kind*, told after the first *since* ones."""
        return self.until(
            lambda: next((event for event in self.events[since:] if isinstance(event, kind)), None), within_s
        )

    def until_connected(self) -> None:
        self.until(lambda: isinstance(self.state, Connected))

    def until_not_connected(self) -> None:
        self.until(lambda: not isinstance(self.state, Connected))

    # -- doing ---------------------------------------------------------------------------------------------------------

    def find(self, address: str) -> FoundRelay:
        """The relay at *address*."""
        since = len(self.events)
        self.link.try_address(address)
        return self.until_told(AddressAnswered, since).relay

    def register(self, address: str, name: str, code: str = "") -> FoundRelay:
        """Make an account called *name* and wait until the link is up."""
        relay = self.find(address)
        self.link.register(relay, name, PASSWORD, name.capitalize(), code)
        self.until_connected()
        return relay

    @property
    def general(self) -> GroupId:
        """The general group; 0 while no group is known."""
        return next((group.id for group in self.groups.values() if group.kind == "general"), GroupId(0))

    def says(self, body: str, group: GroupId | None = None) -> Nonce:
        """Post *body*; gives the nonce."""
        nonce = Nonce(secrets.token_hex(16))
        self._to_send.add(nonce)
        self.link.act(OutboxItem(self.general if group is None else group, nonce, body, unix_ms()))
        return nonce

    def attaches(self, *paths: Path) -> FilesLookedAt:
        """Attach files to the draft of the general group, and wait until they were looked at."""
        since = len(self.events)
        self.link.attach(self.general, paths)
        return self.until_told(FilesLookedAt, since)

    def sends(self, body: str, *paths: Path) -> Nonce:
        """Post *body* with files into the general group; gives the nonce."""
        assert self.attaches(*paths).problems == ()
        return self.sends_attached(body)

    def sends_attached(self, body: str) -> Nonce:
        """The same with what is attached there."""
        nonce = Nonce(secrets.token_hex(16))
        self.link.act(OutboxItem(self.general, nonce, body, unix_ms(), uploads=self.attached[self.general]))
        return nonce

    def item(self, nonce: Nonce) -> OutboxItem | None:
        """The own message that waits under *nonce*."""
        return next((item for items in self.outbox.values() for item in items if item.nonce == nonce), None)

    def until_gone(self, nonce: Nonce) -> None:
        """Wait until that own message has left the outbox."""
        self.until(lambda: self.item(nonce) is None)

    def until_sent(self) -> None:
        """Wait until all that was said and done has been in the outbox and left it. An empty outbox alone may not know of it yet."""
        self.until(lambda: self._to_send <= self._listed and not any(map(self.item, self._to_send)))

    def entry(self, nonce: Nonce) -> Entry | None:
        """The entry that was posted under *nonce*, by anybody."""
        return next((one for log in self.log.values() for one in log.values() if one.nonce == nonce), None)

    def does(
        self, kind: ActKind, target: Seq, body: str = "", *, group: GroupId | None = None, on: bool = True
    ) -> Nonce:
        """Do something with the message *target*; gives the nonce."""
        nonce = Nonce(secrets.token_hex(16))
        where = self.general if group is None else group
        self._to_send.add(nonce)
        self.link.act(OutboxItem(where, nonce, body, unix_ms(), kind=kind, target=target, on=on))
        return nonce

    def kinds(self, group: GroupId | None = None) -> list[str]:
        """Kinds of all entries that were told and are no messages or joins, in the order of the log."""
        known = self.log.get(self.general if group is None else group, {})
        return [known[seq].kind for seq in sorted(known) if known[seq].kind not in ("message", "join")]

    def seq_of(self, body: str, group: GroupId | None = None) -> Seq:
        """The place of the message with that text; 0: it was not told."""
        known = self.log.get(self.general if group is None else group, {})
        found = (seq for seq, entry in known.items() if entry.kind == "message" and entry.body == body)
        return next(found, Seq(0))

    def messages(self, group: GroupId | None = None) -> list[str]:
        """Bodies of all messages that were told, in the order of the log."""
        known = self.log.get(self.general if group is None else group, {})
        return [known[seq].body or "" for seq in sorted(known) if known[seq].kind == "message"]

    def waiting(self, group: GroupId | None = None) -> list[str]:
        """Bodies of what is in the outbox."""
        return [item.body for item in self.outbox.get(self.general if group is None else group, ())]

    def ends(self) -> None:
        """Close the client as a person does."""
        self.link.stop()


Enter = Callable[[str], Client]


@contextmanager
def clients_in(folder: Path) -> Iterator[Enter]:
    """Opens the client of a person, each in a folder of their own, the same name in the same; all end with the block."""
    clients: list[Client] = []

    def enter(name: str) -> Client:
        client = Client(folder / name)
        clients.append(client)
        return client

    try:
        yield enter
    finally:
        for client in clients:
            client.ends()

"""Whoever is signed in: one account, with its link, its files and all that does things for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from common.ids import Millis
from desktop.events import LinkEvent
from desktop.events.link import CommandRefused, IdentityChanged, LinkChanged, LinkState, SignedIn
from desktop.link.account import Account
from desktop.link.connection import Connection
from desktop.link.exports.exports import Exports
from desktop.link.exports.own_data import OwnDataFetcher
from desktop.link.files import Files
from desktop.link.home import STORAGE, Home
from desktop.link.lookout import ADDRESSES_KEPT, Lookout
from desktop.link.pinning import PinnedSession
from desktop.link.shelf import Shelf
from desktop.link.transfers.ledger import Ledger
from desktop.link.transfers.moving import Mover
from desktop.link.transfers.sources import Sources
from desktop.link.vault import KeptToken


class Present:
    """Its parts: `recall` comes next and makes those for files, then who made it lets the connection run, as *running*."""

    files: Files
    sources: Sources
    running: asyncio.Task[None]

    def __init__(
        self,
        kept: KeptToken,
        shelf: Shelf,
        home: Home,
        lookout: Lookout,
        tell: Callable[[LinkEvent], None],
        now: Callable[[], Millis],
        state_changed: Callable[[LinkState], None],
        identity_changed: Callable[[IdentityChanged], None],
    ) -> None:
        """*state_changed*: told how the link stands, in the place of `LinkChanged`."""
        self.kept = kept
        self._home = home
        self._lookout = lookout
        self._tell = tell
        self._now = now
        self._state_changed = state_changed
        self.session = PinnedSession(kept.relay_id)
        self.account = Account(
            shelf, self._tell_of_account, now, lambda seconds: self.connection.come_back_after(seconds)
        )
        self.connection = Connection(
            self.session,
            kept.token,
            self.account,
            lambda: lookout.candidates(kept.relay_id),
            state_changed,
            identity_changed,
            now,
            lookout.link_doubted,
        )
        self.account.moved = self._moved

    def recall(self, offline: bool) -> None:
        """Tell what is archived, and go on with what was left of files. *offline*: nothing was heard of the relay yet."""
        kept, account, home = self.kept, self.account, self._home
        known = home.archive.relays.get(kept.relay_id)
        name = "" if known is None else known.name
        self._tell(SignedIn(kept.relay_id, name, account.shelf.user, home.vault.kept_in, offline))
        account.recall()
        if damage := home.unsaid_damage():
            self._tell(CommandRefused("archive", STORAGE, damage))
        self.sources = Sources(home.folder / f"pasted-{kept.relay_id[:8].lower()}-{kept.user}", home.archive.seals)
        mover = Mover(self.session, kept.token, lambda: self.connection.last_address, self.sources)
        self.files = Files(account, Ledger(home.archive, kept.relay_id, account.shelf.user.id), mover, self._tell)
        account.take_in(lambda shelf, asking: Exports(shelf, asking, mover, name, self._tell, self._now))
        account.take_in(lambda shelf, _asking: OwnDataFetcher(shelf, mover, name, self._tell, self._now))
        account.spawn(self.files.recall(), "files")

    async def close(self) -> None:
        """End its work, its files and its link."""
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)
        await self.files.close()
        await self.account.close()
        await self.session.close()

    def _tell_of_account(self, event: LinkEvent) -> None:
        match event:
            case LinkChanged(state):
                self._state_changed(state)
            case _:
                self._tell(event)

    def _moved(self, to: Sequence[str]) -> None:
        """The relay itself says where it is from now on; whether it is there, its certificate tells."""
        if (known := self._home.archive.relays.get(self.kept.relay_id)) is not None:
            self._lookout.remember(known, known.name, (*to[: ADDRESSES_KEPT // 2], *known.addresses))
        self.connection.hurry()

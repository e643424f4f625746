"""What the link tells of itself: how it stands, who is signed in by it, and what was refused."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from common.ids import Millis, RelayId
from common.protocol.messages import User


class Offline(Struct, frozen=True):
    """No link is wanted (nobody signed in, or the token was refused)."""


class Connecting(Struct, frozen=True):
    """A link is being opened."""


class Connected(Struct, frozen=True):
    """The link is up, and all that was missed has been fetched up to what the relay had."""


class Waiting(Struct, frozen=True):
    """The link is lost; the next try is at *until*. *reason* for people."""

    until: Millis
    reason: str


LinkState = Offline | Connecting | Connected | Waiting


class LinkChanged(Struct, frozen=True):
    """The link came up, went, or waits."""

    state: LinkState


class SignedIn(Struct, frozen=True):
    """The person is signed in. *token_kept_in*: "keyring" or the path of the 0600 file. *offline*: from the archive, no link yet."""

    relay_id: RelayId
    relay_name: str
    user: User
    token_kept_in: str
    offline: bool = False


class SignInFailed(Struct, frozen=True):
    """Registration or sign-in was refused or did not reach the relay; *code* as on the wire, or ``link_lost``."""

    code: str
    message: str
    retry_after: float | None = None


class WindowWanted(Struct, frozen=True):
    """Somebody has started this client once more: its window is to come to the front."""


class KeyMissing(Struct, frozen=True):
    """What was kept of conversations in *folder* cannot be opened: its key is gone, and another archive was begun."""

    folder: str


class SignedOut(Struct, frozen=True):
    """The device session is over; *reason* is empty when the person asked for it."""

    reason: str = ""


class IdentityChanged(Struct, frozen=True):
    """Another identity answers where the known relay should be. The link stays closed; never accepted by itself."""

    expected: RelayId
    found: RelayId


ACCOUNT_DELETION: Final = "delete_account"
"""*what* of `CommandRefused` when the own account was not deleted."""


class CommandRefused(Struct, frozen=True):
    """Something the person asked for (not a message) was refused or did not reach the relay."""

    what: str
    code: str
    message: str

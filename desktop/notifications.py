"""What the system is asked to show beside the window, as values: they cross between the controller and the part that shows them."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from common.ids import GroupId, RelayId, Seq

Privacy = Literal["text", "name", "nothing"]
"""What a notification says: who and what, only who, or only that there is something."""


class Wishes(Struct, frozen=True):
    """How the person wants to be told. *calls_in_dnd*: who calls them by name is told of even when they do not want to be disturbed."""

    is_on: bool = True
    privacy: Privacy = "name"
    sound: bool = True
    calls_in_dnd: bool = False


class Notification(Struct, frozen=True):
    """One thing to show. *group* None: several conversations are summed up. *seq*: the newest message that it speaks of.

    It takes the place of the one that was shown of the same group. *text* has no markup. *sound*: it may be heard.
    """

    relay: RelayId
    group: GroupId | None
    seq: Seq
    title: str
    text: str
    sound: bool = True


class NotificationClicked(Struct, frozen=True):
    """The person wants what that notification speaks of. *token*: what the desktop gives a window that is to come to the front."""

    relay: RelayId
    group: GroupId | None
    seq: Seq
    token: str = ""


class BellWanted(Struct, frozen=True):
    """Something was to be heard, and nobody but the window can make a sound."""


Trouble = Literal["", "missing", "refused", "silenced", "not_bundled", "not_allowed"]
"""Why notifications may not be seen: no service, it refuses, its own do not disturb is on, macOS without a bundle or permission."""


class ServiceSeen(Struct, frozen=True):
    """What is known of the system's notifications. *name*: what the service calls itself, empty while there is none."""

    name: str = ""
    trouble: Trouble = ""


class TestShown(Struct, frozen=True):
    """The notification that was asked for as a test went to the service (*went*), or could not."""

    __test__ = False  # its name begins as those of tests do

    went: bool


class TraySeen(Struct, frozen=True):
    """Whether the icon beside the clock is there for the person to see. *possible*: it would be, if it were wanted."""

    shown: bool
    possible: bool


class TrayPressed(Struct, frozen=True):
    """The icon, or a line of its menu, was pressed."""

    what: Literal["open", "quit"]
    token: str = ""


NotifierEvent = NotificationClicked | BellWanted | ServiceSeen | TestShown | TraySeen | TrayPressed

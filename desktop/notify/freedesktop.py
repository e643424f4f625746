"""Notifications of Linux and other free desktops: org.freedesktop.Notifications on the session's bus.

The service may start when it is asked, end when it has nothing to do, die, and be replaced by another, with other abilities and
without what the one before had shown; so it is asked anew each time its owner changes, and looked for at each notification.
"""

from __future__ import annotations

import html
import logging
from typing import Any, Final

from jeepney import DBusAddress, MatchRule, Message, MessageType  # type: ignore[import-untyped]

from common.ids import GroupId
from desktop.locale import _
from desktop.notifications import Notification, NotificationClicked, Trouble
from desktop.notify.bus import Bus, BusLost, BusRefused, member
from desktop.notify.pictures import Picture
from desktop.notify.service import Changed, Tell, Unavailable

NAME: Final = "org.freedesktop.Notifications"
APP: Final = "Py_messenger"
SOUND: Final = "message-new-instant"
_NOBODY: Final = ("org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner")
_THERE: Final = DBusAddress("/org/freedesktop/Notifications", NAME, NAME)
_PAUSES: Final = ((_THERE, "Inhibited"), (_THERE.with_interface("org.dunstproject.cmd0"), "paused"))
"""Where services say that the person wants no notifications now: KDE's and dunst's; others do not say."""
_OPEN: Final = "default"

_log = logging.getLogger(__name__)


class Freedesktop:
    """A `desktop.notify.service.Service`."""

    def __init__(self, bus: Bus, tell: Tell, changed: Changed, picture: Picture) -> None:
        """*bus* may be shared; its signals are to be handed to `heard`. *picture*: the client's own, shown beside the text."""
        self._bus = bus
        self._tell = tell
        self._changed = changed
        self._picture = picture
        self._abilities: frozenset[str] | None = None
        self._name = ""
        self._watched = False
        self._shown: dict[int, Notification] = {}
        self._id_of: dict[GroupId | None, int] = {}
        self._token: tuple[int, str] = (0, "")

    # -- the service ---------------------------------------------------------------------------------------------------

    async def look(self) -> tuple[str, Trouble]:
        await self._find()
        trouble: Trouble = ""
        for there, name in _PAUSES:
            try:
                if await self._bus.property(there, name):
                    trouble = "silenced"
            except BusRefused:
                pass  # it has no such property
            except BusLost as lost:
                raise Unavailable("missing") from lost
        return self._name, trouble

    async def show(self, notification: Notification) -> bool:
        abilities = await self._find()
        can_sound = "sound" in abilities
        text = notification.text
        body = (
            APP,
            self._id_of.get(notification.group, 0),
            "",
            notification.title,
            html.escape(text, quote=False) if "body-markup" in abilities else text,
            [_OPEN, _("Open")] if "actions" in abilities else [],
            self._hints(notification.sound, can_sound),
            -1,
        )
        (number,) = await self._ask("Notify", "susssasa{sv}i", body)
        self._forget(self._id_of.get(notification.group, 0))
        self._shown[number] = notification
        self._id_of[notification.group] = number
        return can_sound

    async def withdraw(self, group: GroupId | None) -> None:
        number = self._id_of.get(group)
        if number is None:
            return
        self._forget(number)
        try:
            await self._bus.call(_THERE, "CloseNotification", "u", (number,))
        except (BusLost, BusRefused) as error:
            _log.debug("notification %s is not there: %s", number, error)

    async def clear(self) -> None:
        for group in list(self._id_of):
            await self.withdraw(group)

    # -- asking --------------------------------------------------------------------------------------------------------

    async def _find(self) -> frozenset[str]:
        """The abilities of the service that is there now, which is asked once."""
        await self._watch()
        if self._abilities is None:
            name, _maker, _version, _specification = await self._ask("GetServerInformation")
            (abilities,) = await self._ask("GetCapabilities")
            self._name, self._abilities = str(name), frozenset(abilities)
        return self._abilities

    async def _watch(self) -> None:
        try:
            await self._bus.open()
            if self._watched:
                return
            await self._bus.watch(MatchRule(type=MessageType.signal, sender=NAME, interface=NAME))
            owners = MatchRule(type=MessageType.signal, sender="org.freedesktop.DBus", member="NameOwnerChanged")
            owners.add_arg_condition(0, NAME)
            await self._bus.watch(owners)
        except BusLost as lost:
            raise Unavailable("missing") from lost
        except BusRefused as refused:
            raise Unavailable("refused") from refused
        self._watched = True

    async def _ask(self, method: str, signature: str = "", body: tuple[Any, ...] = ()) -> tuple[Any, ...]:
        try:
            return await self._bus.call(_THERE, method, signature, body)
        except BusRefused as refused:
            _log.info("notifications: %s", refused)
            raise Unavailable("missing" if refused.name in _NOBODY else "refused") from refused
        except BusLost as lost:
            _log.info("notifications: %s", lost)
            raise Unavailable("missing") from lost

    def _hints(self, sound: bool, can_sound: bool) -> dict[str, tuple[str, Any]]:
        width, height, rgba = self._picture
        hints: dict[str, tuple[str, Any]] = {
            "urgency": ("y", 1),
            "category": ("s", "im.received"),
            "image-data": ("(iiibiiay)", (width, height, 4 * width, True, 8, 4, rgba)),
        }
        if can_sound:
            hints |= {"sound-name": ("s", SOUND)} if sound else {"suppress-sound": ("b", True)}
        return hints

    # -- what is heard -------------------------------------------------------------------------------------------------

    def heard(self, message: Message) -> None:
        """A signal came over the bus."""
        match member(message), message.body:
            case "ActionInvoked", (int(number), str()):
                notification = self._shown.get(number)
                if notification is not None:
                    # Whether it goes by itself now differs; whoever hears of the click takes it away.
                    token = self._token[1] if self._token[0] == number else ""
                    self._tell(NotificationClicked(notification.relay, notification.group, notification.seq, token))
            case "ActivationToken", (int(number), str(token)):
                self._token = (number, token)
            case "NotificationClosed", (int(number), _reason):
                self._forget(number)
            case "NameOwnerChanged", (name, _old, _new) if name == NAME:
                self._lost_all()
                self._changed()

    def bus_lost(self) -> None:
        """The bus is gone, and the service with it."""
        self._watched = False
        self._lost_all()

    def _lost_all(self) -> None:
        self._abilities = None
        self._shown.clear()
        self._id_of.clear()

    def _forget(self, number: int) -> None:
        notification = self._shown.pop(number, None)
        if notification is not None and self._id_of.get(notification.group) == number:
            del self._id_of[notification.group]

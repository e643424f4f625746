"""The icon beside the clock: a StatusNotifierItem on the session's bus, as KDE, XFCE, LXQt, Cinnamon and GNOME's extension show it.

It counts as there only when a host says that it shows such icons, the watcher lists this one, and somebody has asked for its looks.
Whatever else a desktop may have (X11's old tray draws, or does not, without a word) cannot be confirmed, and so is not used: a window
that was put away must have a way back.
"""

from __future__ import annotations

import logging
import os
from typing import Any, Final

from jeepney import DBusAddress, HeaderFields, MatchRule, Message, MessageType  # type: ignore[import-untyped]
from jeepney.bus_messages import message_bus  # type: ignore[import-untyped]

from desktop.notifications import TrayPressed, TraySeen
from desktop.notify import tray_menu
from desktop.notify.bus import Bus, BusLost, BusRefused, member
from desktop.notify.pictures import Draw, argb
from desktop.notify.service import Changed, Tell

WATCHER: Final = "org.kde.StatusNotifierWatcher"
ITEM: Final = "org.kde.StatusNotifierItem"
PATH: Final = "/StatusNotifierItem"
SIZES: Final = (22, 44)
_THERE: Final = DBusAddress("/StatusNotifierWatcher", WATCHER, WATCHER)
_HERE: Final = DBusAddress(PATH, None, ITEM)
_PROPERTIES: Final = "org.freedesktop.DBus.Properties"
_LOOKS: Final = ("IconPixmap", "IconName")
_BUS: Final = "org.freedesktop.DBus"

_log = logging.getLogger(__name__)


class StatusItem:
    """A `desktop.notify.service.Tray`."""

    def __init__(self, bus: Bus, tell: Tell, changed: Changed, draw: Draw) -> None:
        """*bus* may be shared; its signals are to be handed to `heard`. *changed*: `look` may find something else now."""
        self._bus = bus
        self._tell = tell
        self._changed = changed
        self._draw = draw
        bus.on_call = self._asked
        self._is_wanted = False
        self._unread = 0
        self._watched = False
        self._name = ""
        self._was_looked_at = False
        self._token = ""
        self._seen = TraySeen(shown=False, possible=False)

    async def want(self, on: bool, unread: int) -> None:
        is_other = unread != self._unread
        self._is_wanted, self._unread = on, unread
        try:
            if not on:
                await self._leave()
            elif self._name and is_other:
                await self._bus.emit(_HERE, "NewIcon")
                await self._bus.emit(_HERE, "NewToolTip")
        except (BusLost, BusRefused) as error:
            _log.info("icon beside the clock: %s", error)
        await self.look()

    async def look(self) -> None:
        shown = possible = False
        try:
            possible = await self._has_host()
            if possible and self._is_wanted:
                shown = await self._enter() and self._was_looked_at
        except (BusLost, BusRefused) as error:
            _log.info("icon beside the clock: %s", error)
        seen = TraySeen(shown, possible)
        if seen != self._seen:
            self._seen = seen
            self._tell(seen)

    # -- the watcher ---------------------------------------------------------------------------------------------------

    async def _has_host(self) -> bool:
        await self._bus.open()
        if not self._watched:
            owners = MatchRule(type=MessageType.signal, sender=_BUS, member="NameOwnerChanged")
            owners.add_arg_condition(0, WATCHER)
            await self._bus.watch(owners)
            await self._bus.watch(MatchRule(type=MessageType.signal, sender=WATCHER, interface=WATCHER))
            self._watched = True
        (is_there,) = await self._bus.ask_bus(message_bus.NameHasOwner(WATCHER))
        return bool(is_there) and bool(await self._bus.property(_THERE, "IsStatusNotifierHostRegistered"))

    async def _enter(self) -> bool:
        """Be an item. Returns whether the watcher lists it."""
        if not self._name:
            name = f"{ITEM}-{os.getpid()}-1"
            await self._bus.ask_bus(message_bus.RequestName(name))
            await self._bus.call(_THERE, "RegisterStatusNotifierItem", "s", (name,))
            self._name = name
        listed = await self._bus.property(_THERE, "RegisteredStatusNotifierItems")
        return any(self._name in one for one in listed)

    async def _leave(self) -> None:
        """Be none: the watcher forgets an item whose name is gone."""
        name, self._name = self._name, ""
        self._was_looked_at = False
        if name and self._bus.is_open:
            await self._bus.ask_bus(message_bus.ReleaseName(name))

    # -- what is heard and asked ---------------------------------------------------------------------------------------

    def heard(self, message: Message) -> None:
        """A signal came over the bus."""
        match member(message), message.body:
            case "NameOwnerChanged", (name, _old, _new) if name == WATCHER:
                # Another watcher knows nothing of this item; one that is gone takes its icons with it.
                self._name = ""
                self._was_looked_at = False
                self._changed()
            case (
                (
                    "StatusNotifierHostRegistered"
                    | "StatusNotifierHostUnregistered"
                    | "StatusNotifierItemRegistered"
                    | "StatusNotifierItemUnregistered"
                ),
                _,
            ):
                self._changed()

    def bus_lost(self) -> None:
        """The bus is gone, and every icon with it."""
        self._watched = False
        self._name = ""
        self._was_looked_at = False
        if self._is_wanted:
            self._changed()

    def _asked(self, message: Message) -> tuple[str, tuple[Any, ...]] | None:
        fields = message.header.fields
        path, interface = fields.get(HeaderFields.path), fields.get(HeaderFields.interface)
        if path == tray_menu.PATH:
            return tray_menu.answer(interface, member(message), message.body, self._chosen)
        if path != PATH:
            return None
        match interface, member(message), message.body:
            case "org.freedesktop.DBus.Properties", "Get", (str(), str(name)) if name in self._properties():
                self._looked_at(name in _LOOKS)
                return "v", (self._properties()[name],)
            case "org.freedesktop.DBus.Properties", "GetAll", (_,):
                self._looked_at(True)
                return "a{sv}", (self._properties(),)
            case "org.freedesktop.DBus.Introspectable", "Introspect", _:
                return "s", (_DESCRIPTION,)
            case _, "Activate" | "SecondaryActivate", _:
                self._chosen("open")
                return "", ()
            case _, "ProvideXdgActivationToken", (str(token),):
                self._token = token
                return "", ()
            case _, "ContextMenu" | "Scroll", _:
                return "", ()
            case _:
                return None

    def _looked_at(self, at_icon: bool) -> None:
        if at_icon and not self._was_looked_at:
            self._was_looked_at = True
            self._changed()

    def _chosen(self, what: tray_menu.Line) -> None:
        token, self._token = self._token, ""
        self._tell(TrayPressed(what, token))

    def _properties(self) -> dict[str, tuple[str, Any]]:
        pictures = [argb(self._draw(size, self._unread)) for size in SIZES]
        return {
            "Category": ("s", "Communications"),
            "Id": ("s", "pymessenger"),
            "Title": ("s", "Py_messenger"),
            "Status": ("s", "Active"),
            "WindowId": ("i", 0),
            "IconName": ("s", ""),
            "IconPixmap": ("a(iiay)", pictures),
            "OverlayIconName": ("s", ""),
            "OverlayIconPixmap": ("a(iiay)", []),
            "AttentionIconName": ("s", ""),
            "AttentionIconPixmap": ("a(iiay)", []),
            "AttentionMovieName": ("s", ""),
            "IconThemePath": ("s", ""),
            "ToolTip": ("(sa(iiay)ss)", ("", [], "Py_messenger", tray_menu.count_in_words(self._unread))),
            "ItemIsMenu": ("b", False),
            "Menu": ("o", tray_menu.PATH),
        }


_DESCRIPTION: Final = f"""<!DOCTYPE node PUBLIC "-//freedesktop//DTD D-BUS Object Introspection 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd">
<node><interface name="{ITEM}">
<property name="Category" type="s" access="read"/><property name="Id" type="s" access="read"/>
<property name="Title" type="s" access="read"/><property name="Status" type="s" access="read"/>
<property name="WindowId" type="i" access="read"/><property name="IconName" type="s" access="read"/>
<property name="IconPixmap" type="a(iiay)" access="read"/><property name="OverlayIconName" type="s" access="read"/>
<property name="OverlayIconPixmap" type="a(iiay)" access="read"/><property name="AttentionIconName" type="s" access="read"/>
<property name="AttentionIconPixmap" type="a(iiay)" access="read"/><property name="AttentionMovieName" type="s" access="read"/>
<property name="IconThemePath" type="s" access="read"/><property name="ToolTip" type="(sa(iiay)ss)" access="read"/>
<property name="ItemIsMenu" type="b" access="read"/><property name="Menu" type="o" access="read"/>
<method name="ContextMenu"><arg type="i" direction="in"/><arg type="i" direction="in"/></method>
<method name="Activate"><arg type="i" direction="in"/><arg type="i" direction="in"/></method>
<method name="SecondaryActivate"><arg type="i" direction="in"/><arg type="i" direction="in"/></method>
<method name="Scroll"><arg type="i" direction="in"/><arg type="s" direction="in"/></method>
<method name="ProvideXdgActivationToken"><arg type="s" direction="in"/></method>
<signal name="NewTitle"/><signal name="NewIcon"/><signal name="NewToolTip"/>
<signal name="NewStatus"><arg type="s"/></signal>
</interface></node>"""

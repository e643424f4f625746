"""The menu of the icon beside the clock, as com.canonical.dbusmenu: two lines. Pure: questions in, answers out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal

from desktop.locale import _, n_

PATH: Final = "/MenuBar"
Line = Literal["open", "quit"]
_INTERFACE: Final = "com.canonical.dbusmenu"
_LINES: Final[dict[int, Line]] = {1: "open", 2: "quit"}
_PROPERTIES: Final[dict[str, tuple[str, Any]]] = {
    "Version": ("u", 3),
    "TextDirection": ("s", "ltr"),
    "Status": ("s", "normal"),
    "IconThemePath": ("as", []),
}
_REVISION: Final = 1

Answer = tuple[str, tuple[Any, ...]]


def answer(interface: str | None, method: str, body: tuple[Any, ...], chosen: Callable[[Line], None]) -> Answer | None:
    """What to answer; None: there is no such thing here. *chosen*: somebody has pressed a line."""
    match interface, method, body:
        case "org.freedesktop.DBus.Properties", "Get", (str(), str(name)) if name in _PROPERTIES:
            return "v", (_PROPERTIES[name],)
        case "org.freedesktop.DBus.Properties", "GetAll", (_any,):
            return "a{sv}", (_PROPERTIES,)
        case "org.freedesktop.DBus.Introspectable", "Introspect", _any:
            return "s", (_DESCRIPTION,)
        case _any, "GetLayout", (int(parent), *_more):
            return "u(ia{sv}av)", (_REVISION, _layout(parent))
        case _any, "GetGroupProperties", (list(ids), *_more):
            return "a(ia{sv})", ([(one, _looks(one)) for one in ids or _LINES if one in _LINES],)
        case _any, "GetProperty", (int(one), str(name)) if name in _looks(one):
            return "v", (_looks(one)[name],)
        case _any, "Event", (int(one), "clicked", *_more) if one in _LINES:
            chosen(_LINES[one])
            return "", ()
        case _any, "Event", _:
            return "", ()
        case _any, "EventGroup", (list(events),):
            for one, kind, *_more in events:
                if kind == "clicked" and one in _LINES:
                    chosen(_LINES[one])
            return "ai", ([one for one, *_more in events if one not in _LINES],)
        case _any, "AboutToShow", _:
            return "b", (False,)
        case _any, "AboutToShowGroup", _:
            return "aiai", ([], [])
        case _:
            return None


def count_in_words(unread: int) -> str:
    """How many messages wait."""
    return n_("{n} unread message", "{n} unread messages", unread).format(n=unread) if unread else ""


def _layout(parent: int) -> tuple[int, dict[str, tuple[str, Any]], list[tuple[str, Any]]]:
    if parent in _LINES:
        return parent, _looks(parent), []
    return 0, {"children-display": ("s", "submenu")}, [("(ia{sv}av)", (one, _looks(one), [])) for one in _LINES]


def _looks(one: int) -> dict[str, tuple[str, Any]]:
    labels = {1: _("Open Py_messenger"), 2: _("Quit")}
    return {"label": ("s", labels[one]), "enabled": ("b", True), "visible": ("b", True)} if one in labels else {}


_DESCRIPTION: Final = f"""<!DOCTYPE node PUBLIC "-//freedesktop//DTD D-BUS Object Introspection 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd">
<node><interface name="{_INTERFACE}">
<property name="Version" type="u" access="read"/><property name="TextDirection" type="s" access="read"/>
<property name="Status" type="s" access="read"/><property name="IconThemePath" type="as" access="read"/>
<method name="GetLayout"><arg type="i" direction="in"/><arg type="i" direction="in"/><arg type="as" direction="in"/>
<arg type="u" direction="out"/><arg type="(ia{{sv}}av)" direction="out"/></method>
<method name="GetGroupProperties"><arg type="ai" direction="in"/><arg type="as" direction="in"/>
<arg type="a(ia{{sv}})" direction="out"/></method>
<method name="GetProperty"><arg type="i" direction="in"/><arg type="s" direction="in"/><arg type="v" direction="out"/></method>
<method name="Event"><arg type="i" direction="in"/><arg type="s" direction="in"/><arg type="v" direction="in"/>
<arg type="u" direction="in"/></method>
<method name="EventGroup"><arg type="a(isvu)" direction="in"/><arg type="ai" direction="out"/></method>
<method name="AboutToShow"><arg type="i" direction="in"/><arg type="b" direction="out"/></method>
<method name="AboutToShowGroup"><arg type="ai" direction="in"/><arg type="ai" direction="out"/><arg type="ai" direction="out"/>
</method>
<signal name="LayoutUpdated"><arg type="u"/><arg type="i"/></signal>
<signal name="ItemsPropertiesUpdated"><arg type="a(ia{{sv}})"/><arg type="a(ias)"/></signal>
</interface></node>"""

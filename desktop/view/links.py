"""Addresses in text: which are links, where they lead, and what should make a reader suspicious. Pure.

A link is never opened by a click alone: the reader sees the whole address first, with these warnings. Only a few schemes are links at
all; a path to a file is shown in the file manager and never run.
"""

from __future__ import annotations

import re
import unicodedata
from enum import Enum, auto
from typing import Final
from urllib.parse import unquote, urlsplit

import idna
from msgspec import Struct

from desktop.locale import _

_PART: Final = r"[^\s<>\"«»“”]"
_IN_PATH: Final = r"[^\s<>\"«»“”|?*:]"
_IN_QUOTES: Final = r"[^\"\n<>|?*:]"
_ROOTS: Final = "home|etc|var|usr|opt|mnt|media|srv|tmp|net|data|run|root|Users|Volumes|Applications|Library"
ADDRESS: Final = re.compile(
    rf"(?<!\w)(?:"
    rf"(?:https?|pymessenger|file)://(?:(?!\]\(){_PART})+"
    rf"|mailto:[^\s<>\"@]{{1,64}}@{_PART}+"
    rf"|(?<=\")(?:\\\\|[A-Za-z]:\\){_IN_QUOTES}+(?=\")"
    rf"|(?<!\\)\\\\\w[\w.-]*\\{_IN_PATH}+"
    rf"|[A-Za-z]:\\{_IN_PATH}+"
    rf"|(?<![/.~:\\-])/(?:{_ROOTS})/{_IN_PATH}+"
    rf")",
    re.IGNORECASE,
)
"""What may be a link in plain text; `without_tail` says where it really ends. A path with blanks needs quotes around it."""
_TAIL: Final = ".,;:!?…'»”)]}*_`~"
_NAMED: Final = re.compile(r"(?:\w://(?:[^\s/\\?#@]*@)?|\bwww\.|^\s*\\\\)([\w.-]+)", re.IGNORECASE)
"""The place in an address, within any text."""
_ONLY_NAMED: Final = re.compile(r"^(?:\S+@)?((?:[\w-]+\.)+[^\W\d_]{2,}\.?)(?::\d+)?(?:[/?#]\S*)?$")
"""The place in a text that is nothing but its name, as people write it: ``bank.example/login``, ``anna@bank.example``."""
_FORBIDDEN: Final = re.compile(r"[\x00-\x1f\x7f]")
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_WINDOWS: Final = re.compile(r"[A-Za-z]:\\")

_LOOKS_LATIN: Final = frozenset("асԁеһіјӏорԛѕԝхуьѵαικνορυχω")
"""Cyrillic and Greek small letters that can be taken for Latin ones."""


class Kind(Enum):
    """Who opens it."""

    WEB = auto()
    MAIL = auto()
    INVITATION = auto()
    PLACE = auto()
    """A file or folder: shown by the file manager."""


class Address(Struct, frozen=True):
    """A link taken apart. *host* as a reader should see it, *ascii_host* as it is looked up; *path* of a `Kind.PLACE`."""

    kind: Kind
    whole: str
    host: str = ""
    ascii_host: str = ""
    path: str = ""


def without_tail(found: str) -> str:
    """A sentence's signs at the end are not part of an address; a closing bracket is when it was opened within."""
    end = len(found)
    more_closed = found.count(")") - found.count("(")
    while end and found[end - 1] in _TAIL:
        if found[end - 1] == ")":
            if more_closed <= 0:
                break
            more_closed -= 1
        end -= 1
    return found[:end]


def address(target: str) -> Address | None:
    """What *target* leads to; None: it is no link here, whatever it looks like."""
    if not target or _FORBIDDEN.search(target):
        return None
    if target.startswith("\\\\"):
        host = target[2:].split("\\", 1)[0]
        return Address(Kind.PLACE, target, host, _looked_up(host), target) if host else None
    if _WINDOWS.match(target) or target.startswith("/"):
        return Address(Kind.PLACE, target, path=target)
    scheme = _SCHEME.match(target)
    match scheme.group(1).lower() if scheme else "":
        case "http" | "https":
            host = _host(target)
            return Address(Kind.WEB, target, _shown(host), _looked_up(host)) if host else None
        case "mailto":
            domain = unquote(target.split("?")[0]).rpartition("@")[2]
            return Address(Kind.MAIL, target, _shown(domain), _looked_up(domain)) if domain else None
        case "pymessenger":
            return Address(Kind.INVITATION, target)
        case "file":
            return _file(target)
    return None


def warnings(found: Address) -> list[str]:
    """What a careful reader would notice about the address, as sentences."""
    said = []
    if found.host.casefold() != found.ascii_host:
        said.append(
            _("The name is not written in Latin letters. Computers call it: {host}").format(host=found.ascii_host)
        )
    if any(_is_mixed(label) for label in found.host.split(".")):
        said.append(_("The name mixes letters of several alphabets, as forged addresses do."))
    elif any(_imitates(label) for label in found.host.split(".")):
        said.append(_("All letters of the name look like Latin ones but are not."))
    if found.kind is Kind.WEB and "@" in _authority(found.whole):
        said.append(_("What stands before the @ is not the address. It leads to: {host}").format(host=found.host))
    if found.kind is Kind.PLACE and found.host:
        said.append(
            _("Opening it connects this computer to “{host}”, perhaps with your password.").format(host=found.host)
        )
    return said


def other_place(found: Address, text: str) -> str:
    """What *text*, by which a link is shown, names as the place that it leads to, where that is another one; empty: nothing."""
    named = _NAMED.findall(text) or _ONLY_NAMED.findall(text.strip())
    return next((place for place in named if not _is_within(_looked_up(place.rstrip(".")), found.ascii_host)), "")


def _is_within(one: str, other: str) -> bool:
    """Whether both are one place, or one belongs to the other's domain."""
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one.removeprefix('www.')}")


def _authority(whole: str) -> str:
    return re.split(r"[/\\?#]", whole.partition("://")[2], maxsplit=1)[0]


def _host(whole: str) -> str:
    """As browsers read it: a backslash ends it like a slash, and only what follows the last @ counts."""
    host = _authority(whole).rpartition("@")[2]
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return unquote(host.partition(":")[0]).rstrip(".")


def _looked_up(host: str) -> str:
    """The name as computers ask for it; one that cannot be asked for stays as it is."""
    host = unicodedata.normalize("NFKC", host).casefold()
    if host.isascii():
        return host
    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        return host


def _shown(host: str) -> str:
    """The name with its real letters, where it was written in the letters of the wire (xn--…)."""
    if "xn--" not in host.lower():
        return host
    try:
        return idna.decode(host.lower())
    except idna.IDNAError:
        return host


def _file(target: str) -> Address | None:
    try:
        parts = urlsplit(target)
    except ValueError:
        return None
    path = unquote(parts.path)
    if _FORBIDDEN.search(path):
        return None
    if parts.netloc and parts.netloc.lower() != "localhost":
        return Address(
            Kind.PLACE, target, parts.netloc, _looked_up(parts.netloc), f"\\\\{parts.netloc}" + path.replace("/", "\\")
        )
    if re.match(r"/[A-Za-z]:", path):
        path = path[1:].replace("/", "\\")
    return Address(Kind.PLACE, target, path=path) if path else None


def _scripts(label: str) -> set[str]:
    return {unicodedata.name(letter, "?").split(" ")[0] for letter in label if letter.isalpha()}


def _is_mixed(label: str) -> bool:
    """Alphabets of which one letter can be taken for another's."""
    return len(_scripts(label) & {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC"}) > 1


def _imitates(label: str) -> bool:
    letters = [letter for letter in label.casefold() if letter.isalpha()]
    return bool(letters) and all(letter in _LOOKS_LATIN for letter in letters)

"""Text from others, made safe before Tk sees it.

What can do harm: control characters, characters that reorder what follows (bidi overrides), floods of combining marks that paint
over the neighbours, invisible characters in names, sheer length, and on some systems characters beyond the basic plane, of which
an old font library dies. Everything drawn goes through here; what is sent stays as it was written.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from msgspec import Struct

MARKS_MAX: Final = 4
"""Combining marks on one letter; no language needs more."""
NAME_MAX: Final = 64
FILE_NAME_MAX: Final = 255
LINE_MAX: Final = 300
BODY_MAX: Final = 16_384
TAB: Final = "    "

_CONTROLS: Final = "\x00-\x08\x0b-\x1f\x7f-\x9f"
_REORDERING: Final = "\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069"
# Joiners stay in bodies, where scripts and emoji need them.
_INVISIBLE: Final = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u2060-\u2064\u206a-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"
)
_SURROGATES: Final = "\ud800-\udfff"
_TAGS: Final = "\U000e0000-\U000e0fff"

_LINE_BREAKS: Final = re.compile("\r\n?|[\u0085\u2028\u2029\x0b\x0c]")
_BAD_IN_BODY: Final = re.compile(f"[{_CONTROLS}{_REORDERING}{_INVISIBLE}{_SURROGATES}{_TAGS}]")
_BAD_IN_LINE: Final = re.compile(f"[{_CONTROLS}{_REORDERING}{_INVISIBLE}{_SURROGATES}{_TAGS}\u200c\u200d]")
_BLANKS: Final = re.compile(r"\s+")
_MARKS: Final = re.compile(
    r"[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0e31-\u0e4e\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{2,}"
)
_ASTRAL: Final = re.compile("[\U00010000-\U0010ffff]")
_ASTRAL_RUN: Final = re.compile("[\U00010000-\U0010ffff][\ufe0f\u200d\U0001f3fb-\U0001f3ff]*")


class SafeText(Struct):
    """How text is made safe here. *astral*: whether Tk survives characters beyond the basic plane; found out while it runs."""

    astral: bool = True

    def body(self, text: str) -> str:
        """A message: its lines stay, tabs become blanks."""
        if text.isascii() and text.isprintable():
            return text[:BODY_MAX]
        text = _LINE_BREAKS.sub("\n", text[:BODY_MAX]).replace("\t", TAB)
        return _fewer_marks(unicodedata.normalize("NFC", _BAD_IN_BODY.sub("", text)))

    def line(self, text: str, limit: int = LINE_MAX) -> str:
        """Anything of one line: a name, a topic, a preview. Whatever was several lines becomes one."""
        if not (text.isascii() and text.isprintable()):
            text = text[: limit * 4]
            text = _BAD_IN_LINE.sub("", _BLANKS.sub(" ", _LINE_BREAKS.sub(" ", text)))
            text = self.drawable(_fewer_marks(unicodedata.normalize("NFC", text)))
        text = text.strip()
        return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"

    def name(self, text: str) -> str:
        """A person's, group's or relay's name; never empty."""
        return self.line(text, NAME_MAX) or "?"

    def name_of_file(self, text: str) -> str:
        """A file's name: longer ones than people's, and never empty."""
        return self.line(text, FILE_NAME_MAX) or "?"

    def drawable(self, text: str) -> str:
        """*text* without what this system's Tk would not survive."""
        if self.astral or not _ASTRAL.search(text):
            return text
        return _ASTRAL_RUN.sub(lambda found: substitute(found.group()), text)


def substitute(sign: str) -> str:
    """A word in place of a character beyond the basic plane: ``:grinning face:``, or a square where it has no name."""
    name = unicodedata.name(sign[0], "")
    return f":{name.lower()}:" if name else "□"


def _fewer_marks(text: str) -> str:
    return text if text.isascii() else _MARKS.sub(lambda found: found.group()[:MARKS_MAX], text)

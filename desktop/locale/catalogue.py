"""A catalogue of gettext as its translators write it (``.po``), read as it is: nothing has to be compiled, and nothing can be out of date.

It takes as long as reading a compiled one. What is read is what Babel writes: each text in double quotes, in one line or in lines below
one another. A text that has no translation is not in it.
"""

from __future__ import annotations

import gettext
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

_ESCAPE: Final = re.compile(r"\\(.)")
_ESCAPED: Final = {"n": "\n", "t": "\t", "r": "\r"}


class Catalogue(Struct, frozen=True):
    """*words* by the source's words, *forms* by the source's singular; *form_of* says which form belongs to a number."""

    words: Mapping[str, str]
    forms: Mapping[str, tuple[str, ...]]
    form_of: Callable[[int], int]


def read(path: Path) -> Catalogue:
    """The catalogue at *path*.

    Raises:
        OSError, ValueError: it cannot be read, is no UTF-8, or does not say which plural forms the language has.
    """
    words: dict[str, str] = {}
    forms: dict[str, list[str]] = {}
    key = ""
    for line in path.read_text(encoding="utf-8").replace('"\n"', "").split("\n"):
        if line.startswith("msgid "):
            key = line[7:-1]
        elif line.startswith("msgstr "):
            words[key] = line[8:-1]
        elif line.startswith("msgid_plural "):
            forms[key] = []
        elif line.startswith("msgstr["):
            forms[key].append(line[11:-1])
    found = {_plain(text): _plain(said) for text, said in words.items() if said}
    _, is_there, rule = found.pop("", "").partition("plural=")
    if not is_there:
        raise ValueError(f"{path} has no Plural-Forms in its head")
    form_of: Callable[[int], int] = gettext.c2py(rule.partition(";")[0])
    return Catalogue(
        found, {_plain(text): tuple(map(_plain, said)) for text, said in forms.items() if all(said)}, form_of
    )


def _plain(text: str) -> str:
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), text) if "\\" in text else text

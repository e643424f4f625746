"""All emoji by category, with what people call them in English and Russian, and how one is found by a word.

The names stand in ``emoji_names.tsv``: category, version of Unicode's emoji, the emoji, English words, Russian words. That file is made
from the package emojibase-data of npm: ``python -m desktop.view.emoji_table FOLDER`` reads the unpacked package in *FOLDER* and
writes it anew. Skin tones are left out: they are variants of the signs that are there.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from desktop.locale import _, current
from desktop.view import emoji

_FILE: Final = Path(__file__).with_name("emoji_names.tsv")
_CHECKED_FROM: Final = 12.0
"""Fonts have what is older than this version; of newer ones each is looked for in the font."""
_SHOWN_IN_GROUPS: Final = (0, 1, 3, 4, 5, 6, 7, 8, 9)
_HEAD: Final = """\
# Emoji and their names, made by `python -m desktop.view.emoji_table` from emojibase-data {version}
# (https://emojibase.dev, MIT License, Copyright (c) 2017-2019 Miles Johnson), whose names come from the Unicode CLDR
# (Unicode License v3, Copyright (c) 1991-2025 Unicode, Inc.): https://www.unicode.org/license.txt
"""


class Emoji(Struct, frozen=True):
    """*name* in the language of the window; *names* in every language, folded; *words*: all that it is found by, each after a blank."""

    sign: str
    category: int
    name: str
    words: str
    names: tuple[str, ...]


class Table(Struct, frozen=True):
    """Those that can be drawn here, in the usual order."""

    emoji: tuple[Emoji, ...]

    def of(self, category: int) -> tuple[Emoji, ...]:
        """Those of one category."""
        return tuple(one for one in self.emoji if one.category == category)

    def named(self, sign: str) -> Emoji | None:
        """The one that looks so."""
        return next((one for one in self.emoji if one.sign == sign), None)

    def found(self, text: str) -> tuple[Emoji, ...]:
        """Those with words that begin like each word of *text*; first the ones whose own name does."""
        sought = [f" {word}" for word in folded(text).split()]
        hits = [one for one in self.emoji if all(word in one.words for word in sought)]
        whole = folded(text).strip()

        def distance(one: Emoji) -> tuple[bool, bool]:
            return whole not in one.names, not any(name.startswith(whole) for name in one.names)

        return tuple(sorted(hits, key=distance))


def categories() -> tuple[tuple[int, str, str], ...]:
    """Each with the emoji that stands for it and its name."""
    names = (
        _("Faces"),
        _("People"),
        _("Animals and nature"),
        _("Food and drink"),
        _("Travel and places"),
        _("Activities"),
        _("Objects"),
        _("Symbols"),
        _("Flags"),
    )
    return tuple(zip(_SHOWN_IN_GROUPS, "😀👋🐻🍏🚗⚽💡💠🏁", names, strict=True))


def folded(text: str) -> str:
    """As words are compared: without case, and ё as е."""
    return text.casefold().replace("ё", "е")


def table() -> Table:
    """The emoji with their names in the present language."""
    return _table(current())


@lru_cache(maxsize=2)
def _table(language: str) -> Table:
    made = []
    for line in _FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        category, version, sign, english, russian = line.split("\t")
        if float(version) < _CHECKED_FROM or emoji.colour_font() is None or emoji.is_drawable(sign):
            names = [named.split(",")[0] for named in (english, russian)]
            name = names[language == "ru"]
            words = folded(f" {english} {russian}".replace(",", " ").replace("-", " "))
            made.append(Emoji(sign, int(category), name, words, tuple(map(folded, names))))
    return Table(tuple(made))


def main(arguments: Sequence[str]) -> int:
    """Make the file of names anew."""
    folder = Path(arguments[0])
    version = json.loads((folder / "package.json").read_text(encoding="utf-8"))["version"]
    english, russian = (json.loads((folder / language / "data.json").read_text("utf-8")) for language in ("en", "ru"))
    by_code = {one["hexcode"]: one for one in russian}
    lines = [_HEAD.format(version=version)]
    for one in sorted(english, key=lambda one: int(one.get("order", 0))):
        if one.get("group") in _SHOWN_IN_GROUPS and emoji.EMOJI.fullmatch(one["emoji"]):
            words = (_words(named) for named in (one, by_code[one["hexcode"]]))
            # What is an emoji by itself is typed without the sign that makes it one.
            sign = one["emoji"].removesuffix("\ufe0f") if one["type"] == 1 and len(one["emoji"]) == 2 else one["emoji"]
            lines.append("\t".join((str(one["group"]), str(one["version"]), sign, *words)) + "\n")
    _FILE.write_text("".join(lines), encoding="utf-8")
    return 0


def _words(named: dict[str, Any]) -> str:
    """The name and, after commas, those tags that say something more."""
    label = str(named["label"]).replace(",", "")
    said = set(folded(label).replace("-", " ").split())
    tags = [str(tag) for tag in named.get("tags", ()) if not set(folded(str(tag)).split()) <= said]
    return ",".join([label, *tags])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

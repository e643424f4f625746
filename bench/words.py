"""Russian and English as people write it, without a dictionary: words made after those of this project's own pages."""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Final

VOCABULARY: Final = 60_000
"""Different words; the rarer ones are inflected forms, names and misspellings in real life."""
_ROOT: Final = Path(__file__).parent.parent
_RUSSIAN: Final = re.compile("[а-яё]{2,}")
_ENGLISH: Final = re.compile("[a-z]{2,}")
_LONGEST: Final = 20
_RUSSIAN_SHARE: Final = 0.7

Chain = dict[str, tuple[list[str], list[int]]]
"""Which letter follows which two, and how often."""


def vocabulary(chance: random.Random) -> list[str]:
    """Different words, the most used first: the pages' own, then many like them, the shorter ones rather earlier."""
    text = "\n".join(path.read_text("utf-8") for path in _pages()).lower()
    russian, english = _RUSSIAN.findall(text), _ENGLISH.findall(text)
    chains = [_chain(russian), _chain(english)]
    made: dict[str, None] = {}
    while len(made) < VOCABULARY:
        made.setdefault(_word(chains[chance.random() > _RUSSIAN_SHARE], chance))
    rare = sorted(made, key=lambda word: len(word) + 12 * chance.random())
    common = [[word for word, _ in Counter(words).most_common(300)] for words in (russian, english)]
    return list(dict.fromkeys([word for both in zip(*common, strict=False) for word in both] + rare))


def messages(words: list[str], chance: random.Random) -> Iterator[str]:
    """Messages of a few words, seldom many; the second word is half as frequent as the first, and so on (Zipf)."""
    weights = list(accumulate(1 / (rank + 2.7) for rank in range(len(words))))
    while True:
        length = min(60, max(1, int(chance.lognormvariate(2.0, 0.7))))
        yield " ".join(chance.choices(words, cum_weights=weights, k=length))


def _pages() -> Iterator[Path]:
    yield from sorted(_ROOT.glob("*.md"))
    yield from sorted((_ROOT / "docs").glob("*.md"))
    yield from sorted((_ROOT / "desktop" / "locale").rglob("*.po"))


def _chain(words: list[str]) -> Chain:
    followers: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for word in words:
        spelt = f"^^{word}$"
        for place in range(2, len(spelt)):
            followers[spelt[place - 2 : place]][spelt[place]] += 1
    return {two: (list(counts), list(counts.values())) for two, counts in followers.items()}


def _word(chain: Chain, chance: random.Random) -> str:
    word = "^^"
    while len(word) < _LONGEST:
        letters, counts = chain[word[-2:]]
        (letter,) = chance.choices(letters, counts)
        if letter == "$":
            break
        word += letter
    return word[2:]

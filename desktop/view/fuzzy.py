"""How well a name fits what somebody began to type: for the quick switcher."""

from __future__ import annotations

from typing import Final

from desktop.view.layouts import swapped

_BEGINS, _WORD, _WITHIN, _SCATTERED = 3, 2, 1, 0
NO_FIT: Final = -1


def fitness(query: str, name: str) -> int:
    """The higher the better; `NO_FIT`: not at all. What was typed under the wrong keyboard layout fits too."""
    query = query.casefold().strip()
    return max(_one(query, name.casefold()), _one(swapped(query), name.casefold()))


def _one(query: str, name: str) -> int:
    if not query or name.startswith(query):
        return _BEGINS
    if any(name[at - 1] in " -_.@" and name.startswith(query, at) for at in range(1, len(name))):
        return _WORD
    if query in name:
        return _WITHIN
    letters = iter(name)
    return _SCATTERED if all(letter in letters for letter in query if letter != " ") else NO_FIT

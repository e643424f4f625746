"""Garbage is collected in the window's thread only.

Python looks for circles of dead objects in whichever thread happens to allocate. When such a circle holds a Tk image, variable or the
interpreter itself and the link's thread finds it, Tcl is called from the wrong thread: the link waits for the window at best, and at
worst the process is aborted. So automatic collection is off, and the window's thread collects by the same counts in its idle moments.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Final

YOUNG: Final = 5_000
"""Objects made since the youngest were looked through."""
OLDER: Final = 10
"""Collections of one generation before the next older one is looked through."""


def keep_to_this_thread() -> None:
    """No thread collects by itself from now on; call `collect` in this one, about once a second."""
    gc.disable()


def collect(
    counts: Callable[[], tuple[int, int, int]] = gc.get_count, collect_generation: Callable[[int], int] = gc.collect
) -> int | None:
    """Collect the oldest generation that is due; which one, or None when none is. Takes 1 ms for the young, about 50 ms for all."""
    young, middle, old = counts()
    if young < YOUNG:
        return None
    generation = 0 if middle < OLDER else 1 if old < OLDER else 2
    collect_generation(generation)
    return generation

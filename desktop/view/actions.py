"""What can be clicked in a timeline; a `Hit` names one of them."""

from __future__ import annotations

from typing import Final

LINK: Final = "link"
RETRY: Final = "retry"
EDIT: Final = "edit"
COPY: Final = "copy"
DISCARD: Final = "discard"
UNFOLD: Final = "unfold"
GAP: Final = "gap"
JUMP: Final = "jump"
"""To the message that is quoted; the value is its seq."""
FILE: Final = "file"
"""What is mostly done with a file as it stands; the value is its id, or the key of its upload."""
FILE_SIDE: Final = "file side"
"""The small button at a file's card; the value as above."""
PERSON: Final = "person"
"""What can be done with the author; the value is empty, for the message knows who that is."""
REACT: Final = "react"
"""Put or take away a reaction; the value is the emoji."""

"""Whether a text has anything in it that people could see."""

from __future__ import annotations

import re
from typing import Final

_BLANK: Final = (
    "\\s\u0000-\u001f\u007f-\u009f\ud800-\udfff"  # white space, controls, halves of surrogate pairs
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "\u2800\ufffc\U0001d159"
)
"""Default_Ignorable_Code_Point (Unicode, DerivedCoreProperties) and the marks of annotations; the empty Braille pattern, the object
replacement and the null notehead. What is only unassigned or of private use counts as seen: newer emoji are so for an older Python."""
_SEEN: Final = re.compile(f"[^{_BLANK}]")


def says_something(text: str) -> bool:
    """Whether there is a character in *text* that leaves ink."""
    return _SEEN.search(text) is not None

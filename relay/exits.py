"""What the relay's programs end with: for scripts, and for whoever starts them again."""

from __future__ import annotations

from typing import Final

NOT_DONE: Final = 1
"""Something must be mended first; it may be mended by the next time."""
WRONG: Final = 2
"""The command line is wrong, as argparse ends with; it does not become right."""
MOVED_AWAY: Final = 3
"""The relay is on another computer now. Starting it here again changes nothing until somebody takes it back."""
INTERRUPTED: Final = 130

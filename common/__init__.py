"""What the relay and the desktop client must agree on; a module is here only if both import it."""

from __future__ import annotations

from typing import Final

VERSION: Final = "0.1.0"
"""Of the whole program."""

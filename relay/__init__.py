"""The relay: keeps the group logs, and tells everybody what was said. It never imports tkinter."""

from __future__ import annotations

from typing import Final

VERSION: Final = "0.1.0"

"""The relay: keeps the group logs, and tells everybody what was said. It never imports tkinter."""

from __future__ import annotations

from common import VERSION

__all__ = ["VERSION"]

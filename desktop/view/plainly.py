"""Text of others as it may leave the window: one line, without signs of Markdown and without what could do harm."""

from __future__ import annotations

from desktop.view.safetext import SafeText

_SAFE = SafeText()


def plainly(text: str) -> str:
    """*text* as it is read."""
    from desktop.view import markdown  # not before there is something to tell

    return _SAFE.line(markdown.seen(_SAFE.body(text)))

"""Text of people as HTML: made safe as for the window, formatted as there, and every sign of it escaped.

Nothing that somebody wrote becomes an element or an attribute but through `html.escape`. Only addresses of the web and of mail are
links; anything else that looks like one (``javascript:``, files, shares) stays text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from desktop.view.links import Kind, address
from desktop.view.markdown import Passage, Span, parse
from desktop.view.safetext import SafeText

SAFE: Final = SafeText()
_INDENTS: Final = 4
_LINKED: Final = (Kind.WEB, Kind.MAIL)
_TAGS: Final = {
    "bold": ("<b>", "</b>"),
    "italic": ("<i>", "</i>"),
    "bold_italic": ("<b><i>", "</i></b>"),
    "code": ("<code>", "</code>"),
    "mention": ('<span class="me">', "</span>"),
}


def name(text: str) -> str:
    """A name of somebody or something, as HTML."""
    return escape(SAFE.name(text))


def line(text: str, limit: int = 300) -> str:
    """Anything of one line, as HTML."""
    return escape(SAFE.line(text, limit))


def body(text: str) -> str:
    """A message's text with its formatting, as HTML."""
    return "".join(_passages(parse(SAFE.body(text)).passages))


def _passages(passages: Sequence[Passage]) -> Iterator[str]:
    quotes = 0
    for number, passage in enumerate(passages):
        blank = "blank" if passage.blanks and number else ""
        for _deeper in range(quotes, passage.quotes):
            yield "<blockquote>"
        yield "</blockquote>" * (quotes - passage.quotes)
        quotes = passage.quotes
        indent = f"i{min(passage.indent, _INDENTS)}" if passage.indent else ""
        names = " ".join(filter(None, (blank, indent)))
        opening = f' class="{names}"' if names else ""
        if passage.is_code:
            code = "\n".join("".join(escape(span.text) for span in spans) for spans in passage.lines)
            yield f"<pre{opening}>{code}</pre>"
        else:
            marker = f'<span class="k">{escape(passage.marker.text)}</span>' if passage.marker is not None else ""
            lines = "<br>".join("".join(_span(span) for span in spans) for spans in passage.lines)
            yield f"<p{opening}>{marker}{lines}</p>"
    yield "</blockquote>" * quotes


def _span(span: Span) -> str:
    text = escape(span.text)
    if span.target:
        found = address(span.target)
        if found is None or found.kind not in _LINKED:
            return text if span.target == span.text else f"{text} ({escape(span.target)})"
        same = " data-same" if span.target == span.text else ""
        href = escape(span.target)
        return f'<a href="{href}" title="{href}" rel="noopener noreferrer nofollow"{same}>{text}</a>'
    opening, closing = _TAGS.get(span.kind, ("", ""))
    return f"{opening}{text}{closing}"

"""A small Markdown: bold, italic, code, code blocks, quotes, lists and links, as passages of text ready to be broken into lines.

markdown-it-py finds the structure, with only the rules for these enabled; what is no such structure stays as it was typed, HTML
and backslashes included (a message of people on a LAN has more Windows paths than escaped stars). Four rules are our own: an address
is taken whole before anything in it can be taken for formatting; a star within a word is a star (2*3*4); a
quote or a list ends with its last marked line, as the next one is usually the answer; and blanks at the beginning of a line stay. Addresses are found by `links`; a plugin for them would take file names like ``setup.py`` for hosts.

A document has a text of its own: what is *seen*, with "•" before an item and "> " before each line of a quote. Selecting and copying
work on that text, so that a copied command has no fences around it; "Copy message" gives what was *written*.

Messages without any sign that could mean something, nearly all, never reach the parser. Neither do those with more such signs than a
person types: that, and the depth, bound what a hostile message costs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain, groupby
from typing import TYPE_CHECKING, Final, NamedTuple

from desktop.view import emoji
from desktop.view.links import ADDRESS, address, without_tail

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

SIGNS_MAX: Final = 1500
"""A message with more signs of Markdown than this is shown as it is."""
DEPTH_MAX: Final = 14
"""Lists and quotes within each other, counted as the parser does: two for a list, one for a quote. Deeper: shown as it is."""
_KEPT: Final = 512

_SIGN: Final = re.compile(r"[*_`\[>~]|^ *(?:[-+]|\d{1,9}[.)])(?: |$)", re.MULTILINE)
_STOP: Final = re.compile(rf"[\n`*_\[\]]|{ADDRESS.pattern}", re.IGNORECASE)
_MENTION: Final = re.compile(r"(?<![\w@./\\-])@\w(?:[\w.-]*\w)?")


class Span(NamedTuple):
    """A stretch of one kind within a line. *start*: its place in the document's text; *target*: where a link leads.

    Kinds: ``body``, ``bold``, ``italic``, ``bold_italic``, ``code``, ``link``, ``mention`` and ``emoji``.
    """

    kind: str
    text: str
    start: int
    target: str = ""


class Passage(NamedTuple):
    """A paragraph, an item or a block of code.

    *blanks*: empty lines before it. *quotes*: how many quotes it stands in. *indent*: how many lists it stands in. *marker*: what
    stands before an item, on its first line.
    """

    is_code: bool
    lines: tuple[tuple[Span, ...], ...]
    blanks: int = 0
    quotes: int = 0
    indent: int = 0
    marker: Span | None = None


class Document(NamedTuple):
    """*text*: all that is seen, in reading order; the spans say where they stand in it."""

    text: str
    passages: tuple[Passage, ...]


@lru_cache(maxsize=_KEPT)
def parse(text: str) -> Document:
    """The structure of *text*, which was made safe before."""
    signs = sum(1 for _found in _SIGN.finditer(text))
    if 0 < signs <= SIGNS_MAX:
        document = _Builder(text).build()
        if document is not None:
            return document
    return plain(text)


def seen(text: str) -> str:
    """*text*, which was made safe before, without its signs of Markdown: for a quote or a preview, where only words are shown."""
    return parse(text).text


def plain(text: str) -> Document:
    """*text* as it is; only links, mentions and emoji are found in it."""
    lines = []
    start = 0
    for line in text.split("\n"):
        lines.append(tuple(found_in(line, start)))
        start += len(line) + 1
    return Document(text, (Passage(False, tuple(lines)),))


def texts_of(document: Document, target: str) -> list[str]:
    """By what each link to *target* is shown."""
    return [
        "".join(span.text for span in spans)
        for passage in document.passages
        for leads_there, spans in groupby(chain(*passage.lines), key=lambda span: span.target == target)
        if leads_there
    ]


@lru_cache(maxsize=_KEPT)
def without_calls(document: Document) -> Document:
    """The same of a message that calls nobody: an ``@name`` in it is a word like any other."""
    if "@" not in document.text:
        return document
    passages = [
        passage._replace(
            lines=tuple(
                tuple(span._replace(kind="body") if span.kind == "mention" else span for span in line)
                for line in passage.lines
            )
        )
        for passage in document.passages
    ]
    return Document(document.text, tuple(passages))


def found_in(line: str, start: int, kind: str = "body") -> Iterator[Span]:
    """The spans of a line without Markdown: links, mentions, emoji, and *kind* between them."""
    at = 0
    for found in ADDRESS.finditer(line):
        target = without_tail(found.group())
        if found.start() >= at and address(target) is not None:
            yield from _with_mentions(line[at : found.start()], start + at, kind)
            yield from _with_emoji("link", target, start + found.start(), target)
            at = found.start() + len(target)
    yield from _with_mentions(line[at:], start + at, kind)


def _with_mentions(text: str, start: int, kind: str) -> Iterator[Span]:
    at = 0
    if "@" in text:
        for found in _MENTION.finditer(text):
            yield from _with_emoji(kind, text[at : found.start()], start + at)
            yield Span("mention", found.group(), start + found.start())
            at = found.end()
    yield from _with_emoji(kind, text[at:], start + at)


def _with_emoji(kind: str, text: str, start: int, target: str = "") -> Iterator[Span]:
    at = 0
    if not text.isascii() or "\u20e3" in text:
        for found in emoji.EMOJI.finditer(text):
            if emoji.is_text(found.group()):
                continue
            if found.start() > at:
                yield Span(kind, text[at : found.start()], start + at, target)
            yield Span("emoji", found.group(), start + found.start(), target)
            at = found.end()
    if at < len(text):
        yield Span(kind, text[at:], start + at, target)


class _AsTyped(Exception):
    """It was not meant as a list, or lies deeper than `DEPTH_MAX`, where the parser leaves out what is within."""


class _Builder:
    """Walks the parser's tokens, and writes down what is seen."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._lines = source.split("\n")
        self._seen: list[str] = []
        self._length = 0
        self._passages: list[Passage] = []
        self._next_line = 0
        self._containers: list[str] = []
        self._marker = ""

    def build(self) -> Document | None:
        """None: it is to be shown as it is."""
        try:
            for token in _parser().parse(self._source):
                if token.level >= DEPTH_MAX - 1:
                    raise _AsTyped
                self._take(token)
        except _AsTyped:
            return None
        if self._next_line < len(self._lines) and "".join(self._lines[self._next_line :]).strip():
            return None  # the parser has left something out
        text = "".join(self._seen)
        return Document(text, tuple(self._passages)) if text.strip() else None

    def _take(self, token: Token) -> None:
        match token.type:
            case "blockquote_open":
                self._containers.append("quote")
            case "bullet_list_open" | "ordered_list_open":
                self._containers.append("list")
            case "blockquote_close" | "bullet_list_close" | "ordered_list_close":
                self._containers.pop()
            case "list_item_open":
                self._marker = f"{token.info}{token.markup}" if token.info else "•"
            case "list_item_close":
                if self._marker:  # a lone "+" is an answer, not a list
                    raise _AsTyped
            case "inline":
                first, last = token.map or (self._next_line, self._next_line + 1)
                source = self._lines[first]
                led = source[: len(source) - len(source.lstrip())] if not self._containers else ""
                self._put(_inline_lines(token.children or (), led), first, last)
            case "fence":
                first, last = token.map or (self._next_line, self._next_line + 1)
                code = token.content.removesuffix("\n")
                self._put(tuple((("code", line, ""),) for line in code.split("\n")), first, last, is_code=True)

    def _put(self, lines: Sequence[Sequence[_Part]], first: int, last: int, is_code: bool = False) -> None:
        """A passage of the source's lines [first, last)."""
        blanks = max(0, first - self._next_line)
        self._next_line = last
        quotes, indent = self._containers.count("quote"), self._containers.count("list")
        if self._passages:
            self._see("\n" * (blanks + 1))
        marker = None
        made = []
        for number, line in enumerate(lines):
            if number:
                self._see("\n")
            self._see("> " * quotes)
            if indent:
                self._see("  " * (indent - 1))
                if self._marker:
                    marker = Span("body", self._marker, self._length)
                    self._see(f"{self._marker} ")
                    self._marker = ""
                else:
                    self._see("  ")
            made.append(tuple(self._spans(line, is_code)))
        self._passages.append(Passage(is_code, tuple(made), blanks, quotes, indent, marker))

    def _spans(self, line: Sequence[_Part], is_code: bool) -> Iterator[Span]:
        for kind, text, target in line:
            if target:
                yield from _with_emoji("link", text, self._length, target)
            elif is_code or kind == "code":
                yield from _with_emoji("code", text, self._length)
            else:
                yield from _with_mentions(text, self._length, kind)
            self._see(text)

    def _see(self, text: str) -> None:
        self._seen.append(text)
        self._length += len(text)


_Part = tuple[str, str, str]
"""Kind, text and target, before it is known where it stands."""


def _inline_lines(tokens: Sequence[Token], led: str) -> list[list[_Part]]:
    """The lines of a paragraph. *led*: blanks before the first one."""
    lines: list[list[_Part]] = [[("body", led, "")] if led else []]
    bold = italic = 0
    target = ""
    for token in tokens:
        match token.type:
            case "strong_open" | "strong_close":
                bold += token.nesting
            case "em_open" | "em_close":
                italic += token.nesting
            case "link_open":
                target = str(token.attrs.get("href", ""))
            case "link_close":
                target = ""
            case "softbreak":
                lines.append([])
            case "address":
                lines[-1].append(("link", token.content, target or token.content))
            case "code_inline":
                lines[-1].append(("code", token.content, target))
            case "text" if token.content:
                kind = "bold_italic" if bold and italic else "bold" if bold else "italic" if italic else "body"
                lines[-1].append((kind, token.content, target))
    return lines


# -- the parser --------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt  # the first window does without it

    parser = MarkdownIt("zero", {"maxNesting": DEPTH_MAX})
    parser.enable(["fence", "blockquote", "list", "backticks", "emphasis", "link", "newline"])
    parser.inline.ruler.at("text", _text)
    parser.inline.ruler.at("newline", _newline)
    parser.inline.ruler.at("emphasis", _emphasis)
    parser.inline.ruler.before("text", "address", _address)
    parser.block.ruler.before("paragraph", "end", _end, {"alt": ["paragraph", "blockquote"]})
    parser.validateLink = lambda url: address(url) is not None  # type: ignore[method-assign]
    parser.normalizeLink = lambda url: url  # type: ignore[method-assign]  # it is shown before it is opened
    parser.normalizeLinkText = lambda link: link  # type: ignore[method-assign]
    return parser


def _end(state: StateBlock, line: int, _end_line: int, silent: bool) -> bool:
    """A line without ">" is not in the quote above it, and one without an indent not in the item: people answer there."""
    return silent and (state.parentType == "blockquote" or state.sCount[line] < state.blkIndent)


def _text(state: StateInline, silent: bool) -> bool:
    """Up to the next sign or address."""
    found = _STOP.search(state.src, state.pos, state.posMax)
    end = found.start() if found else state.posMax
    if end == state.pos:
        return False
    if not silent:
        state.append_pending(state.src[state.pos : end])
    state.pos = end
    return True


def _address(state: StateInline, silent: bool) -> bool:
    """An address, whatever signs are in it."""
    found = ADDRESS.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    target = without_tail(found.group())
    if address(target) is None:  # not looked at again from within
        if not silent:
            state.append_pending(found.group())
        state.pos += len(found.group())
        return True
    if not silent:
        state.push("address", "", 0).content = target
    state.pos += len(target)
    return True


def _newline(state: StateInline, silent: bool) -> bool:
    """Every line break is one; the blanks after it stay."""
    if state.src[state.pos] != "\n":
        return False
    if not silent:
        state.push("softbreak", "br", 0)
    state.pos += 1
    return True


def _emphasis(state: StateInline, silent: bool) -> bool:
    """Stars and underscores around words, never within one."""
    from markdown_it.rules_inline.state_inline import Delimiter

    marker = state.src[state.pos]
    if silent or marker not in "*_":
        return False
    scanned = state.scanDelims(state.pos, canSplitWord=False)
    for _number in range(scanned.length):
        token = state.push("text", "", 0)
        token.content = marker
        state.delimiters.append(
            Delimiter(
                marker=ord(marker),
                length=scanned.length,
                token=len(state.tokens) - 1,
                end=-1,
                open=scanned.can_open,
                close=scanned.can_close,
            )
        )
    state.pos += scanned.length
    return True

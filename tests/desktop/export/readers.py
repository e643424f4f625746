"""What an exported page holds for who reads it: parsed, not searched."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

VOID = frozenset({"meta", "img", "br", "link", "input", "hr", "base", "source", "embed", "area", "col", "track", "wbr"})


@dataclass
class Element:
    """An element with what is in it."""

    tag: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All words within."""
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()

    def all(self, tag: str = "", kind: str = "") -> list[Element]:
        """Every element within, of that tag or class."""
        found = []
        for child in self.children:
            if isinstance(child, Element):
                if (not tag or child.tag == tag) and (not kind or kind in child.classes):
                    found.append(child)
                found += child.all(tag, kind)
        return found

    def one(self, tag: str = "", kind: str = "") -> Element:
        (found,) = self.all(tag, kind)
        return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        assert len(element.attributes) == len(attrs), f"an attribute twice: {attrs}"
        self._open[-1].children.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open[-1].tag == tag, f"</{tag}> closes <{self._open[-1].tag}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)

    def finish(self) -> Element:
        self.close()
        assert self._open == [self.root], f"not closed: {[element.tag for element in self._open[1:]]}"
        return self.root


def read_html(html: str) -> Element:
    """The whole, every element closed."""
    reader = _Reader()
    reader.feed(html)
    return reader.finish()


def read_page(path: Path) -> Element:
    return read_html(path.read_text("utf-8"))


def assert_harmless(page: Element, pages: frozenset[str] = frozenset()) -> None:
    """Nothing in it runs, or is fetched from anywhere but the folder beside it."""
    for element in page.all():
        assert element.tag not in {
            "script",
            "iframe",
            "object",
            "embed",
            "form",
            "base",
            "link",
            "svg",
            "input",
            "video",
        }
        for name, value in element.attributes.items():
            assert not name.startswith("on"), element
            assert name not in {"style", "srcset", "formaction", "action", "ping", "background"}, element
            if name == "src":
                assert value.startswith("files/"), value
                assert ".." not in value
            if name == "href":
                kind = value.partition(":")[0].lower()
                is_inside = value.startswith(("#m", "#2", "files/")) or value.partition("#")[0] in {
                    "index.html",
                    *pages,
                }
                assert is_inside or kind in ("http", "https", "mailto"), value
    (style,) = page.all("style")
    assert "url(" not in style.text
    assert "@import" not in style.text

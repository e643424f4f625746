"""``python -m desktop.locale``: put new texts of the sources into every catalogue, take unused ones out, compile. Needs Babel."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from desktop.locale import DOMAIN, FOLDER

_SOURCES: Final = Path(__file__).parent.parent
_TEXTS: Final = {"_": 1, "mark": 1, "n_": 2}
"""How many texts each function takes."""


def main() -> None:
    """Bring all catalogues up to date; what is not translated yet stays empty in them."""
    template = Catalog(project="Py_messenger", charset="utf-8")
    for path in sorted(_SOURCES.rglob("*.py")):
        for texts in _said_in(path):
            template.add(texts if len(texts) > 1 else texts[0])
    for path in FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.po"):
        with path.open("rb") as file:
            catalogue = read_po(file, locale=path.parent.parent.name)
        # The dates in the head would make every run a change.
        created, revised = catalogue.creation_date, catalogue.revision_date
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        catalogue.msgid_bugs_address = ""
        catalogue.creation_date, catalogue.revision_date = created, revised
        with path.open("wb") as file:
            write_po(file, catalogue, width=120, no_location=True, sort_output=True)
        with path.with_suffix(".mo").open("wb") as file:
            write_mo(file, catalogue)


def _said_in(path: Path) -> Iterator[tuple[str, ...]]:
    """Texts in one source. Babel's own reader misses those within f-strings."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _TEXTS:
            texts = [text.value for text in node.args[: _TEXTS[node.func.id]] if isinstance(text, ast.Constant)]
            if len(texts) == _TEXTS[node.func.id]:
                yield tuple(str(text) for text in texts)


if __name__ == "__main__":
    main()

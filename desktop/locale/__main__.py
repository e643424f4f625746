"""``python -m desktop.locale``: put new texts of the sources into every catalogue, take unused ones out, compile. Needs Babel."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from desktop.locale import DOMAIN, FOLDER

_SOURCES: Final = Path(__file__).parent.parent
_KEYWORDS: Final = {"_": None, "mark": None, "n_": (1, 2)}


def main() -> None:
    """Bring all catalogues up to date; what is not translated yet stays empty in them."""
    template = Catalog(project="Py_messenger", charset="utf-8")
    for _name, _line, text, comments, _context in extract_from_dir(_SOURCES, keywords=_KEYWORDS, options_map={}):
        template.add(text, auto_comments=comments)
    for path in FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.po"):
        with path.open("rb") as file:
            catalogue = read_po(file, locale=path.parent.parent.name)
        # The dates in the head would make every run a change.
        created, revised = catalogue.creation_date, catalogue.revision_date
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        catalogue.creation_date, catalogue.revision_date = created, revised
        with path.open("wb") as file:
            write_po(file, catalogue, width=120, no_location=True, sort_output=True)
        with path.with_suffix(".mo").open("wb") as file:
            write_mo(file, catalogue)


if __name__ == "__main__":
    main()

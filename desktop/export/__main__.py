"""``python -m desktop.export FOLDER``: make the pages and JSON Lines of what lies in FOLDER; ``--schema``: print how a line looks."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import msgspec

from desktop import locale
from desktop.export.making import make
from desktop.export.records import JOB, Conversation, End, ExportedEntry, ExportedGap, Job, Written


def main(arguments: list[str]) -> int:
    """The exit code."""
    if arguments == ["--schema"]:
        sys.stdout.write(json.dumps(schema(), indent=2) + "\n")
        return 0
    folder = Path(arguments[0])
    locale.use(msgspec.json.decode((folder / JOB).read_bytes(), type=Job).language)
    _say(make(folder, _say))
    return 0


def schema() -> dict[str, object]:
    """JSON Schema (2020-12) of a line of ``conversation.jsonl``."""
    kinds = (Conversation, ExportedEntry, ExportedGap, End)
    references, definitions = msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of a conversation that Py_messenger exported",
        "oneOf": list(references),
        "$defs": definitions,
    }


def _say(written: Written) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(written) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

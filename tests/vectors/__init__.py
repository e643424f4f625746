"""Known answers, each file with its source."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def load(name: str) -> Any:
    """The content of ``<name>.json`` beside this file."""
    return json.loads(Path(__file__).with_name(f"{name}.json").read_text(encoding="utf-8"))

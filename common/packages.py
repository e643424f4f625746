"""Where the packages are: a program started by a Python that has none of them goes on in that of ``.venv``.

What the relay says names commands as ``python -m relay …``, and whoever types them need not know of environments. Imports nothing
but the standard library, and nothing that only a new Python understands.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).resolve().parent.parent
_NEEDED: Final = "msgspec"
"""One that every module of the program needs."""


def are_here() -> bool:
    """Whether the Python that runs now has the packages."""
    return find_spec(_NEEDED) is not None


def go_on(program: str) -> None:
    """Go on as ``python -m`` *program* in ``.venv`` with the same arguments; else end, and say what makes ``.venv``."""
    python = _ROOT / ".venv" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not python.exists() or Path(sys.prefix).resolve() == python.parent.parent.resolve():
        start = ["python3", "messenger.py", *(["relay"] if program == "relay" else []), *sys.argv[1:]]
        sys.exit(
            "This Python lacks the packages that Py_messenger needs, and no .venv has them; run: " + " ".join(start)
        )
    command = [str(python), "-m", program, *sys.argv[1:]]
    if sys.platform == "win32":
        sys.exit(subprocess.call(command))
    os.execv(command[0], command)  # noqa: S606 - the program itself, so that signals reach it

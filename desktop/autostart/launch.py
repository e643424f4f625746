"""A program of its own: starts a part of Py_messenger from its own folder, wherever the system starts it, with nobody to read what it prints.

``launch.py desktop --background``, ``launch.py relay run``: the module, then its arguments.
"""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]


def main(words: list[str]) -> None:
    """Become ``python -m`` with *words*."""
    os.chdir(_ROOT)
    sys.path[0] = str(_ROOT)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # a Python of Windows without a console
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - for as long as it runs
    sys.argv = words
    runpy.run_module(words[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])

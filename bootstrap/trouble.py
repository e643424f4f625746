"""What only the person at the machine can mend, and the exit code that says which trouble it was."""

from bootstrap.commands import again
from bootstrap.words import translated as _

# Once a program has started, its own exit code is passed on.
FAILED, USAGE, TOO_OLD, NO_TKINTER, NO_ENSUREPIP, NO_INDEX, NOT_INSTALLED, INTERRUPTED = 1, 2, 10, 11, 12, 13, 14, 130


class Trouble(Exception):
    """Something that the person at the machine must mend: one sentence with the command, and our exit code."""

    def __init__(self, code: int, sentence: str, **values: object) -> None:
        values.setdefault("command", again())
        super().__init__(_(sentence).format(**values))
        self.code = code

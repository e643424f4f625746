"""The relay's log: what it says, to standard error and, where one is named, a file that never grows beyond its bounds.

It holds no message, name, password, token or key. Our own lines are written so; what other libraries and unexpected exceptions would say is
not: of an exception only its kind and where it came from are written, and its words only where they are the system's or our own.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, Final, Literal, get_args

from common.errors import ConfigError, StartupError

LogFormat = Literal["text", "json"]
LOG_FORMATS: Final[tuple[LogFormat, ...]] = get_args(LogFormat)
KEPT: Final = 4
"""Files that are kept beside the one that is written to."""
_OURS: Final = ("relay", "common")
_TEXT: Final = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"

_log = logging.getLogger(__name__)


def set_up(level: str, form: LogFormat, path: Path | None, largest: int) -> None:
    """Log from *level* on ("info"), to standard error and to *path*; a new file is begun when that one has *largest* bytes.

    Other libraries are heard from "info" on at most: at "debug" some of them say what goes through them.

    Raises:
        ConfigError: *path* cannot be written to; the text says why.
    """
    formatter = Lines() if form == "json" else Text(_TEXT)
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    if path is not None:
        handlers.append(_opened(path, largest))
    root = logging.getLogger()
    for handler in list(root.handlers):
        if isinstance(handler, _File):
            root.removeHandler(handler)
            handler.close()
    for handler in handlers:
        handler.setFormatter(formatter)
    logging.basicConfig(level=max(logging.INFO, logging.getLevelNamesMapping()[level.upper()]), handlers=handlers)
    if path is not None and handlers[-1] not in root.handlers:  # somebody has set up logging before, as tests do
        root.addHandler(handlers[-1])
    for name in _OURS:
        logging.getLogger(name).setLevel(level.upper())


def say_faults_of(loop: asyncio.AbstractEventLoop) -> None:
    """Let what nobody has caught in *loop* be logged without the objects that it concerns, which may hold anything."""
    loop.set_exception_handler(_fault)


def _fault(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    _log.error("%s", context.get("message", "A fault in the event loop"), exc_info=context.get("exception"))


# -- what a line looks like --------------------------------------------------------------------------------------------


class Text(logging.Formatter):
    """Lines for people."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, and of an exception what this formatter says, whatever another one has said of it before."""
        record.exc_text = None
        return super().format(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802  its name in logging
        """Of an exception, what `fault_in_words` says."""
        return fault_in_words(ei[1])


class Lines(logging.Formatter):
    """One JSON object a line: `at` (UTC), `level`, `logger`, `message`, and with an exception `fault`."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        said = {"at": at, "level": record.levelname.lower(), "logger": record.name, "message": record.getMessage()}
        if record.exc_info and record.exc_info[1] is not None:
            said["fault"] = fault_in_words(record.exc_info[1])
        return json.dumps(said, ensure_ascii=False)


def fault_in_words(error: BaseException) -> str:
    """Where *error* came from, and what came before it. Its own words only where nobody's message or name can be in them."""
    parts = []
    for each in _chain(error):
        frames = [
            f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in traceback.extract_tb(each.__traceback__)
        ]
        parts.append("\n".join([*frames, f"{type(each).__module__}.{type(each).__qualname__}{_words(each)}"]))
    return "\nand then\n".join(parts)


def _words(error: BaseException) -> str:
    if isinstance(error, OSError) and error.errno is not None:
        return f": {os.strerror(error.errno)}"
    if isinstance(error, StartupError):
        return f": {error}"
    code = getattr(error, "code", None) or getattr(error, "sqlite_errorname", None)
    return f": {code}" if isinstance(code, str) else ""


def _chain(error: BaseException) -> list[BaseException]:
    """What led to *error*, it last."""
    found: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and at not in found:
        found.append(at)
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)
    return found[::-1]


# -- the file ----------------------------------------------------------------------------------------------------------


class _File(RotatingFileHandler):
    """Readable by this user only. A disk that takes nothing never stops the relay: it is said once on standard error."""

    _is_failing = False

    def _open(self) -> Any:
        # Not by the umask: whoever calls may have another.
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return os.fdopen(descriptor, "a", encoding=self.encoding, errors=self.errors)

    def emit(self, record: logging.LogRecord) -> None:
        """Write *record*; and say it when that works again."""
        was_failing, self._is_failing = self._is_failing, False
        super().emit(record)
        if was_failing and not self._is_failing:
            _complain("The log file is written to again; what was said meanwhile is not in it.")
        self._has_said = self._is_failing

    _has_said = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  its name in logging
        """It could not be written."""
        self._is_failing = True
        error = sys.exc_info()[1]
        if not self._has_said:
            words = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else type(error).__name__
            _complain(f"The log file {self.baseFilename} cannot be written to ({words}). The relay goes on.")
        # What is in the stream's buffer would come out in the middle of something later.
        with contextlib.suppress(OSError):
            if self.stream is not None:
                self.stream.close()
        self.stream = None


def _opened(path: Path, largest: int) -> _File:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        for each in _all_of(path):
            if each.exists():
                each.chmod(0o600)
        return _File(path, maxBytes=largest, backupCount=KEPT, encoding="utf-8", errors="replace")
    except OSError as error:
        raise ConfigError(
            f"The log file {path} cannot be written to ({error.strerror or error}). Name another one with RELAY_LOG_FILE, or none."
        ) from error


def _all_of(path: Path) -> Iterator[Path]:
    yield path
    for number in range(1, KEPT + 1):
        yield path.with_name(f"{path.name}.{number}")


def _complain(words: str) -> None:
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):  # there is nobody left to tell
            sys.stderr.write(f"{words}\n")
            sys.stderr.flush()

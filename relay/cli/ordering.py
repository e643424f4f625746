"""What the commands that ask a running relay have in common: their options, what is typed, and how an outcome is printed."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from common.errors import ConfigError, MessengerError, StartupError
from common.ids import Millis
from relay.cli.settings import DOTENV, add_settings
from relay.config import Config
from relay.control.asking import OrderRefused, order
from relay.control.place import NotRunning
from relay.control.words import Done, NotDone, Order, Outcome, Progress
from relay.exits import NOT_DONE

T = TypeVar("T", bound=Outcome)


def add_options(parser: argparse.ArgumentParser, run: Callable[[argparse.Namespace], int]) -> None:
    """What every such command takes."""
    add_settings(parser, "RELAY_DATA_DIR")
    add_json(parser, run)


def add_json(parser: argparse.ArgumentParser, run: Callable[[argparse.Namespace], int]) -> None:
    """What a command takes that asks for no data folder."""
    parser.add_argument("--json", action="store_true", help="say what became of it in one line of JSON")
    parser.set_defaults(run=lambda options: _reported(options, run))


def ask(
    options: argparse.Namespace, what: Order, expected: type[T], told: Callable[[Progress], None] = lambda _: None
) -> T:
    """What became of *what*; *told* hears how far it is. With --json the outcome is printed already.

    Raises:
        NotRunning, OrderRefused: it was not done; `add_options` sees to the words and the exit code.
    """
    outcome = order(data_dir(options), what, expected, told)
    if options.json:
        print(msgspec.json.encode(outcome).decode())
    return outcome


def data_dir(options: argparse.Namespace) -> Path:
    """The data folder of the relay that is meant.

    Raises:
        ConfigError: a setting cannot be used.
    """
    return Config.read({"RELAY_DATA_DIR": options.RELAY_DATA_DIR}, DOTENV).data_dir


def do(options: argparse.Namespace, what: Order, words: str) -> int:
    """Have it done, and say so: the relay's own words where it has some, else *words*."""
    outcome = ask(options, what, Done)
    if not options.json:
        print(outcome.note or words)
    return 0


def typed(options: argparse.Namespace, prompt: str, *, secret: bool = True) -> str:
    """A line that somebody types, unseen where it is a *secret*; without a terminal the next line of standard input.

    Raises:
        ConfigError: nothing came.
    """
    if sys.stdin is None:
        raise ConfigError("Nothing can be typed here. Give it on standard input, one line each.")
    if sys.stdin.isatty():
        line = getpass.getpass(prompt) if secret else _asked(prompt)
    else:
        line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise ConfigError(
            f"Nothing was given for “{prompt.strip().rstrip(':')}”. Type it, or give it on standard input."
        )
    return line


def typed_twice(options: argparse.Namespace, prompt: str) -> str:
    """A new secret, typed again where it is typed unseen.

    Raises:
        ConfigError: the two are not the same.
    """
    first = typed(options, prompt)
    if sys.stdin is not None and sys.stdin.isatty() and typed(options, "Once more: ") != first:
        raise ConfigError("The two are not the same. Nothing was changed.")
    return first


def confirmed(options: argparse.Namespace, what: str) -> bool:
    """Whether the person wants it, after *what* has told what is lost; ``--yes`` says so beforehand."""
    if options.yes:
        return True
    sys.stderr.write(f"{what}\n")
    return typed(options, "Type yes to go on: ", secret=False).strip().lower() in ("yes", "y", "да")


def number(most: int) -> Callable[[str], int]:
    """The type of an option that is a whole number from 1 to *most*."""

    def read(text: str) -> int:
        if not 1 <= (value := int(text)) <= most:
            raise ValueError(text)
        return value

    read.__name__ = f"number from 1 to {most:,}"  # as argparse calls it in its complaint
    return read


def not_confirmed(options: argparse.Namespace) -> int:
    """Say that nothing was changed, because nobody has confirmed it; the exit code, which for programs is that of something not done."""
    if options.json:
        print(msgspec.json.encode(NotDone("not_confirmed", "Nothing was changed. Give --yes to confirm it.")).decode())
        return NOT_DONE
    print("Nothing was changed.")
    return 0


def when(at: Millis) -> str:
    """A time for people, in the time zone of this machine."""
    return datetime.fromtimestamp(at / 1000).astimezone().strftime("%Y-%m-%d %H:%M")


def table(rows: list[tuple[str, ...]]) -> str:
    """*rows* in columns, the first one as a head. What would move the cursor of a terminal shows as a sign of its own."""
    rows = [tuple("".join(sign if sign.isprintable() else "\ufffd" for sign in cell) for cell in row) for row in rows]
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines)


def _asked(prompt: str) -> str:
    sys.stderr.write(prompt)
    sys.stderr.flush()
    return sys.stdin.readline().strip()


def _reported(options: argparse.Namespace, run: Callable[[argparse.Namespace], int]) -> int:
    try:
        return run(options)
    except (NotRunning, OrderRefused, StartupError) as error:
        return _not_done(error, as_json=options.json)


def _not_done(error: MessengerError, *, as_json: bool) -> int:
    if as_json:
        code = _CODES.get(type(error)) or (
            error.code if isinstance(error, OrderRefused | StartupError) else "not_possible"
        )
        said: dict[str, Any] = msgspec.to_builtins(NotDone(code, str(error)))
        print(json.dumps(said, ensure_ascii=False))
    else:
        sys.stderr.write(f"{error}\n")
    return NOT_DONE


_CODES: Final[dict[type[MessengerError], str]] = {NotRunning: "not_running", ConfigError: "bad_request"}

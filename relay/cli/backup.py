"""``python -m relay backup FILE``: the whole relay in one sealed file, while it runs; ``backup verify FILE``: whether one is whole."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Final

import msgspec

from common.errors import StartupError
from relay.backup.container import NoBackup
from relay.backup.reading import Reading
from relay.backup.restoring import verify
from relay.cli.ordering import add_options, ask, when
from relay.cli.progress import Bar
from relay.cli.settings import KEY_OPTIONS, add_recovery_code, add_settings, config_of
from relay.control.words import BackupMade, MakeBackup
from relay.exits import NOT_DONE
from relay.sizes import size_text

_VERIFY: Final = "verify"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the commands."""
    parser = subparsers.add_parser(
        "backup",
        help="the whole relay in one sealed file",
        description="Write all of the relay that runs here, its identity and its files included, into one sealed FILE, and read it back. "
        "With `verify`: open all of a FILE and change nothing.",
        usage="python -m relay backup [options] FILE\n       python -m relay backup verify [options] FILE",
        epilog="The file opens with the recovery code, the passphrase, or the key file. Keep it on another disk, and not beside the key file.",
    )
    parser.add_argument("words", nargs="+", metavar="[verify] FILE", help="the backup to write, or to verify")
    add_options(parser, _run)
    add_settings(parser, *KEY_OPTIONS)
    add_recovery_code(parser, "open it by the recovery code, which is asked for, or the first line of FILE")


def _run(options: argparse.Namespace) -> int:
    words = list(options.words)
    if len(words) == 2 and words[0] == _VERIFY:
        return _verify(options, Path(words[1]))
    if len(words) != 1:
        sys.stderr.write("Name one file: python -m relay backup FILE, or python -m relay backup verify FILE\n")
        return 2
    with Bar(options.json) as bar:
        made = ask(
            options, MakeBackup(str(Path(words[0]).absolute())), BackupMade, lambda told: bar(told.done, told.total)
        )
    if not options.json:
        print(
            f"{made.path}: {size_text(made.bytes)}, {made.entries:,} entries, {made.files:,} files. It was read back: it is whole."
        )
        if made.missing:
            print(
                f"{made.missing:,} files are not in it: they were deleted while it was made, or their contents were lost before."
            )
    return 0


def _verify(options: argparse.Namespace, path: Path) -> int:
    try:
        with Bar(options.json) as bar:
            reading = verify(path, config_of(options), bar)
    except (NoBackup, StartupError) as error:
        if options.json:
            code = error.code if isinstance(error, StartupError) else "bad_backup"
            print(json.dumps({"type": "NotDone", "code": code, "message": str(error)}, ensure_ascii=False))
        else:
            sys.stderr.write(f"{error}\n")
        return NOT_DONE
    print(_as_json(reading) if options.json else _in_words(path, reading))
    return 0


def _as_json(reading: Reading) -> str:
    said = {
        "type": "BackupVerified",
        "relay_id": reading.header.relay_id,
        "made_at": reading.header.made_at,
        "database_bytes": reading.database_bytes,
        "files": reading.files,
    }
    return msgspec.json.encode(said).decode()


def _in_words(path: Path, reading: Reading) -> str:
    header = reading.header
    return (
        f"{path} is whole: made {when(header.made_at)}, database {size_text(reading.database_bytes)}, {reading.files:,} files, "
        f"relay {header.relay_id[:8]}…"
    )

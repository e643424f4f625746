"""What every command's ``--help`` has besides its options: whole sentences, examples that can be typed as they stand, and the exit codes.

A new command needs its examples here; a test goes through all commands, and tries whether the examples are right.
"""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Iterator
from typing import Final

from relay.exits import INTERRUPTED, MOVED_AWAY, NOT_DONE, WRONG

PROGRAM: Final = "python -m relay"
EXAMPLES: Final[dict[str, tuple[str, ...]]] = {
    "run": ("", "--name Storeroom --registration invite", "--recovery-code", "--log-format json --log-file relay.log"),
    "status": ("", "--json"),
    "stop": ("", "--data-dir /srv/relay"),
    "announce": ("", "--host 192.168.1.20 --port 5001 --name Storeroom"),
    "doctor": ("", "--json", "--host 192.168.1.20"),
    "keys status": ("", "--json"),
    "keys confirm": ("", "--json < code.txt"),
    "keys add-passphrase": ("",),
    "keys change-passphrase": ("",),
    "keys new-recovery-code": ("",),
    "keys rotate": ("", "--same-code"),
    "keys remove-slot": ("file", "passphrase --yes"),
    "users list": ("", "--json"),
    "users disable": ("anna",),
    "users enable": ("anna",),
    "users reset-password": ("anna", "anna --ask"),
    "users delete": ("anna --messages erase", "anna --messages anonymous --yes"),
    "users free": ("anna",),
    "users promote": ("anna admin", "anna owner"),
    "users mute": ("anna", "anna --for 2h"),
    "users unmute": ("anna",),
    "users sessions": ("anna",),
    "users revoke": ("anna", "anna 12"),
    "limits show": ("", "--person anna", "--json"),
    "limits set": ("groups 20", "files 50G --person anna", "messages-per-minute none", "files default --person anna"),
    "retention show": ("", "--group Storeroom", "--json"),
    "retention set": ("--days 365", "--days 30 --entries 5000 --group Storeroom", "--all --yes", "--default --group 4"),
    "retention hold": ("", "--group Storeroom"),
    "retention release": ("", "--group Storeroom --yes"),
    "invites list": ("", "--json"),
    "invites create": ("", "--uses 5 --days 7"),
    "invites revoke": ("3",),
    "audit": ("", "--limit 200 --json"),
    "backup": ("/mnt/usb/relay.backup", "verify /mnt/usb/relay.backup --recovery-code"),
    "restore": ("/mnt/usb/relay.backup", "/mnt/usb/relay.backup --recovery-code", "/mnt/usb/relay.backup --replace"),
    "service install": ("", "--user"),
    "service uninstall": ("", "--user"),
    "service status": ("", "--json"),
    "service print": ("", "--user"),
    "move offer": ("",),
    "move receive": ("", "--data-dir /srv/relay"),
    "move finish": ("",),
    "move status": ("", "--json"),
    "move give-up": ("",),
    "move take-back": ("",),
}
"""What stands after the command, of each that has no commands of its own."""
_EXITS: Final = {
    "": ("0", "done"),
    "not": (str(NOT_DONE), "not done; what it says tells why, and what to do"),
    "wrong": (str(WRONG), "the command line is wrong"),
    "interrupted": (str(INTERRUPTED), "interrupted by Ctrl+C"),
}
_EXITS_OF: Final = {
    "run": {
        "": ("0", "it has ended as it was asked to, by Ctrl+C too"),
        "not": (str(NOT_DONE), "it cannot run; what it says tells why"),
        "interrupted": (str(INTERRUPTED), "interrupted by Ctrl+C while it was starting"),
        "moved": (str(MOVED_AWAY), "it has moved to another computer, and runs here only when it was taken back"),
    },
    "announce": {
        "": ("0", "it has ended, by Ctrl+C too"),
        "interrupted": (str(INTERRUPTED), "interrupted by Ctrl+C while it was starting"),
    },
    "status": {
        "": ("0", "a relay runs here, well or not"),
        "not": (str(NOT_DONE), "none runs here, or it does not answer"),
    },
    "service status": {
        "": ("0", "it runs"),
        "not": (str(NOT_DONE), "it does not run, or is no service here"),
    },
    "doctor": {
        "": ("0", "nothing failed; there may be warnings"),
        "not": (str(NOT_DONE), "something failed, or could not be examined"),
    },
}


class Manual(argparse.HelpFormatter):
    """Wraps prose, and leaves the lines of examples and codes as they are."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        blocks = [block if "\n" in block else textwrap.fill(block, width) for block in text.split("\n\n")]
        return textwrap.indent("\n\n".join(blocks), indent)


def complete(parser: argparse.ArgumentParser) -> None:
    """Give *parser* and all commands below it what their help lacks."""
    for name, command in every_command(parser):
        command.formatter_class = Manual
        command.description = _sentence(command.description or _short(parser, name))
        parts = [command.epilog] if command.epilog else []
        if is_group(command):
            parts.append(f"`{PROGRAM} {name} COMMAND --help`".replace("  ", " ") + " explains each of them.")
        else:
            if name in EXAMPLES:
                lines = [f"  {PROGRAM} {name} {more}".rstrip() for more in EXAMPLES[name]]
                parts.append("\n".join(["examples:", *lines]))
            parts.append("\n".join(["exit codes:", *(f"  {code:4} {words}" for code, words in _exits(name))]))
        command.epilog = "\n\n".join(parts)


def every_command(parser: argparse.ArgumentParser, name: str = "") -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """*parser* and all that is below it, by what is typed ("users list")."""
    yield name, parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for word, command in action.choices.items():
                yield from every_command(command, f"{name} {word}".strip())


def _short(parser: argparse.ArgumentParser, name: str) -> str:
    """What the list of commands says of the command *name*."""
    above, _, word = name.rpartition(" ")
    for action in dict(every_command(parser))[above]._actions:
        if isinstance(action, argparse._SubParsersAction):
            return next((choice.help or "" for choice in action._choices_actions if choice.dest == word), "")
    return ""


def is_group(parser: argparse.ArgumentParser) -> bool:
    """Whether it only has commands below it."""
    return any(isinstance(action, argparse._SubParsersAction) for action in parser._actions)


def _exits(name: str) -> list[tuple[str, str]]:
    return sorted((_EXITS | _EXITS_OF.get(name, {})).values(), key=lambda row: int(row[0]))


def _sentence(text: str) -> str:
    """*text* without the command's own name before it, with a capital letter and an end."""
    text = re.sub(r"^``[^`]*``: ", "", " ".join(text.split()))
    return text[:1].upper() + text[1:] + ("" if not text or text[-1] in ".!?" else ".")

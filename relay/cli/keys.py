"""``python -m relay keys``: what opens the data of the relay that runs here, and how to change that while it runs."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Final

from common.crypto.keyslots import SlotKind
from relay.cli import rotating
from relay.cli.ordering import add_options, ask, confirmed, do, not_confirmed, typed, typed_twice, when
from relay.cli.rotating import FINAL, NAMES
from relay.control.words import (
    AddPassphrase,
    ChangePassphrase,
    ConfirmCode,
    Keys,
    KeySlot,
    NewRecoveryCode,
    RecoveryCode,
    RemoveSlot,
    ShowKeys,
)

_KINDS: Final[dict[str, SlotKind]] = {"file": "file", "passphrase": "passphrase", "recovery-code": "recovery"}
_TYPE_BACK: Final = "python -m relay keys confirm"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the commands."""
    parser = subparsers.add_parser("keys", help="what opens the data: show and change it", description=__doc__)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(name: str, words: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=words, description=words)
        add_options(command, run)
        return command

    status = add("status", "which ways there are to open the data, and what should be mended", _status)
    status.add_argument(
        "--follow", action="store_true", help="while the keys are rotated, show how far it is, to its end"
    )
    add("confirm", "type the recovery code back, to know that what was written down is right", _confirm)
    add("add-passphrase", "let a passphrase open the data too", _add_passphrase)
    add("change-passphrase", "exchange the passphrase", _change_passphrase)
    add(
        "new-recovery-code",
        "make another recovery code; the one before opens nothing once this was confirmed",
        _new_code,
    )
    rotating.add_parser(add)
    remove = add("remove-slot", "let the key file, the passphrase or the recovery code open nothing any more", _remove)
    remove.add_argument("what", choices=sorted(_KINDS), help="what is to open nothing any more")
    remove.add_argument("--yes", action="store_true", help="do not ask first")


def _status(options: argparse.Namespace) -> int:
    keys = ask(options, ShowKeys(), Keys)
    if not options.json:
        for slot in keys.slots:
            print(f"{NAMES[slot.kind]:14} since {when(slot.created_at)}{_state(slot, keys)}")
        for advice in keys.advice:
            print(f"\n! {advice}")
        if keys.rotation is not None:
            print(f"\n{rotating.in_words(keys.rotation)}")
    return rotating.follow(options) if options.follow else 0


def _state(slot: KeySlot, keys: Keys) -> str:
    if slot.kind == "file":
        return f", {keys.key_file}" + (", opens the data" if slot.opens else f"\n  {slot.problem}")
    if slot.kind == "recovery":
        return ", confirmed" if slot.is_confirmed else ", not confirmed yet"
    return ""


def _confirm(options: argparse.Namespace) -> int:
    return do(options, ConfirmCode(typed(options, "Recovery code: ", secret=False)), "")


def _add_passphrase(options: argparse.Namespace) -> int:
    return do(options, AddPassphrase(typed_twice(options, "New passphrase: ")), "")


def _change_passphrase(options: argparse.Namespace) -> int:
    before = typed(options, "Passphrase until now: ")
    return do(options, ChangePassphrase(before, typed_twice(options, "New passphrase: ")), "")


def _new_code(options: argparse.Namespace) -> int:
    outcome = ask(options, NewRecoveryCode(), RecoveryCode)
    if not options.json:
        print(f"Recovery code: {outcome.code}\n\nShown this once. Write it down, then type it back: {_TYPE_BACK}")
        print("Until then the code before still opens the data.")
    return 0


def _remove(options: argparse.Namespace) -> int:
    kind = _KINDS[options.what]
    if not confirmed(options, f"The {NAMES[kind]} will open the data no more. {FINAL}"):
        return not_confirmed(options)
    return do(options, RemoveSlot(kind), f"The {NAMES[kind]} opens nothing any more.")

"""``python -m relay keys rotate``: what it says before, what it asks for, and how far it is.

The new recovery code is made here and typed back before the relay hears of it: nothing is changed for who has not written it down.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Final

import msgspec

from common.crypto.keyslots import SlotKind
from common.crypto.recovery import BadRecoveryCode, new_recovery_code, parse_recovery_code
from common.errors import ConfigError
from relay.cli.ordering import ask, confirmed, data_dir, not_confirmed, typed
from relay.cli.progress import Bar
from relay.cli.settings import config_of
from relay.control.asking import OrderRefused, order
from relay.control.words import (
    ConfirmCode,
    Done,
    FollowRotation,
    Keys,
    Progress,
    RecoveryCode,
    Rotated,
    RotateKeys,
    Rotation,
    ShowKeys,
)

NAMES: Final[dict[SlotKind, str]] = {"file": "key file", "passphrase": "passphrase", "recovery": "recovery code"}
FINAL: Final = (
    "If all ways to open the data are lost, every message in it is lost for good: nobody can bring it back, whoever made this program "
    "included."
)
_BEFORE: Final = "The data gets a new master key."
_ENDS: Final = "The {ways} of now will open only older copies and backups from then on; whoever has such a copy reads it as before."
_TRIES: Final = 3


def add_parser(add: Callable[[str, str, Callable[[argparse.Namespace], int]], argparse.ArgumentParser]) -> None:
    """Describe the command."""
    rotate = add(
        "rotate",
        "a new master key at once, and everything sealed anew in the background: for when a key file, passphrase or code got out",
        _rotate,
    )
    rotate.add_argument("--yes", action="store_true", help="do not ask first")
    rotate.add_argument("--no-wait", action="store_true", help="end as soon as the new key is in use")
    rotate.add_argument(
        "--keep-key-file",
        action="store_true",
        help="let the same key file open the data afterwards too, as a container's secret must",
    )
    code = rotate.add_mutually_exclusive_group()
    code.add_argument(
        "--same-code", action="store_true", help="type the recovery code, and let it open the data afterwards too"
    )
    code.add_argument("--without-code", action="store_true", help="have no recovery code afterwards")


def in_words(rotation: Rotation) -> str:
    """How far it is."""
    share = rotation.done / rotation.total if rotation.total else 1
    return f"The keys are being rotated: {rotation.done:,} of {rotation.total:,} entries are sealed anew ({share:.0%})."


def follow(options: argparse.Namespace) -> int:
    """Show how far it is, until it is done."""
    with Bar(options.json, "entries") as bar:
        done = ask(options, FollowRotation(), Done, lambda told: _tell(options, bar, told))
    if not options.json:
        print(done.note)
    return 0


def _rotate(options: argparse.Namespace) -> int:
    keys = order(data_dir(options), ShowKeys(), Keys)
    if keys.rotation is not None:
        raise OrderRefused(
            "not_allowed", f"{in_words(keys.rotation)} Wait until that is done: relay keys status --follow"
        )
    kinds = {slot.kind for slot in keys.slots}
    if not confirmed(options, _warning(options, kinds)):
        return not_confirmed(options)
    passphrase = _passphrase(options) if "passphrase" in kinds and not keys.knows_passphrase else ""
    code = _code(options) if "recovery" in kinds and not options.without_code else ""
    what = RotateKeys(passphrase, code, options.without_code, options.keep_key_file)
    rotated = ask(options, what, Rotated)
    if not options.json:
        print(_outcome(rotated, kinds, options))
    return 0 if options.no_wait else follow(options)


def _warning(options: argparse.Namespace, kinds: set[SlotKind]) -> str:
    """What ends, and that the last way is the last."""
    said = [_BEFORE]
    ending: list[SlotKind] = []
    if "file" in kinds and not options.keep_key_file:
        ending.append("file")
    if "recovery" in kinds and not options.same_code:
        ending.append("recovery")
    if ending:
        said.append(_ENDS.format(ways=" and the ".join(NAMES[kind] for kind in ending)))
    if options.without_code:
        said.append("There will be no recovery code.")
    return " ".join((*said, FINAL))


def _passphrase(options: argparse.Namespace) -> str:
    return config_of(options).passphrase or typed(options, "Passphrase: ")


def _code(options: argparse.Namespace) -> str:
    if options.same_code:
        code = typed(options, "Recovery code: ", secret=False)
        order(data_dir(options), ConfirmCode(code), Done)
        return code
    code = new_recovery_code()
    if options.json:
        print(msgspec.json.encode(RecoveryCode(code)).decode(), flush=True)
    else:
        print(
            f"New recovery code: {code}\n\nShown this once. Write it down, then type it back; nothing is changed before.",
            flush=True,
        )
    return _typed_back(options, code)


def _typed_back(options: argparse.Namespace, code: str) -> str:
    reason = "It is another one."
    for _ in range(_TRIES):
        try:
            if parse_recovery_code(typed(options, "Recovery code: ", secret=False)) == code:
                return code
        except BadRecoveryCode as error:
            reason = str(error)
        if not options.json:
            print(reason)
    raise ConfigError(f"{reason} The new recovery code was not typed back. Nothing was changed.")


def _outcome(rotated: Rotated, kinds: set[SlotKind], options: argparse.Namespace) -> str:
    lines = ["The new master key is in use. Everything that is said from now on is sealed with new keys."]
    if "file" in kinds:
        kept = "opens the data as before" if options.keep_key_file else "was exchanged"
        lines.append(f"The key file {kept}.")
    if "recovery" in kinds and options.without_code:
        lines.append(f"There is no recovery code any more. {FINAL}")
    if rotated.older:
        lines.append("What lies here and belongs to the time before; delete it when you need no older backup:")
        lines += [f"  {path}" for path in rotated.older]
    lines.append(
        f"Up to {rotated.entries:,} older entries are being sealed anew; that goes on by itself, also after a restart."
    )
    return "\n".join(lines)


def _tell(options: argparse.Namespace, bar: Bar, told: Progress) -> None:
    if options.json:
        print(msgspec.json.encode(told).decode(), flush=True)
    bar(told.done, told.total)

"""What opens the data: the key slots, the key file and its copy, and whether the recovery code was typed back."""

from __future__ import annotations

from pathlib import Path

from common.crypto.keyfile import key_file_flaws, peek_key_file
from common.crypto.keyslots import Slot, unlock
from common.errors import KeyUnavailable
from relay.cli.doctor.finding import Finding, Live, Patient, warning
from relay.config import Config
from relay.storage.closed import Closed


def check(patient: Patient) -> list[Finding]:
    """The slots and what belongs to them."""
    match patient.inside:
        case Live(_, keys, _):
            kinds = {slot.kind for slot in keys.slots}
            found = [
                Finding(
                    False,
                    slot.problem,
                    "While the relay runs nothing is lost: `python -m relay keys status` says what to do.",
                )
                for slot in keys.slots
                if slot.opens is False
            ]
            is_confirmed = any(slot.is_confirmed for slot in keys.slots)
        case Closed(_, slots, confirmed):
            kinds = {slot.kind for slot in slots}
            found = _opened(slots, patient.config)
            is_confirmed = any(slot.salt == confirmed for slot in slots if slot.kind == "recovery")
        case _:
            return []
    if "file" in kinds and not found:
        found += _flaws(_key_file_of(patient))
    if "recovery" not in kinds:
        found.append(
            warning(
                "There is no recovery code.",
                "When the key file or passphrase is lost, every message is lost for good: python -m relay keys new-recovery-code",
            )
        )
    elif not is_confirmed:
        found.append(
            warning(
                "Nobody has typed the recovery code back, so nobody knows whether it was written down.",
                "python -m relay keys confirm; if it is lost: python -m relay keys new-recovery-code",
            )
        )
    return found or [Finding(True, f"The data opens; {_words(len(kinds))}.")]


def _opened(slots: list[Slot], config: Config) -> list[Finding]:
    """Of a closed database: whether it would open at a start. Passphrases are not tried: that takes a second and much memory."""
    if any(slot.kind == "passphrase" for slot in slots) and config.passphrase is not None:
        return []
    try:
        unlock([slot for slot in slots if slot.kind == "file"], key_file=peek_key_file(config.key_file))
    except KeyUnavailable as reason:
        return [
            Finding(
                False,
                f"A relay that is started now does not open its data. {reason}",
                "Put the key file back or name it in RELAY_KEY_FILE, name the passphrase's file in RELAY_PASSPHRASE_FILE, or start once with "
                "`python -m relay run --recovery-code`.",
            )
        ]
    return []


def _key_file_of(patient: Patient) -> Path:
    """That of the running relay, which may have been started with another one than is named here."""
    return Path(patient.inside.keys.key_file) if isinstance(patient.inside, Live) else patient.config.key_file


def _flaws(key_file: Path) -> list[Finding]:
    flaws = key_file_flaws(key_file)
    if not flaws:
        return []
    return [
        warning(
            "; ".join(flaws) + ".",
            f"A missing or damaged copy is mended at the next start, if its folder can be written to; rights: chmod 600 '{key_file}'*",
        )
    ]


def _words(kinds: int) -> str:
    return "there is one way to open it" if kinds == 1 else f"there are {kinds} ways to open it"

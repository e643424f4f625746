"""The key file: the secret of key slot "file", outside the data folder, in two copies that mend each other.

A lost or damaged key file may cost every message that the relay holds. So each copy carries a checksum and is written whole
(temporary file, fsync, rename), the copy before the file itself, and nothing here ever overwrites a key that can still be read.

A file with nothing but 64 hexadecimal digits is accepted too: that is what ``openssl rand -hex 32`` makes for a container's secret.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Final

from common.errors import ConfigError, KeyUnavailable

SECRET_BYTES: Final = 32
FILE_NAME: Final = "relay.key"

_log = logging.getLogger(__name__)

_FIRST_LINE: Final = "Py_messenger key file, version 1"
_REMARKS: Final = """\
# Without this file (or the passphrase, or the recovery code) nobody can open the relay's database, neither can you.
# Keep a backup of it, but not beside a backup of the data folder.
"""
_BARE: Final = re.compile(r"[0-9a-fA-F]{64}")
_MAX_BYTES: Final = 4096


class _Damaged(Exception):
    """What was read is no key file, or not all of one."""


class _OtherVersion(Exception):
    """A key file in a format that this program does not know: left alone."""


def default_key_file(config_dir: Path) -> Path:
    """Where the key file is when no setting says otherwise."""
    return config_dir / FILE_NAME


def copy_of(path: Path) -> Path:
    """Where the second copy of the key file *path* is."""
    return path.with_name(path.name + ".copy")


def key_file_exists(path: Path) -> bool:
    """Whether there is a key file at *path* or its copy, readable or not."""
    return any(os.path.lexists(place) for place in (path, copy_of(path)))


def is_key_file_of(path: Path, relay: str) -> bool:
    """Whether there is a key file at *path* that can be read and was made for *relay*."""
    return any(look.secret is not None and f"\nrelay: {relay}\n" in look.text for look in _both(path))


def may_be_exchanged(path: Path, relay: str) -> bool:
    """Whether what is at *path* was made for *relay* by this program, or is lost or damaged anyway."""
    return is_key_file_of(path, relay) or all(look.may_be_mended for look in _both(path))


def write_key_file(path: Path, secret: bytes, relay: str = "") -> None:
    """Store *secret* (32 bytes) at *path* and its copy, readable by this user only; *relay* is a hint for people.

    Raises:
        ConfigError: there is a key file already (it is never overwritten), or the folder cannot be written to.
    """
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"the secret of a key file has {SECRET_BYTES} bytes, not {len(secret)}")
    if key_file_exists(path):
        raise ConfigError(
            f"There is a key file at {path} (or {copy_of(path).name} beside it) already, and it is not overwritten: it may be "
            "the only key to a database. Use it, name another place with RELAY_KEY_FILE, or move it away yourself."
        )
    text = _text(secret, relay)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write_new(copy_of(path), text)
        _write_new(path, text)
    except OSError as error:
        raise _cannot_be_written(path, error) from error


def read_key_file(path: Path) -> bytes:
    """The 32 secret bytes of the key file at *path*, or of its copy when *path* is lost or damaged; that one is then mended.

    Raises:
        KeyUnavailable: neither can be used; the text says for each of the two why, and what to do.
    """
    first, second = _both(path)
    good, other = (second, first) if first.secret is None else (first, second)
    if good.secret is None:
        raise KeyUnavailable(_no_key_file(first, second))
    if other.may_be_mended and not _BARE.fullmatch(good.text.strip()):
        _mend(other, good.text)
    if other.secret not in (None, good.secret):
        _log.warning("The key files %s and %s hold different keys; the first is used.", good.place, other.place)
    _warn_when_others_may_read(good.place)
    return good.secret


def peek_key_file(path: Path) -> bytes:
    """As `read_key_file`, but nothing is mended and nothing said: for who only wants to know whether it could be read.

    Raises:
        KeyUnavailable: neither can be used.
    """
    first, second = _both(path)
    secret = second.secret if first.secret is None else first.secret
    if secret is None:
        raise KeyUnavailable(_no_key_file(first, second))
    return secret


def key_file_flaws(path: Path) -> list[str]:
    """What is not as it should be with the key file at *path* and its copy, in words; empty when both are well."""
    looks = _both(path)
    flaws = [f"{look.place} {look.reason}" for look in looks if look.secret is None]
    if len({look.secret for look in looks if look.secret is not None}) > 1:
        flaws.append(f"{path} and {copy_of(path).name} hold different keys")
    return flaws + [
        f"{look.place} can be read by other users of this machine" for look in looks if _others_may_read(look.place)
    ]


def renew_key_file(path: Path, relay: str = "") -> bytes:
    """The secret of the key file at *path*, which is written anew when both copies are lost; damaged ones are kept beside it.

    For a database that was opened by something else: the new secret opens nothing yet.

    Raises:
        KeyUnavailable: there is one that may be good, and this user or this version cannot read it.
        ConfigError: the folder cannot be written to.
    """
    looks = _both(path)
    if any(look.secret is not None for look in looks):
        return read_key_file(path)
    if not all(look.may_be_mended for look in looks):
        raise KeyUnavailable(_no_key_file(*looks))
    try:
        for look in looks:
            if os.path.lexists(look.place):
                _set_aside(look.place)
    except OSError as error:
        raise _cannot_be_written(path, error) from error
    secret = os.urandom(SECRET_BYTES)
    write_key_file(path, secret, relay)
    return secret


@dataclass(frozen=True, slots=True)
class _Look:
    """What was found at one of the two places: a secret, or the reason why not."""

    place: Path
    text: str = field(default="", repr=False)
    secret: bytes | None = field(default=None, repr=False)
    reason: str = ""
    may_be_mended: bool = False


def _both(path: Path) -> tuple[_Look, _Look]:
    return _look_at(path), _look_at(copy_of(path))


def _look_at(place: Path) -> _Look:
    try:
        text = _content(place)
        return _Look(place, text, _secret_in(text))
    except FileNotFoundError:
        return _Look(place, reason="is missing", may_be_mended=True)
    except PermissionError:
        return _Look(place, reason="may not be read by this user")
    except OSError as error:
        return _Look(place, reason=f"cannot be read ({error.strerror or error})")
    except _OtherVersion:
        return _Look(place, reason="was written by another version of this program")
    except _Damaged as error:
        return _Look(place, reason=f"is damaged ({error})", may_be_mended=True)


# -- the text ----------------------------------------------------------------------------------------------------------


def _text(secret: bytes, relay: str) -> str:
    hint = " ".join(relay.split())
    lines = f"{_FIRST_LINE}\n{_REMARKS}relay: {hint}\nkey: {secret.hex()}\n"
    return f"{lines}check: {_check(lines)}\n"


def _check(lines: str) -> str:
    return blake2b(lines.encode(), digest_size=8).hexdigest()


def _secret_in(text: str) -> bytes:
    """The secret in the *text* of a key file, or `_Damaged` with the reason."""
    if _BARE.fullmatch(text.strip()):
        return bytes.fromhex(text.strip())
    text = text.replace("\r\n", "\n")
    if not text.startswith("Py_messenger key file"):
        raise _Damaged("it does not begin as a key file")
    if not text.startswith(_FIRST_LINE + "\n"):
        raise _OtherVersion
    lines, separator, check = text.rpartition("check: ")
    if not separator or check.strip() != _check(lines):
        raise _Damaged("its checksum does not fit its content")
    key = re.search(r"^key: ([0-9a-f]{64})$", lines, re.MULTILINE)
    if key is None:
        raise _Damaged("it has no key")
    return bytes.fromhex(key[1])


# -- the files ---------------------------------------------------------------------------------------------------------


def _content(place: Path) -> str:
    with place.open("rb") as file:
        content = file.read(_MAX_BYTES + 1)
    if not content.strip():
        raise _Damaged("it is empty")
    if len(content) > _MAX_BYTES:
        raise _Damaged("it is too long")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _Damaged("it is no text") from error


def _write_new(place: Path, text: str) -> None:
    """Make *place* with *text* in one step: after a crash it is there whole or not at all. An existing one is an error."""
    with durable_temporary(place, text.encode()) as temporary:
        try:
            os.link(temporary, place)
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links
            if os.path.lexists(place):
                raise
            temporary.rename(place)
    sync_folder(place.parent)


@contextlib.contextmanager
def durable_temporary(place: Path, content: bytes) -> Iterator[Path]:
    """A file beside *place* with *content*, on the disk and of this user alone, to be renamed; removed when it was not."""
    descriptor, name = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)  # mkstemp makes it 0600
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Bring the names in *folder* to the disk."""
    if os.name == "nt":  # a folder cannot be opened there, and NTFS journals the rename
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _mend(lost: _Look, text: str) -> None:
    """Write *text* where one copy was lost or damaged; what is there now is kept beside it, should it hold something else."""
    if not os.access(lost.place.parent, os.W_OK):  # a mounted secret: there is one copy, and somebody else keeps it
        return
    try:
        if lost.place.exists():
            _set_aside(lost.place)
        _write_new(lost.place, text)
    except OSError as error:
        _log.warning("The key file %s %s and could not be mended: %s", lost.place, lost.reason, error)
    else:
        _log.warning("The key file %s %s. It was mended from the other copy.", lost.place, lost.reason)


def _set_aside(place: Path) -> None:
    """Keep a damaged copy beside the good one that is to come, should it hold something else."""
    place.replace(place.with_name(place.name + ".damaged"))


def _cannot_be_written(path: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f"The key file {path} cannot be written ({error.strerror or error}). "
        "Make its folder writable for this user, or name another place with RELAY_KEY_FILE."
    )


def _others_may_read(path: Path) -> bool:
    if os.name == "nt":  # permissions there come from the folder
        return False
    try:
        status = path.stat()
    except OSError:
        return False
    # A container's secret belongs to somebody else and its mode cannot be changed from in here.
    return status.st_uid == os.getuid() and bool(stat.S_IMODE(status.st_mode) & 0o077)


def _warn_when_others_may_read(path: Path) -> None:
    if _others_may_read(path):
        _log.warning("The key file %s can be read by other users of this machine. Mend it: chmod 600 '%s'", path, path)


def _no_key_file(first: _Look, second: _Look) -> str:
    what = f"The key file {first.place} {first.reason}; its copy {second.place.name} {second.reason}."
    if "may not be read" in first.reason + second.reason:
        return f"{what} Give this user the right to read it, or start the relay as the user who owns it."
    return (
        f"{what} Put a backup of the key file there, name its place with RELAY_KEY_FILE, or open the database with the "
        "passphrase or the recovery code."
    )

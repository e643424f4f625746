"""The keys that are in use, and the few verbs by which the tables seal and open what people typed.

One vault serves the writer's and the readers' threads: it only ever gains keys, and each step that changes it is a single one for
the interpreter. It belongs to one master key, and so to one generation of the database (`relay.storage.keyring`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from common.crypto import keyslots
from common.crypto.keyslots import MasterKey
from common.crypto.sealing import EntryPlaces, Field, SealKey, associated_data, derive, lookup_hash, open_sealed, seal
from common.errors import SealError
from common.ids import GroupId, RelayId

T = TypeVar("T")

KEY_ENTRIES: Final = 100_000
"""After so many entries a group gets a new data key."""
DAMAGED_NAME: Final = "(damaged)"
"""Stands for a name whose record does not open."""
_DAMAGED_COUNTED: Final = 100_000
_SHOWN_PLAIN: Final = "\ufe0f"
"""Asks for an emoji's colourful form: with it and without it is the same emoji."""


class Vault:
    """All keys of one relay."""

    def __init__(
        self,
        relay_id: RelayId,
        master: MasterKey,
        generation: int = 0,
        *,
        codes: SealKey | None = None,
        names_before: SealKey | None = None,
        like: Vault | None = None,
    ) -> None:
        """*generation*: how often the master key was exchanged. *codes*: by what codes are looked up, which outlives that; None: as
        names are. *names_before*: by what names were looked up before, as long as some still are. *like*: the vault before this
        one, with the same data keys."""
        self.relay_id = relay_id
        self.generation = generation
        self.places = EntryPlaces("entries", relay_id)
        self.keys: dict[int, SealKey] = {} if like is None else like.keys
        """Data keys by their id, as far as they were needed yet."""
        self._master = master
        self._names = derive(master, "names")
        self._lookup = derive(master, "lookup")
        self._codes = self._lookup if codes is None else codes
        self._names_before = names_before
        self._damaged: set[tuple[Field, ...]] = set() if like is None else like._damaged

    def successor(self, master: MasterKey) -> Vault:
        """The vault of the next generation, whose master key is *master*: it looks codes up as this one does, and knows how this one
        looks names up."""
        codes, names_before = self._codes, self._lookup
        return Vault(self.relay_id, master, self.generation + 1, codes=codes, names_before=names_before, like=self)

    @property
    def damaged(self) -> int:
        """How many different records were found that do not open."""
        return len(self._damaged)

    def found_damaged(self, *place: Field) -> None:
        """Count the record at *place*, once."""
        if len(self._damaged) < _DAMAGED_COUNTED:
            self._damaged.add(place)

    def seal_text(self, text: str, label: str, *place: Field) -> bytes:
        """*text* sealed for the column *label* of the row *place*."""
        key = self._names
        return seal(key, text.encode(), associated_data(label, self.relay_id, *place, key.key_id))

    def open_text(self, sealed: bytes, label: str, *place: Field) -> str | None:
        """What `seal_text` sealed there; None when it does not open, which is counted."""
        key = self._names
        try:
            return open_sealed(key, sealed, associated_data(label, self.relay_id, *place, key.key_id)).decode()
        except SealError:
            self.found_damaged(label, *place)
            return None

    def open_name(self, sealed: bytes, label: str, *place: Field) -> str:
        """As `open_text`, with `DAMAGED_NAME` for what does not open."""
        text = self.open_text(sealed, label, *place)
        return DAMAGED_NAME if text is None else text

    def with_master(self, use: Callable[[MasterKey], T]) -> T:
        """What *use* makes of the master key, which it must not keep."""
        return use(self._master)

    def derived(self, purpose: str) -> SealKey:
        """A key of this relay for one *purpose* of its own, always the same in one generation."""
        return derive(self._master, purpose)

    # -- looking up ----------------------------------------------------------------------------------------------------

    def name_hash(self, name: str) -> bytes:
        """By what a name is looked up: equal for names that people would call the same."""
        return lookup_hash(self._lookup, _folded(name))

    def emoji_hashes(self, emoji: str) -> tuple[bytes | None, bytes]:
        """By what an emoji is looked up: in the generation before, as long as some still are, and now."""
        name, before = _folded("emoji:" + emoji.replace(_SHOWN_PLAIN, "")), self._names_before
        return None if before is None else lookup_hash(before, name), lookup_hash(self._lookup, name)

    def code_hash(self, code: str) -> bytes:
        """By what a code is looked up. Only its hash is kept, so that never changes; a code is too long to be guessed by it."""
        return lookup_hash(self._codes, _folded(code))

    def freed_name_hash(self, name: str) -> bytes:
        """By what the name of a deleted account is looked up: as only its hash is kept, that never changes either."""
        return lookup_hash(self._codes, _folded("name:" + name))

    # -- data keys -----------------------------------------------------------------------------------------------------

    def wrap(self, key: SealKey, group: GroupId) -> bytes:
        """A data key as it is stored."""
        return keyslots.wrap(self._master, key, self._place_of_key(group))

    def unwrap(self, wrapped: bytes, key_id: int, group: GroupId) -> SealKey:
        """The data key of a stored row.

        Raises:
            SealError: it was damaged, or belongs to another row or relay.
        """
        return keyslots.unwrap(self._master, wrapped, key_id, self._place_of_key(group))

    def wrap_lookup_keys(self) -> dict[str, bytes]:
        """What finds codes, and names of before, as it is stored: by the name of its setting."""
        keys = {"code_key": self._codes, "names_before": self._names_before}
        place = self._place_of_lookup_key
        return {name: keyslots.wrap(self._master, key, place(name)) for name, key in keys.items() if key is not None}

    def take_lookup_keys(self, stored: dict[str, bytes]) -> None:
        """Use what `wrap_lookup_keys` has made. What does not open finds nothing, which is counted."""
        if (codes := stored.get("code_key")) is not None:
            self._codes = self._lookup_key("code_key", codes) or SealKey.random(0)
        if (names := stored.get("names_before")) is not None:
            self._names_before = self._lookup_key("names_before", names)

    def forget_older(self, key_ids: Iterable[int]) -> None:
        """Nothing is sealed by these data keys any more, and nothing is looked up as before."""
        self._names_before = None
        for key_id in key_ids:
            self.keys.pop(key_id, None)

    # -- files ---------------------------------------------------------------------------------------------------------

    def wrap_file_key(self, key: SealKey, file_id: str, *place: Field) -> bytes:
        """A file's own key as it is stored."""
        return keyslots.wrap(self._master, key, associated_data("files", self.relay_id, file_id, *place))

    def unwrap_file_key(self, wrapped: bytes, file_id: str, *place: Field) -> SealKey:
        """The key of a stored file.

        Raises:
            SealError: it was damaged, or belongs to another file, owner or size.
        """
        return keyslots.unwrap(self._master, wrapped, 0, associated_data("files", self.relay_id, file_id, *place))

    def _place_of_key(self, group: GroupId) -> bytes:
        return associated_data("data_keys", self.relay_id, group)

    def _place_of_lookup_key(self, name: str) -> bytes:
        return associated_data(f"settings.{name}", self.relay_id, self.generation)

    def _lookup_key(self, name: str, wrapped: bytes) -> SealKey | None:
        try:
            return keyslots.unwrap(self._master, wrapped, 0, self._place_of_lookup_key(name))
        except SealError:
            self.found_damaged(f"settings.{name}")
            return None


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())

"""The keys that are in use, and the few verbs by which the tables seal and open what people typed.

One vault serves the writer's and the readers' threads: it only ever gains keys, and each step that changes it is a single one for
the interpreter.
"""

from __future__ import annotations

import unicodedata
from typing import Final

from common.crypto import keyslots
from common.crypto.keyslots import MasterKey
from common.crypto.sealing import EntryPlaces, Field, SealKey, associated_data, derive, lookup_hash, open_sealed, seal
from common.errors import SealError
from common.ids import GroupId, RelayId

KEY_ENTRIES: Final = 100_000
"""After so many entries a group gets a new data key."""
DAMAGED_NAME: Final = "(damaged)"
"""Stands for a name whose record does not open."""
_DAMAGED_COUNTED: Final = 100_000


class Vault:
    """All keys of one relay."""

    def __init__(self, relay_id: RelayId, master: MasterKey) -> None:
        self.relay_id = relay_id
        self.places = EntryPlaces("entries", relay_id)
        self.keys: dict[int, SealKey] = {}
        """Data keys by their id, as far as they were needed yet."""
        self._master = master
        self._names = derive(master, "names")
        self._lookup = derive(master, "lookup")
        self._damaged: set[tuple[Field, ...]] = set()

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

    def name_hash(self, name: str) -> bytes:
        """By what a name is looked up: equal for names that people would call the same."""
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
        return lookup_hash(self._lookup, folded)

    def wrap(self, key: SealKey, group: GroupId) -> bytes:
        """A data key as it is stored."""
        return keyslots.wrap(self._master, key, self._place_of_key(group))

    def unwrap(self, wrapped: bytes, key_id: int, group: GroupId) -> SealKey:
        """The data key of a stored row.

        Raises:
            SealError: it was damaged, or belongs to another row or relay.
        """
        return keyslots.unwrap(self._master, wrapped, key_id, self._place_of_key(group))

    def _place_of_key(self, group: GroupId) -> bytes:
        return associated_data("data_keys", self.relay_id, group)

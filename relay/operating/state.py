"""How it stands with the relay, for who owns it: in figures and codes, so that a client says it in its own words."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from msgspec import Struct

from common.ids import Millis
from common.protocol.messages import KeyWay, RelayState
from relay import VERSION
from relay.control.words import Keys, ShowKeys, ShowState, StateShown
from relay.operating.keys import show_keys
from relay.operating.operator import Operator
from relay.operating.relay_itself import health_of
from relay.operating.standing import check_standing
from relay.storage.folder import DATABASE
from relay.storage.tables import Tables


class _Stored(Struct, frozen=True):
    people: int
    disabled: int
    files: int
    backup_at: Millis | None


class _Disk(Struct, frozen=True):
    database: int | None
    free: int | None
    total: int | None


async def show_state(operator: Operator, order: ShowState) -> StateShown:
    """All of it, as it is at this moment."""

    def look(tables: Tables) -> _Stored:
        check_standing(tables, operator.by, "owner")
        disabled = sum(is_disabled for is_disabled, _at in tables.people.facts().values())
        return _Stored(tables.people.count(), disabled, tables.files.size_in_all(), tables.meta.backup_at())

    parts, config = operator.parts, operator.config
    stored = await parts.store.read(look)
    keys = await show_keys(operator, ShowKeys())
    disk = await asyncio.to_thread(_disk, config.data_dir)
    groups = parts.roster.groups()
    return StateShown(
        RelayState(
            version=VERSION,
            since=operator.since or parts.now(),
            health=await health_of(operator),
            registration=parts.registration,
            people=stored.people,
            online=parts.fanout.online,
            groups=sum(group.kind != "direct" for group in groups),
            entries=sum(group.last_seq for group in groups),
            files=stored.files,
            folder=str(config.data_dir.absolute()),
            key_file=keys.key_file,
            ways=tuple(_ways(keys)),
            only_admins_invite=parts.only_admins_invite,
            disabled=stored.disabled,
            database=disk.database,
            free=disk.free,
            total=disk.total,
            backup_folder="" if config.backup_dir is None else str(config.backup_dir.absolute()),
            backup_at=stored.backup_at,
            knows_passphrase=keys.knows_passphrase,
            resealing=None if keys.rotation is None else (keys.rotation.done, keys.rotation.total),
        )
    )


def _ways(keys: Keys) -> list[KeyWay]:
    return [KeyWay(slot.kind, slot.created_at, slot.opens, slot.is_confirmed) for slot in keys.slots]


def _disk(folder: Path) -> _Disk:
    try:
        usage = shutil.disk_usage(folder)
        return _Disk((folder / DATABASE).stat().st_size, usage.free, usage.total)
    except OSError:  # it fails, which is a trouble of its own
        return _Disk(None, None, None)

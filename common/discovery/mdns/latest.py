"""What was said last of an instance name, when several hosts have spoken of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from zeroconf import DNSService as ServiceRecord  # type: ignore[attr-defined]
from zeroconf import DNSText as TextRecord  # type: ignore[attr-defined]
from zeroconf import IPVersion, RecordUpdate, RecordUpdateListener, Zeroconf, current_time_millis
from zeroconf.asyncio import AsyncServiceInfo

from common.discovery.mdns.sockets import label_of
from common.discovery.record import SERVICE_TYPE, Announcement, read_announcement, server_name

_FLUSHED_TTL_S: Final = 1
"""What another host's words have replaced is kept for one second more, marked as if it had been heard just now (RFC 6762, 10.2)."""


class Speakers(RecordUpdateListener):
    """Hears each time that anybody speaks of an instance name, also when nothing new is said.

    The library's browser is silent about a record that it still has: of two hosts that claim one name, it would believe
    the first for as long as the second does not change its words.
    """

    def __init__(self, on_spoken: Callable[[str], None]) -> None:
        """*on_spoken* is called in the loop with the instance's name in lower case, once its records can be read."""
        self._on_spoken = on_spoken
        self._names: set[str] = set()

    def async_update_records(self, zc: Zeroconf, now: float, records: list[RecordUpdate]) -> None:
        """The library's call for each packet heard, before its records can be read."""
        for update in records:
            if isinstance(update.new, (ServiceRecord, TextRecord)) and update.new.ttl > 0:
                self._names.add(update.new.name.lower())

    def async_update_records_complete(self) -> None:
        """The library's call when the packet's records can be read."""
        names, self._names = self._names, set()
        for name in names:
            self._on_spoken(name)


def latest_announcement(zeroconf: Zeroconf, name: str) -> Announcement | None:
    """What the host that spoke last of the instance *name* announces; None when nothing usable is known of it.

    The two records of one host belong together by the relay id, from which the host's name is made: a name that two relays
    claim never shows the identity of the one at the address of the other.
    """
    services, texts = _newest_first(zeroconf, name)
    if not services or not texts:
        return None
    readings = [_read(zeroconf, name, services[0], text) for text in texts]
    said = [reading for reading in readings if reading is not None]
    own = [reading for reading in said if server_name(reading.relay_id) == services[0].server.lower()]
    return next(iter(own or said), None)


def _newest_first(zeroconf: Zeroconf, name: str) -> tuple[list[ServiceRecord], list[TextRecord]]:
    now = current_time_millis()
    records = [record for record in zeroconf.cache.async_entries_with_name(name) if not record.is_expired(now)]
    records.sort(key=lambda record: (record.ttl > _FLUSHED_TTL_S, record.created), reverse=True)
    return (
        [record for record in records if isinstance(record, ServiceRecord)],
        [record for record in records if isinstance(record, TextRecord)],
    )


def _read(zeroconf: Zeroconf, name: str, service: ServiceRecord, text: TextRecord) -> Announcement | None:
    info = AsyncServiceInfo(SERVICE_TYPE, name)
    # Takes the addresses of the service's host from the cache too.
    info.async_update_records(zeroconf, current_time_millis(), [RecordUpdate(service, None), RecordUpdate(text, None)])
    # The order on the wire is not the announcer's; sorted, an unchanged announcement compares equal.
    addresses = sorted(info.parsed_scoped_addresses(IPVersion.All))
    return read_announcement(label_of(name), info.port, info.properties, addresses)

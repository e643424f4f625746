"""What the relay counts, in the format of Prometheus. Read from memory when somebody asks; nothing here is on the way of a message.

No name, no address, no text: only numbers, whose labels come from closed lists of this program. So how many lines there are does not
depend on how many people or groups there are.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from msgspec import Struct
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from common.errors import wire_errors
from relay import VERSION
from relay.handlers.parts import Parts
from relay.health.troubles import CODES, Measured, Trouble
from relay.tally import Spread, Tally

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus' text format, which everything that reads metrics understands."""
_PREFIX: Final = "pymessenger_"


class Snapshot(Struct, frozen=True):
    """What is known at the moment of a scrape, beside the counters. *links*: open WebSockets. *backup_at*: Unix milliseconds of the last
    scheduled backup since the start, None before it."""

    measured: Measured
    troubles: tuple[Trouble, ...]
    links: int
    backup_at: int | None


class Metrics:
    """The metrics of one relay."""

    def __init__(self, parts: Parts, tally: Tally, now_s: Callable[[], float] = time.time) -> None:
        self._parts = parts
        self._tally = tally
        self._started_s = now_s()
        self._process = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=self._process)

    def text(self, snapshot: Snapshot) -> bytes:
        """All of it, to be sent as `CONTENT_TYPE`."""
        own = CollectorRegistry(auto_describe=False)
        own.register(_Once([*self._counted(), *self._seen(snapshot)]))
        return generate_latest(own) + generate_latest(self._process)

    # -- counted since the start ---------------------------------------------------------------------------------------

    def _counted(self) -> Iterator[Metric]:
        tally = self._tally
        yield _counter("entries_accepted", "Entries that were stored durably", tally.entries)
        yield _spread("commit_seconds", "Time of one commit, batch to disk", tally.commits)
        yield _spread("commit_changes", "Changes that went to the disk together", tally.batches)
        yield _counter("commits_failed", "Commits that the disk did not take", tally.failed_commits)
        yield _counter("deliveries", "Entries handed to the queues of links, once a link", tally.deliveries)
        yield _counter("deliveries_skipped", "Of these, left to slow readers to fetch from the log", tally.skipped)
        yield _counter("links_fallen_behind", "How often a reader was too slow for its queue", tally.fallen_behind)
        yield _counter("links_cut_off", "Links ended because they did not take even their answers", tally.cut_off)
        yield _spread("loop_late_seconds", "How late the event loop woke, measured each second", tally.late)
        refusals = CounterMetricFamily(_PREFIX + "refusals", "Requests and commands refused, by code", labels=["code"])
        for code in sorted(wire_errors()):
            refusals.add_metric([code], tally.refusals[code])
        yield refusals

    # -- as it is now --------------------------------------------------------------------------------------------------

    def _seen(self, snapshot: Snapshot) -> Iterator[Metric]:
        info = GaugeMetricFamily(_PREFIX + "info", "Versions", labels=["version", "sqlite"])
        info.add_metric([VERSION, sqlite3.sqlite_version], 1)
        yield info
        yield _gauge("start_time_seconds", "When the relay started, in Unix time", self._started_s)
        yield from self._people(snapshot)
        yield from self._disk(snapshot.measured)
        yield _gauge("damaged_records", "Records found that cannot be opened", self._parts.store.damaged)
        yield _gauge("search_lag_changes", "Batches that the search has not followed yet", self._parts.search.lag)
        if snapshot.backup_at is not None:
            yield _gauge("backup_time_seconds", "When the last scheduled backup was made", snapshot.backup_at / 1000)
        troubles = GaugeMetricFamily(_PREFIX + "trouble", "1 for what /health complains about", labels=["code"])
        bad = {trouble.code for trouble in snapshot.troubles}
        for code in CODES:
            troubles.add_metric([code], 1 if code in bad else 0)
        yield troubles

    def _people(self, snapshot: Snapshot) -> Iterator[Metric]:
        parts = self._parts
        crowd = parts.fanout.crowd()
        yield _gauge("links", "Open WebSockets", snapshot.links)
        yield _gauge("people_online", "People with at least one link", parts.fanout.online)
        yield _gauge("links_behind", "Links that have missed entries and were not told so yet", crowd.behind)
        yield _gauge("queue_events", "Events that wait in the queues of all links", crowd.events)
        yield _gauge("queue_events_max", "Events in the longest of them", crowd.events_max)
        yield _gauge("queue_bytes", "Bytes that wait in the queues of all links", crowd.bytes)
        yield _gauge("journal_waiting", "Changes that wait for the disk", parts.journal.waiting)
        groups = GaugeMetricFamily(_PREFIX + "groups", "Groups that are there, by kind", labels=["kind"])
        for kind, count in sorted(parts.roster.kinds().items()):
            groups.add_metric([kind], count)
        yield groups

    def _disk(self, measured: Measured) -> Iterator[Metric]:
        if measured.database is not None:
            yield _gauge("database_bytes", "Size of the database", measured.database)
        if measured.wal is not None:
            yield _gauge("wal_bytes", "Size of its write-ahead log", measured.wal)
        free = GaugeMetricFamily(_PREFIX + "disk_free_bytes", "Free on the disk", labels=["of"])
        for place, count in (("data", measured.free), ("backups", measured.backup_free)):
            if count is not None:
                free.add_metric([place], count)
        yield free


class _Once(Collector):
    """Metrics that were made already."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        """They."""
        return self._metrics


def _counter(name: str, words: str, value: float) -> Metric:
    return CounterMetricFamily(_PREFIX + name, words, value=value)


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(_PREFIX + name, words, value=value)


def _spread(name: str, words: str, spread: Spread) -> Metric:
    buckets, reached = [], 0
    for bound, count in zip((*map(str, spread.bounds), "+Inf"), spread.counts, strict=True):
        reached += count
        buckets.append((bound, reached))
    return HistogramMetricFamily(_PREFIX + name, words, buckets=buckets, sum_value=spread.total)

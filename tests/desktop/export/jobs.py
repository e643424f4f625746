"""Conversations written down as the link does, to be made into pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import msgspec

from common.ids import GroupId, Millis, Seq, UserId
from common.protocol.messages import Entry, User
from desktop.export.making import make
from desktop.export.records import JOB, LATE, LOG, OUTCOMES, Fetched, Job, Quoted, Read, ReadEntry, ReadGap, Written

ANNA, BORIS = UserId(1), UserId(2)
MOSCOW = timezone(timedelta(hours=3), "MSK")
BEGIN = datetime(2026, 10, 31, 9, 0, tzinfo=UTC)
PEOPLE = (User(ANNA, "anna", "Anna Petrova", "owner"), User(BORIS, "boris", "Борис", "member"))


def millis(moment: datetime) -> Millis:
    return Millis(int(moment.timestamp() * 1000))


def message(seq: int, body: str = "", *, sender: UserId = BORIS, minutes: int | None = None, **more: object) -> Entry:
    """A message, one a minute unless said otherwise."""
    at = millis(BEGIN + timedelta(minutes=seq if minutes is None else minutes))
    return msgspec.structs.replace(Entry(GroupId(1), Seq(seq), "message", sender, at, body=body or None), **more)


def read(seq: int, body: str = "", *, quote: Quoted | None = None, pinned: bool = False, **more: object) -> ReadEntry:
    return ReadEntry(message(seq, body, **more), pinned=pinned, quote=quote)  # type: ignore[arg-type]


@dataclass
class Notes:
    """What is written down, to be made in *folder*."""

    folder: Path
    name: str = "Tea"
    topic: str = ""
    people: tuple[User, ...] = PEOPLE
    complete_up_to: Millis | None = None
    language: str = "en"
    html: bool = True
    json: bool = True
    said: list[Written] = field(default_factory=list)

    def make(self, reads: Iterable[Read], outcomes: Sequence[Fetched] = (), late: Sequence[Entry] = ()) -> Written:
        """Let the pages be made."""
        self.write_down(reads, outcomes, late)
        return make(self.folder, self.said.append, MOSCOW)

    def write_down(self, reads: Iterable[Read], outcomes: Sequence[Fetched] = (), late: Sequence[Entry] = ()) -> None:
        """Put everything there that the program wants."""
        self.folder.mkdir(parents=True, exist_ok=True)
        last = Seq(0)
        encoder = msgspec.json.Encoder()
        with (self.folder / LOG).open("wb") as log:
            for one in reads:
                log.write(encoder.encode(one) + b"\n")
                last = one.last if isinstance(one, ReadGap) else one.entry.seq
        (self.folder / OUTCOMES).write_bytes(b"".join(encoder.encode(one) + b"\n" for one in outcomes))
        (self.folder / LATE).write_bytes(b"".join(encoder.encode(one) + b"\n" for one in late))
        job = Job(
            relay_id="ABCD" * 13,
            relay_name="Office",
            group=GroupId(1),
            kind="group",
            name=self.name,
            topic=self.topic,
            me=ANNA,
            people=self.people,
            last=last,
            exported_at=millis(datetime(2026, 11, 27, 9, 30, tzinfo=UTC)),
            complete_up_to=self.complete_up_to,
            language=self.language,
            html=self.html,
            json=self.json,
            with_files=True,
        )
        (self.folder / JOB).write_bytes(encoder.encode(job))

    def lines(self) -> list[dict[str, object]]:
        """The JSON Lines."""
        text = (self.folder / "conversation.jsonl").read_text("utf-8")
        assert text.endswith("\n")
        return [msgspec.json.decode(line) for line in text.splitlines()]

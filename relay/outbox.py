"""What waits to be sent on one link: bounded, gathered into frames, and never at the cost of the others.

Entries come in chunks that all links share. When more waits than the bounds allow, the entries are dropped and the client is told
by one `behind` how far each log has come; it then reads the history at its own pace. Answers and other events are never dropped: a
link that does not even take those is ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from msgspec import Struct

from common.ids import GroupId, Seq
from common.protocol import limits
from common.protocol.codec import encode, frame_of
from common.protocol.messages import Behind
from relay.tally import Tally
from relay.together import Together

CHUNK_BYTES: Final = limits.FRAME_BYTES // 2
CROWDED_BYTES: Final = 1024 * 1024
"""With so many bytes of answers waiting no further command is read from the link."""
FRESH_EVENTS: Final = 64
"""With more events waiting a link is not told what will not be true any more when it hears it."""
TOO_SLOW: Final = 1013
"""Close code "try again later" (RFC 6455, registered with IANA)."""


class Chunk:
    """Encoded events that go to many links at once, as one frame that is made once.

    *group*: whose entries they are; None for events that must not be dropped.
    """

    __slots__ = ("count", "frame", "group", "size")

    def __init__(self, group: GroupId | None, words: Sequence[bytes]) -> None:
        self.group = group
        self.count = len(words)
        self.frame = frame_of(words)
        self.size = len(self.frame)


def chunks_of(group: GroupId | None, words: Iterable[bytes]) -> list[Chunk]:
    """*words* in their order, in as few chunks as fit into frames."""
    chunks: list[Chunk] = []
    part: list[bytes] = []
    size = 0
    for word in words:
        if part and size + len(word) > CHUNK_BYTES:
            chunks.append(Chunk(group, part))
            part, size = [], 0
        part.append(word)
        size += len(word) + 1
    if part:
        chunks.append(Chunk(group, part))
    return chunks


class End(Struct, frozen=True):
    """The link is to be closed with this code and reason."""

    code: int
    reason: bytes = b""


class Outbox:
    """The queue of one link. One task takes from it; everybody else only puts."""

    __slots__ = (
        "_behind",
        "_bytes",
        "_crowd",
        "_end",
        "_events",
        "_flying",
        "_following",
        "_held",
        "_is_deaf",
        "_items",
        "_last_seq",
        "_pong",
        "_room",
        "_tally",
        "_together",
        "_waiter",
        "is_in_line",
    )

    def __init__(
        self, last_seq: Callable[[GroupId], Seq], tally: Tally | None = None, together: Together | None = None
    ) -> None:
        """*last_seq* tells how far a group's log is published, for `behind`. *tally*: where it counts what it drops. *together*: with
        whom it shares a bound, until `close`."""
        self._last_seq = last_seq
        self._tally = tally or Tally()
        self._together = together or Together()
        self._together.enter(self)
        self._items: list[bytes | Chunk] = []
        self._flying = b""
        self._events = 0
        self._bytes = 0
        self._crowd = 0
        self._behind: set[GroupId] = set()
        self._held = False
        self._is_deaf = False
        self._following: list[Chunk] = []
        self._pong: bytes | None = None
        self._end: End | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None
        self.is_in_line = False
        """Whether the fan-out is about to wake it."""

    # -- putting -------------------------------------------------------------------------------------------------------

    def push(self, chunk: Chunk) -> None:
        """Queue a chunk that all its links share; when there is no room for it, fall behind.

        `wake`, and `Together.grow` by what all of them got, are the caller's to call.
        """
        if self._end is not None:
            return
        group = chunk.group
        if group is not None and self._behind:
            self._behind.add(group)
            self._tally.skipped += chunk.count
            return
        self._items.append(chunk)
        self._events += chunk.count
        self._bytes += chunk.size
        if self._events > limits.OUTBOX_EVENTS or self._bytes > limits.OUTBOX_BYTES:
            self._drop_entries()

    def forget(self, group: GroupId) -> None:
        """The link's person is in *group* no more: where its log goes on is not told."""
        self._behind.discard(group)

    def answer(self, word: bytes) -> None:
        """Queue an encoded answer, for this link alone."""
        if self._is_deaf:
            return
        if self._held:
            self._release(word)
        else:
            self._items.append(word)
            self._crowd += len(word)
            self._bytes += len(word)
        self._together.grow(len(word))
        self.wake()

    def pong(self, payload: bytes) -> None:
        """Answer a ping; of several that wait only the latest counts (RFC 6455, 5.5.3)."""
        self._pong = payload
        self.wake()

    def wake(self) -> None:
        """Let the writer look."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    @property
    def is_waiting(self) -> bool:
        """Whether the writer waits for something to send."""
        return self._waiter is not None

    @property
    def is_behind(self) -> bool:
        """Whether entries were dropped that the client is still to be told of."""
        return bool(self._behind)

    @property
    def waiting_events(self) -> int:
        """How many events wait."""
        return self._events

    @property
    def waiting_bytes(self) -> int:
        """How many bytes wait, answers too."""
        return self._bytes

    @property
    def held_bytes(self) -> int:
        """The same, with what is being sent and what is to follow an answer."""
        return self._bytes + len(self._flying) + sum(chunk.size for chunk in self._following)

    def held(self) -> Iterator[bytes]:
        """All of that as it lies in memory."""
        for item in self._items:
            yield item if type(item) is bytes else item.frame  # type: ignore[union-attr]
        for chunk in self._following:
            yield chunk.frame
        if self._flying:
            yield self._flying

    @property
    def keeps_up(self) -> bool:
        """Whether so little waits that what is true for a moment only is still worth telling."""
        return not self._behind and not self._held and self._events <= FRESH_EVENTS

    def hold(self) -> None:
        """Take nothing out until the next answer: what is pushed meanwhile waits behind that answer."""
        self._held = True

    def follow(self, chunks: Sequence[Chunk], behind: Iterable[GroupId]) -> None:
        """While held: what comes right after the answer, before what was pushed meanwhile. *behind*: groups with too much for that."""
        self._following = list(chunks)
        self._behind.update(behind)
        self._together.grow(sum(chunk.size for chunk in self._following))

    def end(self, end: End, *, at_once: bool = False) -> None:
        """No further events; close when all was sent. *at_once*: no further answers either, and drop the events that wait."""
        if self._end is None:
            self._end = end
        if at_once:
            self._is_deaf = True
            self._items = [item for item in self._items if type(item) is bytes]
            self._behind.clear()
        self._held = False
        self.wake()
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    def fall_behind(self) -> None:
        """Drop the entries that wait, in favour of others: the client is told by `behind`."""
        if any(type(item) is Chunk and item.group is not None for item in self._items):
            self._drop_entries()

    def cut_off(self) -> None:
        """End the link with all that waits: it does not even take its answers."""
        self._items = []
        self._recount()
        self._tally.cut_off += 1
        self.end(End(TOO_SLOW, b"reads too slowly"), at_once=True)

    def close(self) -> None:
        """Nobody takes from it any more."""
        self._items, self._following, self._flying = [], [], b""
        self._is_deaf = True
        self._together.leave(self)

    @property
    def is_ending(self) -> bool:
        """Whether the link is to be closed."""
        return self._end is not None

    # -- taking --------------------------------------------------------------------------------------------------------

    async def take(self) -> bytes | End:
        """The next frame: all that has gathered, as far as it fits. Empty bytes: only a pong is due."""
        self._flying = b""  # what was taken before is on its way
        while True:
            if not self._held:
                if self._items or self._behind:
                    self._flying = frame = self._gathered()
                    return frame
                if self._end is not None:
                    return self._end
            if self._pong is not None:
                return b""
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None

    def take_pong(self) -> bytes | None:
        """The pong that is due, once."""
        pong, self._pong = self._pong, None
        return pong

    @property
    def is_crowded(self) -> bool:
        """Whether so many answers wait that no further command should be read."""
        return self._crowd > CROWDED_BYTES

    async def room(self) -> None:
        """Return when the link is no longer crowded, or is to end."""
        while self._crowd > CROWDED_BYTES and self._end is None:
            self._room = asyncio.get_running_loop().create_future()
            try:
                await self._room
            finally:
                self._room = None

    # -- inside --------------------------------------------------------------------------------------------------------

    def _gathered(self) -> bytes:
        items = self._items
        if len(items) == 1 and not self._behind:
            self._empty()
            item = items[0]
            return item if type(item) is bytes else item.frame  # type: ignore[union-attr]
        parts: list[bytes | memoryview] = []
        size = 0
        for item in items:
            part = item if type(item) is bytes else memoryview(item.frame)[1:-1]  # type: ignore[union-attr]
            if parts and size + len(part) > limits.FRAME_BYTES:
                break
            parts.append(part)
            size += len(part) + 1
        taken = len(parts)
        if taken == len(items):
            self._empty()
            if self._behind:
                parts.append(self._take_behind())
        else:
            self._items = items[taken:]
            self._recount()
        frame = b"".join((b"[", b",".join(parts), b"]"))
        self._together.grow(len(frame))  # of its own, while others may still wait for the same
        return frame

    def _empty(self) -> None:
        self._items = []
        self._events = self._bytes = self._crowd = 0
        self._make_room()

    def _take_behind(self) -> bytes:
        groups = {group: self._last_seq(group) for group in sorted(self._behind)}
        self._behind.clear()
        return encode(Behind(groups=groups))

    def _drop_entries(self) -> None:
        kept: list[bytes | Chunk] = []
        self._tally.fallen_behind += 1
        for item in self._items:
            if isinstance(item, Chunk) and item.group is not None:
                self._behind.add(item.group)
                self._tally.skipped += item.count
            else:
                kept.append(item)
        self._items = kept
        self._recount()
        if self._events > limits.OUTBOX_EVENTS or self._bytes > limits.OUTBOX_BYTES:
            self.cut_off()

    def _recount(self) -> None:
        chunks = [item for item in self._items if isinstance(item, Chunk)]
        self._crowd = sum(len(item) for item in self._items if type(item) is bytes)
        self._events = sum(chunk.count for chunk in chunks)
        self._bytes = self._crowd + sum(chunk.size for chunk in chunks)
        self._make_room()

    def _release(self, answer: bytes) -> None:
        self._held = False
        self._items = [answer, *self._following, *self._items]
        self._following = []
        self._recount()

    def _make_room(self) -> None:
        if self._room is not None and not self._room.done() and not self.is_crowded:
            self._room.set_result(None)

"""What becomes of an item of the outbox: the author's own copy of an entry is the one that all others have."""

from __future__ import annotations

from common.ids import GroupId, Millis, Nonce, Seq, UserId
from common.protocol.messages import FileInfo, Post, Sent
from desktop.events.outbox import OutboxItem
from desktop.link.acts import command_of, entry_of

FILE = FileInfo("ab" * 16, "чайник.png", 9, "image/png", 4, 3)


def test_files_without_a_word_are_an_entry_without_a_body() -> None:
    item = OutboxItem(GroupId(1), Nonce("cd" * 16), "", Millis(1), files=(FILE,))
    said = command_of(item)
    assert isinstance(said, Post)
    assert (said.body, said.files) == (None, (FILE.id,))
    entry = entry_of(item, Sent(seq=Seq(7), at=Millis(2)), UserId(3))
    assert entry is not None
    assert (entry.body, entry.files) == (None, (FILE,))

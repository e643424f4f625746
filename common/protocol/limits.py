"""Every number that both ends share. What is larger is refused with a code, never cut short in silence."""

from __future__ import annotations

from typing import Final

SUBPROTOCOL: Final = "pymessenger.v1"
DEFAULT_PORT: Final = 5000

FRAME_BYTES: Final = 256 * 1024
"""Largest frame that a relay reads. It gathers as much into its own frames; only a single longer answer goes beyond."""
FRAME_HARD_BYTES: Final = 1024 * 1024
"""Above this the WebSocket itself ends with close code 1009 (RFC 6455, 7.4.1); between the two the frame gets an answer."""
COMMANDS_PER_FRAME: Final = 64

TEXT_CHARACTERS: Final = 16_384
NAME_CHARACTERS: Final = 64
TOPIC_CHARACTERS: Final = 256
PASSWORD_MIN: Final = 8
PASSWORD_MAX: Final = 1024
CODE_CHARACTERS: Final = 64
DEVICE_CHARACTERS: Final = 64

PAGE_DEFAULT: Final = 50
PAGE_MAX: Final = 200
USERS_PER_REQUEST: Final = 200
CURSORS_MAX: Final = 10_000
UNREAD_COUNTED: Final = 1000
"""Unread entries are counted up to this; more shows as "999+"."""

HEARTBEAT_S: Final = 20.0
CLOSE_S: Final = 2.0
"""A close that takes longer ends in an abort."""
SIGNED_OUT: Final = 4001
"""Close code of a link whose device session has ended: sign in again. 4000 to 4999 are a program's own (RFC 6455, 7.4.2)."""
SEND_S: Final = 10.0
"""A send that takes longer ends in an abort."""
HELLO_S: Final = 10.0
"""A link that has not said hello by then is closed."""

RESUME_ENTRIES: Final = 1000
"""After hello the relay pushes up to this many missed entries of a group; more: `behind`."""
OUTBOX_EVENTS: Final = 8192
OUTBOX_BYTES: Final = 4 * 1024 * 1024
"""Bounds of what waits for one connection; over either, the queue is dropped and the client is told `behind`."""
COMMIT_ENTRIES: Final = 256
"""Most entries in one transaction."""
JOURNAL_WAITING: Final = 16_384
"""Most changes that may wait for the committer."""

LINKS_PER_ADDRESS: Final = 200
LINKS_UNAUTHENTICATED_PER_ADDRESS: Final = 20
LINKS_IN_ALL: Final = 10_000

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
EMOJI_CHARACTERS: Final = 32
"""Of one reaction: the longest sequences (families, flags) have about a dozen code points."""
STATUS_CHARACTERS: Final = 100
PASSWORD_MIN: Final = 8
PASSWORD_MAX: Final = 1024
CODE_CHARACTERS: Final = 64
DEVICE_CHARACTERS: Final = 64

PAGE_DEFAULT: Final = 50
PAGE_MAX: Final = 200
USERS_PER_REQUEST: Final = 200
CURSORS_MAX: Final = 10_000
IMPRINTS_MAX: Final = 100
"""Cursors that can be told from another log's: of the newest entries, which a log that was set back would lack first."""
UNREAD_COUNTED: Final = 1000
"""Unread entries are counted up to this; more shows as "999+"."""

FILES_PER_MESSAGE: Final = 20
FILE_NAME_CHARACTERS: Final = 255
MENTIONS_MAX: Final = 50
EDITS_PER_MESSAGE: Final = 500
REACTIONS_PER_PERSON: Final = 20
"""Different emoji of one person at one message."""
REACTIONS_PER_MESSAGE: Final = 1000
"""Of everybody at one message."""
PINS_MAX: Final = 100
"""Of one group."""
TYPING_S: Final = 6.0
"""Who has not said again that they are writing has stopped."""

INVITE_USES_MAX: Final = 10_000
INVITES_MAX: Final = 200
"""Good ones of one group, and to the relay alone."""
MUTE_S_MAX: Final = 366 * 24 * 3600
"""The longest mute that ends by itself."""
SLOW_S_MAX: Final = 6 * 3600
"""The longest pause between two messages of one member of a group."""
TOKENS_MAX: Final = 50
"""Access tokens of one person."""
WEBHOOKS_MAX: Final = 50
"""Of one group."""
AUDIT_ENTRIES: Final = 10_000
"""Records of what was done to the relay; the oldest go."""
AUDIT_DAYS: Final = 365
"""After so long they go too."""
KEEP_DAYS_MAX: Final = 36_500
KEEP_ENTRIES_MAX: Final = 1_000_000_000
QUERY_CHARACTERS: Final = 200
HITS_DEFAULT: Final = 20
HITS_MAX: Final = 100

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
OUTBOXES_BYTES: Final = 128 * 1024 * 1024
"""Of what waits for all of them; over it, the fullest queues are dropped first."""
COMMIT_ENTRIES: Final = 256
"""Most entries in one transaction."""
JOURNAL_WAITING: Final = 16_384
"""Most changes that may wait for the committer."""

LINKS_PER_ADDRESS: Final = 200
LINKS_UNAUTHENTICATED_PER_ADDRESS: Final = 20
LINKS_IN_ALL: Final = 10_000

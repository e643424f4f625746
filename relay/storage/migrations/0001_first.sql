-- The first schema. Whatever a person typed is sealed; what is in clear is said in docs/security.md.
-- "sealed": nonce, ciphertext and tag, bound to the row by associated data. Times are Unix milliseconds.

CREATE TABLE settings (
    name  TEXT PRIMARY KEY, -- what the row says: relay_id, epoch, relay_name, …
    value BLOB NOT NULL     -- in clear what the network sees anyway, sealed what somebody typed, hashes of codes
) STRICT, WITHOUT ROWID;

CREATE TABLE key_slots (
    id         INTEGER PRIMARY KEY,
    kind       TEXT NOT NULL CHECK (kind IN ('file', 'passphrase', 'recovery')), -- what opens it
    salt       BLOB NOT NULL,
    ops        INTEGER NOT NULL, -- cost of argon2id: passes
    mem        INTEGER NOT NULL, -- and bytes; both 0 where the secret is random already
    wrapped    BLOB NOT NULL,    -- the master key, sealed by what opens this slot
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
    id            INTEGER PRIMARY KEY,
    username_hash BLOB NOT NULL UNIQUE CHECK (length(username_hash) = 32), -- keyed, of the name after NFKC and case folding
    username      BLOB NOT NULL, -- sealed
    display_name  BLOB NOT NULL, -- sealed
    password_hash BLOB NOT NULL, -- argon2id, sealed
    role          TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member')), -- on the relay
    disabled      INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    created_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
    id         INTEGER PRIMARY KEY AUTOINCREMENT, -- of a device session; never used again after a sign-out
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_hash BLOB NOT NULL UNIQUE,
    device     BLOB NOT NULL, -- what the device calls itself, sealed
    created_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL -- the last time that somebody signed in or opened a link with it
) STRICT;

CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE TABLE groups (
    id         INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again after a deletion
    kind       TEXT NOT NULL CHECK (kind IN ('general', 'group', 'direct')),
    name       BLOB NOT NULL, -- sealed
    topic      BLOB NOT NULL, -- sealed
    private    INTEGER NOT NULL CHECK (private IN (0, 1)), -- seen by its members only
    created_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX groups_one_general ON groups (kind) WHERE kind = 'general';

CREATE TABLE members (
    group_id  INTEGER NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    user_id   INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role      TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member')), -- in this group
    read_seq  INTEGER NOT NULL CHECK (read_seq >= 0), -- the read marker: only grows
    joined_at INTEGER NOT NULL,
    PRIMARY KEY (group_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX members_by_user ON members (user_id);

CREATE TABLE data_keys (
    id         INTEGER PRIMARY KEY AUTOINCREMENT, -- the key id that stands beside each entry; never used again
    group_id   INTEGER NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    first_seq  INTEGER NOT NULL, -- the first entry that this key seals; the group's newest key seals all later ones
    wrapped    BLOB NOT NULL,    -- by the master key; without this row its entries are gone
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX data_keys_by_group ON data_keys (group_id);

CREATE TABLE entries (
    id       INTEGER PRIMARY KEY,
    group_id INTEGER NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    seq      INTEGER NOT NULL CHECK (seq > 0), -- place in the group: 1, 2, 3 … without gaps
    kind     TEXT NOT NULL, -- message, edit, redaction, reaction, pin, join, leave, role, rename
    sender   INTEGER NOT NULL REFERENCES users (id),
    at       INTEGER NOT NULL, -- when the relay stored it
    nonce    BLOB CHECK (length(nonce) = 16), -- the author's, of what people send: a repeat is answered with the first entry
    target   INTEGER, -- the seq of the entry that this one speaks of
    key_id   INTEGER NOT NULL, -- which data key seals the body; not tried with any other
    body     BLOB, -- sealed, also where there is no text, so that no entry can be moved; NULL: redacted
    UNIQUE (group_id, seq)
) STRICT;

CREATE UNIQUE INDEX entries_by_nonce ON entries (sender, nonce) WHERE nonce IS NOT NULL;

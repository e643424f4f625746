-- Conversations complete: what is said about messages and members. Whatever a person typed is sealed or a keyed hash.

ALTER TABLE users ADD COLUMN receipts INTEGER NOT NULL DEFAULT 1 CHECK (receipts IN (0, 1)); -- tells others how far they have read

ALTER TABLE sessions ADD COLUMN scopes TEXT; -- of an access token: words with blanks between; NULL: a person's device session
ALTER TABLE sessions ADD COLUMN expires_at INTEGER; -- of an access token; NULL: never

-- What the log says of a message, as it stands now: the rows here follow from the entries of the same seqs.

CREATE TABLE edits ( -- the newest edit of each message that has one
    group_id INTEGER NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    target   INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    PRIMARY KEY (group_id, target)
) STRICT, WITHOUT ROWID;

CREATE TABLE reactions ( -- the last entry about each: put, or taken away
    group_id   INTEGER NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    target     INTEGER NOT NULL,
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    emoji_hash BLOB NOT NULL, -- keyed
    seq        INTEGER NOT NULL, -- of that entry
    is_on      INTEGER NOT NULL CHECK (is_on IN (0, 1)),
    PRIMARY KEY (group_id, target, user_id, emoji_hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE pins ( -- the last entry about each: pinned, or taken off
    group_id INTEGER NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    target   INTEGER NOT NULL,
    seq      INTEGER NOT NULL, -- of that entry
    is_on    INTEGER NOT NULL CHECK (is_on IN (0, 1)),
    PRIMARY KEY (group_id, target)
) STRICT, WITHOUT ROWID;

CREATE TABLE mentions ( -- whom messages call, by their newest text
    group_id INTEGER NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    user_id  INTEGER NOT NULL, -- 0: everybody in the group
    seq      INTEGER NOT NULL,
    PRIMARY KEY (group_id, user_id, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX mentions_by_entry ON mentions (group_id, seq);

CREATE INDEX entries_changing ON entries (group_id, target) WHERE kind IN ('edit', 'redaction');

CREATE TABLE reads ( -- the last moves of each read marker, for "read by whom and when"; they go with the membership
    group_id INTEGER NOT NULL,
    user_id  INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    at       INTEGER NOT NULL, -- 0: what is up to here was never read by them, it was said before they came
    PRIMARY KEY (group_id, user_id, seq),
    FOREIGN KEY (group_id, user_id) REFERENCES members (group_id, user_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- People and groups.

CREATE TABLE directs ( -- the conversation of two; of one with themselves, low = high
    low      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    high     INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    group_id INTEGER NOT NULL UNIQUE REFERENCES groups (id) ON DELETE CASCADE,
    PRIMARY KEY (low, high)
) STRICT, WITHOUT ROWID;

CREATE TABLE bans ( -- who may not come back into a group
    group_id INTEGER NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    user_id  INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    by_id    INTEGER NOT NULL REFERENCES users (id),
    at       INTEGER NOT NULL,
    PRIMARY KEY (group_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE invites (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    code_hash  BLOB NOT NULL UNIQUE,
    group_id   INTEGER REFERENCES groups (id) ON DELETE CASCADE, -- NULL: to the relay alone
    by_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    uses       INTEGER, -- how many are left; NULL: no limit
    created_at INTEGER NOT NULL,
    expires_at INTEGER
) STRICT;

CREATE TABLE webhooks (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    group_id   INTEGER NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    by_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE, -- in whose name it posts
    name       BLOB NOT NULL, -- sealed
    token_hash BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX webhooks_by_group ON webhooks (group_id);

-- Files. Their contents stand beside the database, sealed in chunks.

CREATE TABLE files (
    id          TEXT PRIMARY KEY, -- 32 hex digits, random
    owner       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE, -- who uploaded it
    size        INTEGER NOT NULL,
    received    INTEGER NOT NULL DEFAULT 0, -- bytes that are safely stored; equal to size: it is whole
    details     BLOB NOT NULL, -- name, type, picture size; sealed
    key_wrapped BLOB NOT NULL, -- the file's own key, by the master key; without it the contents are gone
    digest      BLOB, -- SHA-256 of the contents, once it is whole; sealed
    touched_at  INTEGER NOT NULL -- when the last part arrived: what no message names is collected a day later
) STRICT, WITHOUT ROWID;

CREATE INDEX files_by_owner ON files (owner);

CREATE TABLE attachments ( -- which messages name a file: with the last of them the file goes
    file_id  TEXT NOT NULL REFERENCES files (id) ON DELETE CASCADE,
    group_id INTEGER NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    seq      INTEGER NOT NULL,
    PRIMARY KEY (file_id, group_id, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX attachments_by_entry ON attachments (group_id, seq);

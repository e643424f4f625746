-- Limits: who may not write for a time, how often one may, and what single people may otherwise than the rest.

ALTER TABLE groups ADD COLUMN slow_s INTEGER NOT NULL DEFAULT 0 CHECK (slow_s >= 0); -- seconds between two messages of one member; 0: none
ALTER TABLE groups ADD COLUMN by_id INTEGER REFERENCES users (id) ON DELETE SET NULL; -- who made it; NULL: the relay, or it is not known

CREATE TABLE mutes ( -- who may not write in a group; the row stays when they leave it
    group_id INTEGER NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    user_id  INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    by_id    INTEGER REFERENCES users (id) ON DELETE SET NULL,
    at       INTEGER NOT NULL,
    until    INTEGER, -- NULL: until it is lifted
    PRIMARY KEY (group_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE relay_mutes ( -- who may write nowhere
    user_id INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    by_id   INTEGER REFERENCES users (id) ON DELETE SET NULL, -- NULL: by the command line
    at      INTEGER NOT NULL,
    until   INTEGER -- NULL: until it is lifted
) STRICT;

CREATE TABLE paces ( -- in groups with a pause between messages: when each member said something last
    group_id INTEGER NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    user_id  INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    at       INTEGER NOT NULL,
    PRIMARY KEY (group_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE limits ( -- what the relay's owners have set in place of the settings
    id      INTEGER PRIMARY KEY,
    name    TEXT NOT NULL, -- of the limit
    user_id INTEGER REFERENCES users (id) ON DELETE CASCADE, -- for this person alone; NULL: for everybody
    value   INTEGER NOT NULL CHECK (value >= 0) -- 0: no limit
) STRICT;

CREATE UNIQUE INDEX limits_by_name ON limits (name, coalesce(user_id, 0));

-- Retention: how much of the past is kept, and what became of accounts that were deleted.

ALTER TABLE groups ADD COLUMN floor INTEGER NOT NULL DEFAULT 0; -- the log was deleted up to this seq; 0: it is whole
ALTER TABLE groups ADD COLUMN keep_days INTEGER; -- the group's own rule: days, 0 for ever; NULL: as the relay says
ALTER TABLE groups ADD COLUMN keep_entries INTEGER; -- and how many of the last entries, 0 all; NULL: as the relay says
ALTER TABLE groups ADD COLUMN keep_longer INTEGER NOT NULL DEFAULT 0 CHECK (keep_longer IN (0, 1)); -- the relay's owner gave the rule: it may keep more
ALTER TABLE groups ADD COLUMN held INTEGER NOT NULL DEFAULT 0 CHECK (held IN (0, 1)); -- nothing is deleted

ALTER TABLE users ADD COLUMN deleted_at INTEGER; -- the account was deleted then, names and password are gone; NULL: it is one
ALTER TABLE users ADD COLUMN erasing INTEGER NOT NULL DEFAULT 0 CHECK (erasing IN (0, 1)); -- what they said is being destroyed

-- What is done to the relay: accounts, invitations, keys, backups, settings; by whom, to whom and from where.

CREATE TABLE audit (
    id   INTEGER PRIMARY KEY AUTOINCREMENT, -- rises; never used again
    at   INTEGER NOT NULL,
    said BLOB NOT NULL -- all else of the record, sealed for this id and time
) STRICT;

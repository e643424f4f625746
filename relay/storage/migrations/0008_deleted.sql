-- Deleted accounts: nobody takes a name over that was somebody else's, and what is being destroyed is not read any more.

CREATE TABLE freed_names ( -- names of deleted accounts; of whom each was is not known
    name_hash BLOB PRIMARY KEY CHECK (length(name_hash) = 32) -- keyed, by what codes are looked up, of the name after NFKC and case folding
) STRICT, WITHOUT ROWID;

CREATE INDEX users_erasing ON users (id) WHERE erasing = 1;

-- The newest record of each identifier. Times are microseconds since 1970.
CREATE TABLE IF NOT EXISTS online (
    -- The group, told from another of the same name before or after it.
    generation TEXT NOT NULL,
    identifier TEXT NOT NULL,
    event_us INTEGER NOT NULL,
    expires_us INTEGER,
    -- The list of feature values as GetRecord answers it; NULL once the record was deleted.
    reply BLOB,
    PRIMARY KEY (generation, identifier)
);
CREATE INDEX IF NOT EXISTS by_end ON online (expires_us) WHERE expires_us IS NOT NULL;

-- What the offline store is owed: written with the online record, removed once S3 has it.
CREATE TABLE IF NOT EXISTS offline (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    generation TEXT NOT NULL,
    -- Hours since 1970 of the event: the folder in S3.
    hour INTEGER NOT NULL,
    event_us INTEGER NOT NULL,
    size INTEGER NOT NULL,
    line TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS by_hour ON offline (generation, hour, sequence, event_us, size);

-- Rows of `offline` that are on their way as one object: what a crash interrupted is stored again,
-- the same rows under the same name.
CREATE TABLE IF NOT EXISTS batches (
    name TEXT PRIMARY KEY,
    generation TEXT NOT NULL,
    hour INTEGER NOT NULL,
    last_sequence INTEGER NOT NULL,
    last_event_us INTEGER NOT NULL,
    -- S3 has the object; the rows go, some at a time.
    is_stored INTEGER NOT NULL DEFAULT 0
);

-- Where the rows of a group go, and what they hold; it outlives the group.
CREATE TABLE IF NOT EXISTS destinations (
    generation TEXT PRIMARY KEY,
    document TEXT NOT NULL
);

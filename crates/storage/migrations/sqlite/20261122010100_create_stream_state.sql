-- Why: what ties the store to the log: how far each consumer came, what is still to be told,
-- how far each source was read, and which dead letters need nobody any more.

CREATE TABLE consumer_offset (
    consumer TEXT NOT NULL,
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    next INTEGER NOT NULL,
    incarnation TEXT NOT NULL,
    last_hash TEXT,
    PRIMARY KEY (consumer, topic, partition)
) STRICT, WITHOUT ROWID;

-- AUTOINCREMENT, so that a number that was published and removed never comes back: a late
-- second removal would otherwise hit another row. A row of `ticket.events` has no payload of
-- its own: `number` is the event's.
CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    topic TEXT NOT NULL,
    key TEXT NOT NULL,
    payload BLOB,
    number INTEGER,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE source_cursor (
    source TEXT NOT NULL PRIMARY KEY,
    cursor TEXT,
    holder TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    lease_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- `incarnation` is the log's: another log counts its letters anew.
CREATE TABLE dead_letter_resolution (
    incarnation TEXT NOT NULL,
    partition INTEGER NOT NULL,
    letter_offset INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    resolved_by TEXT NOT NULL,
    resolved_at INTEGER NOT NULL,
    PRIMARY KEY (incarnation, partition, letter_offset)
) STRICT, WITHOUT ROWID;

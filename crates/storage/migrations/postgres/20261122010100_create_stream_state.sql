-- Why: what ties the store to the log: how far each consumer came, what is still to be told,
-- how far each source was read, and which dead letters need nobody any more.

CREATE TABLE consumer_offset (
    consumer TEXT COLLATE "C" NOT NULL,
    topic TEXT COLLATE "C" NOT NULL,
    partition BIGINT NOT NULL,
    next BIGINT NOT NULL,
    incarnation TEXT NOT NULL,
    last_hash TEXT,
    PRIMARY KEY (consumer, topic, partition)
) WITH (fillfactor = 50);

-- A row of `ticket.events` has no payload of its own: it names the event. Rows come and go in
-- the thousands, so they are cleaned up by number and not by share.
CREATE TABLE outbox (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic TEXT COLLATE "C" NOT NULL,
    key TEXT NOT NULL,
    payload BYTEA,
    ticket_id BIGINT,
    ticket_version BIGINT,
    created_at BIGINT NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000,
        autovacuum_vacuum_cost_delay = 0);

-- What the one relay has in hand: the rows in the order in which it publishes them, and the
-- numbers of those that are events. A relay that takes over publishes the same under the same.
CREATE TABLE relay (
    is_only_one BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (is_only_one),
    last_number BIGINT NOT NULL,
    claimed_seqs BIGINT[] NOT NULL,
    claimed_numbers BIGINT[] NOT NULL
);
INSERT INTO relay (last_number, claimed_seqs, claimed_numbers) VALUES (0, '{}', '{}');

CREATE TABLE source_cursor (
    source TEXT COLLATE "C" PRIMARY KEY,
    cursor TEXT,
    holder TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    lease_until BIGINT NOT NULL
);

-- `incarnation` is the log's: another log counts its letters anew.
CREATE TABLE dead_letter_resolution (
    incarnation TEXT COLLATE "C" NOT NULL,
    partition BIGINT NOT NULL,
    letter_offset BIGINT NOT NULL,
    verdict TEXT NOT NULL,
    resolved_by TEXT NOT NULL,
    resolved_at BIGINT NOT NULL,
    PRIMARY KEY (incarnation, partition, letter_offset)
);

-- Why: who did what, written with the deed, and a chain over it that shows every later
-- change, removal and exchange of rows.

-- Where each writer's sequence stands. A process has one writer per transaction it runs at a
-- time, so that no transaction waits for the sequence of another.
CREATE TABLE audit_writer (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    writer TEXT NOT NULL,
    last_sequence BIGINT NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE audit (
    writer_id BIGINT NOT NULL,
    writer_sequence BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (writer_id, writer_sequence)
);

-- hash = SHA-256 (hash of the position before ‖ row as canonical bytes).
CREATE TABLE audit_chain (
    position BIGINT PRIMARY KEY,
    writer_id BIGINT NOT NULL,
    writer_sequence BIGINT NOT NULL,
    hash BYTEA NOT NULL
);

-- How far the sealer has come with each writer; apart from `audit_writer`, which belongs to
-- the writers.
CREATE TABLE audit_sealed (
    writer_id BIGINT PRIMARY KEY,
    last_sequence BIGINT NOT NULL
) WITH (fillfactor = 50);

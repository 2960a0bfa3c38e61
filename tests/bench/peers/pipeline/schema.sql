-- What a small team would keep of a ticket: the ticket with its post, what makes a post the
-- same post again, one clock, the events, the audit, the outbox and the offsets.

CREATE SEQUENCE ticket_id;

CREATE TABLE identity (
    platform TEXT NOT NULL,
    id_scope TEXT NOT NULL,
    native_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    ticket_id BIGINT NOT NULL,
    PRIMARY KEY (platform, id_scope, native_id)
);

CREATE TABLE ticket (
    id BIGINT PRIMARY KEY,
    version BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    department TEXT NOT NULL,
    label TEXT NOT NULL,
    status TEXT NOT NULL,
    mention JSONB NOT NULL,
    verdict JSONB NOT NULL
);
CREATE INDEX ticket_by_creation ON ticket (department, status, created_at, id);

CREATE TABLE sla_clock (
    ticket_id BIGINT NOT NULL,
    clock TEXT NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    due_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (ticket_id, clock)
);
CREATE INDEX sla_clock_by_due ON sla_clock (due_at);

CREATE TABLE ticket_event (
    ticket_id BIGINT NOT NULL,
    version BIGINT NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    change JSONB NOT NULL,
    PRIMARY KEY (ticket_id, version)
);

CREATE TABLE audit (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at TIMESTAMPTZ NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL
);

CREATE TABLE outbox (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key TEXT NOT NULL,
    payload JSONB NOT NULL
);

CREATE TABLE consumer_offset (
    consumer TEXT NOT NULL,
    topic TEXT NOT NULL,
    partition BIGINT NOT NULL,
    next BIGINT NOT NULL,
    PRIMARY KEY (consumer, topic, partition)
);

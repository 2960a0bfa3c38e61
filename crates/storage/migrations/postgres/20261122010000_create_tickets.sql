-- Why: tickets, the events they are rebuilt from, the posts beside them, and what makes a
-- post the same post and a thread the same thread again.
--
-- No foreign keys: one piece of code writes all of these rows, in one transaction, and a look
-- at the other table for every row would cost a tenth of the intake. Names compare by bytes
-- (`COLLATE "C"`), so that their order does not depend on the server's locale. JSON stands as
-- TEXT: JSONB refuses NUL characters, which posts may hold, and costs a parse per write.

CREATE SEQUENCE ticket_id;

-- `state` is the whole ticket; the other columns are copies of it for lists and timers.
CREATE TABLE ticket (
    id BIGINT PRIMARY KEY,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    department TEXT COLLATE "C" NOT NULL,
    label TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    priority TEXT COLLATE "C" NOT NULL,
    assignee TEXT COLLATE "C",
    needs_review BOOLEAN NOT NULL,
    default_view BOOLEAN NOT NULL,
    sla_status TEXT COLLATE "C",
    deadline_at BIGINT,
    next_due_at BIGINT,
    state TEXT NOT NULL
);

-- A list walks these by lane (department, status, label) and merges; the included columns let
-- it filter without touching a row.
CREATE INDEX ticket_by_creation ON ticket (department, status, label, created_at, id)
    INCLUDE (sla_status, needs_review, assignee);
CREATE INDEX ticket_by_deadline ON ticket (department, status, label, deadline_at, id)
    INCLUDE (sla_status, needs_review, assignee);

-- What the timers poll: only tickets that still have something to fire.
CREATE INDEX ticket_by_next_due ON ticket (next_due_at, id) WHERE next_due_at IS NOT NULL;

-- How many tickets share these: the sum of the steps of all transactions, because the gauges
-- ask every second. Every transaction adds rows of its own, so that none waits for another;
-- who counts folds them from time to time.
CREATE TABLE ticket_tally (
    department TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    label TEXT COLLATE "C" NOT NULL,
    priority TEXT COLLATE "C" NOT NULL,
    count BIGINT NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
        autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 5000);

-- Append-only. `decision` is set where routing was asked and its answer mattered.
CREATE TABLE ticket_event (
    ticket_id BIGINT NOT NULL,
    version BIGINT NOT NULL,
    department TEXT COLLATE "C" NOT NULL,
    change TEXT NOT NULL,
    decision TEXT,
    PRIMARY KEY (ticket_id, version)
);

-- `id` is the version of the ticket with which the post joined it. `content` is the post with
-- its verdict; NULL once its author has deleted it.
CREATE TABLE mention (
    ticket_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    platform TEXT NOT NULL,
    id_scope TEXT NOT NULL,
    native_id TEXT NOT NULL,
    content TEXT,
    PRIMARY KEY (ticket_id, id)
);

-- `key` is a hash of (platform, id_scope, id), so that an identity may outlive the post.
CREATE TABLE identity (
    key BYTEA PRIMARY KEY,
    version BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    deleted BOOLEAN NOT NULL,
    accounts TEXT NOT NULL,
    ticket_id BIGINT,
    mention_id BIGINT
);

-- Only threads of open tickets stand here: the primary key is what makes them unique.
CREATE TABLE open_thread (
    key BYTEA PRIMARY KEY,
    ticket_id BIGINT NOT NULL,
    last_at BIGINT NOT NULL
);
CREATE INDEX open_thread_by_ticket ON open_thread (ticket_id);

-- The primary key is the proof that nothing fires twice.
CREATE TABLE sla_milestone (
    ticket_id BIGINT NOT NULL,
    clock TEXT COLLATE "C" NOT NULL,
    cycle BIGINT NOT NULL,
    milestone TEXT COLLATE "C" NOT NULL,
    due_at BIGINT NOT NULL,
    fired_at BIGINT NOT NULL,
    PRIMARY KEY (ticket_id, clock, cycle, milestone)
);

-- Why: tickets, the events they are rebuilt from, the posts beside them, and what makes a
-- post the same post and a thread the same thread again.

-- `state` is the whole ticket; the other columns are copies of it for lists and timers.
CREATE TABLE ticket (
    id INTEGER PRIMARY KEY,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    department TEXT NOT NULL,
    label TEXT NOT NULL,
    status TEXT NOT NULL,
    priority TEXT NOT NULL,
    assignee TEXT,
    needs_review INTEGER NOT NULL,
    default_view INTEGER NOT NULL,
    sla_status TEXT,
    deadline_at INTEGER,
    next_due_at INTEGER,
    state TEXT NOT NULL
) STRICT;

-- A list walks these by lane (department, status, label) and merges; the last columns let
-- it filter without touching a row.
CREATE INDEX ticket_by_creation ON ticket
    (department, status, label, created_at, id, sla_status, needs_review, assignee);
CREATE INDEX ticket_by_deadline ON ticket
    (department, status, label, deadline_at, id, sla_status, needs_review, assignee);

-- What the timers poll: only tickets that still have something to fire.
CREATE INDEX ticket_by_next_due ON ticket (next_due_at) WHERE next_due_at IS NOT NULL;

-- How many tickets share these: kept beside the tickets, because the gauges ask every second.
CREATE TABLE ticket_tally (
    department TEXT NOT NULL,
    status TEXT NOT NULL,
    label TEXT NOT NULL,
    priority TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (department, status, label, priority)
) STRICT, WITHOUT ROWID;

-- Append-only. `id` is the number under which the event is published: dense, in commit order.
-- `decision` is set where routing was asked and its answer mattered.
CREATE TABLE ticket_event (
    id INTEGER PRIMARY KEY,
    ticket_id INTEGER NOT NULL REFERENCES ticket (id),
    version INTEGER NOT NULL,
    department TEXT NOT NULL,
    change TEXT NOT NULL,
    decision TEXT,
    UNIQUE (ticket_id, version)
) STRICT;

-- `content` is the post with its verdict; NULL once its author has deleted it.
CREATE TABLE mention (
    id INTEGER PRIMARY KEY,
    ticket_id INTEGER NOT NULL REFERENCES ticket (id),
    platform TEXT NOT NULL,
    id_scope TEXT NOT NULL,
    native_id TEXT NOT NULL,
    content TEXT
) STRICT;
CREATE INDEX mention_by_ticket ON mention (ticket_id);

-- `key` is a hash of (platform, id_scope, id), so that an identity may outlive the post.
CREATE TABLE identity (
    key BLOB NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    accounts TEXT NOT NULL,
    ticket_id INTEGER,
    mention_id INTEGER
) STRICT, WITHOUT ROWID;

-- Only threads of open tickets stand here: the primary key is what makes them unique.
CREATE TABLE open_thread (
    key BLOB NOT NULL PRIMARY KEY,
    ticket_id INTEGER NOT NULL,
    last_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX open_thread_by_ticket ON open_thread (ticket_id);

-- The primary key is the proof that nothing fires twice.
CREATE TABLE sla_milestone (
    ticket_id INTEGER NOT NULL,
    clock TEXT NOT NULL,
    cycle INTEGER NOT NULL,
    milestone TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    fired_at INTEGER NOT NULL,
    PRIMARY KEY (ticket_id, clock, cycle, milestone)
) STRICT, WITHOUT ROWID;

-- Why: who may come in. A token's secret is never stored; its hash is what it is found by.
-- Answers remembered for a repeated request stand here too: they belong to a principal.

CREATE TABLE user (
    name TEXT NOT NULL PRIMARY KEY,
    role TEXT NOT NULL,
    departments TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE token (
    name TEXT NOT NULL PRIMARY KEY,
    secret_hash BLOB NOT NULL UNIQUE,
    role TEXT NOT NULL,
    departments TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    last_used_at INTEGER
) STRICT;

CREATE TABLE idempotency_key (
    principal TEXT NOT NULL,
    key TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    status INTEGER NOT NULL,
    body BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (principal, key)
) STRICT;
CREATE INDEX idempotency_key_by_age ON idempotency_key (created_at);

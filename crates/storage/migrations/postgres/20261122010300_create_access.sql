-- Why: who may come in. A token's secret is never stored; its hash is what it is found by.
-- Answers remembered for a repeated request stand here too: they belong to a principal.

CREATE TABLE "user" (
    name TEXT COLLATE "C" PRIMARY KEY,
    role TEXT NOT NULL,
    departments TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE token (
    name TEXT COLLATE "C" PRIMARY KEY,
    secret_hash BYTEA NOT NULL UNIQUE,
    role TEXT NOT NULL,
    departments TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    last_used_at BIGINT
);

CREATE TABLE idempotency_key (
    principal TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    request_hash TEXT NOT NULL,
    status BIGINT NOT NULL,
    body BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (principal, key)
);
CREATE INDEX idempotency_key_by_age ON idempotency_key (created_at);

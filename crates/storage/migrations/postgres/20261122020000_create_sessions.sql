-- Why: people log in. Of passwords only the argon2id hash is kept, of cookies and one-time
-- links only a SHA-256: who reads these tables can become nobody.
-- Expand step: old binaries know neither the new columns nor the new tables.

ALTER TABLE "user" ADD COLUMN password_hash TEXT;
ALTER TABLE "user" ADD COLUMN disabled_at BIGINT;

-- `id` is what lists and requests call a session; it opens nothing.
CREATE TABLE session (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    secret_hash BYTEA NOT NULL UNIQUE,
    "user" TEXT COLLATE "C" NOT NULL REFERENCES "user" (name),
    started_by TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    peer TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL
);
CREATE INDEX session_by_user ON session ("user");
CREATE INDEX session_by_age ON session (created_at);

-- A used link stays until it would have expired, so that its second use can be told apart.
CREATE TABLE login_link (
    secret_hash BYTEA PRIMARY KEY,
    "user" TEXT COLLATE "C" NOT NULL REFERENCES "user" (name),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX login_link_by_expiry ON login_link (expires_at);

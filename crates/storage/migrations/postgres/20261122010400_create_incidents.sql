-- Why: recent risk signals, so that several small ones can add up to a crisis, and the
-- incidents themselves, of which a brand has at most one open.

CREATE TABLE incident (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    brand TEXT COLLATE "C" NOT NULL,
    cause TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    last_signal_at BIGINT NOT NULL,
    closed_at BIGINT,
    mention TEXT NOT NULL,
    signal_count BIGINT NOT NULL
);
CREATE UNIQUE INDEX incident_open ON incident (brand) WHERE closed_at IS NULL;

-- One row per post and brand; pruned after a day by our clock.
CREATE TABLE risk_signal (
    brand TEXT COLLATE "C" NOT NULL,
    mention BYTEA NOT NULL,
    at BIGINT NOT NULL,
    author TEXT NOT NULL,
    severity BIGINT NOT NULL,
    followers BIGINT NOT NULL,
    stored_at BIGINT NOT NULL,
    incident_id BIGINT,
    PRIMARY KEY (brand, mention)
);
CREATE INDEX risk_signal_by_time ON risk_signal (brand, at);
CREATE INDEX risk_signal_by_age ON risk_signal (stored_at);

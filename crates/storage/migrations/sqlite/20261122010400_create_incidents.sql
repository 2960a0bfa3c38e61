-- Why: recent risk signals, so that several small ones can add up to a crisis, and the
-- incidents themselves, of which a brand has at most one open.

CREATE TABLE incident (
    id INTEGER PRIMARY KEY,
    brand TEXT NOT NULL,
    cause TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    last_signal_at INTEGER NOT NULL,
    closed_at INTEGER,
    mention TEXT NOT NULL,
    signal_count INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX incident_open ON incident (brand) WHERE closed_at IS NULL;

-- One row per post and brand; pruned after a day by our clock.
CREATE TABLE risk_signal (
    brand TEXT NOT NULL,
    mention BLOB NOT NULL,
    at INTEGER NOT NULL,
    author TEXT NOT NULL,
    severity INTEGER NOT NULL,
    followers INTEGER NOT NULL,
    stored_at INTEGER NOT NULL,
    incident_id INTEGER,
    PRIMARY KEY (brand, mention)
) STRICT, WITHOUT ROWID;
CREATE INDEX risk_signal_by_time ON risk_signal (brand, at);
CREATE INDEX risk_signal_by_age ON risk_signal (stored_at);

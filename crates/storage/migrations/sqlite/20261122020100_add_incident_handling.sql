-- Why: people handle incidents. Whoever opens one later must see its posts (signals are
-- pruned after a day), who was told, who has taken it, and how it ended.

ALTER TABLE incident ADD COLUMN acknowledged_at INTEGER;
ALTER TABLE incident ADD COLUMN acknowledged_by TEXT;
-- NULL beside a `closed_at`: it ended by itself.
ALTER TABLE incident ADD COLUMN closed_by TEXT;
ALTER TABLE incident ADD COLUMN false_alarm INTEGER NOT NULL DEFAULT 0;
CREATE INDEX incident_by_opening ON incident (opened_at, id);

-- `mention` is the key of `identity`, through which ticket and words are found.
CREATE TABLE incident_mention (
    incident_id INTEGER NOT NULL,
    mention BLOB NOT NULL,
    at INTEGER NOT NULL,
    author TEXT NOT NULL,
    severity INTEGER NOT NULL,
    followers INTEGER NOT NULL,
    PRIMARY KEY (incident_id, mention)
) STRICT, WITHOUT ROWID;
INSERT INTO incident_mention (incident_id, mention, at, author, severity, followers)
    SELECT incident_id, mention, at, author, severity, followers FROM risk_signal
    WHERE incident_id IS NOT NULL;

CREATE TABLE incident_notification (
    incident_id INTEGER NOT NULL,
    channel TEXT NOT NULL,
    at INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    PRIMARY KEY (incident_id, at, channel)
) STRICT, WITHOUT ROWID;

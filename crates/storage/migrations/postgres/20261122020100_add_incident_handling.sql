-- Why: people handle incidents. Whoever opens one later must see its posts (signals are
-- pruned after a day), who was told, who has taken it, and how it ended.

ALTER TABLE incident ADD COLUMN acknowledged_at BIGINT;
ALTER TABLE incident ADD COLUMN acknowledged_by TEXT;
-- NULL beside a `closed_at`: it ended by itself.
ALTER TABLE incident ADD COLUMN closed_by TEXT;
ALTER TABLE incident ADD COLUMN false_alarm BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX incident_by_opening ON incident (opened_at, id);

-- `mention` is the key of `identity`, through which ticket and words are found.
CREATE TABLE incident_mention (
    incident_id BIGINT NOT NULL,
    mention BYTEA NOT NULL,
    at BIGINT NOT NULL,
    author TEXT NOT NULL,
    severity BIGINT NOT NULL,
    followers BIGINT NOT NULL,
    PRIMARY KEY (incident_id, mention)
);
INSERT INTO incident_mention (incident_id, mention, at, author, severity, followers)
    SELECT incident_id, mention, at, author, severity, followers FROM risk_signal
    WHERE incident_id IS NOT NULL;

CREATE TABLE incident_notification (
    incident_id BIGINT NOT NULL,
    channel TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    PRIMARY KEY (incident_id, at, channel)
);

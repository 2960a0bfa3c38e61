-- Why: who did what, written with the deed, and a chain over it that shows every later
-- change, removal and exchange of rows.

CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    writer TEXT NOT NULL,
    writer_sequence INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;

-- Where each writer's sequence stands. Two processes may write; each has its own row.
CREATE TABLE audit_writer (
    writer TEXT NOT NULL PRIMARY KEY,
    last_sequence INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- hash = SHA-256 (hash of the position before ‖ row as canonical bytes).
CREATE TABLE audit_chain (
    position INTEGER PRIMARY KEY,
    audit_id INTEGER NOT NULL,
    hash BLOB NOT NULL
) STRICT;

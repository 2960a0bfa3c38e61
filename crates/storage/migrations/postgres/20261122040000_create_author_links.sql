-- Why: people ask what else an author has written, also on other platforms. Accounts are one
-- author's where somebody linked them; the reason stands beside the link, also of one that was
-- taken back.
-- Expand step: tickets from before have no author here and are in nobody's history.

ALTER TABLE ticket ADD COLUMN author TEXT COLLATE "C";
CREATE INDEX ticket_by_author ON ticket (author, id) WHERE author IS NOT NULL;

-- `account` and `other_account` are the accounts as they were seen when they were linked.
CREATE TABLE author_link (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    author TEXT COLLATE "C" NOT NULL,
    account TEXT NOT NULL,
    other TEXT COLLATE "C" NOT NULL,
    other_account TEXT NOT NULL,
    reason TEXT NOT NULL,
    linked_by TEXT NOT NULL,
    linked_at BIGINT NOT NULL,
    unlinked_by TEXT,
    unlinked_at BIGINT,
    unlink_reason TEXT
);
CREATE INDEX author_link_by_author ON author_link (author) WHERE unlinked_at IS NULL;
CREATE INDEX author_link_by_other ON author_link (other) WHERE unlinked_at IS NULL;

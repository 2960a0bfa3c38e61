-- Why: the record of a ticket that was opened is its state and its post, and both stand in
-- their tables already; to write them here once more cost the one writer time and log.
-- `opened` is the ticket; the record is put together when it is told.
-- Expand step: rows from before carry their payload and are told from it.

ALTER TABLE outbox ADD COLUMN opened INTEGER;

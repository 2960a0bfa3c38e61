-- From the rows of `incoming` to everything they change, in one statement. An equal or older
-- version of a known post changes nothing and comes out nowhere.
WITH known AS (
    INSERT INTO identity AS held (platform, id_scope, native_id, version, ticket_id)
    SELECT platform, id_scope, native_id, version, nextval('ticket_id') FROM incoming
    ON CONFLICT (platform, id_scope, native_id) DO UPDATE SET version = excluded.version
        WHERE held.version < excluded.version
    RETURNING platform, id_scope, native_id, ticket_id
), touched AS (
    INSERT INTO ticket AS held
        (id, version, created_at, updated_at, department, label, status, mention, verdict)
    SELECT ticket_id, 1, now(), now(), department, label, 'open', mention, verdict
    FROM incoming JOIN known USING (platform, id_scope, native_id)
    ON CONFLICT (id) DO UPDATE SET
        version = held.version + 1,
        updated_at = excluded.updated_at,
        department = excluded.department,
        label = excluded.label,
        mention = excluded.mention,
        verdict = excluded.verdict
    RETURNING id, version, updated_at, department, label
), clocks AS (
    INSERT INTO sla_clock (ticket_id, clock, started_at, due_at)
    SELECT ticket_id, 'first_response', received_at, due_at
    FROM incoming JOIN known USING (platform, id_scope, native_id)
    WHERE due_at IS NOT NULL
    ON CONFLICT (ticket_id, clock) DO NOTHING
), events AS (
    INSERT INTO ticket_event (ticket_id, version, at, change)
    SELECT id, version, updated_at, jsonb_build_object('department', department, 'label', label)
    FROM touched
), audits AS (
    INSERT INTO audit (at, actor, action, subject)
    SELECT updated_at, 'route',
        CASE version WHEN 1 THEN 'ticket.opened' ELSE 'ticket.updated' END, id::text
    FROM touched
)
INSERT INTO outbox (key, payload)
SELECT id::text, jsonb_build_object(
    'ticket', id, 'version', version, 'department', department, 'label', label)
FROM touched
RETURNING seq, key, payload::text

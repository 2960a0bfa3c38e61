-- Why: "mine" is asked for all day by people who have a few of a million tickets; in the lists
-- of everybody's tickets theirs stand far apart.

CREATE INDEX ticket_of_assignee_by_creation ON ticket
    (assignee, department, status, label, created_at, id, sla_status, needs_review)
    WHERE assignee IS NOT NULL;
CREATE INDEX ticket_of_assignee_by_deadline ON ticket
    (assignee, department, status, label, deadline_at, id, sla_status, needs_review)
    WHERE assignee IS NOT NULL;

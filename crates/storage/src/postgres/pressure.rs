//! What presses in the queues.

use super::PostgresStore;
use super::failure::Fault;
use super::ticket_list::DEPARTMENTS;
use super::value::micros;
use crate::StorageError;
use crate::pressure::{Look, PRESSING_MAX, Pressure, waits_without_deadline};
use jiff::Timestamp;
use switchboard_domain::Label;
use switchboard_domain::access::DepartmentScope;
use tokio_postgres::Row;

pub(super) const PRESSURE: &str = "SELECT lane.department, ticking.looked, ticking.overdue,
        ticking.soon, ticking.unassigned + still.unassigned, ticking.next, still.looked
    FROM unnest($1::text[], $2::text[], $3::boolean[]) AS lane (department, label, waits)
    CROSS JOIN LATERAL (
        SELECT count(*) AS looked, count(*) FILTER (WHERE head.at <= $4::bigint) AS overdue,
               count(*) FILTER (WHERE head.at <= $5::bigint) AS soon,
               count(*) FILTER (WHERE head.assignee IS NULL) AS unassigned,
               min(head.at) AS next
        FROM (SELECT ticket.deadline_at AS at, ticket.assignee FROM ticket
              WHERE ticket.department = lane.department AND ticket.status = 'open'
                AND ticket.label = lane.label AND ticket.deadline_at IS NOT NULL
              ORDER BY ticket.deadline_at, ticket.id LIMIT $6::bigint) AS head) AS ticking
    CROSS JOIN LATERAL (
        SELECT count(*) AS looked,
               count(*) FILTER (WHERE head.assignee IS NULL) AS unassigned
        FROM (SELECT ticket.assignee FROM ticket
              WHERE ticket.department = lane.department AND ticket.status = 'open'
                AND ticket.label = lane.label AND ticket.deadline_at IS NULL AND lane.waits
              ORDER BY ticket.deadline_at, ticket.id LIMIT $6::bigint) AS head) AS still";

impl PostgresStore {
    pub(super) async fn read_pressure(
        &self,
        scope: &DepartmentScope,
        (now, soon): (Timestamp, Timestamp),
    ) -> Result<Vec<Pressure>, StorageError> {
        let departments = self.departments_of(scope).await?;
        let lanes = departments
            .iter()
            .flat_map(|department| Label::ALL.map(|label| (department.as_str(), label)));
        let (names, labels): (Vec<&str>, Vec<Label>) = lanes.unzip();
        let waits: Vec<bool> = labels.iter().copied().map(waits_without_deadline).collect();
        let labels: Vec<&str> = labels.iter().map(|label| label.as_str()).collect();
        let limit = i64::from(PRESSING_MAX);
        let (now, soon) = (micros(now), micros(soon));
        let found = self
            .read(PRESSURE, &[&names, &labels, &waits, &now, &soon, &limit])
            .await?;
        let mut all = departments
            .iter()
            .map(|department| Pressure::none(department))
            .collect::<Result<Vec<_>, _>>()?;
        for row in &found {
            let (department, look) = look(row)?;
            let own = all
                .iter_mut()
                .find(|one| one.department.as_str() == department);
            if let Some(pressure) = own {
                pressure.add(&look)?;
            }
        }
        Ok(all)
    }

    async fn departments_of(&self, scope: &DepartmentScope) -> Result<Vec<String>, StorageError> {
        if let DepartmentScope::Only(departments) = scope {
            return Ok(departments.iter().map(ToString::to_string).collect());
        }
        let found = self.read(DEPARTMENTS, &[]).await?;
        let names: Result<Vec<_>, Fault> = found.iter().map(|row| Ok(row.try_get(0)?)).collect();
        Ok(names?)
    }
}

fn look(row: &Row) -> Result<(&str, Look), Fault> {
    let look = Look {
        ticking: row.try_get(1)?,
        overdue: row.try_get(2)?,
        soon: row.try_get(3)?,
        unassigned: row.try_get(4)?,
        next_deadline: row.try_get(5)?,
        still: row.try_get(6)?,
    };
    Ok((row.try_get(0)?, look))
}

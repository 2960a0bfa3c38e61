//! Reading tickets within a scope, and changing one by a command.

use super::failure::Fault;
use super::mention;
use super::value::{Place, from_column, parse_status};
use super::work::{Isolation, Work};
use super::workspace::Workspace;
use super::{Parameter, PostgresStore, load, retried, ticket_list};
use crate::effect::{Purpose, command};
use crate::{
    Applied, Change, ExplainedDecision, Page, Pressure, StorageError, StoredMention, TicketCount,
    TicketQuery, TicketRow, Tickets,
};
use async_trait::async_trait;
use jiff::Timestamp;
use switchboard_domain::access::DepartmentScope;
use switchboard_domain::routing::Priority;
use switchboard_domain::ticket::{Ticket, TicketEvent, TicketId};
use switchboard_domain::{Label, Slug};
use tokio_postgres::Row;

/// Tallies are folded once there are so many rows: a sum over them takes a millisecond, and
/// folding them is not done every second.
const TALLY_ROWS_MAX: i64 = 2_000;

#[async_trait]
impl Tickets for PostgresStore {
    async fn get(
        &self,
        id: TicketId,
        scope: &DepartmentScope,
    ) -> Result<Option<TicketRow>, StorageError> {
        let found = self.find_many(&[id], scope).await?;
        Ok(found.into_iter().next())
    }

    async fn find_many(
        &self,
        ids: &[TicketId],
        scope: &DepartmentScope,
    ) -> Result<Vec<TicketRow>, StorageError> {
        let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
        let statement = format!("{ROWS} AND {IN_SCOPE} ORDER BY ticket.id");
        let found = self
            .read(&statement, &[&ids, &scope_parameter(scope)])
            .await?;
        let rows: Result<Vec<_>, Fault> = found.iter().map(ticket_row).collect();
        Ok(rows?)
    }

    async fn list(
        &self,
        query: &TicketQuery,
        scope: &DepartmentScope,
    ) -> Result<Page<TicketRow>, StorageError> {
        let work = self.snapshot().await?;
        let outcome = ticket_list::list(&work, query, scope).await;
        Ok(work.settle(outcome).await?)
    }

    async fn mentions(
        &self,
        id: TicketId,
        scope: &DepartmentScope,
    ) -> Result<Vec<StoredMention>, StorageError> {
        let statement = format!(
            "SELECT platform, id_scope, native_id, content FROM mention
             WHERE ticket_id = $1 AND {VISIBLE} ORDER BY mention.id"
        );
        let found = self.visible(&statement, id, scope).await?;
        let mentions: Result<Vec<_>, Fault> = found
            .iter()
            .map(|row| mention::stored(row, 0, id))
            .collect();
        Ok(mentions?)
    }

    async fn events(
        &self,
        id: TicketId,
        scope: &DepartmentScope,
    ) -> Result<Vec<TicketEvent>, StorageError> {
        let statement = format!(
            "SELECT version, change FROM ticket_event
             WHERE ticket_id = $1 AND {VISIBLE} ORDER BY version"
        );
        let found = self.visible(&statement, id, scope).await?;
        let events: Result<Vec<_>, Fault> = found.iter().map(|row| event(row, id)).collect();
        Ok(events?)
    }

    async fn explanation(
        &self,
        id: TicketId,
        scope: &DepartmentScope,
    ) -> Result<Option<ExplainedDecision>, StorageError> {
        let statement = format!(
            "SELECT version, decision FROM ticket_event
             WHERE ticket_id = $1 AND decision IS NOT NULL AND {VISIBLE}
             ORDER BY version DESC LIMIT 1"
        );
        let found = self.visible(&statement, id, scope).await?;
        let explained = found.first().map(|row| explained(row, 0, id)).transpose()?;
        Ok(explained.flatten())
    }

    async fn apply(
        &self,
        change: Change,
        scope: &DepartmentScope,
    ) -> Result<Applied, StorageError> {
        let scope = scope_parameter(scope);
        retried(|| self.try_apply(&change, scope.as_deref())).await
    }

    async fn open_counts(&self) -> Result<Vec<(Slug, Priority, u64)>, StorageError> {
        let found = self
            .read(
                "SELECT department, priority, sum(count) FILTER (WHERE status = 'open')::bigint,
                        count(*)
                 FROM ticket_tally GROUP BY department, priority",
                &[],
            )
            .await?;
        let mut counts = vec![];
        let mut rows = 0;
        for row in &found {
            counts.extend(open_count(row)?);
            rows += row.try_get::<_, i64>(3).map_err(Fault::from)?;
        }
        if rows > TALLY_ROWS_MAX {
            self.fold_tallies().await?;
        }
        Ok(counts)
    }

    async fn pressure(
        &self,
        scope: &DepartmentScope,
        now: Timestamp,
        soon: Timestamp,
    ) -> Result<Vec<Pressure>, StorageError> {
        self.read_pressure(scope, (now, soon)).await
    }

    async fn counts(&self, scope: &DepartmentScope) -> Result<Vec<TicketCount>, StorageError> {
        let found = self
            .read(
                "SELECT department, status, label, sum(count)::bigint FROM ticket_tally
                 WHERE $1::text[] IS NULL OR department = ANY($1)
                 GROUP BY department, status, label HAVING sum(count) > 0",
                &[&scope_parameter(scope)],
            )
            .await?;
        let counts: Result<Vec<_>, Fault> = found.iter().map(count).collect();
        Ok(counts?)
    }
}

impl PostgresStore {
    async fn visible(
        &self,
        statement: &str,
        id: TicketId,
        scope: &DepartmentScope,
    ) -> Result<Vec<Row>, StorageError> {
        self.read(statement, &[&id.0, &scope_parameter(scope)])
            .await
    }

    async fn try_apply(&self, change: &Change, scope: Option<&[String]>) -> Result<Applied, Fault> {
        let mut work = self.write(Purpose::Apply, Isolation::ReadCommitted).await?;
        let outcome = apply(&mut work, change, scope).await;
        work.settle(outcome).await
    }

    /// Sums the steps of the transactions so far. One process at a time; what others add
    /// meanwhile is added to the next sum.
    async fn fold_tallies(&self) -> Result<(), StorageError> {
        self.execute(
            "WITH lock AS MATERIALIZED (
                 SELECT pg_try_advisory_xact_lock(
                     hashtextextended(current_schema() || ':tally', 0)) AS is_ours),
             gone AS (
                 DELETE FROM ticket_tally WHERE (SELECT is_ours FROM lock)
                 RETURNING department, status, label, priority, count)
             INSERT INTO ticket_tally (department, status, label, priority, count)
             SELECT department, status, label, priority, sum(count) FROM gone
             GROUP BY department, status, label, priority HAVING sum(count) <> 0",
            &[],
        )
        .await?;
        Ok(())
    }
}

/// A ticket with what lists show beside it; `$1` is the numbers wanted.
pub(super) const ROWS: &str = "SELECT ticket.id, ticket.state,
        first.platform, first.id_scope, first.native_id, first.content,
        latest.version, latest.decision
    FROM ticket
    LEFT JOIN LATERAL (SELECT platform, id_scope, native_id, content FROM mention
        WHERE mention.ticket_id = ticket.id ORDER BY mention.id LIMIT 1) AS first ON TRUE
    LEFT JOIN LATERAL (SELECT version, decision FROM ticket_event
        WHERE ticket_event.ticket_id = ticket.id AND decision IS NOT NULL
        ORDER BY version DESC LIMIT 1) AS latest ON TRUE
    WHERE ticket.id = ANY($1)";

pub(super) const IN_SCOPE: &str = "($2::text[] IS NULL OR ticket.department = ANY($2))";

const VISIBLE: &str = "EXISTS (SELECT FROM ticket WHERE ticket.id = $1
    AND ($2::text[] IS NULL OR ticket.department = ANY($2)))";

/// The scope as statements take it: an array of departments, or NULL for all.
pub(super) fn scope_parameter(scope: &DepartmentScope) -> Option<Vec<String>> {
    match scope {
        DepartmentScope::All => None,
        DepartmentScope::Only(departments) => {
            Some(departments.iter().map(ToString::to_string).collect())
        }
    }
}

/// Reads the columns of [`ROWS`].
pub(super) fn ticket_row(row: &Row) -> Result<TicketRow, Fault> {
    let ticket = load::ticket(row)?;
    let has_mention = row.try_get::<_, Option<&str>>(2)?.is_some();
    Ok(TicketRow {
        mention: has_mention
            .then(|| mention::stored(row, 2, ticket.id))
            .transpose()?,
        explanation: explained(row, 6, ticket.id)?,
        ticket,
    })
}

fn explained(row: &Row, first: usize, id: TicketId) -> Result<Option<ExplainedDecision>, Fault> {
    let Some(version) = row.try_get::<_, Option<i64>>(first)? else {
        return Ok(None);
    };
    let decision: &str = row.try_get(first + 1)?;
    Ok(Some(ExplainedDecision {
        ticket_version: from_column(version),
        decision: Place::new("ticket_event", "decision", &id).json(decision)?,
    }))
}

fn event(row: &Row, id: TicketId) -> Result<TicketEvent, Fault> {
    Ok(TicketEvent {
        ticket: id,
        version: from_column(row.try_get(0)?),
        change: Place::new("ticket_event", "change", &id).json(row.try_get(1)?)?,
    })
}

async fn apply(
    work: &mut Work,
    change: &Change,
    scope: Option<&[String]>,
) -> Result<Applied, Fault> {
    let Some(before) = lock(work, change.ticket, scope).await? else {
        return Ok(Applied::NotFound);
    };
    let mut workspace = Workspace::default();
    let applied = workspace
        .work_out(work, |rows| command::apply(rows, before.clone(), change))
        .await?;
    workspace.flush(work).await?;
    Ok(applied)
}

/// The ticket as it stands; nobody else changes it before the transaction ends.
async fn lock(
    work: &Work,
    id: TicketId,
    scope: Option<&[String]>,
) -> Result<Option<Ticket>, Fault> {
    let statement = format!("SELECT id, state FROM ticket WHERE id = $1 AND {IN_SCOPE} FOR UPDATE");
    let parameters: [Parameter<'_>; 2] = [&id.0, &scope];
    let found = work.query_opt(&statement, &parameters).await?;
    found.map(|row| load::ticket(&row)).transpose()
}

fn open_count(row: &Row) -> Result<Option<(Slug, Priority, u64)>, Fault> {
    let (department, priority): (&str, &str) = (row.try_get(0)?, row.try_get(1)?);
    let place = |column| Place::new("ticket_tally", column, &department);
    let count = from_column(row.try_get::<_, Option<i64>>(2)?.unwrap_or_default());
    let priority = place("priority").known(priority, Priority::parse(priority))?;
    let department = place("department").slug(department)?;
    Ok((count > 0).then_some((department, priority, count)))
}

fn count(row: &Row) -> Result<TicketCount, Fault> {
    let (department, status, label): (&str, &str, &str) =
        (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    let place = |column| Place::new("ticket_tally", column, &department);
    Ok(TicketCount {
        department: place("department").slug(department)?,
        status: place("status").known(status, parse_status(status))?,
        label: place("label").known(label, Label::parse(label))?,
        count: from_column(row.try_get(3)?),
    })
}

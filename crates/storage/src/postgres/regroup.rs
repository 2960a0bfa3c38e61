//! Posts that change tickets.

use super::failure::Fault;
use super::ticket::{IN_SCOPE, scope_parameter};
use super::work::{Isolation, Work};
use super::workspace::Workspace;
use super::{Parameter, PostgresStore, load, retried};
use crate::effect::{Purpose, regroup};
use crate::{Regroup, Regrouped, Regroups, StorageError};
use async_trait::async_trait;
use switchboard_domain::access::DepartmentScope;
use switchboard_domain::ticket::{Ticket, TicketId};

#[async_trait]
impl Regroups for PostgresStore {
    async fn regroup(
        &self,
        wish: Regroup,
        scope: &DepartmentScope,
    ) -> Result<Regrouped, StorageError> {
        let scope = scope_parameter(scope);
        retried(|| self.try_regroup(&wish, scope.as_deref())).await
    }
}

impl PostgresStore {
    async fn try_regroup(
        &self,
        wish: &Regroup,
        scope: Option<&[String]>,
    ) -> Result<Regrouped, Fault> {
        let mut work = self.write(Purpose::Apply, Isolation::ReadCommitted).await?;
        let mut workspace = Workspace::default();
        let outcome = apply(&mut work, &mut workspace, wish, scope).await;
        let settled = work.settle(outcome).await;
        if settled.is_ok() {
            self.parts.keep_spare_ids(workspace.unused_ids());
        }
        settled
    }
}

async fn apply(
    work: &mut Work,
    workspace: &mut Workspace,
    wish: &Regroup,
    scope: Option<&[String]>,
) -> Result<Regrouped, Fault> {
    let other = other(work, wish).await?;
    let ids: Vec<TicketId> = std::iter::once(wish.ticket).chain(other).collect();
    let found = lock(work, &ids, scope).await?;
    let of = |wanted| found.iter().find(|ticket| Some(ticket.id) == wanted);
    let Some(before) = of(Some(wish.ticket)) else {
        return Ok(Regrouped::NotFound(wish.ticket));
    };
    if regroup::other(before, &wish.how) != other {
        let met = "the ticket was merged or parted meanwhile";
        return Err(Fault::Met(met.to_owned()));
    }
    let regrouped = workspace
        .work_out(work, |rows| regroup::apply(rows, before, of(other), wish))
        .await?;
    workspace.flush(work).await?;
    Ok(regrouped)
}

/// The other ticket, as it looks before anything is locked.
async fn other(work: &Work, wish: &Regroup) -> Result<Option<TicketId>, Fault> {
    let statement = "SELECT id, state FROM ticket WHERE id = $1";
    let found = work.query_opt(statement, &[&wish.ticket.0]).await?;
    let seen = found.map(|row| load::ticket(&row)).transpose()?;
    Ok(seen.and_then(|ticket| regroup::other(&ticket, &wish.how)))
}

/// Those that exist and lie in the scope, by number, so that nobody waits in a circle;
/// nobody else changes them before the transaction ends.
async fn lock(
    work: &Work,
    ids: &[TicketId],
    scope: Option<&[String]>,
) -> Result<Vec<Ticket>, Fault> {
    let statement = format!(
        "SELECT id, state FROM ticket WHERE id = ANY($1) AND {IN_SCOPE} ORDER BY id FOR UPDATE"
    );
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let parameters: [Parameter<'_>; 2] = [&ids, &scope];
    let found = work.query(&statement, &parameters).await?;
    found.iter().map(load::ticket).collect()
}

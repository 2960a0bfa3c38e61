//! Tickets of departments that the configuration no longer knows: nobody looks into their
//! queues any more, so they go to the fallback department, and their events say why.

use crate::config::RouteConfig;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;
use switchboard_domain::access::DepartmentScope;
use switchboard_domain::ticket::{Actor, Command, Status};
use switchboard_domain::{Current, Slug};
use switchboard_storage::{Applied, Change, StorageError, TicketQuery, Tickets};

/// Tickets handed on in one look: about a second of the writer's time at the most, between
/// which people and posts have their turns.
const PER_LOOK_MAX: usize = 100;

/// Who hands them on, in events and audit.
const ACTOR: &str = "configuration";

/// Hands on what nobody owns.
pub struct Orphans {
    /// The tickets.
    pub tickets: Arc<dyn Tickets>,
    /// Every department there is, and who takes what the others leave.
    pub ownership: Arc<Current<RouteConfig>>,
}

impl Orphans {
    /// Hands on some open tickets of each of the `owners` that is no department any more;
    /// says how many. Cheap when all are.
    ///
    /// # Errors
    /// When the store is away.
    pub async fn adopt(
        &self,
        owners: impl IntoIterator<Item = &Slug>,
        now: Timestamp,
    ) -> Result<usize, StorageError> {
        let ownership = self.ownership.get();
        let known = |owner: &&Slug| ownership.slugs().any(|slug| slug == *owner);
        let unknown: BTreeSet<&Slug> = owners.into_iter().filter(|owner| !known(owner)).collect();
        let mut adopted = 0;
        for department in unknown {
            adopted += self.adopt_from(department, &ownership, now).await?;
        }
        Ok(adopted)
    }

    async fn adopt_from(
        &self,
        department: &Slug,
        ownership: &RouteConfig,
        now: Timestamp,
    ) -> Result<usize, StorageError> {
        let fallback = ownership.table.fallback_department();
        let query = TicketQuery {
            department: Some(department.clone()),
            status: Some(Status::Open),
            limit: PER_LOOK_MAX,
            ..TicketQuery::default()
        };
        let page = self.tickets.list(&query, &DepartmentScope::All).await?;
        let mut adopted = 0;
        for row in page.items {
            let change = Change {
                ticket: row.ticket.id,
                command: Command::Move {
                    department: fallback.clone(),
                },
                // Whoever changed it meanwhile is looked at again in a second.
                expected_version: Some(row.ticket.version),
                actor: Actor::System(ACTOR.to_owned()),
                book: Arc::clone(&ownership.book),
                now,
            };
            let applied = self.tickets.apply(change, &DepartmentScope::All).await?;
            adopted += usize::from(matches!(applied, Applied::Done { changed: true, .. }));
        }
        if adopted > 0 {
            tracing::warn!(
                %department, %fallback, tickets = adopted,
                "a department is gone from the configuration: its tickets go to the fallback"
            );
        }
        Ok(adopted)
    }
}

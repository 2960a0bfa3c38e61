//! What is due on one ticket.

use super::Rows;
use super::change::{self, Origin};
use crate::{Fired, StorageError};
use jiff::Timestamp;
use switchboard_domain::sla::SlaBook;
use switchboard_domain::ticket::{self, Actor, Change, Command, Fact, Ticket};

/// Fires every milestone of the ticket that is due.
pub(crate) fn fire(
    rows: &mut impl Rows,
    before: &Ticket,
    book: &SlaBook,
    now: Timestamp,
) -> Result<Vec<Fired>, StorageError> {
    let actor = Actor::System("timer".to_owned());
    let Ok(facts) = ticket::decide(before, &Command::Tick, &actor, book, now) else {
        return Ok(vec![]);
    };
    if facts.is_empty() {
        return Ok(vec![]);
    }
    let change = Change {
        at: now,
        actor,
        facts,
    };
    change::advance(rows, before, &change, Origin::default())?;
    let fired = change.facts.iter().filter_map(|fact| match fact {
        Fact::ClockFired(milestone) => Some(Fired {
            ticket: before.id,
            department: before.department.clone(),
            milestone: *milestone,
            lateness: now.duration_since(milestone.due_at),
        }),
        _ => None,
    });
    Ok(fired.collect())
}

//! A wish of a person.

use super::Rows;
use super::change::{self, Origin};
use crate::{Applied, Change, StorageError};
use switchboard_domain::ticket::{self, Refusal, Ticket};

/// Carries the wish out on the ticket as it stands.
pub(crate) fn apply(
    rows: &mut impl Rows,
    before: Ticket,
    wish: &Change,
) -> Result<Applied, StorageError> {
    let conflict = |before| {
        Ok(Applied::Conflict {
            current: Box::new(before),
        })
    };
    if wish
        .expected_version
        .is_some_and(|version| version != before.version)
    {
        return conflict(before);
    }
    let facts = match ticket::decide(&before, &wish.command, &wish.actor, &wish.book, wish.now) {
        Ok(facts) => facts,
        Err(Refusal::AlreadyClaimed(_)) => return conflict(before),
        Err(refusal) => return Ok(Applied::Refused(refusal)),
    };
    if facts.is_empty() {
        return Ok(Applied::Done {
            ticket: Box::new(before),
            changed: false,
        });
    }
    let change = ticket::Change {
        at: wish.now,
        actor: wish.actor.clone(),
        facts,
    };
    let after = change::advance(rows, &before, &change, Origin::default())?;
    Ok(Applied::Done {
        ticket: Box::new(after),
        changed: true,
    })
}

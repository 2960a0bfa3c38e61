//! What a workspace has gathered, written: one statement per table for any number of rows,
//! all of them sent before the first answer is awaited.

mod content;
mod identity;
mod ticket;
mod told;

use super::Parameter;
use super::failure::{Fault, corrupt};
use super::work::Work;
use super::workspace::{Loaded, Pending, Workspace};
use crate::StorageError;
use content::{EventRows, MentionRows, MovedRows, WordRows};
use futures::future::try_join_all;
use identity::{IdentityRows, ThreadRows};
use ticket::{TicketRows, UPDATE_TICKETS, split};
use told::{MilestoneRows, OutboxRows, TallyRows};

impl Workspace {
    /// Writes everything and forgets it.
    pub(super) async fn flush(&mut self, work: &mut Work) -> Result<(), Fault> {
        let mut pending = std::mem::take(&mut self.pending);
        let used = pending.ids_used;
        for entry in std::mem::take(&mut pending.audit) {
            work.audit(entry);
        }
        write(work, pending, &self.loaded).await?;
        self.pending.ids_used = used;
        Ok(())
    }
}

/// A statement with the rows it is to write.
struct Sent<'a> {
    text: &'static str,
    parameters: Vec<Parameter<'a>>,
    rows: usize,
}

async fn write(work: &Work, mut pending: Pending, loaded: &Loaded) -> Result<(), Fault> {
    let new_mentions = MentionRows::of(pending.settle_words()?);
    let tickets = split(&pending)?;
    let (new_tickets, changed_tickets) = (TicketRows::of(tickets.0), TicketRows::of(tickets.1));
    let events = EventRows::of(&pending);
    let words = WordRows::of(&pending.words)?;
    let moved = MovedRows::of(&pending);
    let (new_identities, changed_identities) = IdentityRows::of(&pending, loaded)?;
    let threads = ThreadRows::of(&pending, loaded);
    let milestones = MilestoneRows::of(&pending);
    let outbox = OutboxRows::of(&pending);
    let tallies = TallyRows::of(&pending);
    // Tickets first, then threads: everybody keeps to it, so nobody waits in a circle.
    let statements = [
        changed_tickets.lock(),
        changed_tickets.update(),
        new_tickets.insert(),
        threads.leave(),
        threads.free(),
        threads.hold(),
        events.insert(),
        new_mentions.insert(),
        words.update(),
        moved.update(),
        new_identities.insert(),
        changed_identities.update(),
        milestones.insert(),
        outbox.insert(),
        tallies.insert(),
    ];
    send(work, statements.into_iter().filter(|sent| sent.rows > 0)).await?;
    Ok(())
}

async fn send<'a>(work: &Work, statements: impl Iterator<Item = Sent<'a>>) -> Result<(), Fault> {
    let mut prepared = vec![];
    for sent in statements {
        prepared.push((work.prepare(sent.text).await?, sent));
    }
    let client = work.client()?;
    let running = prepared.iter().map(|(statement, sent)| async move {
        let written = client.execute(statement, &sent.parameters).await?;
        match sent.text {
            UPDATE_TICKETS if written != sent.rows as u64 => Err(Fault::Told(contradiction())),
            _ => Ok(()),
        }
    });
    try_join_all(running).await?;
    Ok(())
}

/// The states were read in this transaction, so the columns contradict them.
fn contradiction() -> StorageError {
    corrupt(
        "ticket",
        "version",
        "of one of a batch",
        "the column is not what the state says",
    )
}

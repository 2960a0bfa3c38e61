//! What waits to be told.
//!
//! Transactions commit in another order than they have drawn their numbers in, so a row can
//! show up in front of one that is out already. Commit order is therefore made by the one
//! relay: it claims rows as it finds them and numbers the events among them, and what it has
//! claimed stands in one row (`relay`) until the log has it. Rows of one ticket are written
//! under the lock of its row, so among them the order of `seq` is the order of commits.

use super::failure::Fault;
use super::value::{Place, from_column, to_column};
use super::work::{Isolation, Work};
use super::{Parameter, PostgresStore};
use crate::effect::Purpose;
use crate::effect::change::TICKET_EVENTS;
use crate::row::{EventColumns, OpenedColumns};
use crate::{Outbox, OutboxRow, StorageError};
use async_trait::async_trait;
use deadpool_postgres::ClientWrapper;
use futures::TryFutureExt;
use futures::future::try_join;
use jiff::Timestamp;
use std::collections::{HashMap, HashSet};
use switchboard_domain::ticket::TicketId;
use tokio_postgres::Row;

/// Waiting rows are counted one by one up to here, some milliseconds; beyond, first and
/// last say how many there are, give or take what was rolled back.
const COUNTED_MAX: i64 = 10_000;

/// What one look takes: a transaction and a round of requests to the log cost the same for many
/// rows as for few, and so many of the usual 2 KB are 4 MB.
const BATCH_ROWS: usize = 2_000;

#[async_trait]
impl Outbox for PostgresStore {
    fn batch_rows_max(&self) -> usize {
        BATCH_ROWS
    }

    async fn unpublished(&self, limit: usize) -> Result<Vec<OutboxRow>, StorageError> {
        self.exchange(&[], limit).await
    }

    async fn exchange(
        &self,
        published: &[i64],
        limit: usize,
    ) -> Result<Vec<OutboxRow>, StorageError> {
        let Some(session) = self.relay_session().await? else {
            if !published.is_empty() {
                self.mark_published(published).await?;
            }
            return Ok(vec![]);
        };
        // On the way out by an error the session goes, and the lock with it.
        let rows = exchange(&session, published, limit).await?;
        self.keep_relay_session(session);
        Ok(rows)
    }

    /// While another process relays nobody here is in a hurry: its relay looks by itself.
    async fn stirred(&self) {
        if self.relays_elsewhere() {
            std::future::pending::<()>().await;
        }
        self.parts.stirred.notified().await;
    }

    async fn mark_published(&self, seqs: &[i64]) -> Result<(), StorageError> {
        let work = self
            .write(Purpose::Stream, Isolation::ReadCommitted)
            .await?;
        let outcome = mark_published(&work, seqs).await;
        Ok(work.settle(outcome).await?)
    }

    async fn depth(&self) -> Result<u64, StorageError> {
        let found = self
            .read_opt(
                "SELECT CASE WHEN counted < $1 THEN counted
                        ELSE (SELECT max(seq) - min(seq) + 1 FROM outbox) END
                 FROM (SELECT count(*) FROM (SELECT FROM outbox LIMIT $1) AS waiting)
                     AS few (counted)",
                &[&COUNTED_MAX],
            )
            .await?;
        let depth: Option<i64> = found
            .map(|row| row.try_get(0))
            .transpose()
            .map_err(Fault::from)?;
        Ok(from_column(depth.unwrap_or_default()))
    }

    async fn oldest_at(&self) -> Result<Option<Timestamp>, StorageError> {
        let found = self
            .read_opt(
                "SELECT created_at, seq FROM outbox ORDER BY seq LIMIT 1",
                &[],
            )
            .await?;
        Ok(found.map(|row| oldest(&row)).transpose()?)
    }
}

fn oldest(row: &Row) -> Result<Timestamp, Fault> {
    let seq: i64 = row.try_get(1)?;
    Ok(Place::new("outbox", "created_at", &seq).instant(row.try_get(0)?)?)
}

/// What the relay has in hand.
struct Claim {
    last_number: i64,
    seqs: Vec<i64>,
    numbers: Vec<Option<i64>>,
}

/// What was published leaves, the oldest of the rest come: in one transaction, so that a busy
/// relay costs one fsync a batch.
async fn exchange(
    session: &ClientWrapper,
    published: &[i64],
    limit: usize,
) -> Result<Vec<OutboxRow>, Fault> {
    if published.is_empty() && !is_waiting(session).await? {
        return Ok(vec![]);
    }
    // Sent together: the transaction's beginning has no answer worth waiting for.
    let begin = session.batch_execute("BEGIN").map_err(Fault::from);
    let ((), mut claim) = try_join(begin, Claim::load(session)).await?;
    claim.forget(published);
    let in_hand = claim.rows(session, limit).await?;
    let room = limit.saturating_sub(claim.seqs.len());
    let (_, fresh) = try_join(
        remove(session, published),
        claim.fresh(session, to_column(room as u64)),
    )
    .await?;
    let fresh = claim.take(&fresh)?;
    let commit = session.batch_execute("COMMIT").map_err(Fault::from);
    try_join(claim.store(session), commit).await?;
    Ok(in_hand.into_iter().chain(fresh).collect())
}

async fn is_waiting(session: &ClientWrapper) -> Result<bool, Fault> {
    // By the index: the table's beginning is full of what has been removed.
    let found = query(session, "SELECT seq FROM outbox ORDER BY seq LIMIT 1", &[]).await?;
    Ok(!found.is_empty())
}

async fn remove(client: &ClientWrapper, published: &[i64]) -> Result<u64, Fault> {
    let statement = client
        .prepare_cached("DELETE FROM outbox WHERE seq = ANY($1)")
        .await?;
    Ok(client.execute(&statement, &[&published]).await?)
}

/// A row with what its record is put together from: an event from its own row; a ticket that
/// was opened from its state, or from its first event if it has changed since, and its post.
const COLUMNS: &str = "o.seq, o.topic, o.key, o.payload, o.ticket_id, o.ticket_version,
    e.department, CASE WHEN t.id IS NULL THEN e.change END, t.state, m.content
    FROM outbox o
    LEFT JOIN ticket_event e ON e.ticket_id = o.ticket_id AND e.version = o.ticket_version
    LEFT JOIN ticket t ON t.version = o.ticket_version
        AND t.id = CASE WHEN o.topic <> 'ticket.events' THEN o.ticket_id END
    LEFT JOIN mention m ON m.id = o.ticket_version << 16
        AND m.ticket_id = CASE WHEN o.topic <> 'ticket.events' THEN o.ticket_id END";

/// The oldest rows but for those in hand.
pub(super) fn fresh_rows() -> String {
    format!("SELECT {COLUMNS} WHERE o.seq <> ALL($1) ORDER BY o.seq LIMIT $2")
}

impl Claim {
    /// A late removal by a relay that has lost its place waits here, and so does this.
    async fn load(client: &ClientWrapper) -> Result<Self, Fault> {
        let row = query(
            client,
            "SELECT last_number, claimed_seqs, claimed_numbers FROM relay FOR UPDATE",
            &[],
        )
        .await?;
        let row = row.first().ok_or_else(|| {
            super::failure::corrupt("relay", "", "the only one", "the row was removed")
        })?;
        Ok(Self {
            last_number: row.try_get(0)?,
            seqs: row.try_get(1)?,
            numbers: row.try_get(2)?,
        })
    }

    async fn store(&self, client: &ClientWrapper) -> Result<(), Fault> {
        let statement = client
            .prepare_cached(
                "UPDATE relay SET last_number = $1, claimed_seqs = $2, claimed_numbers = $3",
            )
            .await?;
        client
            .execute(&statement, &[&self.last_number, &self.seqs, &self.numbers])
            .await?;
        Ok(())
    }

    /// The first of those in hand, in their order and under their numbers.
    async fn rows(&self, client: &ClientWrapper, limit: usize) -> Result<Vec<OutboxRow>, Fault> {
        if self.seqs.is_empty() {
            return Ok(vec![]);
        }
        let statement = format!("SELECT {COLUMNS} WHERE o.seq = ANY($1)");
        let found = query(client, &statement, &[&self.seqs]).await?;
        let mut by_seq: HashMap<i64, &Row> = HashMap::new();
        for row in &found {
            by_seq.insert(row.try_get(0)?, row);
        }
        let in_order = self.seqs.iter().zip(&self.numbers).take(limit);
        in_order
            .filter_map(|(seq, number)| by_seq.get(seq).map(|row| outbox_row(row, *number)))
            .collect()
    }

    /// The oldest rows that nobody has claimed.
    async fn fresh(&self, client: &ClientWrapper, room: i64) -> Result<Vec<Row>, Fault> {
        query(client, &fresh_rows(), &[&self.seqs, &room]).await
    }

    /// Claims them, the events among them under the next numbers.
    fn take(&mut self, fresh: &[Row]) -> Result<Vec<OutboxRow>, Fault> {
        let mut rows = Vec::with_capacity(fresh.len());
        for row in fresh {
            let topic: &str = row.try_get(1)?;
            let number = (topic == TICKET_EVENTS).then(|| {
                self.last_number += 1;
                self.last_number
            });
            self.seqs.push(row.try_get(0)?);
            self.numbers.push(number);
            rows.push(outbox_row(row, number)?);
        }
        Ok(rows)
    }

    fn forget(&mut self, seqs: &[i64]) {
        let seqs: HashSet<i64> = seqs.iter().copied().collect();
        let kept = self.seqs.iter().zip(&self.numbers);
        (self.seqs, self.numbers) = kept.filter(|(seq, _)| !seqs.contains(seq)).unzip();
    }
}

async fn mark_published(work: &Work, seqs: &[i64]) -> Result<(), Fault> {
    let client = work.client()?;
    let mut claim = Claim::load(client).await?;
    claim.forget(seqs);
    remove(client, seqs).await?;
    claim.store(client).await
}

async fn query(
    client: &ClientWrapper,
    statement: &str,
    parameters: &[Parameter<'_>],
) -> Result<Vec<Row>, Fault> {
    let statement = client.prepare_cached(statement).await?;
    Ok(client.query(&statement, parameters).await?)
}

fn outbox_row(row: &Row, number: Option<i64>) -> Result<OutboxRow, Fault> {
    let seq: i64 = row.try_get(0)?;
    let topic: String = row.try_get(1)?;
    let payload = match row.try_get::<_, Option<i64>>(4)? {
        None => row.try_get::<_, Option<Vec<u8>>>(3)?.unwrap_or_default(),
        Some(ticket) if topic == TICKET_EVENTS => event_record(row, seq, TicketId(ticket))?,
        Some(ticket) => opened_record(row, TicketId(ticket))?,
    };
    Ok(OutboxRow {
        seq,
        topic,
        key: row.try_get(2)?,
        payload,
        number: number.map(from_column),
    })
}

fn event_record(row: &Row, seq: i64, ticket: TicketId) -> Result<Vec<u8>, Fault> {
    let (department, change): (Option<&str>, Option<&str>) = (row.try_get(6)?, row.try_get(7)?);
    let (Some(department), Some(change)) = (department, change) else {
        let place = Place::new("outbox", "ticket_version", &seq);
        return Err(place.corrupt("there is no such event").into());
    };
    let columns = EventColumns {
        ticket,
        version: row.try_get(5)?,
        department,
        change,
    };
    Ok(columns.record()?)
}

fn opened_record(row: &Row, ticket: TicketId) -> Result<Vec<u8>, Fault> {
    let columns = OpenedColumns {
        ticket,
        state: row.try_get(8)?,
        change: row.try_get(7)?,
        content: row.try_get(9)?,
    };
    Ok(columns.record()?)
}

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
use crate::row::EventColumns;
use crate::{Outbox, OutboxRow, StorageError};
use async_trait::async_trait;
use deadpool_postgres::{ClientWrapper, GenericClient, Transaction};
use jiff::Timestamp;
use std::collections::HashMap;
use switchboard_domain::ticket::TicketId;
use tokio_postgres::Row;

/// Waiting rows are counted one by one up to here, some ten milliseconds; beyond, first and
/// last say how many there are, give or take what was rolled back.
const COUNTED_MAX: i64 = 100_000;

#[async_trait]
impl Outbox for PostgresStore {
    async fn unpublished(&self, limit: usize) -> Result<Vec<OutboxRow>, StorageError> {
        let Some(mut session) = self.relay_session().await? else {
            return Ok(vec![]);
        };
        // On the way out by an error the session goes, and the lock with it.
        let rows = claim(&mut session, limit).await?;
        self.keep_relay_session(session);
        Ok(rows)
    }

    async fn stirred(&self) {
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

async fn claim(session: &mut ClientWrapper, limit: usize) -> Result<Vec<OutboxRow>, Fault> {
    let waiting = session
        .prepare_cached("SELECT EXISTS (SELECT FROM outbox)")
        .await?;
    if !session
        .query_one(&waiting, &[])
        .await?
        .try_get::<_, bool>(0)?
    {
        return Ok(vec![]);
    }
    let transaction = session.transaction().await?;
    let mut claim = Claim::load(&transaction).await?;
    let in_hand = claim.rows(&transaction, limit).await?;
    let room = limit.saturating_sub(claim.seqs.len());
    let fresh = if room > 0 {
        claim.more(&transaction, room).await?
    } else {
        vec![]
    };
    transaction.commit().await?;
    Ok(in_hand.into_iter().chain(fresh).collect())
}

const COLUMNS: &str = "o.seq, o.topic, o.key, o.payload, o.ticket_id, o.ticket_version,
    e.department, e.change
    FROM outbox o LEFT JOIN ticket_event e
        ON e.ticket_id = o.ticket_id AND e.version = o.ticket_version";

impl Claim {
    /// A late removal by a relay that has lost its place waits here, and so does this.
    async fn load(client: &impl GenericClient) -> Result<Self, Fault> {
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

    async fn store(&self, client: &impl GenericClient) -> Result<(), Fault> {
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
    async fn rows(
        &self,
        transaction: &Transaction<'_>,
        limit: usize,
    ) -> Result<Vec<OutboxRow>, Fault> {
        if self.seqs.is_empty() {
            return Ok(vec![]);
        }
        let statement = format!("SELECT {COLUMNS} WHERE o.seq = ANY($1)");
        let found = query(transaction, &statement, &[&self.seqs]).await?;
        let mut by_seq: HashMap<i64, &Row> = HashMap::new();
        for row in &found {
            by_seq.insert(row.try_get(0)?, row);
        }
        let in_order = self.seqs.iter().zip(&self.numbers).take(limit);
        in_order
            .filter_map(|(seq, number)| by_seq.get(seq).map(|row| outbox_row(row, *number)))
            .collect()
    }

    /// Claims the oldest rows that nobody has claimed.
    async fn more(
        &mut self,
        transaction: &Transaction<'_>,
        room: usize,
    ) -> Result<Vec<OutboxRow>, Fault> {
        let statement = format!("SELECT {COLUMNS} WHERE o.seq <> ALL($1) ORDER BY o.seq LIMIT $2");
        let room = to_column(room as u64);
        let found = query(transaction, &statement, &[&self.seqs, &room]).await?;
        let mut rows = vec![];
        for row in &found {
            let topic: &str = row.try_get(1)?;
            let number = (topic == TICKET_EVENTS).then(|| {
                self.last_number += 1;
                self.last_number
            });
            self.seqs.push(row.try_get(0)?);
            self.numbers.push(number);
            rows.push(outbox_row(row, number)?);
        }
        if !rows.is_empty() {
            self.store(transaction).await?;
        }
        Ok(rows)
    }

    fn forget(&mut self, seqs: &[i64]) {
        let kept = self.seqs.iter().zip(&self.numbers);
        (self.seqs, self.numbers) = kept.filter(|(seq, _)| !seqs.contains(seq)).unzip();
    }
}

async fn mark_published(work: &Work, seqs: &[i64]) -> Result<(), Fault> {
    let client = work.client()?;
    let mut claim = Claim::load(client).await?;
    claim.forget(seqs);
    work.execute("DELETE FROM outbox WHERE seq = ANY($1)", &[&seqs])
        .await?;
    claim.store(client).await
}

async fn query(
    client: &impl GenericClient,
    statement: &str,
    parameters: &[Parameter<'_>],
) -> Result<Vec<Row>, Fault> {
    let statement = client.prepare_cached(statement).await?;
    Ok(client.query(&statement, parameters).await?)
}

fn outbox_row(row: &Row, number: Option<i64>) -> Result<OutboxRow, Fault> {
    let seq: i64 = row.try_get(0)?;
    let payload = match row.try_get::<_, Option<i64>>(4)? {
        Some(ticket) => event_record(row, seq, ticket)?,
        None => row.try_get::<_, Option<Vec<u8>>>(3)?.unwrap_or_default(),
    };
    Ok(OutboxRow {
        seq,
        topic: row.try_get(1)?,
        key: row.try_get(2)?,
        payload,
        number: number.map(from_column),
    })
}

fn event_record(row: &Row, seq: i64, ticket: i64) -> Result<Vec<u8>, Fault> {
    let (department, change): (Option<&str>, Option<&str>) = (row.try_get(6)?, row.try_get(7)?);
    let (Some(department), Some(change)) = (department, change) else {
        let place = Place::new("outbox", "ticket_version", &seq);
        return Err(place.corrupt("there is no such event").into());
    };
    let columns = EventColumns {
        ticket: TicketId(ticket),
        version: row.try_get(5)?,
        department,
        change,
    };
    Ok(columns.record()?)
}

//! What waits to be told. An event's row holds only its number, which is the event's own, and
//! that of a ticket that was opened only the ticket's; the record is put together when it is
//! asked for, so that the writer copies nothing.

use super::SqliteStore;
use super::transaction::Purpose;
use super::value::{Place, from_column, json};
use crate::row::{EventColumns, OpenedColumns};
use crate::{Outbox, OutboxRow, StorageError};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, Row};
use switchboard_domain::MentionKey;
use switchboard_domain::ticket::TicketId;

#[async_trait]
impl Outbox for SqliteStore {
    async fn unpublished(&self, limit: usize) -> Result<Vec<OutboxRow>, StorageError> {
        let rows = self
            .read(move |snapshot| unpublished(snapshot, limit))
            .await?;
        if !rows.is_empty() {
            // What is told cannot be taken back.
            self.parts.writer.synced().await?;
        }
        Ok(rows)
    }

    async fn stirred(&self) {
        self.parts.stirred.notified().await;
    }

    async fn mark_published(&self, seqs: &[i64]) -> Result<(), StorageError> {
        let runs = runs(seqs);
        self.write(Purpose::Stream, move |write| {
            let mut delete = write.prepare("DELETE FROM outbox WHERE seq BETWEEN ?1 AND ?2")?;
            for (first, last) in runs {
                delete.execute([first, last])?;
            }
            Ok(())
        })
        .await
    }

    /// Rows are removed from the front, so first and last say how many there are; counting
    /// would read every one of them each second.
    async fn depth(&self) -> Result<u64, StorageError> {
        self.read(|snapshot| {
            let depth = snapshot
                .prepare_cached("SELECT ifnull(max(seq) - min(seq) + 1, 0) FROM outbox")?
                .query_row([], |row| row.get(0))?;
            Ok(from_column(depth))
        })
        .await
    }

    async fn oldest_at(&self) -> Result<Option<Timestamp>, StorageError> {
        self.read(|snapshot| {
            let mut statement = snapshot
                .prepare_cached("SELECT created_at, seq FROM outbox ORDER BY seq LIMIT 1")?;
            let mut rows = statement.query([])?;
            let Some(row) = rows.next()? else {
                return Ok(None);
            };
            let seq: i64 = row.get(1)?;
            Place::new("outbox", "created_at", &seq)
                .instant(row.get(0)?)
                .map(Some)
        })
        .await
    }
}

/// Numbers that follow one another, as first and last: what was told together stands together.
fn runs(seqs: &[i64]) -> Vec<(i64, i64)> {
    let follow = |one: &i64, next: &i64| one.checked_add(1) == Some(*next);
    let runs = seqs.chunk_by(follow);
    runs.filter_map(|run| Some((*run.first()?, *run.last()?)))
        .collect()
}

fn unpublished(snapshot: &Connection, limit: usize) -> Result<Vec<OutboxRow>, StorageError> {
    let mut statement = snapshot.prepare_cached(
        "SELECT o.seq, o.topic, o.key, o.payload, o.number,
                e.ticket_id, e.version, e.department, e.change,
                o.opened, first.change, t.state, m.platform, m.id_scope, m.native_id, m.content
         FROM outbox o
         LEFT JOIN ticket_event e ON e.id = o.number
         LEFT JOIN ticket_event first ON first.ticket_id = o.opened AND first.version = 1
         LEFT JOIN ticket t ON t.id = o.opened AND t.version = 1
         LEFT JOIN mention m ON m.id = (SELECT min(id) FROM mention WHERE ticket_id = o.opened)
         ORDER BY o.seq LIMIT ?1",
    )?;
    let mut rows = statement.query([i64::try_from(limit).unwrap_or(i64::MAX)])?;
    let mut waiting = vec![];
    while let Some(row) = rows.next()? {
        waiting.push(outbox_row(row)?);
    }
    Ok(waiting)
}

fn outbox_row(row: &Row<'_>) -> Result<OutboxRow, StorageError> {
    let (number, opened): (Option<i64>, Option<i64>) = (row.get(4)?, row.get(9)?);
    let payload = match (number, opened) {
        (Some(_), _) => event_record(row)?,
        (None, Some(ticket)) => opened_record(row, TicketId(ticket))?,
        (None, None) => row.get(3)?,
    };
    Ok(OutboxRow {
        seq: row.get(0)?,
        topic: row.get(1)?,
        key: row.get(2)?,
        payload,
        number: number.map(from_column),
    })
}

fn event_record(row: &Row<'_>) -> Result<Vec<u8>, StorageError> {
    let (department, change): (String, String) = (row.get(7)?, row.get(8)?);
    EventColumns {
        ticket: TicketId(row.get(5)?),
        version: row.get(6)?,
        department: &department,
        change: &change,
    }
    .record()
}

fn opened_record(row: &Row<'_>, ticket: TicketId) -> Result<Vec<u8>, StorageError> {
    let (change, state): (Option<String>, Option<String>) = (row.get(10)?, row.get(11)?);
    let (change, state) = (change.as_deref(), state.as_deref());
    let content = match change {
        Some(change) if is_first_post(row, (ticket, change))? => row.get(15)?,
        _ => None::<String>,
    };
    OpenedColumns {
        ticket,
        state,
        change,
        content: content.as_deref(),
    }
    .record()
}

/// Whether the ticket's first post is the one that the change opened it with: that may have
/// gone to another ticket meanwhile.
fn is_first_post(row: &Row<'_>, (ticket, change): (TicketId, &str)) -> Result<bool, StorageError> {
    let Some(platform) = row.get::<_, Option<String>>(12)? else {
        return Ok(false);
    };
    let key = MentionKey {
        platform: Place::new("mention", "platform", &ticket).slug(&platform)?,
        id_scope: row.get(13)?,
        id: row.get(14)?,
    };
    Ok(change.contains(&format!(r#""mention":{}"#, json(&key)?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::none(&[], &[])]
    #[case::one(&[7], &[(7, 7)])]
    #[case::in_a_row(&[7, 8, 9], &[(7, 9)])]
    #[case::with_a_gap(&[7, 8, 10], &[(7, 8), (10, 10)])]
    #[case::backwards(&[8, 7], &[(8, 8), (7, 7)])]
    #[case::the_last_there_can_be(&[i64::MAX, 1], &[(i64::MAX, i64::MAX), (1, 1)])]
    fn only_the_named_rows_go(#[case] seqs: &[i64], #[case] expected: &[(i64, i64)]) {
        assert_eq!(runs(seqs), expected);
    }
}

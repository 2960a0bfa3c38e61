//! Decisions on dead letters.

use super::PostgresStore;
use super::failure::Fault;
use super::value::{Place, from_column, micros, to_column};
use super::work::{Isolation, Work};
use crate::dead_letters::{DeadLetters, LetterId, Resolution, Resolved, Verdict};
use crate::effect::Purpose;
use crate::{AuditEntry, StorageError};
use async_trait::async_trait;
use std::collections::BTreeMap;
use switchboard_domain::ticket::Actor;
use tokio_postgres::Row;

#[async_trait]
impl DeadLetters for PostgresStore {
    async fn resolutions(
        &self,
        incarnation: &str,
        ids: &[LetterId],
    ) -> Result<BTreeMap<LetterId, Resolution>, StorageError> {
        let partitions: Vec<i64> = ids.iter().map(|id| i64::from(id.partition)).collect();
        let offsets: Vec<i64> = ids.iter().map(|id| to_column(id.offset)).collect();
        let found = self
            .read(
                "SELECT verdict, resolved_by, resolved_at, partition, letter_offset
                 FROM dead_letter_resolution JOIN unnest($2::bigint[], $3::bigint[])
                     AS letter (p, o) ON partition = p AND letter_offset = o
                 WHERE incarnation = $1",
                &[&incarnation, &partitions, &offsets],
            )
            .await?;
        let mut resolutions = BTreeMap::new();
        for row in &found {
            let id = letter(row)?;
            resolutions.insert(id, resolution(row, id)?);
        }
        Ok(resolutions)
    }

    async fn resolve(
        &self,
        incarnation: &str,
        id: LetterId,
        resolution: Resolution,
    ) -> Result<Resolved, StorageError> {
        let mut work = self
            .write(Purpose::People, Isolation::ReadCommitted)
            .await?;
        let outcome = resolve(&mut work, incarnation, id, resolution).await;
        Ok(work.settle(outcome).await?)
    }
}

/// Of two people at once the second waits for the first, and finds the decision made.
async fn resolve(
    work: &mut Work,
    incarnation: &str,
    id: LetterId,
    resolution: Resolution,
) -> Result<Resolved, Fault> {
    if !insert(work, incarnation, id, &resolution).await? {
        let earlier = find(work, incarnation, id).await?;
        return earlier
            .map(Resolved::Already)
            .ok_or_else(|| Fault::Met("the decision was removed meanwhile".into()));
    }
    work.audit(AuditEntry {
        at: resolution.at,
        actor: Actor::Person(resolution.by),
        action: format!("dead_letter.{}", resolution.verdict.as_str()),
        subject: format!("dead_letter:{id}"),
        detail: String::new(),
    });
    Ok(Resolved::Recorded)
}

async fn find(work: &Work, incarnation: &str, id: LetterId) -> Result<Option<Resolution>, Fault> {
    let found = work
        .query_opt(
            "SELECT verdict, resolved_by, resolved_at FROM dead_letter_resolution
             WHERE incarnation = $1 AND partition = $2 AND letter_offset = $3",
            &[
                &incarnation,
                &i64::from(id.partition),
                &to_column(id.offset),
            ],
        )
        .await?;
    found.map(|row| self::resolution(&row, id)).transpose()
}

/// `false` when there is one already.
async fn insert(
    work: &Work,
    incarnation: &str,
    id: LetterId,
    resolution: &Resolution,
) -> Result<bool, Fault> {
    let inserted = work
        .execute(
            "INSERT INTO dead_letter_resolution
                 (incarnation, partition, letter_offset, verdict, resolved_by, resolved_at)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
            &[
                &incarnation,
                &i64::from(id.partition),
                &to_column(id.offset),
                &resolution.verdict.as_str(),
                &resolution.by,
                &micros(resolution.at),
            ],
        )
        .await?;
    Ok(inserted == 1)
}

fn letter(row: &Row) -> Result<LetterId, Fault> {
    let partition: i64 = row.try_get(3)?;
    let offset: i64 = row.try_get(4)?;
    Ok(LetterId {
        partition: u32::try_from(partition).map_err(|error| {
            Place::new("dead_letter_resolution", "partition", &partition).corrupt(error)
        })?,
        offset: from_column(offset),
    })
}

fn resolution(row: &Row, id: LetterId) -> Result<Resolution, Fault> {
    let place = |column| Place::new("dead_letter_resolution", column, &id);
    let verdict: &str = row.try_get(0)?;
    Ok(Resolution {
        verdict: place("verdict").known(verdict, Verdict::parse(verdict))?,
        by: row.try_get(1)?,
        at: place("resolved_at").instant(row.try_get(2)?)?,
    })
}

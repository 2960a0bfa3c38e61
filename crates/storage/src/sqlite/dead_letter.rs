//! Decisions on dead letters.

use super::SqliteStore;
use super::transaction::{Purpose, Write};
use super::value::{Place, micros, to_column};
use crate::dead_letters::{DeadLetters, LetterId, Resolution, Resolved, Verdict};
use crate::{AuditEntry, StorageError};
use async_trait::async_trait;
use rusqlite::{Connection, params};
use std::collections::BTreeMap;
use switchboard_domain::ticket::Actor;

#[async_trait]
impl DeadLetters for SqliteStore {
    async fn resolutions(
        &self,
        incarnation: &str,
        ids: &[LetterId],
    ) -> Result<BTreeMap<LetterId, Resolution>, StorageError> {
        let (incarnation, ids) = (incarnation.to_owned(), ids.to_vec());
        self.read(move |snapshot| {
            let mut resolutions = BTreeMap::new();
            for id in ids {
                if let Some(resolution) = find(snapshot, &incarnation, id)? {
                    resolutions.insert(id, resolution);
                }
            }
            Ok(resolutions)
        })
        .await
    }

    async fn resolve(
        &self,
        incarnation: &str,
        id: LetterId,
        resolution: Resolution,
    ) -> Result<Resolved, StorageError> {
        let incarnation = incarnation.to_owned();
        self.write(Purpose::People, move |write| {
            if let Some(earlier) = find(write.transaction(), &incarnation, id)? {
                return Ok(Resolved::Already(earlier));
            }
            insert(write, &incarnation, id, &resolution)?;
            write.audit(AuditEntry {
                at: resolution.at,
                actor: Actor::Person(resolution.by),
                action: format!("dead_letter.{}", resolution.verdict.as_str()),
                subject: format!("dead_letter:{id}"),
                detail: String::new(),
            });
            Ok(Resolved::Recorded)
        })
        .await
    }
}

fn find(
    connection: &Connection,
    incarnation: &str,
    id: LetterId,
) -> Result<Option<Resolution>, StorageError> {
    let mut statement = connection.prepare_cached(
        "SELECT verdict, resolved_by, resolved_at FROM dead_letter_resolution
         WHERE incarnation = ?1 AND partition = ?2 AND letter_offset = ?3",
    )?;
    let mut rows = statement.query(params![incarnation, id.partition, to_column(id.offset)])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let place = |column| Place::new("dead_letter_resolution", column, &id);
    let verdict: String = row.get(0)?;
    Ok(Some(Resolution {
        verdict: place("verdict").known(&verdict, Verdict::parse(&verdict))?,
        by: row.get(1)?,
        at: place("resolved_at").instant(row.get(2)?)?,
    }))
}

fn insert(
    write: &Write<'_>,
    incarnation: &str,
    id: LetterId,
    resolution: &Resolution,
) -> Result<(), StorageError> {
    write
        .prepare(
            "INSERT INTO dead_letter_resolution
                 (incarnation, partition, letter_offset, verdict, resolved_by, resolved_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            incarnation,
            id.partition,
            to_column(id.offset),
            resolution.verdict.as_str(),
            resolution.by,
            micros(resolution.at)
        ])?;
    Ok(())
}

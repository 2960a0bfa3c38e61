//! Risk signals and incidents.

use super::failure::Fault;
use super::ticket::scope_parameter;
use super::value::{Place, from_column, json, mention_hash, micros, to_column};
use super::work::{Isolation, Work};
use super::{PostgresStore, incident_handling, incident_posts, retried};
use crate::effect::{Purpose, incident};
use crate::incidents::{CRISIS_RECIPIENT, INCIDENT_COOLDOWN, IncidentFigures, IncidentPost};
use crate::{
    Handled, Incident, IncidentNotification, IncidentQuery, IncidentRow, IncidentStep, Incidents,
    StorageError, WatchBatch,
};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use switchboard_domain::access::DepartmentScope;
use switchboard_domain::incident::{IncidentRule, RiskSignal, Trigger};
use switchboard_domain::{Label, MentionKey, Slug};
use tokio_postgres::Row;

/// How long a signal is kept, by our clock: far beyond any window, so that the same post,
/// arriving again, is known.
const SIGNAL_RETENTION: SignedDuration = SignedDuration::from_hours(24);

#[async_trait]
impl Incidents for PostgresStore {
    async fn watch(&self, batch: WatchBatch) -> Result<Vec<Incident>, StorageError> {
        retried(|| self.try_watch(&batch)).await
    }

    async fn list_incidents(&self, limit: usize) -> Result<Vec<Incident>, StorageError> {
        let statement = format!("{SELECT} ORDER BY opened_at DESC, id DESC LIMIT $1");
        let found = self.read(&statement, &[&to_column(limit as u64)]).await?;
        let incidents: Result<Vec<_>, Fault> = found.iter().map(read).collect();
        Ok(incidents?)
    }

    async fn incidents(&self, query: IncidentQuery) -> Result<Vec<IncidentRow>, StorageError> {
        incident_handling::list(self, query).await
    }

    async fn incident(&self, id: i64) -> Result<Option<IncidentRow>, StorageError> {
        incident_handling::find(self, id).await
    }

    async fn incident_posts(
        &self,
        id: i64,
        scope: &DepartmentScope,
        limit: usize,
    ) -> Result<Vec<IncidentPost>, StorageError> {
        incident_posts::list(self, id, scope_parameter(scope), limit).await
    }

    async fn incident_figures(&self, id: i64) -> Result<IncidentFigures, StorageError> {
        incident_posts::figures(self, id).await
    }

    async fn handle_incident(&self, step: IncidentStep) -> Result<Handled, StorageError> {
        let mut work = self
            .write(Purpose::People, Isolation::ReadCommitted)
            .await?;
        let outcome = incident_handling::handle(&mut work, &step).await;
        Ok(work.settle(outcome).await?)
    }

    async fn record_notification(
        &self,
        notification: IncidentNotification,
    ) -> Result<bool, StorageError> {
        incident_handling::record_notification(self, &notification).await
    }

    async fn notifications(&self, id: i64) -> Result<Vec<IncidentNotification>, StorageError> {
        incident_handling::notifications(self, id).await
    }
}

impl PostgresStore {
    async fn try_watch(&self, batch: &WatchBatch) -> Result<Vec<Incident>, Fault> {
        let mut work = self
            .write(Purpose::Stream, Isolation::RepeatableRead)
            .await?;
        let outcome = watch(&mut work, batch).await;
        work.settle(outcome).await
    }
}

async fn watch(work: &mut Work, batch: &WatchBatch) -> Result<Vec<Incident>, Fault> {
    work.move_offset(&batch.offset).await?;
    prune(work, batch.now).await?;
    let mut opened = vec![];
    for (brand, signal, mention) in &batch.signals {
        if signal.label == Label::PrRisk && !signal.backfill {
            let seen = Seen {
                brand,
                signal,
                mention,
            };
            opened.extend(seen.judge(work, &batch.rule, batch.now).await?);
        }
    }
    Ok(opened)
}

struct Seen<'a> {
    brand: &'a Slug,
    signal: &'a RiskSignal,
    mention: &'a MentionKey,
}

impl Seen<'_> {
    async fn judge(
        &self,
        work: &mut Work,
        rule: &IncidentRule,
        now: Timestamp,
    ) -> Result<Option<Incident>, Fault> {
        if !self.store(work, now).await? {
            return Ok(None);
        }
        if let Some(open) = open_incident(work, self.brand).await? {
            if now.duration_since(open.last_signal_at) <= INCIDENT_COOLDOWN {
                self.attach(work, open.id, now).await?;
                return Ok(None);
            }
            close(work, open.id, now).await?;
        }
        let earlier = self.earlier(work, rule).await?;
        match rule.judge(self.signal, &earlier) {
            Some(trigger) => self.open(work, (trigger, rule.window), now).await.map(Some),
            None => Ok(None),
        }
    }

    /// `false` when the post was seen before and is no graver now.
    async fn store(&self, work: &Work, now: Timestamp) -> Result<bool, Fault> {
        let stored = work
            .execute(
                "INSERT INTO risk_signal
                     (brand, mention, at, author, severity, followers, stored_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)
                 ON CONFLICT (brand, mention) DO UPDATE SET severity = excluded.severity,
                     followers = greatest(risk_signal.followers, excluded.followers)
                 WHERE excluded.severity > risk_signal.severity",
                &[
                    &self.brand.as_str(),
                    &mention_hash(self.mention).as_slice(),
                    &micros(self.signal.at),
                    &super::value::storable(&self.signal.author),
                    &i64::from(self.signal.severity),
                    &to_column(self.signal.followers),
                    &micros(now),
                ],
            )
            .await?;
        Ok(stored == 1)
    }

    /// The brand's other signals around this one, on both sides: records of several
    /// partitions come in no order. Those of an earlier incident are left out: who ended it
    /// is not called again for the same posts.
    async fn earlier(&self, work: &Work, rule: &IncidentRule) -> Result<Vec<RiskSignal>, Fault> {
        let (from, to) = self.around(rule.window);
        let found = work
            .query(
                "SELECT at, author, severity, followers FROM risk_signal
                 WHERE brand = $1 AND at BETWEEN $2 AND $3 AND mention <> $4
                   AND incident_id IS NULL",
                &[
                    &self.brand.as_str(),
                    &micros(from),
                    &micros(to),
                    &mention_hash(self.mention).as_slice(),
                ],
            )
            .await?;
        found.iter().map(|row| self.signal_of(row)).collect()
    }

    fn signal_of(&self, row: &Row) -> Result<RiskSignal, Fault> {
        let place = |column| Place::new("risk_signal", column, self.brand);
        let severity: i64 = row.try_get(2)?;
        Ok(RiskSignal {
            at: place("at").instant(row.try_get(0)?)?,
            author: row.try_get(1)?,
            label: Label::PrRisk,
            severity: u8::try_from(severity).map_err(|error| place("severity").corrupt(error))?,
            followers: from_column(row.try_get(3)?),
            backfill: false,
        })
    }

    fn around(&self, window: SignedDuration) -> (Timestamp, Timestamp) {
        let at = self.signal.at;
        (
            at.saturating_sub(window).unwrap_or(Timestamp::MIN),
            at.saturating_add(window).unwrap_or(Timestamp::MAX),
        )
    }

    async fn attach(&self, work: &Work, id: i64, now: Timestamp) -> Result<(), Fault> {
        let added = self.link(work, id).await?;
        work.execute(
            "UPDATE incident SET last_signal_at = greatest(last_signal_at, $2),
                 signal_count = signal_count + $3
             WHERE id = $1",
            &[&id, &micros(now), &added],
        )
        .await?;
        Ok(())
    }

    /// 1 unless the signal was attached to it before.
    async fn link(&self, work: &Work, id: i64) -> Result<i64, Fault> {
        let (brand, mention) = (self.brand.as_str(), mention_hash(self.mention));
        let linked = work
            .execute(
                "UPDATE risk_signal SET incident_id = $3
                 WHERE brand = $1 AND mention = $2 AND incident_id IS DISTINCT FROM $3",
                &[&brand, &mention.as_slice(), &id],
            )
            .await?;
        work.execute(
            &format!("{KEEP_MEMBERS} WHERE brand = $2 AND mention = $3 {RAISE_MEMBER}"),
            &[&id, &brand, &mention.as_slice()],
        )
        .await?;
        Ok(i64::from(linked == 1))
    }

    /// The posts before it that led here belong to the incident as well. Says how many.
    async fn gather(&self, work: &Work, id: i64, window: SignedDuration) -> Result<u64, Fault> {
        let (from, to) = self.around(window);
        let members = "brand = $2 AND at BETWEEN $3 AND $4 AND incident_id IS NULL";
        let (brand, from, to) = (self.brand.as_str(), micros(from), micros(to));
        work.execute(
            &format!("{KEEP_MEMBERS} WHERE {members} {RAISE_MEMBER}"),
            &[&id, &brand, &from, &to],
        )
        .await?;
        work.execute(
            &format!("UPDATE risk_signal SET incident_id = $1 WHERE {members}"),
            &[&id, &brand, &from, &to],
        )
        .await
    }

    async fn open(
        &self,
        work: &mut Work,
        (trigger, window): (Trigger, SignedDuration),
        now: Timestamp,
    ) -> Result<Incident, Fault> {
        let id = self.insert(work, trigger, now).await?;
        self.link(work, id).await?;
        let opened = Incident {
            id,
            brand: self.brand.clone(),
            trigger,
            opened_at: now,
            last_signal_at: now,
            mention: self.mention.clone(),
            signal_count: 1 + self.gather(work, id, window).await?,
        };
        work.execute(
            "UPDATE incident SET signal_count = $2 WHERE id = $1",
            &[&id, &to_column(opened.signal_count)],
        )
        .await?;
        let payload = incident::notification(&opened)?;
        work.outbox(
            "notification.requested",
            CRISIS_RECIPIENT,
            payload.as_bytes(),
            now,
        )
        .await?;
        work.audit(incident::opened(&opened)?);
        Ok(opened)
    }

    async fn insert(&self, work: &Work, trigger: Trigger, now: Timestamp) -> Result<i64, Fault> {
        let row = work
            .query_opt(
                "INSERT INTO incident
                     (brand, cause, opened_at, last_signal_at, mention, signal_count)
                 VALUES ($1, $2, $3, $3, $4, 1) RETURNING id",
                &[
                    &self.brand.as_str(),
                    &json(&trigger)?,
                    &micros(now),
                    &json(self.mention)?,
                ],
            )
            .await?;
        let row = row.ok_or_else(|| super::failure::internal("an insert returned nothing"))?;
        Ok(row.try_get(0)?)
    }
}

const KEEP_MEMBERS: &str =
    "INSERT INTO incident_mention (incident_id, mention, at, author, severity, followers)
     SELECT $1, mention, at, author, severity, followers FROM risk_signal";

const RAISE_MEMBER: &str = "ON CONFLICT (incident_id, mention) DO UPDATE
     SET severity = excluded.severity,
         followers = greatest(incident_mention.followers, excluded.followers)";

pub(super) const SELECT: &str = "SELECT id, brand, cause, opened_at, last_signal_at, mention,
        signal_count, acknowledged_at, acknowledged_by, closed_at, closed_by, false_alarm
    FROM incident";

async fn open_incident(work: &Work, brand: &Slug) -> Result<Option<Incident>, Fault> {
    let statement = format!("{SELECT} WHERE brand = $1 AND closed_at IS NULL");
    let found = work.query_opt(&statement, &[&brand.as_str()]).await?;
    found.map(|row| read(&row)).transpose()
}

async fn close(work: &Work, id: i64, now: Timestamp) -> Result<(), Fault> {
    work.execute(
        "UPDATE incident SET closed_at = $2 WHERE id = $1",
        &[&id, &micros(now)],
    )
    .await?;
    Ok(())
}

async fn prune(work: &Work, now: Timestamp) -> Result<(), Fault> {
    let oldest = now
        .saturating_sub(SIGNAL_RETENTION)
        .unwrap_or(Timestamp::MIN);
    work.execute(
        "DELETE FROM risk_signal WHERE stored_at < $1",
        &[&micros(oldest)],
    )
    .await?;
    Ok(())
}

/// Reads the first columns of [`SELECT`].
pub(super) fn read(row: &Row) -> Result<Incident, Fault> {
    let id: i64 = row.try_get(0)?;
    let place = |column| Place::new("incident", column, &id);
    Ok(Incident {
        brand: place("brand").slug(row.try_get(1)?)?,
        trigger: place("cause").json(row.try_get(2)?)?,
        opened_at: place("opened_at").instant(row.try_get(3)?)?,
        last_signal_at: place("last_signal_at").instant(row.try_get(4)?)?,
        mention: place("mention").json(row.try_get(5)?)?,
        signal_count: from_column(row.try_get(6)?),
        id,
    })
}

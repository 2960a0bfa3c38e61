//! Risk signals and incidents.

use super::SqliteStore;
use super::transaction::{Purpose, Write};
use super::value::{Place, from_column, json, mention_hash, micros, to_column};
use super::{incident_handling, incident_posts, ticket};
use crate::effect::incident as shared;
use crate::incidents::{CRISIS_RECIPIENT, INCIDENT_COOLDOWN};
use crate::incidents::{IncidentFigures, IncidentPost};
use crate::{
    Handled, Incident, IncidentNotification, IncidentQuery, IncidentRow, IncidentStep, Incidents,
    StorageError, WatchBatch,
};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Row, params};
use switchboard_domain::access::DepartmentScope;
use switchboard_domain::incident::{IncidentRule, RiskSignal, Trigger};
use switchboard_domain::{Label, MentionKey, Slug};

/// How long a signal is kept, by our clock: far beyond any window, so that the same post,
/// arriving again, is known.
const SIGNAL_RETENTION: SignedDuration = SignedDuration::from_hours(24);

#[async_trait]
impl Incidents for SqliteStore {
    async fn watch(&self, batch: WatchBatch) -> Result<Vec<Incident>, StorageError> {
        self.write(Purpose::Stream, move |write| {
            write.move_offset(&batch.offset)?;
            prune(write, batch.now)?;
            let mut opened = vec![];
            for (brand, signal, mention) in &batch.signals {
                if signal.label == Label::PrRisk && !signal.backfill {
                    let seen = Seen {
                        brand,
                        signal,
                        mention,
                    };
                    opened.extend(seen.judge(write, &batch.rule, batch.now)?);
                }
            }
            Ok(opened)
        })
        .await
    }

    async fn list_incidents(&self, limit: usize) -> Result<Vec<Incident>, StorageError> {
        self.read(move |snapshot| {
            let mut statement = snapshot.prepare_cached(&format!(
                "{SELECT} ORDER BY opened_at DESC, id DESC LIMIT ?1"
            ))?;
            let mut rows = statement.query([i64::try_from(limit).unwrap_or(i64::MAX)])?;
            let mut incidents = vec![];
            while let Some(row) = rows.next()? {
                incidents.push(incident(row)?);
            }
            Ok(incidents)
        })
        .await
    }

    async fn incidents(&self, query: IncidentQuery) -> Result<Vec<IncidentRow>, StorageError> {
        self.read(move |snapshot| incident_handling::list(snapshot, query))
            .await
    }

    async fn incident(&self, id: i64) -> Result<Option<IncidentRow>, StorageError> {
        self.read(move |snapshot| incident_handling::find(snapshot, id))
            .await
    }

    async fn incident_posts(
        &self,
        id: i64,
        scope: &DepartmentScope,
        limit: usize,
    ) -> Result<Vec<IncidentPost>, StorageError> {
        let scope = ticket::scope_parameter(scope)?;
        self.read(move |snapshot| incident_posts::list(snapshot, id, scope.as_deref(), limit))
            .await
    }

    async fn incident_figures(&self, id: i64) -> Result<IncidentFigures, StorageError> {
        self.read(move |snapshot| incident_posts::figures(snapshot, id))
            .await
    }

    async fn handle_incident(&self, step: IncidentStep) -> Result<Handled, StorageError> {
        self.write(Purpose::People, move |write| {
            incident_handling::handle(write, &step)
        })
        .await
    }

    async fn record_notification(
        &self,
        notification: IncidentNotification,
    ) -> Result<bool, StorageError> {
        self.write(Purpose::Stream, move |write| {
            incident_handling::record_notification(write, &notification)
        })
        .await
    }

    async fn notifications(&self, id: i64) -> Result<Vec<IncidentNotification>, StorageError> {
        self.read(move |snapshot| incident_handling::notifications(snapshot, id))
            .await
    }
}

struct Seen<'a> {
    brand: &'a Slug,
    signal: &'a RiskSignal,
    mention: &'a MentionKey,
}

impl Seen<'_> {
    fn judge(
        &self,
        write: &mut Write<'_>,
        rule: &IncidentRule,
        now: Timestamp,
    ) -> Result<Option<Incident>, StorageError> {
        if !self.store(write, now)? {
            return Ok(None);
        }
        if let Some(open) = open_incident(write.transaction(), self.brand)? {
            if now.duration_since(open.last_signal_at) <= INCIDENT_COOLDOWN {
                self.attach(write, open.id, now)?;
                return Ok(None);
            }
            close(write, open.id, now)?;
        }
        let earlier = self.earlier(write.transaction(), rule)?;
        match rule.judge(self.signal, &earlier) {
            Some(trigger) => self.open(write, (trigger, rule.window), now).map(Some),
            None => Ok(None),
        }
    }

    /// `false` when the post was seen before and is no graver now.
    fn store(&self, write: &Write<'_>, now: Timestamp) -> Result<bool, StorageError> {
        let stored = write
            .prepare(
                "INSERT INTO risk_signal
                     (brand, mention, at, author, severity, followers, stored_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT DO UPDATE SET severity = excluded.severity,
                     followers = max(followers, excluded.followers)
                 WHERE excluded.severity > severity",
            )?
            .execute(params![
                self.brand.as_str(),
                mention_hash(self.mention),
                micros(self.signal.at),
                self.signal.author,
                self.signal.severity,
                to_column(self.signal.followers),
                micros(now)
            ])?;
        Ok(stored == 1)
    }

    /// The brand's other signals around this one, on both sides: records of several
    /// partitions come in no order. Those of an earlier incident are left out: who ended it
    /// is not called again for the same posts.
    fn earlier(
        &self,
        connection: &Connection,
        rule: &IncidentRule,
    ) -> Result<Vec<RiskSignal>, StorageError> {
        let (from, to) = self.around(rule.window);
        let mut statement = connection.prepare_cached(
            "SELECT at, author, severity, followers FROM risk_signal
             WHERE brand = ?1 AND at BETWEEN ?2 AND ?3 AND mention <> ?4
               AND incident_id IS NULL",
        )?;
        let mention = mention_hash(self.mention);
        let mut rows = statement.query(params![
            self.brand.as_str(),
            micros(from),
            micros(to),
            mention
        ])?;
        let mut earlier = vec![];
        while let Some(row) = rows.next()? {
            earlier.push(RiskSignal {
                at: Place::new("risk_signal", "at", self.brand).instant(row.get(0)?)?,
                author: row.get(1)?,
                label: Label::PrRisk,
                severity: row.get(2)?,
                followers: from_column(row.get(3)?),
                backfill: false,
            });
        }
        Ok(earlier)
    }

    fn around(&self, window: SignedDuration) -> (Timestamp, Timestamp) {
        let at = self.signal.at;
        (
            at.saturating_sub(window).unwrap_or(Timestamp::MIN),
            at.saturating_add(window).unwrap_or(Timestamp::MAX),
        )
    }

    fn attach(&self, write: &Write<'_>, id: i64, now: Timestamp) -> Result<(), StorageError> {
        let added = self.link(write, id)?;
        write
            .prepare(
                "UPDATE incident SET last_signal_at = max(last_signal_at, ?2),
                     signal_count = signal_count + ?3
                 WHERE id = ?1",
            )?
            .execute(params![id, micros(now), added])?;
        Ok(())
    }

    /// 1 unless the signal was attached to it before.
    fn link(&self, write: &Write<'_>, id: i64) -> Result<i64, StorageError> {
        let linked = write
            .prepare(
                "UPDATE risk_signal SET incident_id = ?3
                 WHERE brand = ?1 AND mention = ?2 AND incident_id IS NOT ?3",
            )?
            .execute(params![self.brand.as_str(), mention_hash(self.mention), id])?;
        write
            .prepare(&format!(
                "{KEEP_MEMBERS} WHERE brand = ?2 AND mention = ?3 {RAISE_MEMBER}"
            ))?
            .execute(params![id, self.brand.as_str(), mention_hash(self.mention)])?;
        Ok(i64::from(linked == 1))
    }

    /// The posts before it that led here belong to the incident as well. Says how many.
    fn gather(
        &self,
        write: &Write<'_>,
        id: i64,
        window: SignedDuration,
    ) -> Result<usize, StorageError> {
        let (from, to) = self.around(window);
        let members = "brand = ?2 AND at BETWEEN ?3 AND ?4 AND incident_id IS NULL";
        let parameters = params![id, self.brand.as_str(), micros(from), micros(to)];
        write
            .prepare(&format!("{KEEP_MEMBERS} WHERE {members} {RAISE_MEMBER}"))?
            .execute(parameters)?;
        let gathered = write
            .prepare(&format!(
                "UPDATE risk_signal SET incident_id = ?1 WHERE {members}"
            ))?
            .execute(parameters)?;
        Ok(gathered)
    }

    fn open(
        &self,
        write: &mut Write<'_>,
        (trigger, window): (Trigger, SignedDuration),
        now: Timestamp,
    ) -> Result<Incident, StorageError> {
        write
            .prepare(
                "INSERT INTO incident
                     (brand, cause, opened_at, last_signal_at, mention, signal_count)
                 VALUES (?1, ?2, ?3, ?3, ?4, 1)",
            )?
            .execute(params![
                self.brand.as_str(),
                json(&trigger)?,
                micros(now),
                json(self.mention)?
            ])?;
        let mut incident = Incident {
            id: write.last_id(),
            brand: self.brand.clone(),
            trigger,
            opened_at: now,
            last_signal_at: now,
            mention: self.mention.clone(),
            signal_count: 1,
        };
        self.link(write, incident.id)?;
        let earlier = self.gather(write, incident.id, window)?;
        incident.signal_count += earlier as u64;
        write
            .prepare("UPDATE incident SET signal_count = ?2 WHERE id = ?1")?
            .execute(params![incident.id, to_column(incident.signal_count)])?;
        notify(write, &incident)?;
        Ok(incident)
    }
}

const KEEP_MEMBERS: &str =
    "INSERT INTO incident_mention (incident_id, mention, at, author, severity, followers)
     SELECT ?1, mention, at, author, severity, followers FROM risk_signal";

const RAISE_MEMBER: &str = "ON CONFLICT DO UPDATE SET severity = excluded.severity,
     followers = max(followers, excluded.followers)";

fn notify(write: &mut Write<'_>, opened: &Incident) -> Result<(), StorageError> {
    let payload = shared::notification(opened)?;
    write.outbox(
        "notification.requested",
        CRISIS_RECIPIENT,
        payload.as_bytes(),
        opened.opened_at,
    )?;
    write.audit(shared::opened(opened)?);
    Ok(())
}

const SELECT: &str = "SELECT id, brand, cause, opened_at, last_signal_at, mention, signal_count
    FROM incident";

fn open_incident(connection: &Connection, brand: &Slug) -> Result<Option<Incident>, StorageError> {
    let mut statement =
        connection.prepare_cached(&format!("{SELECT} WHERE brand = ?1 AND closed_at IS NULL"))?;
    let mut rows = statement.query([brand.as_str()])?;
    rows.next()?.map(incident).transpose()
}

fn close(write: &Write<'_>, id: i64, now: Timestamp) -> Result<(), StorageError> {
    write
        .prepare("UPDATE incident SET closed_at = ?2 WHERE id = ?1")?
        .execute(params![id, micros(now)])?;
    Ok(())
}

fn prune(write: &Write<'_>, now: Timestamp) -> Result<(), StorageError> {
    let oldest = now
        .saturating_sub(SIGNAL_RETENTION)
        .unwrap_or(Timestamp::MIN);
    write
        .prepare("DELETE FROM risk_signal WHERE stored_at < ?1")?
        .execute([micros(oldest)])?;
    Ok(())
}

/// Reads the columns of [`SELECT`], which stand first.
pub(super) fn incident(row: &Row<'_>) -> Result<Incident, StorageError> {
    let id: i64 = row.get(0)?;
    let (brand, trigger, mention): (String, String, String) =
        (row.get(1)?, row.get(2)?, row.get(5)?);
    let place = |column| Place::new("incident", column, &id);
    Ok(Incident {
        brand: place("brand").slug(&brand)?,
        trigger: place("cause").json(&trigger)?,
        opened_at: place("opened_at").instant(row.get(3)?)?,
        last_signal_at: place("last_signal_at").instant(row.get(4)?)?,
        mention: place("mention").json(&mention)?,
        signal_count: from_column(row.get(6)?),
        id,
    })
}

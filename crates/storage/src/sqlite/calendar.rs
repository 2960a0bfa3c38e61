//! Calendars as they were.

use super::SqliteStore;
use super::failure::corrupt;
use super::transaction::Purpose;
use super::value::to_column;
use crate::calendars::MAX_CALENDARS;
use crate::{Calendars, StorageError};
use async_trait::async_trait;
use rusqlite::params;
use switchboard_domain::calendar::Calendar;

#[async_trait]
impl Calendars for SqliteStore {
    async fn keep(&self, calendars: Vec<Calendar>) -> Result<(), StorageError> {
        self.write(Purpose::Stream, move |write| {
            for calendar in calendars {
                write
                    .prepare(
                        "INSERT INTO calendar_version (name, version, hours) VALUES (?1, ?2, ?3)
                         ON CONFLICT DO NOTHING",
                    )?
                    .execute(params![
                        calendar.name(),
                        calendar.version(),
                        calendar.write()
                    ])?;
            }
            Ok(())
        })
        .await
    }

    async fn kept(&self) -> Result<Vec<Calendar>, StorageError> {
        self.read(|snapshot| {
            let mut statement = snapshot.prepare_cached(
                "SELECT name, version, hours FROM calendar_version ORDER BY name, version LIMIT ?1",
            )?;
            let mut rows = statement.query([to_column(MAX_CALENDARS as u64)])?;
            let mut calendars = vec![];
            while let Some(row) = rows.next()? {
                let (name, version): (String, String) = (row.get(0)?, row.get(1)?);
                let hours: String = row.get(2)?;
                let read = Calendar::read(&name, &version, &hours);
                let broken = |error| corrupt("calendar_version", "hours", &version, error);
                calendars.push(read.map_err(broken)?);
            }
            Ok(calendars)
        })
        .await
    }
}

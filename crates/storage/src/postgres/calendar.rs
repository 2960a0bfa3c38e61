//! Calendars as they were.

use super::PostgresStore;
use super::failure::{Fault, corrupt};
use super::value::to_column;
use crate::calendars::MAX_CALENDARS;
use crate::{Calendars, StorageError};
use async_trait::async_trait;
use switchboard_domain::calendar::Calendar;
use tokio_postgres::Row;

#[async_trait]
impl Calendars for PostgresStore {
    async fn keep(&self, calendars: Vec<Calendar>) -> Result<(), StorageError> {
        for calendar in calendars {
            self.execute(
                "INSERT INTO calendar_version (name, version, hours) VALUES ($1, $2, $3)
                 ON CONFLICT DO NOTHING",
                &[&calendar.name(), &calendar.version(), &calendar.write()],
            )
            .await?;
        }
        Ok(())
    }

    async fn kept(&self) -> Result<Vec<Calendar>, StorageError> {
        let found = self
            .read(
                "SELECT name, version, hours FROM calendar_version
                 ORDER BY name, version LIMIT $1",
                &[&to_column(MAX_CALENDARS as u64)],
            )
            .await?;
        Ok(found.iter().map(calendar).collect::<Result<_, _>>()?)
    }
}

fn calendar(row: &Row) -> Result<Calendar, Fault> {
    let (name, version): (&str, &str) = (row.try_get(0)?, row.try_get(1)?);
    let read = Calendar::read(name, version, row.try_get(2)?);
    Ok(read.map_err(|error| corrupt("calendar_version", "hours", version, error))?)
}

//! Calendars as they were: promises are counted in the hours they were made under.

use crate::StorageError;
use async_trait::async_trait;
use switchboard_domain::calendar::Calendar;

/// Versions that are read: a change every day for a quarter of a century.
pub const MAX_CALENDARS: usize = 10_000;

/// Every version of every calendar that ever held.
#[async_trait]
pub trait Calendars: Send + Sync {
    /// Keeps those that are not kept yet.
    async fn keep(&self, calendars: Vec<Calendar>) -> Result<(), StorageError>;

    /// All that were kept, at most [`MAX_CALENDARS`].
    async fn kept(&self) -> Result<Vec<Calendar>, StorageError>;
}

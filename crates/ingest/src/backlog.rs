//! Whether more may come in: how far behind the classifier is and what room the log has,
//! looked at once a second at most.

use crate::receive::BACKLOG_AGE_MAX;
use jiff::{SignedDuration, Timestamp};
use std::sync::{Mutex, PoisonError};
use switchboard_stream::topic::MENTION_RECEIVED;
use switchboard_stream::{Log, LogError};

/// The last look. Requests that find it stale together look together; none waits for another.
#[derive(Default)]
pub(crate) struct BacklogView {
    last: Mutex<Option<(Timestamp, u64)>>,
}

impl BacklogView {
    /// Records of `mention.received` that `group` has not read; an error when the log has no
    /// room for more.
    pub(crate) async fn records(
        &self,
        log: &dyn Log,
        group: &str,
        now: Timestamp,
    ) -> Result<u64, LogError> {
        if let Some(records) = self.fresh(now) {
            return Ok(records);
        }
        log.check_room().await?;
        let records = log.backlog(group, &MENTION_RECEIVED).await?;
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, records));
        Ok(records)
    }

    /// A clock set back makes the last look stale too.
    fn fresh(&self, now: Timestamp) -> Option<u64> {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (looked_at, records) = last?;
        let age = now.duration_since(looked_at);
        let age_max = SignedDuration::try_from(BACKLOG_AGE_MAX).unwrap_or(SignedDuration::ZERO);
        (SignedDuration::ZERO..age_max)
            .contains(&age)
            .then_some(records)
    }
}

//! What people did with dead letters. The letters themselves stand in the log; here stands
//! only which of them need nobody any more.

use crate::StorageError;
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// Where a letter stands in its log topic; written `<partition>-<offset>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LetterId {
    /// Its partition.
    pub partition: u32,
    /// Its offset there.
    pub offset: u64,
}

/// The text is not the id of a dead letter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the id of a dead letter: they look like `0-17`")]
pub struct LetterIdError(String);

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The record was appended to its topic again.
    Retried,
    /// Nobody needs it.
    Dropped,
}

/// A decision on one letter. Made once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution {
    /// What was decided.
    pub verdict: Verdict,
    /// By whom: the name of a user or token.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// What became of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// It stands now, with its audit row.
    Recorded,
    /// Somebody decided earlier: theirs stands, nothing was written.
    Already(Resolution),
}

/// Decisions on dead letters. `incarnation` is the log's: another log counts anew.
#[async_trait]
pub trait DeadLetters: Send + Sync {
    /// The decisions there are for `ids`; letters that nobody decided on are absent.
    async fn resolutions(
        &self,
        incarnation: &str,
        ids: &[LetterId],
    ) -> Result<BTreeMap<LetterId, Resolution>, StorageError>;

    /// Writes the decision and its audit row in one transaction, unless there is one.
    async fn resolve(
        &self,
        incarnation: &str,
        id: LetterId,
        resolution: Resolution,
    ) -> Result<Resolved, StorageError>;
}

impl Verdict {
    /// Its name in the API, the database and the audit.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Retried => "retried",
            Self::Dropped => "dropped",
        }
    }

    /// The verdict of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Retried, Self::Dropped]
            .into_iter()
            .find(|verdict| verdict.as_str() == name)
    }
}

impl fmt::Display for LetterId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.partition, self.offset)
    }
}

impl FromStr for LetterId {
    type Err = LetterIdError;

    fn from_str(text: &str) -> Result<Self, LetterIdError> {
        let parse = || {
            let (partition, offset) = text.split_once('-')?;
            let id = Self {
                partition: partition.parse().ok()?,
                offset: offset.parse().ok()?,
            };
            // One letter, one id: `00-1` and `+0-1` are none.
            (id.to_string() == text).then_some(id)
        };
        parse().ok_or_else(|| LetterIdError(text.chars().take(60).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::plain("0-17", Some((0, 17)))]
    #[case::last("3-18446744073709551615", Some((3, u64::MAX)))]
    #[case::no_dash("17", None)]
    #[case::no_offset("0-", None)]
    #[case::negative("0--1", None)]
    #[case::leading_zero("00-1", None)]
    #[case::sign("+0-1", None)]
    fn reads_ids(#[case] text: &str, #[case] want: Option<(u32, u64)>) {
        let id: Option<LetterId> = text.parse().ok();
        assert_eq!(id.map(|id| (id.partition, id.offset)), want);
    }
}

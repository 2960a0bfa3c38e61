//! One letter by its id, and what can go wrong with it.

use crate::http::problem::Problem;
use crate::state::Inbox;
use std::time::Duration;
use switchboard_storage::StorageError;
use switchboard_storage::dead_letters::{LetterId, LetterIdError, Resolution};
use switchboard_stream::log::LogError;
use switchboard_stream::record::RecordError;
use switchboard_stream::record::v1::DeadLetter;
use switchboard_stream::topic::DEAD_LETTER;

#[derive(Debug, thiserror::Error)]
pub(crate) enum LetterError {
    #[error("there is no dead letter `{0}`, or retention has removed it")]
    NotFound(String),
    #[error("dead letter `{id}` cannot be read: {source}")]
    Unreadable { id: LetterId, source: RecordError },
    #[error("dead letter `{0}` holds no record that could be driven again: drop it")]
    NoPayload(LetterId),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// A letter with what was decided on it.
pub(crate) struct Found {
    pub(crate) id: LetterId,
    pub(crate) letter: DeadLetter,
    pub(crate) resolution: Option<Resolution>,
}

/// The letter of that id.
pub(crate) async fn find(inbox: &Inbox, id: &str) -> Result<Found, LetterError> {
    let id: LetterId = id
        .parse()
        .map_err(|_: LetterIdError| LetterError::NotFound(shown(id)))?;
    let read = inbox
        .log
        .read(&DEAD_LETTER, id.partition, id.offset, 1, Duration::ZERO)
        .await;
    let records = match read {
        Err(LogError::OutOfRange { .. } | LogError::NoSuchTopic { .. }) => Vec::new(),
        other => other?,
    };
    let record = records
        .into_iter()
        .find(|record| record.offset == id.offset);
    let record = record.ok_or_else(|| LetterError::NotFound(id.to_string()))?;
    let letter = DeadLetter::decode(&record.payload)
        .map_err(|source| LetterError::Unreadable { id, source })?;
    let incarnation = inbox.log.incarnation();
    let resolution = inbox
        .dead_letters
        .resolutions(&incarnation, &[id])
        .await?
        .remove(&id);
    Ok(Found {
        id,
        letter,
        resolution,
    })
}

fn shown(id: &str) -> String {
    crate::http::query::shown(id)
}

impl From<LetterError> for Problem {
    fn from(error: LetterError) -> Self {
        match error {
            LetterError::NotFound(_) => Self::not_found(error.to_string()),
            LetterError::NoPayload(_) => Self::refused(error.to_string()),
            LetterError::Unreadable { .. } => {
                tracing::error!(%error, "a dead letter cannot be shown");
                Self::internal()
            }
            LetterError::Log(error) => error.into(),
            LetterError::Storage(error) => error.into(),
        }
    }
}

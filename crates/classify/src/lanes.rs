//! What the stages of this crate append: a post in its one lane, its signal, a dead letter;
//! and what they do when the log does not take it.

use switchboard_domain::ClassifiedMention;
use switchboard_stream::record::{DeadLetter, MentionSignal, RecordError, encode_classified};
use switchboard_stream::topic::{
    DEAD_LETTER, MENTION_CLASSIFIED, MENTION_CLASSIFIED_URGENT, MENTION_SIGNAL,
};
use switchboard_stream::{Log, LogError, NewRecord, StageError};

/// The post, in the lane of its verdict.
pub(crate) fn post(judged: &ClassifiedMention, key: &str) -> Result<NewRecord, RecordError> {
    let topic = if judged.classification.is_urgent() {
        MENTION_CLASSIFIED_URGENT
    } else {
        MENTION_CLASSIFIED
    };
    Ok(NewRecord {
        topic,
        key: key.to_owned(),
        payload: encode_classified(judged)?,
        timestamp: judged.received_at,
    })
}

/// What crisis detection needs of it.
pub(crate) fn signal(judged: &ClassifiedMention) -> Result<NewRecord, RecordError> {
    Ok(NewRecord {
        topic: MENTION_SIGNAL,
        key: judged.brand.as_str().to_owned(),
        payload: MentionSignal::of(judged).encode()?,
        timestamp: judged.received_at,
    })
}

/// Puts a letter where it waits for a person.
pub(crate) async fn set_aside(log: &dyn Log, letter: DeadLetter) -> Result<(), StageError> {
    let record = NewRecord {
        topic: DEAD_LETTER,
        key: letter.origin.key.clone(),
        timestamp: letter.last_failed_at,
        payload: letter.encode().map_err(|error| invalid(&error))?,
    };
    append(log, vec![record]).await
}

/// Appends, and waits until it is durable.
pub(crate) async fn append(log: &dyn Log, records: Vec<NewRecord>) -> Result<(), StageError> {
    let appended = log.append(records).await;
    appended.map(drop).map_err(|error| stage_error(&error))
}

pub(crate) fn invalid(error: &RecordError) -> StageError {
    StageError::Invalid(error.to_string())
}

/// What the runner should do about the log.
fn stage_error(error: &LogError) -> StageError {
    match error {
        LogError::Unavailable { .. } | LogError::Full { .. } | LogError::Closed => {
            StageError::Transient(error.to_string())
        }
        LogError::Fenced { .. } => StageError::Fenced,
        LogError::TooLarge { .. } => StageError::Invalid(error.to_string()),
        LogError::Mismatch { .. }
        | LogError::OutOfRange { .. }
        | LogError::NoSuchTopic { .. }
        | LogError::Unfit { .. }
        | LogError::Damaged { .. } => StageError::Fatal(error.to_string()),
    }
}

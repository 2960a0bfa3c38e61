//! What a stage must do.

use crate::log::Batch;
use crate::record::DeadLetter;
use async_trait::async_trait;
use switchboard_telemetry::Outcome;

/// A step of the path: records in, effects out.
#[async_trait]
pub trait Stage: Send + Sync {
    /// Its name in metrics and dead letters.
    fn name(&self) -> switchboard_telemetry::Stage;

    /// Makes all effects of the batch durable, or none; a stage that keeps its offset in the
    /// store stores [`Batch::offset_move`] in the same transaction. Answers one outcome per
    /// record, in order.
    ///
    /// A stage that takes a batch in several transactions may fail after some of them: it
    /// answers the outcomes of the records before the failure, and is called again with the
    /// others. An error says that nothing was done.
    ///
    /// It may be dropped when it takes too long, and is then called again with the same
    /// records.
    async fn process(&self, batch: &Batch) -> Result<Vec<Outcome>, StageError>;

    /// Whether what it depends on answers now. Asked before and after the last try of a
    /// record that keeps failing alone: only a record that fails while all else stands is to
    /// blame.
    async fn ready(&self) -> bool {
        true
    }

    /// Makes the letter durable and moves past the one record of `batch`, in one effect.
    async fn set_aside(&self, batch: &Batch, letter: DeadLetter) -> Result<(), StageError>;
}

/// What went wrong, by what the runner does about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StageError {
    /// Something it needs is down: the same records are tried again, in place.
    #[error("{0}")]
    Transient(String),
    /// A record of the batch is wrong: it is looked for, and set aside alone.
    #[error("{0}")]
    Invalid(String),
    /// Another owner has moved the offset: nothing was done, read again.
    #[error("another owner has moved the offset")]
    Fenced,
    /// Nothing this stage does can be right: it stops.
    #[error("{0}")]
    Fatal(String),
}

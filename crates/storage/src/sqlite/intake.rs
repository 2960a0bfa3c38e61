//! Classified mentions → tickets.

use super::SqliteStore;
use super::transaction::Purpose;
use crate::effect::intake::{self, Prepared};
use crate::{Intake, IntakeBatch, StorageError, TakenIn};
use async_trait::async_trait;
use jiff::Timestamp;
use switchboard_domain::OffsetMove;

/// One is written, the next shares its transaction or waits for it, one waits for the disk, and
/// a fourth is handed over meanwhile, so that the writer never waits for a decision.
const BATCHES_AT_ONCE: usize = 4;

#[async_trait]
impl Intake for SqliteStore {
    async fn take_in(&self, batch: IntakeBatch) -> Result<Vec<TakenIn>, StorageError> {
        let prepared = Prepared::of(&batch.items)?;
        self.write(Purpose::Intake, move |write| {
            write.move_offset(&batch.offset)?;
            intake::take_in(write, &batch, &prepared)
        })
        .await
    }

    fn batches_at_once(&self) -> usize {
        BATCHES_AT_ONCE
    }

    async fn set_aside(
        &self,
        key: String,
        letter: Vec<u8>,
        offset: OffsetMove,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        self.write(Purpose::Intake, move |write| {
            write.move_offset(&offset)?;
            write.outbox("dead.letter", &key, &letter, now)
        })
        .await
    }
}

//! One call of a stage, with everything that can go wrong in it as a value.

use super::stage::{Stage, StageError};
use crate::log::Batch;
use crate::record::ErrorClass;
use futures::FutureExt;
use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use switchboard_telemetry::Outcome;

/// A failed attempt, by what comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failed {
    /// Try the same again later.
    Later(ErrorClass, String),
    /// One of the records is at fault.
    Poison(ErrorClass, String),
    /// Read again from the offset home.
    Fenced,
    /// Stop.
    Fatal(String),
}

pub(super) async fn process(
    stage: &dyn Stage,
    batch: &Batch,
    timeout: Duration,
) -> Result<Vec<Outcome>, Failed> {
    let outcomes = guarded(stage.process(batch), timeout).await?;
    if !outcomes.is_empty() && outcomes.len() <= batch.records.len() {
        return Ok(outcomes);
    }
    Err(Failed::Fatal(format!(
        "it answered {} outcomes for {} records",
        outcomes.len(),
        batch.records.len()
    )))
}

pub(super) async fn guarded<T>(
    call: impl Future<Output = Result<T, StageError>>,
    timeout: Duration,
) -> Result<T, Failed> {
    // A stage holds no half-made state: what a panic leaves behind is dropped with the call.
    let caught = AssertUnwindSafe(call).catch_unwind();
    match tokio::time::timeout(timeout, caught).await {
        Err(_) => Err(Failed::Later(
            ErrorClass::TimedOut,
            format!("not done after {} s", timeout.as_secs()),
        )),
        Ok(Err(panic)) => Err(Failed::Poison(ErrorClass::Panic, panic_text(&*panic))),
        Ok(Ok(answer)) => answer.map_err(Failed::from),
    }
}

impl From<StageError> for Failed {
    fn from(error: StageError) -> Self {
        match error {
            StageError::Transient(reason) => Self::Later(ErrorClass::Exhausted, reason),
            StageError::Invalid(reason) => Self::Poison(ErrorClass::Invalid, reason),
            StageError::Fenced => Self::Fenced,
            StageError::Fatal(reason) => Self::Fatal(reason),
        }
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "it panicked without a message".to_owned())
}

//! PostgreSQL's errors in the store's words.

use crate::StorageError;
use crate::error::unavailable;
use deadpool_postgres::PoolError;
use std::error::Error;
use tokio_postgres::error::SqlState;

pub(super) use crate::error::{corrupt, internal};

/// Why a transaction did not happen.
#[derive(Debug)]
pub(super) enum Fault {
    /// It met another one and was undone; the same again can succeed at once.
    Met(String),
    /// The caller hears of it.
    Told(StorageError),
}

impl From<StorageError> for Fault {
    fn from(error: StorageError) -> Self {
        Self::Told(error)
    }
}

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        let reason = reason(&error);
        match error.code() {
            Some(state) if met(state) => Self::Met(reason),
            Some(state) if passes(state) => Self::Told(StorageError::Unavailable { reason }),
            // Without a word of the server: the connection broke, or a value did not fit.
            None if error.is_closed() || is_io(&error) => {
                Self::Told(StorageError::Unavailable { reason })
            }
            Some(_) | None => Self::Told(StorageError::Internal { reason }),
        }
    }
}

impl From<PoolError> for Fault {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) => match Self::from(error) {
                // No connection, for whatever reason: wrong password, no such database.
                Self::Told(StorageError::Internal { reason }) => {
                    Self::Told(StorageError::Unavailable { reason })
                }
                fault => fault,
            },
            other => Self::Told(unavailable(other)),
        }
    }
}

impl From<Fault> for StorageError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Met(reason) => Self::Unavailable { reason },
            Fault::Told(error) => error,
        }
    }
}

/// Somebody else has committed what this transaction had read or was about to write. Statements
/// are sent ahead of the answers, so the one whose answer is read first may only say that an
/// earlier one has failed (25P02); the attempts are counted, so a real fault still comes out.
fn met(state: &SqlState) -> bool {
    [
        &SqlState::T_R_SERIALIZATION_FAILURE,
        &SqlState::T_R_DEADLOCK_DETECTED,
        &SqlState::UNIQUE_VIOLATION,
        &SqlState::IN_FAILED_SQL_TRANSACTION,
    ]
    .contains(&state)
}

/// What passes by itself, or by what an operator does to the server: connections (08), no
/// resources (53), an operator's hand (57), the system below (58), a wait too long (55P03).
fn passes(state: &SqlState) -> bool {
    let class = state.code().get(..2).unwrap_or_default();
    ["08", "53", "57", "58"].contains(&class)
        || [
            &SqlState::LOCK_NOT_AVAILABLE,
            &SqlState::READ_ONLY_SQL_TRANSACTION,
            &SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
        ]
        .contains(&state)
}

fn is_io(error: &tokio_postgres::Error) -> bool {
    let mut source = error.source();
    while let Some(cause) = source {
        if cause.is::<std::io::Error>() {
            return true;
        }
        source = cause.source();
    }
    // Connecting timed out: said in words only.
    error.to_string().contains("timeout")
}

/// What the server said, with its code: the plain text of the error is only "db error".
fn reason(error: &tokio_postgres::Error) -> String {
    match (error.as_db_error(), error.source()) {
        (Some(told), _) => format!("{} ({})", told.message(), told.code().code()),
        (None, Some(cause)) => format!("{error}: {cause}"),
        (None, None) => error.to_string(),
    }
}

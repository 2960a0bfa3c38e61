//! Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 finished but some input was
//! refused, 4 a dependency is unreachable.

use crate::terminal;
use std::process::ExitCode;

/// How a command ended, when it did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// All of it.
    Fully,
    /// Some of the input was refused; the command has said which.
    WithRefusals,
}

/// A failure that has an exit code of its own.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// What was typed or configured is wrong; the text is complete.
    #[error("{0}")]
    Usage(String),
    /// Something outside does not answer.
    #[error("{0}")]
    Unreachable(String),
}

/// The exit code of a command's result; a failure is printed here and nowhere else.
pub(crate) fn code(result: anyhow::Result<Done>) -> ExitCode {
    let number = match result {
        Ok(Done::Fully) => 0,
        Ok(Done::WithRefusals) => 3,
        Err(error) => {
            let number = match error.downcast_ref::<Failure>() {
                Some(Failure::Usage(_)) => 2,
                Some(Failure::Unreachable(_)) => 4,
                None => 1,
            };
            terminal::error(&format!("{error:#}"));
            number
        }
    };
    ExitCode::from(number)
}

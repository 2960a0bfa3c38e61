//! Where log lines go and how they look.

use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::SubscriberBuilder;

/// How a log line is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people at a terminal.
    #[default]
    Text,
    /// One JSON object a line, for collectors.
    Json,
}

/// Logging could not be set up; a start ends here.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    /// The filter does not parse.
    #[error(
        "log filter `{filter}` does not parse: {source} (example: `info,switchboard_route=debug`)"
    )]
    Filter {
        /// The filter as given.
        filter: String,
        /// What the parser said.
        source: tracing_subscriber::filter::ParseError,
    },
    /// The process already logs.
    #[error("logging is set up already")]
    AlreadySet,
}

/// Sends log lines to standard error, for the whole process, once.
///
/// `filter` is a level (`info`) or directives (`info,switchboard_route=debug`).
pub fn init_tracing(format: LogFormat, filter: &str) -> Result<(), LoggingError> {
    let env_filter = EnvFilter::try_new(filter).map_err(|source| LoggingError::Filter {
        filter: filter.to_owned(),
        source,
    })?;
    let builder: SubscriberBuilder = tracing_subscriber::fmt();
    let builder = builder
        .with_writer(std::io::stderr)
        // Colours are for people; a log file gets none.
        .with_ansi(std::io::stderr().is_terminal())
        .with_env_filter(env_filter);
    let installed = match format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    installed.map_err(|_already_set| LoggingError::AlreadySet)
}

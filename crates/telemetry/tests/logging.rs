//! The tracing set-up, in a process of its own because it is global.

use switchboard_telemetry::{LogFormat, LoggingError, init_tracing};

#[test]
fn logging_is_set_up_once_and_refuses_a_bad_filter() {
    let refused = init_tracing(LogFormat::Text, "info,a=b=c").unwrap_err();
    assert!(matches!(refused, LoggingError::Filter { .. }));
    assert!(refused.to_string().contains("`info,a=b=c`"), "{refused}");

    init_tracing(LogFormat::Json, "warn").unwrap();
    assert!(!tracing::enabled!(tracing::Level::INFO));
    assert!(tracing::enabled!(tracing::Level::WARN));
    let again = init_tracing(LogFormat::Text, "info").unwrap_err();
    assert!(matches!(again, LoggingError::AlreadySet));
}

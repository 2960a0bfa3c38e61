//! Kafka's messages as records.

use crate::log::LogRecord;
use bytes::Bytes;
use jiff::Timestamp;
use rdkafka::message::{BorrowedMessage, Message};

/// The record. Whoever else writes to our topics may leave out the key or use bytes that are
/// no text; the stage will judge what it is.
pub(super) fn record_of(message: &BorrowedMessage<'_>) -> LogRecord {
    let key = message.key().unwrap_or_default();
    let milliseconds = message.timestamp().to_millis().unwrap_or(0);
    LogRecord {
        offset: u64::try_from(message.offset()).unwrap_or(0),
        key: String::from_utf8_lossy(key).into_owned(),
        payload: Bytes::copy_from_slice(message.payload().unwrap_or_default()),
        timestamp: Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH),
    }
}

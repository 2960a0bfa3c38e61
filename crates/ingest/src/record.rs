//! Mentions as records of `mention.received`.

use jiff::Timestamp;
use switchboard_domain::{Mention, ReceivedMention};
use switchboard_stream::NewRecord;
use switchboard_stream::record::{RecordError, encode_received};
use switchboard_stream::topic::MENTION_RECEIVED;
use switchboard_telemetry::PlatformLabel;

/// The record that carries `mention` to the classifier.
pub(crate) fn received_record(
    mention: Mention,
    received_at: Timestamp,
) -> Result<NewRecord, RecordError> {
    let key = mention.partition_key();
    let received = ReceivedMention {
        mention,
        received_at,
    };
    Ok(NewRecord {
        topic: MENTION_RECEIVED,
        key,
        payload: encode_received(&received)?,
        timestamp: received_at,
    })
}

/// Slugs have no `_`, and the names of series have no `-`.
pub(crate) fn platform_label(mention: &Mention) -> PlatformLabel {
    let name = mention.platform.as_str();
    if name.contains('-') {
        PlatformLabel::from_name(&name.replace('-', "_"))
    } else {
        PlatformLabel::from_name(name)
    }
}

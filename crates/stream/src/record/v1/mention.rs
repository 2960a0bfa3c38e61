//! `mention.received` and the two lanes of `mention.classified`.

use super::{VERSION, decode, encode};
use crate::record::RecordError;
use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use switchboard_domain::{Classification, ClassifiedMention, Mention, ReceivedMention, Slug};

#[derive(Serialize, Deserialize)]
struct ReceivedRecord<'a> {
    v: u64,
    received_at: Timestamp,
    mention: Cow<'a, Mention>,
}

#[derive(Serialize, Deserialize)]
struct ClassifiedRecord<'a> {
    v: u64,
    received_at: Timestamp,
    brand: Cow<'a, Slug>,
    classification: Cow<'a, Classification>,
    mention: Cow<'a, Mention>,
}

/// For `mention.received`.
pub fn encode_received(received: &ReceivedMention) -> Result<Bytes, RecordError> {
    let record = ReceivedRecord {
        v: VERSION,
        received_at: received.received_at,
        mention: Cow::Borrowed(&received.mention),
    };
    encode("received mention", &record)
}

/// From `mention.received`.
pub fn decode_received(payload: &[u8]) -> Result<ReceivedMention, RecordError> {
    let record: ReceivedRecord<'static> = decode("received mention", payload)?;
    Ok(ReceivedMention {
        mention: record.mention.into_owned(),
        received_at: record.received_at,
    })
}

/// For `mention.classified` and `mention.classified.urgent`.
pub fn encode_classified(classified: &ClassifiedMention) -> Result<Bytes, RecordError> {
    let record = ClassifiedRecord {
        v: VERSION,
        received_at: classified.received_at,
        brand: Cow::Borrowed(&classified.brand),
        classification: Cow::Borrowed(&classified.classification),
        mention: Cow::Borrowed(&classified.mention),
    };
    encode("classified mention", &record)
}

/// From `mention.classified` and `mention.classified.urgent`.
pub fn decode_classified(payload: &[u8]) -> Result<ClassifiedMention, RecordError> {
    let record: ClassifiedRecord<'static> = decode("classified mention", payload)?;
    Ok(ClassifiedMention {
        mention: record.mention.into_owned(),
        received_at: record.received_at,
        classification: record.classification.into_owned(),
        brand: record.brand.into_owned(),
    })
}

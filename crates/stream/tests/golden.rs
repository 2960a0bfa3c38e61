//! Every record type against its golden file, both ways. A file that has to change means
//! that older records can no longer be read: add a version instead.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests: a failure is a panic"
)]

use bytes::Bytes;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;
use switchboard_domain::{
    Author, Classification, ClassifiedMention, Label, Mention, Reason, ReasonSource,
    ReceivedMention, Scores, Slug,
};
use switchboard_stream::record::{
    DeadLetter, ErrorClass, Failure, MentionSignal, RecordError, decode_classified,
    decode_received, encode_classified, encode_received,
};
use switchboard_stream::topic::MENTION_RECEIVED;
use switchboard_stream::{Batch, LogRecord};

fn mention() -> Mention {
    let mut mention = Mention::new(Slug::from_any("mastodon"), "1151", "Where is my bag? 🧳");
    mention.id_scope = "example.social".into();
    mention.version = 2;
    mention.created_at = Some("2026-03-01T12:00:00Z".parse().unwrap());
    mention.author = Author {
        id: "77".into(),
        handle: Some("ada".into()),
        followers: Some(1200),
        ..Author::default()
    };
    mention.accounts = BTreeSet::from(["acme".to_owned()]);
    mention.repost_of = Some("1150".into());
    mention.extra.insert("mood".into(), Value::from("cross"));
    mention
}

fn received() -> ReceivedMention {
    ReceivedMention {
        mention: mention(),
        received_at: "2026-03-01T12:00:02.5Z".parse().unwrap(),
    }
}

fn classified() -> ClassifiedMention {
    let reason = Reason {
        by: ReasonSource::Rule,
        name: "lost-baggage".into(),
        span: Some((12, 15)),
        weight: 1.5,
    };
    let classification = Classification {
        label: Label::Complaint,
        labels: BTreeSet::from([Label::Complaint]),
        confidence: 0.75,
        scores: Scores {
            complaint: 0.75,
            lead: 0.0,
            pr_risk: 0.125,
            general: 0.125,
        },
        needs_review: false,
        severity: 4,
        topics: vec!["baggage/lost".into(), "baggage".into()],
        language: "en".into(),
        reasons: vec![reason],
        no_answer: None,
        rules_version: "rules-3".into(),
        model_version: "model-9".into(),
        revision: 1,
    };
    ClassifiedMention {
        mention: mention(),
        received_at: received().received_at,
        classification,
        brand: Slug::from_any("acme"),
    }
}

fn dead_letter() -> DeadLetter {
    let record = LogRecord {
        offset: 41,
        key: "mastodon::77".into(),
        payload: Bytes::from_static(b"{\"v\":1,\"mention\":\"\xff\"}"),
        timestamp: "2026-03-01T12:00:02Z".parse().unwrap(),
    };
    let batch = Batch {
        topic: MENTION_RECEIVED,
        partition: 3,
        records: vec![record.clone()],
        incarnation: "log".into(),
        expected: Some(41),
    };
    let failure = Failure {
        stage: "classify",
        error_class: ErrorClass::Invalid,
        reason: "the record is not a `received mention`".into(),
        attempts: 1,
        first_failed_at: "2026-03-01T12:00:03Z".parse().unwrap(),
        last_failed_at: "2026-03-01T12:00:03Z".parse().unwrap(),
    };
    DeadLetter::new(&batch, &record, &failure, "0.1.0")
}

fn golden(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/v1")
        .join(name);
    let mut text = std::fs::read(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    text.pop_if(|byte| *byte == b'\n');
    text
}

#[track_caller]
fn check<T, E, D>(name: &str, value: &T, encode: E, decode: D)
where
    T: PartialEq + std::fmt::Debug,
    E: Fn(&T) -> Result<Bytes, RecordError>,
    D: Fn(&[u8]) -> Result<T, RecordError>,
{
    let encoded = encode(value).unwrap();
    let golden = golden(name);
    assert_eq!(
        String::from_utf8_lossy(&encoded),
        String::from_utf8_lossy(&golden),
        "`{name}` is written differently now"
    );
    assert_eq!(
        &decode(&golden).unwrap(),
        value,
        "`{name}` is read differently now"
    );

    let mut newer: Value = serde_json::from_slice(&golden).unwrap();
    newer["a_field_of_tomorrow"] = Value::from(1);
    assert_eq!(&decode(newer.to_string().as_bytes()).unwrap(), value);

    newer["v"] = Value::from(2);
    let refused = decode(newer.to_string().as_bytes()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the record has version 2 and this build reads version 1; upgrade first"
    );
}

#[test]
fn received_mention() {
    check(
        "received_mention.json",
        &received(),
        encode_received,
        decode_received,
    );
}

#[test]
fn classified_mention() {
    check(
        "classified_mention.json",
        &classified(),
        encode_classified,
        decode_classified,
    );
}

#[test]
fn mention_signal() {
    let signal = MentionSignal::of(&classified());
    check(
        "mention_signal.json",
        &signal,
        MentionSignal::encode,
        MentionSignal::decode,
    );
}

#[test]
fn dead_letter_with_bytes_that_are_no_text() {
    check(
        "dead_letter.json",
        &dead_letter(),
        DeadLetter::encode,
        DeadLetter::decode,
    );
    let back = DeadLetter::decode(&golden("dead_letter.json")).unwrap();
    assert_eq!(
        back.payload.bytes().unwrap(),
        b"{\"v\":1,\"mention\":\"\xff\"}".as_slice()
    );
}

#[test]
fn what_is_no_record_is_refused_by_name() {
    let error = decode_received(b"<html>").unwrap_err().to_string();
    assert_eq!(
        error,
        "the record is not a `received mention`: expected value at line 1 column 1"
    );
}

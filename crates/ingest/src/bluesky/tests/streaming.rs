//! The connector against a server that misbehaves: nothing is lost, whatever it does.

use super::super::cursor::{OVERLAP, OVERLAP_EVENTS};
use super::super::{BlueskySettings, Protocol};
use super::server::{Act, Server};
use crate::connector::{Connector, ConnectorError, ConnectorPlan, Cursor};
use jiff::Timestamp;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use switchboard_domain::{ManualClock, Op};
use tokio_tungstenite::tungstenite::Message;

const SUBSCRIBE: Option<Protocol> = Some(Protocol::Subscribe);
const EVENTS: Option<Protocol> = Some(Protocol::Events);

/// 2026-07-04T12:00:00Z: when the source begins.
const NOON_US: u64 = 1_783_166_400_000_000;

/// One post a second from noon on; every fifth is about us.
fn text_of(number: u64) -> &'static str {
    if number.is_multiple_of(5) {
        "acme lost my bag"
    } else {
        "good morning"
    }
}

fn micros_of(number: u64) -> u64 {
    NOON_US + number * 1_000_000
}

fn frame(number: u64, operation: &str) -> String {
    let mut frame = json!({
        "did": "did:plc:ann", "time_us": micros_of(number), "kind": "commit",
        "commit": {"operation": operation, "collection": "app.bsky.feed.post",
            "rkey": format!("3k{number}"), "rev": "3mpt2fhvg222a"}
    });
    if operation != "delete" {
        frame["commit"]["record"] = json!({"text": text_of(number)});
    }
    frame.to_string()
}

fn posts(count: u64) -> Vec<(u64, String)> {
    (0..count)
        .map(|number| (micros_of(number), frame(number, "create")))
        .collect()
}

/// The same posts by `subscribeEvents`: many numbers lie between two posts.
fn numbered_posts(count: u64) -> Vec<(u64, String)> {
    let numbered = (0..count).map(|number| {
        let seq = seq_of(number);
        let time = Timestamp::from_microsecond(i64::try_from(micros_of(number)).unwrap());
        let frame = json!({"$type": "message", "payload": {
            "$type": "network.bsky.jetstream.subscribeEvents#commit", "seq": seq,
            "did": "did:plc:ann", "time": time.unwrap().to_string(), "operation": "create",
            "collection": "app.bsky.feed.post", "rkey": format!("3k{number}"),
            "record": {"text": text_of(number)}
        }});
        (seq, frame.to_string())
    });
    numbered.collect()
}

fn seq_of(number: u64) -> u64 {
    1_000_000 + number * 1_000
}

fn ids(count: u64) -> BTreeSet<String> {
    let ours = (0..count).filter(|number| number.is_multiple_of(5));
    ours.map(|number| format!("at://did:plc:ann/app.bsky.feed.post/3k{number}"))
        .collect()
}

fn build(settings: &BlueskySettings) -> Box<dyn Connector> {
    let noon = Timestamp::from_microsecond(i64::try_from(NOON_US).unwrap()).unwrap();
    settings.build(Arc::new(ManualClock::new(noon)))
}

/// Polls as the worker does, until everything was seen. The cursor moves after every batch;
/// after every failure the connector may be another process's.
async fn read_all(settings: &BlueskySettings, want: &BTreeSet<String>) -> Vec<Cursor> {
    const POLLS_MAX: usize = 60;
    let mut connector = build(settings);
    let (mut cursor, mut cursors, mut seen) = (None, Vec::new(), BTreeSet::new());
    for _ in 0..POLLS_MAX {
        match connector.poll(cursor.as_ref()).await {
            Ok(batch) => {
                seen.extend(batch.mentions.into_iter().map(|mention| mention.id));
                cursors.push(batch.next.clone());
                cursor = Some(batch.next);
            }
            Err(_) => connector = build(settings),
        }
        if seen == *want {
            return cursors;
        }
    }
    panic!("not all came: {seen:?}");
}

fn time_of(cursor: &Cursor) -> u64 {
    let cursor: serde_json::Value = serde_json::from_str(&cursor.0).unwrap();
    cursor["time_us"].as_u64().unwrap()
}

#[tokio::test]
async fn a_stream_that_breaks_off_again_and_again_has_no_gap() {
    let drops = [7, 9, 11, 20, 17, 30].map(Act::SendAndDrop).to_vec();
    let server = Server::start(posts(60), drops).await;
    let cursors = read_all(&server.settings(SUBSCRIBE), &ids(60)).await;
    let times: Vec<u64> = cursors.iter().map(time_of).collect();
    assert!(times.is_sorted(), "a cursor went back: {times:?}");
    let overlap = u64::try_from(OVERLAP.as_micros()).unwrap();
    let asked = server.cursors();
    assert!(asked.len() > 3, "{asked:?}");
    for cursor in &asked[1..] {
        assert!(
            times.contains(&(cursor + overlap)),
            "{cursor} is no place we stood at"
        );
    }
}

#[tokio::test]
async fn numbered_events_are_resumed_by_number() {
    let drops = [7, 34].map(Act::SendAndDrop).to_vec();
    let server = Server::start(numbered_posts(60), drops).await;
    read_all(&server.settings(EVENTS), &ids(60)).await;
    let asked = server.cursors();
    // The first connection knows no number and asks by time.
    assert_eq!(
        asked[0],
        NOON_US - u64::try_from(OVERLAP.as_micros()).unwrap()
    );
    assert_eq!(
        asked[1..],
        [seq_of(6), seq_of(33)].map(|seq| seq - OVERLAP_EVENTS)[..]
    );
}

#[tokio::test]
async fn an_older_server_is_spoken_to_in_its_own_way() {
    let refuse = Act::Refuse(404, "not found", None);
    let server = Server::start(posts(6), vec![refuse]).await;
    read_all(&server.settings(None), &ids(6)).await;
    let asked = server.asked();
    assert!(asked[0].starts_with("/xrpc/network.bsky.jetstream.subscribeEvents?collections="));
    assert!(asked[1].starts_with("/subscribe?wantedCollections=app.bsky.feed.post&"));
}

#[tokio::test]
async fn a_number_that_is_too_old_is_replaced_by_the_time() {
    let refuse = Act::Refuse(400, r#"{"error":"CursorTooOld","message":"floor 9"}"#, None);
    let server = Server::start(Vec::new(), vec![refuse]).await;
    let settings = server.settings(EVENTS);
    let cursor =
        json!({"time_us": NOON_US, "seq": {"server": settings.base_url, "number": 20_000}});
    let cursor = Cursor(cursor.to_string());
    build(&settings).poll(Some(&cursor)).await.unwrap();
    let overlap = u64::try_from(OVERLAP.as_micros()).unwrap();
    assert_eq!(
        server.cursors(),
        [20_000 - OVERLAP_EVENTS, NOON_US - overlap]
    );
}

#[tokio::test]
async fn the_number_of_another_server_is_not_used() {
    let server = Server::start(Vec::new(), Vec::new()).await;
    let cursor =
        json!({"time_us": NOON_US, "seq": {"server": "wss://other.example", "number": 20_000}});
    let cursor = Cursor(cursor.to_string());
    build(&server.settings(EVENTS))
        .poll(Some(&cursor))
        .await
        .unwrap();
    assert_eq!(server.cursors().len(), 1);
    assert!(server.cursors()[0] > NOON_US - 10_000_000);
}

#[tokio::test]
async fn garbage_is_set_aside_and_the_next_frame_goes_on() {
    let frames = vec![
        Message::text("<html>"),
        Message::binary(vec![0xff, 0x00]),
        Message::text("[1]"),
        Message::text(frame(0, "create")),
    ];
    let server = Server::start(Vec::new(), vec![Act::Say(frames)]).await;
    let batch = build(&server.settings(SUBSCRIBE)).poll(None).await.unwrap();
    assert_eq!(batch.broken.len(), 3);
    assert_eq!(batch.broken[0].bytes, b"<html>");
    assert_eq!(batch.mentions.len(), 1);
}

#[tokio::test]
async fn silence_is_told_apart_from_quiet() {
    let server = Server::start(Vec::new(), vec![Act::Freeze, Act::SendAndStay]).await;
    let settings = server.settings(SUBSCRIBE);
    let mut connector = build(&settings);
    let mut cursor = None;
    let first = connector.poll(cursor.as_ref()).await.unwrap();
    cursor = Some(first.next);
    let dead = connector.poll(cursor.as_ref()).await;
    assert!(
        matches!(dead, Err(ConnectorError::Unavailable { .. })),
        "{dead:?}"
    );
    for _ in 0..5 {
        let quiet = connector.poll(cursor.as_ref()).await.unwrap();
        assert_eq!(quiet.mentions, []);
        cursor = Some(quiet.next);
    }
    assert_eq!(server.cursors().len(), 2, "a quiet stream was opened anew");
}

#[rstest::rstest]
#[case::by_seconds(Some(("retry-after", "7")), Duration::from_secs(7))]
#[case::by_epoch(Some(("ratelimit-reset", "1783166411")), Duration::from_secs(11))]
#[tokio::test]
async fn too_many_connections_wait_as_told(
    #[case] header: Option<(&'static str, &'static str)>,
    #[case] want: Duration,
) {
    let server = Server::start(Vec::new(), vec![Act::Refuse(429, "slow", header)]).await;
    let refused = build(&server.settings(SUBSCRIBE)).poll(None).await;
    let Err(ConnectorError::RateLimited { retry_after }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(retry_after, want);
}

#[rstest::rstest]
#[case::down(503, false)]
#[case::wrong_parameter(400, true)]
#[tokio::test]
async fn refusals(#[case] status: u16, #[case] malformed: bool) {
    let server = Server::start(Vec::new(), vec![Act::Refuse(status, "no\r\n", None)]).await;
    match build(&server.settings(SUBSCRIBE)).poll(None).await {
        Err(ConnectorError::Malformed { reason }) if malformed => assert!(reason.contains("no")),
        Err(ConnectorError::Unavailable { .. }) if !malformed => {}
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_error_frame_ends_the_stream() {
    let frames = vec![Message::text(
        r#"{"$type":"error","error":"ConsumerTooSlow","message":"read faster"}"#,
    )];
    let server = Server::start(Vec::new(), vec![Act::Say(frames)]).await;
    let ended = build(&server.settings(EVENTS)).poll(None).await;
    let Err(ConnectorError::Unavailable { reason }) = ended else {
        panic!("{ended:?}");
    };
    assert!(reason.contains("ConsumerTooSlow"));
}

#[tokio::test]
async fn a_message_beyond_measure_ends_the_stream_and_is_asked_not_to_come() {
    let huge = Message::text("x".repeat(2 * 1024 * 1024));
    let server = Server::start(Vec::new(), vec![Act::Say(vec![huge])]).await;
    let ended = build(&server.settings(SUBSCRIBE)).poll(None).await;
    assert!(
        matches!(ended, Err(ConnectorError::Unavailable { .. })),
        "{ended:?}"
    );
    assert!(server.asked()[0].contains("maxMessageSizeBytes=262144"));
}

/// The law of `connector::tests`, with a server.
#[tokio::test]
async fn the_same_cursor_gives_the_same_batch() {
    let server = Server::start(posts(20), Vec::new()).await;
    let settings = server.settings(SUBSCRIBE);
    let once = build(&settings).poll(None).await.unwrap();
    let mut connector = build(&settings);
    let again = connector.poll(None).await.unwrap();
    let third = connector.poll(None).await.unwrap();
    assert_eq!(once, again);
    assert_eq!(again, third, "it holds a position");
    assert_eq!(once.mentions.len(), 4);
    assert_eq!(server.cursors().len(), 3);
}

/// Dropped as a worker drops it at a stop or a time-out: what was half read comes again.
#[tokio::test]
async fn a_poll_that_is_given_up_loses_nothing() {
    let server = Server::start(posts(20), Vec::new()).await;
    let settings = server.settings(SUBSCRIBE);
    let mut connector = build(&settings);
    let first = connector.poll(None).await.unwrap();
    let given_up = tokio::time::timeout(Duration::from_millis(20), connector.poll(None)).await;
    assert!(given_up.is_err());
    let again = connector.poll(None).await.unwrap();
    assert_eq!(first, again);
}

#[tokio::test]
async fn removals_follow_what_was_handed_on_and_nothing_else() {
    let frames = vec![
        Message::text(frame(0, "create")),
        Message::text(frame(1, "create")),
        Message::text(frame(1, "delete")),
        Message::text(frame(0, "delete")),
        Message::text(frame(5, "delete")),
    ];
    let server = Server::start(Vec::new(), vec![Act::Say(frames.clone()), Act::Say(frames)]).await;
    let settings = server.settings(SUBSCRIBE);
    let batch = build(&settings).poll(None).await.unwrap();
    let ops: Vec<Op> = batch.mentions.iter().map(|mention| mention.op).collect();
    assert_eq!(ops, [Op::Upsert, Op::Delete]);
    assert_eq!(batch.mentions[0].key(), batch.mentions[1].key());
    let settings = BlueskySettings {
        all_deletions: true,
        ..settings
    };
    let batch = build(&settings).poll(None).await.unwrap();
    assert_eq!(batch.mentions.len(), 4);
}

#[tokio::test]
async fn what_matched_stands_in_account() {
    let server = Server::start(posts(1), Vec::new()).await;
    let settings = server.settings(SUBSCRIBE);
    let batch = build(&settings).poll(None).await.unwrap();
    let accounts = |batch: &crate::connector::Batch| batch.mentions[0].accounts.clone();
    assert_eq!(accounts(&batch), BTreeSet::from(["acme".to_owned()]));
    let settings = BlueskySettings {
        account: Some("Acme Air".to_owned()),
        ..settings
    };
    let batch = build(&settings).poll(None).await.unwrap();
    assert_eq!(accounts(&batch), BTreeSet::from(["Acme Air".to_owned()]));
}

#[tokio::test]
async fn a_cursor_of_another_connector_is_refused() {
    let server = Server::start(Vec::new(), Vec::new()).await;
    let cursor = Cursor("41".to_owned());
    let refused = build(&server.settings(SUBSCRIBE)).poll(Some(&cursor)).await;
    assert!(
        matches!(refused, Err(ConnectorError::Malformed { .. })),
        "{refused:?}"
    );
    assert_eq!(server.cursors(), [0_u64; 0]);
}

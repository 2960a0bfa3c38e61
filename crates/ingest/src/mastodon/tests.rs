//! The mapping over the fixtures, and timelines against a server.

use super::*;
use crate::connector::Batch;
use crate::http::testing::{Server, answer};
use crate::sample::Sampled;
use std::fmt::Write;
use switchboard_domain::ManualClock;

const TIMELINE: &[u8] = include_bytes!("../../tests/fixtures/mastodon/responses/timeline.json");
const STREAM: &[u8] = include_bytes!("../../tests/fixtures/mastodon/responses/stream.sse");

fn told(sampled: &Sampled) -> String {
    let mut told = String::new();
    for mention in &sampled.mentions {
        writeln!(told, "{}", serde_json::to_string(mention).unwrap()).unwrap();
    }
    for refused in &sampled.refused {
        writeln!(told, "{}: {}", refused.path, refused.reason).unwrap();
    }
    told
}

#[test]
fn a_timeline_with_a_boost_an_edit_and_a_broken_status() {
    insta::assert_snapshot!(told(&response::sample(TIMELINE, Some("https://social.example/api/v1/timelines/tag/acmeair"))), @r##"
{"op":"upsert","platform":"mastodon","id_scope":"social.example","id":"104","version":0,"form":"post","visibility":"public","text":"Flight cancelled, nobody at the counter. #acmeair\n\nAny news?","lang":"en","created_at":"2026-03-01T08:03:00Z","url":"https://social.example/@ann/104","author":{"id":"13","handle":"cy","name":"Cy","followers":5},"repost_of":"101","metrics":{"likes":3,"reposts":2,"replies":1,"views":0},"extra":{"uri":"https://social.example/users/ann/statuses/104"}}
{"op":"upsert","platform":"mastodon","id_scope":"social.example","id":"103","version":0,"form":"reply","visibility":"public","text":"Same here","created_at":"2026-03-01T08:02:00Z","url":"https://social.example/@ann/103","author":{"id":"12","handle":"bo@elsewhere.example","name":"bo"},"in_reply_to":"101","metrics":{"likes":3,"reposts":2,"replies":1,"views":0},"extra":{"uri":"https://social.example/users/ann/statuses/103"}}
{"op":"upsert","platform":"mastodon","id_scope":"social.example","id":"102","version":1772352300000,"edited_at":"2026-03-01T08:05:00Z","form":"post","visibility":"unlisted","text":"complaint\n\nTwo hours on the apron & no water","lang":"en","created_at":"2026-03-01T08:01:00Z","url":"https://social.example/@ann/102","author":{"id":"11","handle":"ann","name":"Ann Other","followers":40},"metrics":{"likes":3,"reposts":2,"replies":1,"views":0},"media":[{"kind":"image","url":"https://files.social.example/9.png","alt":"a full apron"}],"extra":{"uri":"https://social.example/users/ann/statuses/102"}}
{"op":"upsert","platform":"mastodon","id_scope":"social.example","id":"101","version":0,"form":"post","visibility":"public","text":"Flight cancelled, nobody at the counter. #acmeair\n\nAny news?","lang":"en","created_at":"2026-03-01T08:00:00Z","url":"https://social.example/@ann/101","author":{"id":"11","handle":"ann","name":"Ann Other","followers":40},"metrics":{"likes":3,"reposts":2,"replies":1,"views":0},"extra":{"uri":"https://social.example/users/ann/statuses/101"}}
$[0].content: the words were expected, `null` is there
"##);
}

#[test]
fn a_stream_with_an_edit_a_deletion_and_a_private_message() {
    insta::assert_snapshot!(told(&response::sample(STREAM, Some("https://streaming.example/api/v1/streaming/user"))), @r##"
{"op":"upsert","platform":"mastodon","id_scope":"social.example","id":"101","version":0,"form":"post","visibility":"public","text":"Flight cancelled, nobody at the counter. #acmeair\n\nAny news?","lang":"en","created_at":"2026-03-01T08:00:00Z","url":"https://social.example/@ann/101","author":{"id":"11","handle":"ann","name":"Ann Other","followers":40},"metrics":{"likes":3,"reposts":2,"replies":1,"views":0},"extra":{"uri":"https://social.example/users/ann/statuses/101"}}
{"op":"upsert","platform":"mastodon","id_scope":"social.example","id":"102","version":1772352300000,"edited_at":"2026-03-01T08:05:00Z","form":"post","visibility":"unlisted","text":"complaint\n\nTwo hours on the apron & no water","lang":"en","created_at":"2026-03-01T08:01:00Z","url":"https://social.example/@ann/102","author":{"id":"11","handle":"ann","name":"Ann Other","followers":40},"metrics":{"likes":3,"reposts":2,"replies":1,"views":0},"media":[{"kind":"image","url":"https://files.social.example/9.png","alt":"a full apron"}],"extra":{"uri":"https://social.example/users/ann/statuses/102"}}
{"op":"delete","platform":"mastodon","id_scope":"social.example","id":"101","version":0,"form":"post","visibility":"public","text":"","author":{}}
{"op":"upsert","platform":"mastodon","id_scope":"social.example","id":"106","version":0,"form":"dm","visibility":"private","text":"@acme hello?","lang":"en","created_at":"2026-03-01T08:00:00Z","url":"https://social.example/@ann/106","author":{"id":"11","handle":"ann","name":"Ann Other","followers":40},"metrics":{"likes":3,"reposts":2,"replies":1,"views":0},"extra":{"uri":"https://social.example/users/ann/statuses/106"}}
$.events[6].data: not JSON: EOF while parsing a value at line 1 column 6
"##);
}

#[test]
fn what_is_no_post_is_refused_where_it_stands() {
    let told = |bytes: &[u8]| told(&response::sample(bytes, None));
    assert_eq!(
        told(b"{\"error\":\"gone\"}"),
        "$: an error of the server instead of a post\n"
    );
    assert_eq!(
        told(b"[{\"id\":\"1\",\"content\":\"x\"}]"),
        "$[0].account: an account was expected, nothing is there\n"
    );
    assert_eq!(told(b"[]"), "");
}

fn settings(server: &Server) -> MastodonSettings {
    MastodonSettings {
        http: server.settings(),
        hashtags: vec!["acme".to_owned()],
        poll_interval: Duration::from_mins(1),
    }
}

/// A hashtag with posts 1..=100, as Mastodon pages it.
#[expect(
    clippy::unnecessary_wraps,
    reason = "the shape of the test server's answers"
)]
fn timeline(head: &str) -> Option<Vec<u8>> {
    let after = head
        .split("min_id=")
        .nth(1)
        .and_then(|rest| rest.split([' ', '&']).next());
    let (first, last) = match after {
        Some(after) => (
            after.parse::<u32>().unwrap() + 1,
            (after.parse::<u32>().unwrap() + 40).min(100),
        ),
        None => (1, 10),
    };
    let status = |id: u32| {
        format!(
            "{{\"id\":\"{id}\",\"content\":\"<p>post {id}</p>\",\"account\":{{\"id\":\"7\",\"acct\":\"ann\"}}}}"
        )
    };
    let page: Vec<String> = (first..=last).rev().map(status).collect();
    Some(answer(
        "200 OK",
        &[],
        format!("[{}]", page.join(",")).as_bytes(),
    ))
}

async fn poll(settings: &MastodonSettings, from: Option<&crate::connector::Cursor>) -> Batch {
    let clock = Arc::new(ManualClock::new(jiff::Timestamp::UNIX_EPOCH));
    settings.build(clock).poll(from).await.unwrap()
}

#[tokio::test]
async fn every_post_comes_once_and_in_order() {
    let server = Server::start(timeline).await;
    let settings = settings(&server);
    let (mut ids, mut cursor, mut waits) = (Vec::new(), None, Vec::new());
    for _ in 0..5 {
        let batch = poll(&settings, cursor.as_ref()).await;
        assert_eq!(
            batch,
            poll(&settings, cursor.as_ref()).await,
            "it holds a position"
        );
        ids.extend(
            batch
                .mentions
                .iter()
                .map(|mention| mention.id.parse::<u32>().unwrap()),
        );
        waits.push(batch.poll_after.as_secs());
        cursor = Some(batch.next);
    }
    assert_eq!(ids, (1..=100).collect::<Vec<_>>());
    assert_eq!(waits, [60, 0, 0, 60, 60]);
}

#[tokio::test]
async fn the_first_page_is_history() {
    let server = Server::start(timeline).await;
    let settings = settings(&server);
    let first = poll(&settings, None).await;
    let second = poll(&settings, Some(&first.next)).await;
    assert!(first.mentions.iter().all(|mention| mention.backfill));
    assert!(
        second
            .mentions
            .iter()
            .all(|mention| !mention.backfill && mention.accounts.contains("#acme"))
    );
}

//! The mapping over the fixtures, and both ways of reading against a server.

use super::*;
use crate::connector::{Batch, Cursor};
use crate::http::testing::{Server, answer};
use std::fmt::Write;
use switchboard_domain::{ManualClock, Op};

const SEARCH: &[u8] = include_bytes!("../../tests/fixtures/hackernews/responses/search.json");
const STORY: &[u8] = include_bytes!("../../tests/fixtures/hackernews/responses/item_2001.json");
const DELETED: &[u8] = include_bytes!("../../tests/fixtures/hackernews/responses/item_2002.json");
const COMMENT: &[u8] = include_bytes!("../../tests/fixtures/hackernews/responses/item_2003.json");
const MISSING: &[u8] = include_bytes!("../../tests/fixtures/hackernews/responses/item_2004.json");

#[test]
fn items_and_hits() {
    let mut told = String::new();
    for bytes in [
        SEARCH,
        STORY,
        DELETED,
        COMMENT,
        MISSING,
        b"[1, 2]",
        b"{\"items\":[],\"profiles\":[]}",
    ] {
        let sampled = response::sample(bytes, None);
        for mention in &sampled.mentions {
            writeln!(told, "{}", serde_json::to_string(mention).unwrap()).unwrap();
        }
        for refused in &sampled.refused {
            writeln!(told, "{}: {}", refused.path, refused.reason).unwrap();
        }
    }
    insta::assert_snapshot!(told, @r##"
{"op":"upsert","platform":"hackernews","id":"2003","version":0,"form":"comment","visibility":"public","text":"Their app lost my booking.\n\nSee https://acme.example/status","created_at":"2026-03-01T08:05:00Z","url":"https://news.ycombinator.com/item?id=2003","author":{"id":"dee","handle":"dee"},"in_reply_to":"2001","conversation_id":"2001"}
{"op":"upsert","platform":"hackernews","id":"2001","version":0,"form":"post","visibility":"public","text":"Acme Air's booking system is down","created_at":"2026-03-01T08:00:00Z","url":"https://news.ycombinator.com/item?id=2001","author":{"id":"fay","handle":"fay"},"conversation_id":"2001","metrics":{"likes":12,"reposts":0,"replies":3,"views":0},"extra":{"link":"https://news.example/acme"}}
$.hits[1].comment_text: a title or words were expected, `null` is there
{"op":"upsert","platform":"hackernews","id":"2001","version":0,"form":"post","visibility":"public","text":"Acme Air's booking system is down","created_at":"2026-03-01T08:00:00Z","url":"https://news.ycombinator.com/item?id=2001","author":{"id":"fay","handle":"fay"},"conversation_id":"2001","metrics":{"likes":12,"reposts":0,"replies":3,"views":0},"extra":{"link":"https://news.example/acme"}}
{"op":"delete","platform":"hackernews","id":"2002","version":0,"form":"post","visibility":"public","text":"","url":"https://news.ycombinator.com/item?id=2002","author":{}}
{"op":"upsert","platform":"hackernews","id":"2003","version":0,"form":"comment","visibility":"public","text":"Their app lost my booking.\n\nAcme, really?","created_at":"2026-03-01T08:05:00Z","url":"https://news.ycombinator.com/item?id=2003","author":{"id":"dee","handle":"dee"},"in_reply_to":"2001"}
$: no such item, or not there yet
"##);
}

fn settings(server: &Server, via: Via) -> HackerNewsSettings {
    HackerNewsSettings {
        http: server.settings(),
        via,
        query: "acme".to_owned(),
        poll_interval: Duration::from_mins(1),
    }
}

async fn poll(settings: &HackerNewsSettings, from: Option<&Cursor>) -> Batch {
    let clock = Arc::new(ManualClock::new(jiff::Timestamp::UNIX_EPOCH));
    settings.build(clock).poll(from).await.unwrap()
}

/// The hits of a search in seconds 1..=500, newest first, 200 at a time; the first answer is
/// of a time when there were ten.
#[expect(
    clippy::unnecessary_wraps,
    reason = "the shape of the test server's answers"
)]
fn hits(head: &str) -> Option<Vec<u8>> {
    let bound = |name: &str| {
        let rest = head.split(name).nth(1)?;
        rest.split(|character: char| !character.is_ascii_digit() && character != '-')
            .next()?
            .parse::<i64>()
            .ok()
    };
    let (from, to) = match bound("created_at_i%3E") {
        Some(after) => (
            after.max(0) + 1,
            bound("created_at_i%3C").unwrap_or(501) - 1,
        ),
        None => (1, 10),
    };
    let hit = |second: i64| {
        format!(
            "{{\"objectID\":\"{second}\",\"author\":\"a\",\"comment_text\":\"acme\",\"created_at_i\":{second}}}"
        )
    };
    let hits: Vec<String> = (from..=to).rev().take(200).map(hit).collect();
    Some(answer(
        "200 OK",
        &[],
        format!("{{\"hits\":[{}]}}", hits.join(",")).as_bytes(),
    ))
}

#[tokio::test]
async fn a_search_leaves_no_gap_when_more_than_a_page_is_new() {
    let server = Server::start(hits).await;
    let settings = settings(&server, Via::Algolia);
    let (mut ids, mut cursor) = (std::collections::BTreeSet::new(), None);
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
                .map(|mention| mention.id.parse::<i64>().unwrap()),
        );
        cursor = Some(batch.next);
    }
    assert!(ids.iter().copied().eq(1..=500), "{ids:?}");
}

fn firebase(head: &str) -> Option<Vec<u8>> {
    let body: &[u8] = match head.split(' ').nth(1)? {
        "/v0/maxitem.json" => b"2004",
        "/v0/updates.json" => b"{\"items\":[2001],\"profiles\":[]}",
        "/v0/item/2001.json" => b"{\"id\":2001,\"type\":\"story\",\"deleted\":true}",
        "/v0/item/2002.json" => DELETED,
        "/v0/item/2003.json" => COMMENT,
        _ => b"null",
    };
    Some(answer("200 OK", &[], body))
}

#[tokio::test]
async fn a_walk_waits_for_an_item_that_is_not_there_yet() {
    let server = Server::start(firebase).await;
    let settings = settings(&server, Via::Firebase);
    let from = Cursor("{\"next\":2002,\"watched\":[\"2001\"]}".to_owned());
    let batch = poll(&settings, Some(&from)).await;
    assert_eq!(
        batch,
        poll(&settings, Some(&from)).await,
        "it holds a position"
    );
    let found: Vec<(&str, Op)> = batch
        .mentions
        .iter()
        .map(|mention| (mention.id.as_str(), mention.op))
        .collect();
    assert_eq!(found, [("2001", Op::Delete), ("2003", Op::Upsert)]);
    assert_eq!(
        batch.next.0,
        "{\"next\":2004,\"watched\":[\"2001\",\"2003\"]}"
    );
}

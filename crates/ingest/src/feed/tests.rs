//! The mapping over the fixtures, identities, and a feed against a server.

use super::*;
use crate::connector::{Batch, Cursor};
use crate::http::testing::{Server, answer};
use crate::sample::Sampled;
use std::fmt::Write;
use switchboard_domain::ManualClock;

const RSS: &[u8] = include_bytes!("../../tests/fixtures/feed/responses/news.rss");
const ATOM: &[u8] = include_bytes!("../../tests/fixtures/feed/responses/news.atom");
const JSON: &[u8] = include_bytes!("../../tests/fixtures/feed/responses/notes.json");

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
fn a_feed_that_is_not_well_formed() {
    insta::assert_snapshot!(told(&map::sample(RSS, Some("https://news.example/acme.rss"))), @r##"
{"op":"upsert","platform":"feed","id_scope":"news.example/acme.rss","id":"post-3","version":0,"form":"post","visibility":"public","text":"Acme Air strands 200 & more\n\nNobody at the counter.\n\nMore here (https://news.example/more)","lang":"en-gb","created_at":"2026-03-01T08:00:00Z","url":"https://news.example/2026/acme-strands?a=1&b=2","author":{"id":"Gil Reporter","name":"Gil Reporter"},"media":[{"kind":"image","url":"https://news.example/apron.jpg"}]}
{"op":"upsert","platform":"feed","id_scope":"news.example/acme.rss","id":"https://news.example/2026/cafe","version":0,"form":"post","visibility":"public","text":"Weather: café closed","lang":"en-gb","created_at":"2026-03-01T07:00:00Z","url":"https://news.example/2026/cafe","author":{}}
{"op":"upsert","platform":"feed","id_scope":"news.example/acme.rss","id":"https://news.example/2026/letters","version":0,"form":"post","visibility":"public","text":"Letters","lang":"en-gb","url":"https://news.example/2026/letters","author":{}}
$.item[3]: an item without a title, words, an address or an id
"##);
}

#[test]
fn atom_and_json() {
    insta::assert_snapshot!(told(&map::sample(ATOM, None)), @r##"
{"op":"upsert","platform":"feed","id_scope":"urn:blog","id":"urn:blog:1","version":1772355600000,"edited_at":"2026-03-01T09:00:00Z","form":"post","visibility":"public","text":"1 < 2\n\nErste Zeile\n\nZweite & letzte","lang":"de","created_at":"2026-03-01T08:00:00Z","url":"https://blog.example/one","author":{"id":"https://blog.example/hana","name":"Hana"}}
"##);
    insta::assert_snapshot!(told(&map::sample(JSON, None)), @r##"
{"op":"upsert","platform":"feed","id_scope":"notes.example/feed.json","id":"7","version":0,"form":"post","visibility":"public","text":"Acme, again.","created_at":"2026-03-01T08:00:00Z","url":"https://notes.example/7","author":{"id":"Ivy","name":"Ivy"}}
$.items[1]: an item without a title, words, an address or an id
"##);
}

#[rstest::rstest]
#[case::page(b"<html><body>hello</body></html>")]
#[case::empty(b"")]
#[case::json(b"{\"title\":\"x\"}")]
#[case::cut_json(b"{\"title\":")]
fn what_is_no_feed_is_refused_as_a_whole(#[case] bytes: &[u8]) {
    let sampled = map::sample(bytes, None);
    assert!(sampled.mentions.is_empty());
    assert_eq!(sampled.refused[0].path, "$");
}

#[rstest::rstest]
#[case::utf8_mark(b"\xef\xbb\xbf<rss><item><title>caf\xc3\xa9</title></item></rss>".to_vec())]
#[case::declared(b"<?xml version='1.0' encoding='iso-8859-1'?><rss><item><title>caf\xe9</title></item></rss>".to_vec())]
#[case::wrong_label(b"<?xml version='1.0' encoding='utf-8'?><rss><item><title>caf\xe9</title></item></rss>".to_vec())]
#[case::utf16("\u{feff}<rss><item><title>café</title></item></rss>".encode_utf16().flat_map(u16::to_be_bytes).collect())]
#[case::utf32("<rss><item><title>café</title></item></rss>".chars().flat_map(|one| u32::from(one).to_le_bytes()).collect())]
#[case::cut_off("<rss><item><title>café".as_bytes().to_vec())]
#[case::undeclared_prefix("<rss><item><dc:title>café</dc:title></item></rss>".as_bytes().to_vec())]
fn what_the_bytes_mean(#[case] bytes: Vec<u8>) {
    let sampled = map::sample(&bytes, None);
    assert_eq!(sampled.mentions[0].text, "café");
}

#[tokio::test]
async fn only_what_is_new_is_brought_and_nothing_is_fetched_twice() {
    let server = Server::start(|head| {
        let known = head.contains("if-none-match: \"1\"");
        let (status, body) = if known {
            ("304 Same", &b""[..])
        } else {
            ("200 OK", RSS)
        };
        Some(answer(status, &["ETag: \"1\""], body))
    })
    .await;
    let settings = FeedSettings {
        url: Url::parse("https://news.example/acme.rss").unwrap(),
        http: server.settings(),
        words: Vec::new(),
        poll_interval: POLL_INTERVAL,
    };
    let poll = async |from: Option<&Cursor>| -> Batch {
        let clock = Arc::new(ManualClock::new(jiff::Timestamp::UNIX_EPOCH));
        settings.build(clock).poll(from).await.unwrap()
    };
    let first = poll(None).await;
    assert_eq!(first, poll(None).await, "it holds a position");
    assert_eq!((first.mentions.len(), first.broken.len()), (3, 1));
    let second = poll(Some(&first.next)).await;
    assert_eq!((second.mentions.len(), second.broken.len()), (0, 0));
    // A server without validators sends everything again; one item of it is new to us.
    let mut position: serde_json::Value = serde_json::from_str(&first.next.0).unwrap();
    position["validators"] = serde_json::json!({});
    position["taken"].as_array_mut().unwrap().remove(0);
    let third = poll(Some(&Cursor(position.to_string()))).await;
    assert_eq!(third.mentions.len(), 1);
    assert!(!third.mentions[0].backfill && first.mentions[0].backfill);
}

#[tokio::test]
async fn with_words_only_items_that_hold_one_are_brought() {
    let server = Server::start(|_| Some(answer("200 OK", &[], RSS))).await;
    let settings = FeedSettings {
        url: Url::parse("https://news.example/acme.rss").unwrap(),
        http: server.settings(),
        words: vec!["café".to_owned(), "let".to_owned()],
        poll_interval: POLL_INTERVAL,
    };
    let clock = Arc::new(ManualClock::new(jiff::Timestamp::UNIX_EPOCH));
    let batch = settings.build(clock).poll(None).await.unwrap();
    let found: Vec<&str> = batch
        .mentions
        .iter()
        .map(|mention| mention.text.as_str())
        .collect();
    assert_eq!(found, ["Weather: café closed"]);
    assert!(batch.mentions[0].accounts.contains("café"));
}

#[rstest::rstest]
#[case::a_picture_alone("<description>&lt;img src='x.png'&gt;</description>", 1)]
#[case::a_category_alone("<category>news</category>", 0)]
#[case::an_empty_title("<title> </title>", 0)]
fn what_says_anything(#[case] item: &str, #[case] mentions: usize) {
    let feed = format!("<rss><channel><item>{item}</item></channel></rss>");
    let sampled = map::sample(feed.as_bytes(), None);
    assert_eq!(
        (sampled.mentions.len(), sampled.refused.len()),
        (mentions, 1 - mentions)
    );
}

#[rstest::rstest]
#[case::by_the_feed(
    "<link rel='self' href='https://blog.example/b/feed.xml'/><entry><link href='one'/><title>x</title></entry>",
    Some("https://blog.example/b/one")
)]
#[case::by_its_page(
    "<link href='https://blog.example/'/><entry><link href='/one'/><title>x</title></entry>",
    Some("https://blog.example/one")
)]
#[case::by_nothing("<entry><link href='/one'/><title>x</title></entry>", None)]
#[case::its_own_id(
    "<entry><id>https://blog.example/one</id><title>x</title></entry>",
    Some("https://blog.example/one")
)]
#[case::an_urn("<entry><id>urn:one</id><title>x</title></entry>", None)]
fn where_an_entry_leads(#[case] entries: &str, #[case] want: Option<&str>) {
    let feed = format!("<feed xmlns='http://www.w3.org/2005/Atom'>{entries}</feed>");
    let sampled = map::sample(feed.as_bytes(), None);
    assert_eq!(sampled.mentions[0].url.as_deref(), want);
}

//! Whole responses: every item of every shape, and any bytes at all.

use super::super::sample::sample;
use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use switchboard_domain::Op;

fn view(key: &str) -> Value {
    json!({
        "uri": format!("at://did:plc:ann/app.bsky.feed.post/{key}"), "cid": "bafy",
        "author": {"did": "did:plc:ann"}, "record": {"text": key}
    })
}

fn node(key: &str) -> Value {
    json!({"$type": "app.bsky.feed.defs#threadViewPost", "post": view(key)})
}

fn texts(value: &Value) -> Vec<String> {
    let sampled = sample(value.to_string().as_bytes(), None);
    assert_eq!(sampled.refused, []);
    let texts = sampled.mentions.into_iter().map(|mention| mention.text);
    texts.collect()
}

#[test]
fn a_thread_reads_from_its_root_down() {
    let mut thread = node("asked");
    thread["parent"] = node("parent");
    thread["parent"]["parent"] = node("root");
    thread["replies"] = json!([
        node("first"),
        {"$type": "app.bsky.feed.defs#notFoundPost", "uri": "at://x", "notFound": true},
        {"$type": "app.bsky.feed.defs#blockedPost", "uri": "at://y", "blocked": true},
        node("second")
    ]);
    thread["replies"][0]["replies"] = json!([node("below-first")]);
    let want = ["root", "parent", "asked", "first", "below-first", "second"];
    assert_eq!(texts(&json!({"thread": thread})), want);
}

#[test]
fn a_thread_that_is_gone_is_a_removal() {
    let uri = "at://did:plc:ann/app.bsky.feed.post/3k";
    let thread = json!({"thread": {"uri": uri, "notFound": true}});
    let sampled = sample(thread.to_string().as_bytes(), None);
    assert_eq!(sampled.mentions[0].op, Op::Delete);
    assert_eq!(sampled.mentions[0].id, uri);
}

#[rstest]
#[case::search(json!({"posts": [view("a"), view("b")], "cursor": "2"}), 2)]
#[case::feed(json!({"feed": [{"post": view("a")}], "cursor": "2"}), 1)]
#[case::records(json!({"records": [{"uri": "at://did:plc:ann/app.bsky.feed.post/a", "value": {"text": "a"}}]}), 1)]
#[case::newer_thread(json!({"thread": [{"depth": 0, "value": {"post": view("a")}}, {"value": {"uri": "x"}}]}), 1)]
#[case::notifications(json!({"notifications": [view("a"), {
    "uri": "at://did:plc:ben/app.bsky.feed.like/1", "reason": "like", "record": {}}]}), 1)]
#[case::bookmarks(json!({"bookmarks": [{"subject": {}, "item": view("a")}]}), 1)]
#[case::nothing_found(json!({"posts": []}), 0)]
#[case::one_view(view("a"), 1)]
#[case::a_list_of_views(json!([view("a"), view("b")]), 2)]
#[case::an_account_event(json!({"did": "did:plc:ann", "time_us": 1, "kind": "account", "account": {}}), 0)]
#[case::a_notice(json!({"$type": "message", "payload": {"$type": "x#info", "name": "OutdatedCursor"}}), 0)]
#[case::a_like(json!({"did": "did:plc:ann", "time_us": 1, "kind": "commit",
    "commit": {"operation": "create", "collection": "app.bsky.feed.like", "rkey": "1"}}), 0)]
fn shapes(#[case] response: Value, #[case] mentions: usize) {
    assert_eq!(texts(&response).len(), mentions);
}

#[test]
fn a_bare_record_takes_its_name_from_the_address() {
    let record =
        json!({"$type": "app.bsky.feed.post", "text": "hi", "createdAt": "2026-07-04T12:00:00Z"});
    let bytes = record.to_string();
    assert_eq!(sample(bytes.as_bytes(), None).refused.len(), 1);
    let uri = "at://did:plc:ann/app.bsky.feed.post/3k";
    assert_eq!(sample(bytes.as_bytes(), Some(uri)).mentions[0].id, uri);
}

#[test]
fn a_stream_is_read_line_by_line_around_what_is_broken() {
    let text = format!("\u{feff}{}\r\n\n{{\"did\": \n{}\n", view("a"), view("b"));
    let sampled = sample(text.as_bytes(), None);
    assert_eq!(sampled.mentions.len(), 2);
    assert_eq!(sampled.refused.len(), 1);
    assert_eq!(sampled.refused[0].path, "$[2]");
}

#[test]
fn half_a_document_is_refused_once() {
    let whole = serde_json::to_string_pretty(&json!({"posts": [view("a"), view("b")]})).unwrap();
    let sampled = sample(&whole.as_bytes()[..whole.len() / 2], None);
    assert_eq!((sampled.mentions.len(), sampled.refused.len()), (0, 1));
}

#[test]
fn a_text_is_refused_once() {
    let text = format!("# Notes\n\nWhat came:\n{}\nand nothing else.\n", view("a"));
    for text in [
        text.as_str(),
        "at://did:plc:ann\nat://did:plc:bob\n",
        "\u{0}\u{1}\n",
    ] {
        let sampled = sample(text.as_bytes(), None);
        assert_eq!(
            (sampled.mentions.len(), sampled.refused.len()),
            (0, 1),
            "{text}"
        );
    }
}

#[test]
fn the_answer_to_a_removed_message_is_a_removal() {
    let answer = json!({"id": "m1", "rev": "2", "sender": {"did": "did:plc:ann"}, "sentAt": "2026-07-04T12:00:00Z"});
    let sampled = sample(answer.to_string().as_bytes(), None);
    assert_eq!(sampled.mentions[0].op, switchboard_domain::Op::Delete);
}

const KEYS: &str = "did time_us kind commit payload $type record value uri post reason by text \
    facets features index byteStart byteEnd embed images media external video reply root parent \
    subject langs labels values feed posts thread replies messages collection rkey operation rev \
    createdAt alt image ref $link";

const TEXTS: &str = "at://did:plc:ann/app.bsky.feed.post/3k did:plc:ann app.bsky.feed.post create \
    delete 3mptbypluud2a x#commit 2026-07-04T12:00:00Z ü\u{0}🇩🇪";

/// Parts of real shapes, put together wrongly.
fn any_value() -> impl Strategy<Value = Value> {
    let key = prop::sample::select(
        KEYS.split(' ')
            .filter(|key| !key.is_empty())
            .collect::<Vec<_>>(),
    );
    let text = prop::sample::select(TEXTS.split(' ').collect::<Vec<_>>());
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        text.prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 8, move |inner| {
        let object = prop::collection::btree_map(key.clone(), inner.clone(), 0..8);
        let object = object.prop_map(|map| {
            Value::Object(
                map.into_iter()
                    .map(|(key, value)| (key.to_owned(), value))
                    .collect(),
            )
        });
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::Array),
            object
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        sample(&bytes, None);
    }

    #[test]
    fn any_arrangement_of_known_parts_is_survived(value in any_value()) {
        let sampled = sample(value.to_string().as_bytes(), None);
        for mention in sampled.mentions {
            prop_assert!(!mention.id.is_empty() && !mention.text.contains('\0'));
        }
    }
}

/// The recorded responses beside the checkout, where they are.
fn recordings() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures/bluesky");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        say(&format!("skipped: no recordings at {}", folder.display()));
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "json"));
    files.push(folder.join("jetstream_corpus/expected_v1.jsonl"));
    files
}

#[expect(clippy::print_stderr, reason = "a test that skips says so")]
fn say(line: &str) {
    eprintln!("{line}");
}

#[test]
fn of_recorded_responses_every_post_is_mapped() {
    for file in recordings() {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let sampled = sample(&std::fs::read(&file).unwrap(), None);
        let has_posts = [
            "feed.get",
            "listrcd",
            "post_record",
            "thread_view",
            "expected_v1",
        ];
        if has_posts.iter().any(|part| name.contains(part)) && !name.contains("getReposted") {
            assert_eq!(sampled.refused, [], "{name}");
            assert!(!sampled.mentions.is_empty(), "{name}");
        }
    }
}

/// What the corpus holds, counted in its text and not by our reader.
#[test]
fn of_the_recorded_stream_every_post_repost_and_removal_is_a_mention() {
    let Some(stream) = recordings().pop() else {
        return;
    };
    let text = std::fs::read_to_string(stream).unwrap();
    let lines = |part: &str| text.lines().filter(|line| line.contains(part)).count();
    let posts = lines("\"collection\":\"app.bsky.feed.post\"");
    let reposts = lines("\"collection\":\"app.bsky.feed.repost\"");
    let mentions = sample(text.as_bytes(), None).mentions;
    assert_eq!(mentions.len(), posts + reposts);
    let repeated = mentions
        .iter()
        .filter(|mention| mention.repost_of.is_some());
    assert_eq!(repeated.count(), reposts);
    assert!(mentions.iter().any(|mention| mention.op == Op::Delete));
}

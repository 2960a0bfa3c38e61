//! One record, view or event to one mention, field by field.

use super::super::sample::sample;
use crate::sample::Sampled;
use rstest::rstest;
use serde_json::{Value, json};
use switchboard_domain::{Form, Mention, Op, Visibility};

const ANN: &str = "did:plc:ann";
const BEN: &str = "did:plc:ben";

/// 2026-07-04T12:00:00Z.
const NOON_US: i64 = 1_783_166_400_000_000;

fn one(value: &Value) -> Mention {
    let Sampled { mentions, refused } = sample(value.to_string().as_bytes(), None);
    assert_eq!(refused, []);
    assert_eq!(mentions.len(), 1);
    mentions.into_iter().next().unwrap()
}

fn refusal(value: &Value) -> (String, String) {
    let Sampled { mentions, refused } = sample(value.to_string().as_bytes(), None);
    assert_eq!(mentions, []);
    let refused = refused.into_iter().next().unwrap();
    (refused.path, refused.reason)
}

fn record(text: &str) -> Value {
    json!({"$type": "app.bsky.feed.post", "text": text, "createdAt": "2026-07-04T11:59:58Z"})
}

/// `/subscribe`.
fn frame(operation: &str, collection: &str, record: &Value) -> Value {
    let mut frame = json!({
        "did": ANN, "time_us": NOON_US, "kind": "commit",
        "commit": {
            "rev": "3mpt2fhvg222a", "operation": operation, "collection": collection,
            "rkey": "3kann1", "cid": "bafyann1"
        }
    });
    if !record.is_null() {
        frame["commit"]["record"] = record.clone();
    }
    frame
}

/// The same event as `subscribeEvents` sends it.
fn numbered(frame: &Value) -> Value {
    let mut payload = frame["commit"].clone();
    payload["$type"] = json!("network.bsky.jetstream.subscribeEvents#commit");
    payload["seq"] = json!(4711);
    payload["did"] = frame["did"].clone();
    payload["time"] = json!("2026-07-04T12:00:00.000000Z");
    json!({"$type": "message", "payload": payload})
}

fn view(record: &Value) -> Value {
    json!({
        "uri": format!("at://{ANN}/app.bsky.feed.post/3kann1"), "cid": "bafyann1",
        "author": {"did": ANN, "handle": "ann.example", "displayName": "Ann"},
        "record": record, "likeCount": 4, "repostCount": 2, "replyCount": 1, "quoteCount": 3,
        "indexedAt": "2026-07-04T12:00:00Z", "labels": []
    })
}

#[test]
fn a_post_of_the_stream() {
    let mention = one(&frame(
        "create",
        "app.bsky.feed.post",
        &record("my bag is gone"),
    ));
    assert_eq!(mention.id, "at://did:plc:ann/app.bsky.feed.post/3kann1");
    assert_eq!(
        (mention.op, mention.version, mention.form),
        (Op::Upsert, 0, Form::Post)
    );
    assert_eq!(mention.text, "my bag is gone");
    assert_eq!(mention.author.id, ANN);
    assert_eq!(
        mention.created_at.unwrap().to_string(),
        "2026-07-04T11:59:58Z"
    );
    assert_eq!(
        mention.conversation_id.as_deref(),
        Some(mention.id.as_str())
    );
    let page = "https://bsky.app/profile/did:plc:ann/post/3kann1";
    assert_eq!(mention.url.as_deref(), Some(page));
    assert_eq!(mention.extra["cid"], "bafyann1");
    assert!(mention.reply.unwrap().can);
}

#[rstest]
#[case::created("create")]
#[case::changed("update")]
#[case::removed("delete")]
fn both_protocols_bring_the_same_mention(#[case] operation: &str) {
    let record = if operation == "delete" {
        Value::Null
    } else {
        record("hello")
    };
    let frame = frame(operation, "app.bsky.feed.post", &record);
    assert_eq!(one(&frame), one(&numbered(&frame)));
}

/// So that one post found by stream and search is one mention, not two versions.
#[test]
fn stream_and_view_agree_on_identity_and_version() {
    let streamed = one(&frame("create", "app.bsky.feed.post", &record("hello")));
    let viewed = one(&json!({"posts": [view(&record("hello"))]}));
    assert_eq!(
        (
            streamed.key(),
            streamed.version,
            streamed.created_at,
            streamed.conversation_id
        ),
        (
            viewed.key(),
            viewed.version,
            viewed.created_at,
            viewed.conversation_id
        )
    );
}

#[test]
fn a_view_adds_author_and_counts() {
    let mut view = view(&record("hello"));
    view["author"]["verification"] = json!({"verifiedStatus": "valid"});
    view["viewer"] = json!({"replyDisabled": true});
    view["labels"] = json!([{"val": "graphic-media"}, {"val": "spam", "neg": true}]);
    let mention = one(&view);
    let author = mention.author;
    assert_eq!(author.handle.as_deref(), Some("ann.example"));
    assert_eq!(
        (author.name.as_deref(), author.verified),
        (Some("Ann"), true)
    );
    let metrics = mention.metrics.unwrap();
    assert_eq!((metrics.likes, metrics.reposts, metrics.replies), (4, 2, 1));
    assert_eq!(mention.extra["quotes"], 3);
    assert_eq!(mention.extra["content_labels"], json!(["graphic-media"]));
    assert!(!mention.reply.unwrap().can);
}

#[rstest]
#[case::the_lost_handle(json!({"did": ANN, "handle": "handle.invalid"}), ANN)]
#[case::somebody_elses(json!({"did": BEN, "handle": "ben.example"}), ANN)]
#[case::no_author(Value::Null, ANN)]
fn the_name_of_the_record_says_whose_it_is(#[case] author: Value, #[case] want: &str) {
    let mut view = view(&record("hello"));
    view["author"] = author;
    let mention = one(&view);
    assert_eq!(
        (mention.author.id.as_str(), mention.author.handle),
        (want, None)
    );
}

#[test]
fn an_edit_is_ordered_by_the_revision_and_a_removal_holds_nothing() {
    let edit = one(&frame("update", "app.bsky.feed.post", &record("found it")));
    let removal = one(&frame("delete", "app.bsky.feed.post", &Value::Null));
    assert!(edit.version > 0 && edit.edited_at.is_some());
    assert_eq!(removal.op, Op::Delete);
    assert_eq!(removal.version, edit.version);
    assert_eq!(
        (removal.key(), removal.author.id),
        (edit.key(), ANN.to_owned())
    );
}

#[rstest]
#[case::no_revision(json!(null))]
#[case::of_the_future(json!("7zzzzzzzzzzzz"))]
fn without_a_plausible_revision_the_servers_time_orders(#[case] revision: Value) {
    let mut frame = frame("update", "app.bsky.feed.post", &record("found it"));
    frame["commit"]["rev"] = revision;
    assert_eq!(one(&frame).version, NOON_US);
}

#[test]
fn frames_of_2024_had_one_letter() {
    let mut frame = frame("create", "app.bsky.feed.post", &record("hello"));
    frame["type"] = json!("com");
    frame.as_object_mut().unwrap().remove("kind");
    frame["commit"]["type"] = json!("c");
    frame["commit"].as_object_mut().unwrap().remove("operation");
    assert_eq!(one(&frame).text, "hello");
}

#[test]
fn an_answer_names_its_root_and_its_parent() {
    let mut record = record("same here");
    let (root, parent) = (
        "at://did:plc:ben/app.bsky.feed.post/3kroot",
        "at://did:plc:cyd/app.bsky.feed.post/3kpar",
    );
    record["reply"] = json!({
        "root": {"uri": root, "cid": "bafyroot"}, "parent": {"uri": parent, "cid": "bafypar"}
    });
    let mention = one(&frame("create", "app.bsky.feed.post", &record));
    assert_eq!(mention.form, Form::Reply);
    assert_eq!(mention.conversation_id.as_deref(), Some(root));
    assert_eq!(mention.in_reply_to.as_deref(), Some(parent));
    assert_eq!(mention.extra["root_cid"], "bafyroot");
}

#[test]
fn an_answer_to_nothing_keeps_its_words() {
    let mut record = record("same here");
    record["reply"] = json!({"root": {"uri": "x"}, "parent": 7});
    let mention = one(&frame("create", "app.bsky.feed.post", &record));
    assert_eq!(
        (mention.text.as_str(), mention.in_reply_to),
        ("same here", None)
    );
}

#[test]
fn a_repost_of_the_stream() {
    let subject = "at://did:plc:ben/app.bsky.feed.post/3kben1";
    let record =
        json!({"createdAt": "2026-07-04T11:59:58Z", "subject": {"uri": subject, "cid": "b"}});
    let mention = one(&frame("create", "app.bsky.feed.repost", &record));
    assert_eq!(mention.id, "at://did:plc:ann/app.bsky.feed.repost/3kann1");
    assert_eq!(mention.repost_of.as_deref(), Some(subject));
    assert_eq!(mention.author.id, ANN);
    assert_eq!(mention.text, "");
}

#[rstest]
#[case::named_by_the_reason(json!("at://did:plc:ben/app.bsky.feed.repost/3krep"), "at://did:plc:ben/app.bsky.feed.repost/3krep")]
#[case::not_named(
    Value::Null,
    "at://did:plc:ben/app.bsky.feed.repost?subject=at://did:plc:ann/app.bsky.feed.post/3kann1"
)]
#[case::named_by_a_stranger(json!("at://did:plc:cyd/app.bsky.feed.repost/3krep"), "at://did:plc:ben/app.bsky.feed.repost?subject=at://did:plc:ann/app.bsky.feed.post/3kann1")]
fn a_repost_in_a_feed(#[case] uri: Value, #[case] id: &str) {
    let reason = json!({
        "$type": "app.bsky.feed.defs#reasonRepost", "uri": uri,
        "by": {"did": BEN, "handle": "ben.example"}, "indexedAt": "2026-07-04T13:00:00Z"
    });
    let mention = one(&json!({"feed": [{"post": view(&record("hello")), "reason": reason}]}));
    assert_eq!(mention.id, id);
    let original = "at://did:plc:ann/app.bsky.feed.post/3kann1";
    assert_eq!(mention.repost_of.as_deref(), Some(original));
    assert_eq!(
        (mention.author.id.as_str(), mention.text.as_str()),
        (BEN, "hello")
    );
    assert_eq!(
        mention.created_at.unwrap().to_string(),
        "2026-07-04T13:00:00Z"
    );
}

/// Places count bytes of UTF-8: the flag is eight, the umlaut two.
#[rstest]
#[case::after_wide_characters(11, 16, Some("@acme"))]
#[case::inside_a_character(1, 16, None)]
#[case::backwards(16, 11, None)]
#[case::past_the_end(11, 999, None)]
fn facets(#[case] start: u64, #[case] end: u64, #[case] want: Option<&str>) {
    let mut record = record("🇩🇪 ü@acme!");
    record["facets"] = json!([{
        "index": {"byteStart": start, "byteEnd": end},
        "features": [{"$type": "app.bsky.richtext.facet#mention", "did": "did:plc:acme"}]
    }]);
    let mention = one(&frame("create", "app.bsky.feed.post", &record));
    let facet = &mention.extra["facets"][0];
    assert_eq!(
        (&facet["kind"], &facet["value"]),
        (&json!("mention"), &json!("did:plc:acme"))
    );
    let place = |key: &str| facet.get(key).and_then(Value::as_u64);
    let place = |key| place(key).map(|place| usize::try_from(place).unwrap());
    let named = place("start").zip(place("end"));
    assert_eq!(named.map(|(start, end)| &mention.text[start..end]), want);
}

#[rstest]
#[case::blob(
    json!({"images": [{"alt": "a wet suitcase", "image": {"ref": {"$link": "bafyimg"}}}]}),
    "image", "https://cdn.bsky.app/img/feed_fullsize/plain/did:plc:ann/bafyimg@jpeg", Some("a wet suitcase")
)]
#[case::gallery(
    json!({"items": [{"alt": "", "image": {"ref": {"$link": "bafyimg"}}}]}),
    "image", "https://cdn.bsky.app/img/feed_fullsize/plain/did:plc:ann/bafyimg@jpeg", None
)]
#[case::film(
    json!({"alt": "the belt", "video": {"ref": {"$link": "bafyfilm"}}}),
    "video", "https://video.bsky.app/watch/did:plc:ann/bafyfilm/playlist.m3u8", Some("the belt")
)]
#[case::beside_a_quote(
    json!({
        "record": {"record": {"uri": "at://did:plc:ben/app.bsky.feed.post/3kb"}},
        "media": {"images": [{"alt": "x", "image": {"ref": {"$link": "bafyimg"}}}]}
    }),
    "image", "https://cdn.bsky.app/img/feed_fullsize/plain/did:plc:ann/bafyimg@jpeg", Some("x")
)]
fn media(#[case] embed: Value, #[case] kind: &str, #[case] url: &str, #[case] alt: Option<&str>) {
    let mut record = record("look");
    record["embed"] = embed;
    let mention = one(&frame("create", "app.bsky.feed.post", &record));
    assert_eq!(mention.media.len(), 1);
    let media = &mention.media[0];
    assert_eq!(
        (
            media.kind.as_str(),
            media.url.as_str(),
            media.alt.as_deref()
        ),
        (kind, url, alt)
    );
}

#[test]
fn the_views_pictures_replace_the_records() {
    let mut record = record("look");
    record["embed"] = json!({"images": [{"alt": "x", "image": {"ref": {"$link": "bafyimg"}}}]});
    let mut view = view(&record);
    view["embed"] = json!({"images": [{"fullsize": "https://pictures.example/1", "alt": "x"}]});
    let mention = one(&view);
    assert_eq!(mention.media.len(), 1);
    assert_eq!(mention.media[0].url, "https://pictures.example/1");
}

#[test]
fn quote_card_languages_tags_and_labels_are_kept() {
    let mut record = record("read this");
    record["langs"] = json!(["de-CH", "en"]);
    record["tags"] = json!(["luggage"]);
    record["labels"] = json!({"values": [{"val": "porn"}]});
    record["embed"] = json!({
        "record": {"uri": "at://did:plc:ben/app.bsky.feed.post/3kb"},
        "external": {"uri": "https://news.example/1", "title": "Lost", "description": "…"}
    });
    let mention = one(&frame("create", "app.bsky.feed.post", &record));
    assert_eq!(mention.lang.as_deref(), Some("de-CH"));
    assert_eq!(mention.extra["langs"], json!(["de-CH", "en"]));
    assert_eq!(mention.extra["tags"], json!(["luggage"]));
    assert_eq!(mention.extra["content_labels"], json!(["porn"]));
    assert_eq!(
        mention.extra["quote_of"],
        "at://did:plc:ben/app.bsky.feed.post/3kb"
    );
    assert_eq!(mention.extra["link"]["uri"], "https://news.example/1");
}

#[test]
fn a_time_that_is_not_believed_is_kept_aside() {
    let mut record = record("from the future");
    record["createdAt"] = json!("2031-01-01T00:00:00Z");
    let mention = one(&frame("create", "app.bsky.feed.post", &record));
    assert_eq!(mention.created_at.unwrap().as_microsecond(), NOON_US);
    assert_eq!(mention.extra["created_at_claimed"], "2031-01-01T00:00:00Z");
}

#[test]
fn a_direct_message() {
    let message = json!({"id": "3kdm", "rev": "2", "sender": {"did": ANN}, "text": "hi",
        "sentAt": "2026-07-04T12:00:00Z"});
    let mention = one(&json!({"messages": [message]}));
    assert_eq!(
        (mention.form, mention.visibility),
        (Form::Dm, Visibility::Private)
    );
    assert_eq!(
        (mention.author.id.as_str(), mention.text.as_str()),
        (ANN, "hi")
    );
}

#[rstest]
#[case::no_text(frame("create", "app.bsky.feed.post", &json!({})), "$.commit.record.text")]
#[case::text_of_another_type(frame("create", "app.bsky.feed.post", &json!({"text": 7})), "$.commit.record.text")]
#[case::no_record(frame("create", "app.bsky.feed.post", &Value::Null), "$.commit.record")]
#[case::numbered(numbered(&frame("create", "app.bsky.feed.post", &json!({}))), "$.payload.record.text")]
#[case::unknown_operation(frame("rename", "app.bsky.feed.post", &record("x")), "$.commit.operation")]
#[case::no_subject(frame("create", "app.bsky.feed.repost", &json!({})), "$.commit.record.subject.uri")]
#[case::no_address(json!({"posts": [{"record": {"text": "x"}}]}), "$.posts[0].uri")]
#[case::only_addresses(json!({"feed": [{"post": "at://did:plc:ann/app.bsky.feed.post/1"}]}), "$.feed[0].post")]
#[case::people(json!({"followers": [{"did": ANN}]}), "$")]
#[case::an_error(json!({"error": "AuthMissing", "message": "Authentication Required"}), "$")]
fn what_cannot_be_mapped_has_its_path(#[case] value: Value, #[case] path: &str) {
    assert_eq!(refusal(&value).0, path);
}

#[test]
fn a_servers_refusal_is_named() {
    let reason = refusal(&json!({"error": "RateLimitExceeded", "message": "slow down"})).1;
    assert_eq!(reason, "the server refused with `RateLimitExceeded`");
}

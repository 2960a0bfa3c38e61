//! What holds whatever is sent.

use super::*;
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;
use switchboard_domain::mention::{Media, Metrics, ReplyCapability};
use switchboard_domain::{Author, Form, Op, Slug, Visibility};

fn parse(item: &[u8]) -> Result<Mention, ItemError> {
    parse_mention(item, &ParseLimits::default())
}

fn timestamps() -> impl Strategy<Value = Option<Timestamp>> {
    // Years 1 to 9999.
    let seconds = -62_135_596_800_i64..253_370_764_800;
    proptest::option::of(seconds.prop_map(|second| Timestamp::from_second(second).unwrap()))
}

fn ids() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9:/@._é-]{1,40}"
}

fn texts() -> impl Strategy<Value = String> {
    "[^\0]{0,60}"
}

fn authors() -> impl Strategy<Value = Author> {
    use proptest::option::of;
    (
        ids(),
        of(texts()),
        of(texts()),
        of(any::<u64>()),
        any::<bool>(),
    )
        .prop_map(|(id, handle, name, followers, verified)| Author {
            id,
            handle,
            name,
            followers,
            verified,
        })
}

fn attachments() -> impl Strategy<Value = (Vec<Media>, Option<ReplyCapability>, Option<Metrics>)> {
    use proptest::{collection::vec, option::of};
    let media = (texts(), ids(), of(texts())).prop_map(|(kind, path, alt)| Media {
        kind,
        url: format!("https://a.example/{path}"),
        alt,
    });
    let reply = any::<bool>().prop_map(|can| ReplyCapability {
        can,
        limits: BTreeMap::new(),
    });
    let metrics = any::<[u64; 4]>().prop_map(|[likes, reposts, replies, views]| Metrics {
        likes,
        reposts,
        replies,
        views,
    });
    (vec(media, 0..3), of(reply), of(metrics))
}

fn mentions() -> impl Strategy<Value = Mention> {
    use proptest::{collection::btree_set, option::of, sample::select};
    let visibilities = [
        Visibility::Public,
        Visibility::Unlisted,
        Visibility::Followers,
        Visibility::Private,
    ];
    let head = (
        ids(),
        texts(),
        any::<i64>(),
        "[a-z0-9-]{1,40}",
        any::<bool>(),
        any::<bool>(),
    );
    let kind = (
        select(&Form::ALL[..]),
        select(visibilities.to_vec()),
        of(any::<i32>()),
    );
    let times = (timestamps(), timestamps());
    let links = (
        of(ids()),
        of(ids()),
        of(ids()),
        of(texts()),
        btree_set(texts(), 0..4),
    );
    (head, kind, times, links, authors(), attachments()).prop_map(
        |(head, kind, times, links, author, (media, reply, metrics))| {
            let (id, text, version, platform, delete, backfill) = head;
            let (in_reply_to, conversation_id, repost_of, lang, accounts) = links;
            let mut mention = Mention::new(Slug::new(&platform).unwrap(), id, text);
            if delete {
                mention.op = Op::Delete;
                mention.text.clear();
            }
            (mention.version, mention.backfill) = (version, backfill);
            (mention.form, mention.visibility) = (kind.0, kind.1);
            mention.rating = kind.2.map(|half_stars| f64::from(half_stars) / 2.0);
            (mention.created_at, mention.edited_at) = times;
            (mention.in_reply_to, mention.conversation_id) = (in_reply_to, conversation_id);
            (mention.repost_of, mention.lang, mention.accounts) = (repost_of, lang, accounts);
            (mention.author, mention.media) = (author, media);
            (mention.reply, mention.metrics) = (reply, metrics);
            mention
                .extra
                .insert("kept".into(), json!({"as": ["it", "came", null, 1.5]}));
            mention
        },
    )
}

/// Items that are wrong and whose brackets and quotes close, so that a body can be cut.
fn hostile_items() -> impl Strategy<Value = Vec<u8>> {
    proptest::sample::select(vec![
        b"{\"id\":\"1\",\"text\":\"\xff\"}".to_vec(),
        br#"{"id":"1","id":"2","text":"a"}"#.to_vec(),
        br#"{"text":"[{,"}"#.to_vec(),
        br#"{"id":"\ud800","text":"a"}"#.to_vec(),
        b"null".to_vec(),
        b"17 18".to_vec(),
        b"[[[]]]".to_vec(),
        b"<html>".to_vec(),
    ])
}

proptest! {
    #[test]
    fn any_bytes_give_an_answer(body in any::<Vec<u8>>()) {
        for format in [BodyFormat::Json, BodyFormat::Lines] {
            let _ = parse_mentions(&body, format, &ParseLimits::default());
        }
        let _ = parse(&body);
    }

    #[test]
    fn any_json_looking_bytes_give_an_answer(body in r#"[\[\]{},:"\\ud80\n e1.-]{0,80}"#) {
        for format in [BodyFormat::Json, BodyFormat::Lines] {
            let _ = parse_mentions(body.as_bytes(), format, &ParseLimits::default());
        }
    }

    #[test]
    fn what_we_write_we_read_back(mention in mentions()) {
        let written = serde_json::to_vec(&mention).unwrap();
        prop_assert_eq!(parse(&written).unwrap(), mention);
    }

    #[test]
    fn as_many_answers_as_items_and_each_in_its_place(
        items in proptest::collection::vec(
            prop_oneof![
                mentions().prop_map(|mention| (true, serde_json::to_vec(&mention).unwrap())),
                hostile_items().prop_map(|item| (false, item)),
            ],
            0..12,
        ),
    ) {
        let want: Vec<bool> = items.iter().map(|(upright, _)| *upright).collect();
        let items: Vec<Vec<u8>> = items.into_iter().map(|(_, item)| item).collect();
        let array = [b"[".to_vec(), items.join(&b","[..]), b"]".to_vec()].concat();
        let lines = items.join(&b"\r\n"[..]);
        for (body, format) in [(array, BodyFormat::Json), (lines, BodyFormat::Lines)] {
            let results = parse_mentions(&body, format, &ParseLimits::default()).unwrap();
            prop_assert_eq!(results.iter().map(Result::is_ok).collect::<Vec<_>>(), want.clone());
            for (index, result) in results.iter().enumerate() {
                if let Err(error) = result {
                    prop_assert_eq!(error.index, index);
                }
            }
        }
    }
}

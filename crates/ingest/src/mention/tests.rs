//! What strangers send, case by case; the laws stand in `laws`.

use super::*;
use ItemErrorCode::{
    DuplicateKey, InvalidJson, InvalidUtf8, InvalidValue, MissingId, MissingText, NotAnObject,
    TooDeep, TooLarge, WrongType,
};
use jiff::Timestamp;
use rstest::rstest;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use switchboard_domain::{Author, Op, Slug};

fn parse(item: &[u8]) -> Result<Mention, ItemError> {
    parse_mention(item, &ParseLimits::default())
}

fn parse_value(fields: &Value) -> Result<Mention, ItemError> {
    let mut item = json!({"id": "1", "text": "hello"});
    let (Value::Object(item_fields), Value::Object(fields)) = (&mut item, fields.clone()) else {
        panic!("the case is no object");
    };
    item_fields.extend(fields);
    parse(item.to_string().as_bytes())
}

/// What an upright item of the same body must survive.
const SIBLING: &[u8] = br#"{"id":"sibling","text":"hello"}"#;

#[rstest]
#[case::invalid_utf8_in_text(b"{\"id\":\"1\",\"text\":\"\xff\xfe\"}", InvalidUtf8, None)]
#[case::invalid_utf8_in_key(b"{\"id\":\"1\",\"text\":\"a\",\"\xc3\x28\":1}", InvalidUtf8, None)]
#[case::utf16_surrogate_as_utf8(b"{\"id\":\"1\",\"text\":\"\xed\xa0\x80\"}", InvalidUtf8, None)]
#[case::overlong_slash(b"{\"id\":\"1\",\"text\":\"\xc0\xaf\"}", InvalidUtf8, None)]
#[case::lone_high_surrogate(br#"{"id":"1","text":"\ud83d"}"#, InvalidJson, None)]
#[case::lone_low_surrogate(br#"{"id":"1","text":"\ude21 oh"}"#, InvalidJson, None)]
#[case::surrogates_swapped(br#"{"id":"1","text":"\ude21\ud83d"}"#, InvalidJson, None)]
#[case::half_an_escape(br#"{"id":"1","text":"\u12"}"#, InvalidJson, None)]
#[case::unknown_escape(br#"{"id":"1","text":"\x41"}"#, InvalidJson, None)]
#[case::raw_nul(b"{\"id\":\"1\",\"text\":\"a\0b\"}", InvalidJson, None)]
#[case::raw_newline(b"{\"id\":\"1\",\"text\":\"a\tb\"}", InvalidJson, None)]
#[case::comma_after_the_last(br#"{"id":"1","text":"a",}"#, InvalidJson, None)]
#[case::single_quotes(b"{'id':'1','text':'a'}", InvalidJson, None)]
#[case::key_without_quotes(br#"{id:"1",text:"a"}"#, InvalidJson, None)]
#[case::comment(br#"{"id":"1","text":"a"/*!*/}"#, InvalidJson, None)]
#[case::not_a_number(br#"{"id":"1","text":"a","rating":NaN}"#, InvalidJson, None)]
#[case::infinity(br#"{"id":"1","text":"a","rating":1e999}"#, InvalidJson, None)]
#[case::leading_zero(br#"{"id":007,"text":"a"}"#, InvalidJson, None)]
#[case::hexadecimal(br#"{"id":0x7,"text":"a"}"#, InvalidJson, None)]
#[case::python_words(br#"{"id":"1","text":"a","backfill":True}"#, InvalidJson, None)]
#[case::two_objects_in_one_item(
    br#"{"id":"1","text":"a"} {"id":"2","text":"b"}"#,
    InvalidJson,
    None
)]
#[case::html_error_page(b"<html><body>502</body></html>", InvalidJson, None)]
#[case::a_list(br#"[["id","1"]]"#, NotAnObject, None)]
#[case::a_text(br#""hello""#, NotAnObject, None)]
#[case::a_number(b"17", NotAnObject, None)]
#[case::null(b"null", NotAnObject, None)]
#[case::key_twice(br#"{"id":"1","text":"a","text":"b"}"#, DuplicateKey, Some("text"))]
#[case::id_twice(br#"{"id":"1","id":"1","text":"a"}"#, DuplicateKey, Some("id"))]
#[case::same_key_by_escape(br#"{"id":"1","\u0069d":"2","text":"a"}"#, DuplicateKey, Some("id"))]
#[case::key_twice_inside(
    br#"{"id":"1","text":"a","author":{"id":"a","id":"b"}}"#,
    DuplicateKey,
    Some("author.id")
)]
#[case::key_twice_in_unknown(
    br#"{"id":"1","text":"a","x":[{"y":1,"y":2}]}"#,
    DuplicateKey,
    Some("x.y")
)]
#[case::id_absent(br#"{"text":"a"}"#, MissingId, Some("id"))]
#[case::id_empty(br#"{"id":"","text":"a"}"#, MissingId, Some("id"))]
#[case::id_null(br#"{"id":null,"text":"a"}"#, MissingId, Some("id"))]
#[case::id_absent_in_a_deletion(br#"{"op":"delete"}"#, MissingId, Some("id"))]
#[case::empty_object(b"{}", MissingId, Some("id"))]
#[case::text_absent(br#"{"id":"1"}"#, MissingText, Some("text"))]
#[case::text_null(br#"{"id":"1","text":null}"#, MissingText, Some("text"))]
fn refuses_the_item(#[case] item: &[u8], #[case] code: ItemErrorCode, #[case] field: Option<&str>) {
    let error = parse(item).unwrap_err();
    assert_eq!(
        (error.code, error.field.as_deref()),
        (code, field),
        "{error}"
    );
    let body = [b"[", SIBLING, b",", item, b",", SIBLING, b"]"].concat();
    let results = parse_mentions(&body, BodyFormat::Json, &ParseLimits::default()).unwrap();
    assert_eq!(
        results.iter().map(Result::is_ok).collect::<Vec<_>>(),
        [true, false, true]
    );
    assert_eq!(results[1].as_ref().unwrap_err().index, 1);
}

#[rstest]
#[case::id_true(json!({"id": true}), WrongType, "id")]
#[case::id_list(json!({"id": ["1"]}), WrongType, "id")]
#[case::id_object(json!({"id": {"$oid": "1"}}), WrongType, "id")]
#[case::id_fraction(json!({"id": 1.5}), InvalidValue, "id")]
#[case::id_with_nul(json!({"id": "a\u{0}b"}), InvalidValue, "id")]
#[case::id_with_newline(json!({"id": "a\nb"}), InvalidValue, "id")]
#[case::id_too_long(json!({"id": "1".repeat(513)}), TooLarge, "id")]
#[case::scope_too_long(json!({"id_scope": "1".repeat(513)}), TooLarge, "id_scope")]
#[case::text_number(json!({"text": 5}), WrongType, "text")]
#[case::text_list(json!({"text": ["a"]}), WrongType, "text")]
#[case::text_too_long(json!({"text": "a".repeat(TEXT_BYTES_MAX + 1)}), TooLarge, "text")]
#[case::op_unknown(json!({"op": "update"}), InvalidValue, "op")]
#[case::op_number(json!({"op": 1}), WrongType, "op")]
#[case::form_unknown(json!({"form": "tweet"}), InvalidValue, "form")]
#[case::form_in_capitals(json!({"form": "Post"}), InvalidValue, "form")]
#[case::visibility_unknown(json!({"visibility": "friends"}), InvalidValue, "visibility")]
#[case::platform_empty(json!({"platform": ""}), InvalidValue, "platform")]
#[case::platform_not_a_name(json!({"platform": "../etc"}), InvalidValue, "platform")]
#[case::platform_too_long(json!({"platform": "p".repeat(41)}), InvalidValue, "platform")]
#[case::platform_number(json!({"platform": 4}), WrongType, "platform")]
#[case::version_text(json!({"version": "3"}), WrongType, "version")]
#[case::version_fraction(json!({"version": 1.5}), InvalidValue, "version")]
#[case::version_too_large(json!({"version": u64::MAX}), InvalidValue, "version")]
#[case::date_number(json!({"created_at": 1_424_158_565}), WrongType, "created_at")]
#[case::date_words(json!({"created_at": "yesterday"}), InvalidValue, "created_at")]
#[case::date_without_offset(json!({"created_at": "2015-02-17T07:36:05"}), InvalidValue, "created_at")]
#[case::date_that_is_none(json!({"created_at": "2015-02-30T07:36:05Z"}), InvalidValue, "created_at")]
#[case::date_of_year_12000(json!({"edited_at": "+012000-01-01T00:00:00Z"}), InvalidValue, "edited_at")]
#[case::author_number(json!({"author": 7}), WrongType, "author")]
#[case::author_list(json!({"author": ["ann"]}), WrongType, "author")]
#[case::followers_negative(json!({"author": {"followers": -1}}), InvalidValue, "author.followers")]
#[case::followers_text(json!({"author": {"followers": "12k"}}), WrongType, "author.followers")]
#[case::verified_text(json!({"author": {"verified": "yes"}}), WrongType, "author.verified")]
#[case::account_number(json!({"account": 3}), WrongType, "account")]
#[case::account_list_of_numbers(json!({"account": [3]}), WrongType, "account")]
#[case::accounts_too_many(json!({"account": vec!["a"; ACCOUNTS_MAX + 1]}), TooLarge, "account")]
#[case::rating_text(json!({"rating": "five"}), WrongType, "rating")]
#[case::metrics_list(json!({"metrics": []}), WrongType, "metrics")]
#[case::likes_negative(json!({"metrics": {"likes": -3}}), InvalidValue, "metrics.likes")]
#[case::media_object(json!({"media": {"url": "https://a.example"}}), WrongType, "media")]
#[case::media_of_texts(json!({"media": ["https://a.example"]}), WrongType, "media.0")]
#[case::media_too_many(json!({"media": vec![json!({}); MEDIA_MAX + 1]}), TooLarge, "media")]
#[case::url_too_long(json!({"url": format!("https://{}", "a".repeat(URL_BYTES_MAX))}), TooLarge, "url")]
#[case::backfill_text(json!({"backfill": "true"}), WrongType, "backfill")]
#[case::reply_true(json!({"reply": true}), WrongType, "reply")]
#[case::reply_limits_list(json!({"reply": {"limits": [1]}}), WrongType, "reply.limits")]
#[case::extra_text(json!({"extra": "more"}), WrongType, "extra")]
#[case::unknown_fields_too_large(json!({"dump": "a".repeat(EXTRA_BYTES_MAX)}), TooLarge, "extra")]
fn refuses_the_field(#[case] fields: Value, #[case] code: ItemErrorCode, #[case] field: &str) {
    let error = parse_value(&fields).unwrap_err();
    assert_eq!(
        (error.code, error.field.as_deref()),
        (code, Some(field)),
        "{error}"
    );
    let (start, _) = error.message.split_once('`').unwrap();
    assert_eq!(start, "", "the message begins with the field");
    assert!(error.message.len() < 300, "a payload is not carried back");
}

#[test]
fn a_thousand_levels_and_ten_megabytes_are_that_items_error_alone() {
    let deep = [
        &b"{\"id\":\"1\",\"x\":"[..],
        &b"[".repeat(1000),
        &b"]".repeat(1000),
        b"}",
    ]
    .concat();
    let long = format!(
        "{{\"id\":\"1\",\"text\":\"{}\"}}",
        "a".repeat(10 * 1024 * 1024)
    );
    let body = [
        b"[",
        SIBLING,
        b",",
        &deep,
        b",",
        long.as_bytes(),
        b",",
        SIBLING,
        b"]",
    ]
    .concat();
    let results = parse_mentions(&body, BodyFormat::Json, &ParseLimits::default()).unwrap();
    let codes: Vec<_> = results
        .iter()
        .map(|result| result.as_ref().err().map(|e| e.code))
        .collect();
    assert_eq!(codes, [None, Some(TooDeep), Some(TooLarge), None]);
}

#[test]
fn messages_say_what_to_do() {
    let message = |fields| parse_value(&fields).unwrap_err().message;
    insta::assert_snapshot!(message(json!({"op": "update"})),
        @"`op` is `update`; it must be one of upsert, delete");
    insta::assert_snapshot!(message(json!({"form": "tweet"})),
        @"`form` is `tweet`; it must be one of post, comment, reply, dm, review, email");
    insta::assert_snapshot!(message(json!({"author": {"followers": "12k"}})),
        @"`author.followers` must be a whole number, not a text");
    insta::assert_snapshot!(message(json!({"created_at": "2015-02-17T07:36:05"})),
        @"`created_at` is `2015-02-17T07:36:05`; it must be a time with its offset, such as `2026-11-22T08:00:00Z`");
    insta::assert_snapshot!(message(json!({"text": null})),
        @r#"`text` is missing; send it, empty for a bare picture, or `"op":"delete"`"#);
    insta::assert_snapshot!(parse(br#"{"id":"1","text":"\ud800"}"#).unwrap_err(),
        @"item 0: not JSON: unexpected end of hex escape at line 1 column 25");
}

#[rstest]
#[case::empty_text(json!({"text": ""}), "")]
#[case::html_and_script(json!({"text": "<script>alert(1)</script>"}), "<script>alert(1)</script>")]
#[case::right_to_left_override(json!({"text": "a\u{202e}b\u{2066}c"}), "a\u{202e}b\u{2066}c")]
#[case::zero_width(json!({"text": "a\u{200b}\u{feff}b"}), "a\u{200b}\u{feff}b")]
#[case::nul_becomes_a_mark(json!({"text": "a\u{0}b"}), "a\u{fffd}b")]
#[case::other_controls_stay(json!({"text": "a\u{7}\u{1b}[31m\r\n"}), "a\u{7}\u{1b}[31m\r\n")]
#[case::emoji_by_escapes(json!({"text": "😡"}), "😡")]
fn keeps_the_words(#[case] fields: Value, #[case] want: &str) {
    assert_eq!(parse_value(&fields).unwrap().text, want);
}

#[test]
fn a_thousand_hashtags_and_the_longest_text_are_kept() {
    let tags = "#delayed ".repeat(1000);
    assert_eq!(parse_value(&json!({"text": tags})).unwrap().text, tags);
    let long = "a".repeat(TEXT_BYTES_MAX);
    assert_eq!(parse_value(&json!({"text": long})).unwrap().text, long);
}

#[rstest]
#[case::number(br#"{"id":567588278875213824,"text":"a"}"#, "567588278875213824")]
#[case::largest(br#"{"id":18446744073709551615,"text":"a"}"#, "18446744073709551615")]
#[case::negative(br#"{"id":-5,"text":"a"}"#, "-5")]
#[case::text_with_zeros(br#"{"id":"007","text":"a"}"#, "007")]
#[case::longest_unicode("{\"id\":\"größe/🙂\",\"text\":\"a\"}".as_bytes(), "größe/🙂")]
fn ids_become_text(#[case] item: &[u8], #[case] want: &str) {
    assert_eq!(parse(item).unwrap().id, want);
}

#[test]
fn a_number_beyond_64_bits_is_no_id() {
    let error = parse(br#"{"id":18446744073709551616,"text":"a"}"#).unwrap_err();
    assert_eq!(
        (error.code, error.field.as_deref()),
        (InvalidValue, Some("id"))
    );
}

#[rstest]
#[case::year_one("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z")]
#[case::year_9999_early("9999-01-01T00:00:00Z", "9999-01-01T00:00:00Z")]
#[case::last_second("9999-12-31T23:59:59Z", "9999-12-30T22:00:00.999999999Z")]
#[case::with_offset("2015-02-17T09:36:05+02:00", "2015-02-17T07:36:05Z")]
#[case::leap_second("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z")]
fn dates_are_survived(#[case] text: &str, #[case] want: Timestamp) {
    assert_eq!(
        parse_value(&json!({"created_at": text}))
            .unwrap()
            .created_at,
        Some(want)
    );
}

#[rstest]
#[case::neither(json!({}), 0)]
#[case::edited(json!({"edited_at": "1970-01-01T00:00:02Z"}), 2_000_000)]
#[case::numbered(json!({"version": 3, "edited_at": "1970-01-01T00:00:02Z"}), 3)]
#[case::numbered_zero(json!({"version": 0, "edited_at": "1970-01-01T00:00:02Z"}), 0)]
fn an_edit_without_a_number_is_numbered_by_its_time(#[case] fields: Value, #[case] want: i64) {
    assert_eq!(parse_value(&fields).unwrap().version, want);
}

#[test]
fn the_smallest_mention() {
    let want = Mention::new(Slug::from_any("api"), "1", "hello");
    assert_eq!(parse_value(&json!({})).unwrap(), want);
}

#[test]
fn null_is_absent_everywhere() {
    let fields = json!({
        "op": null, "platform": null, "id_scope": null, "version": null, "edited_at": null,
        "form": null, "visibility": null, "lang": null, "created_at": null, "url": null,
        "author": null, "account": null, "in_reply_to": null, "conversation_id": null,
        "repost_of": null, "rating": null, "metrics": null, "media": null, "source": null,
        "backfill": null, "reply": null, "extra": null, "unknown": null,
    });
    assert_eq!(
        parse_value(&fields).unwrap(),
        Mention::new(Slug::from_any("api"), "1", "hello")
    );
}

#[test]
fn a_deletion_needs_no_text_and_keeps_none() {
    let mention = parse(br#"{"op":"delete","id":"1"}"#).unwrap();
    assert_eq!((mention.op, mention.text.as_str()), (Op::Delete, ""));
    let mention = parse(br#"{"op":"delete","id":"1","text":"still here"}"#).unwrap();
    assert_eq!(mention.text, "");
}

#[test]
fn an_author_may_be_a_handle() {
    let author = parse_value(&json!({"author": "ann"})).unwrap().author;
    let want = Author {
        id: "ann".into(),
        handle: Some("ann".into()),
        ..Author::default()
    };
    assert_eq!(author, want);
}

#[test]
fn an_account_may_be_one_or_several() {
    let accounts = |fields| parse_value(&fields).unwrap().accounts;
    assert_eq!(
        accounts(json!({"account": "Delta"})),
        BTreeSet::from(["Delta".to_owned()])
    );
    let both = BTreeSet::from(["Delta".to_owned(), "United".to_owned()]);
    assert_eq!(
        accounts(json!({"account": ["United", "Delta", "United"]})),
        both
    );
}

#[test]
fn unknown_fields_are_kept_under_their_path() {
    let mention = parse_value(&json!({
        "mood": {"deep": [1, null]},
        "author": {"id": "a", "bio": "nul\u{0}"},
        "metrics": {"likes": 1, "quotes": 2},
        "media": [{"url": "https://a.example/b.png", "width": 640}],
        "url": "javascript:alert(1)",
    }))
    .unwrap();
    assert_eq!(mention.url, None);
    let want = json!({
        "mood": {"deep": [1, null]},
        "author.bio": "nul\u{fffd}",
        "metrics.quotes": 2,
        "media.0.width": 640,
        "url": "javascript:alert(1)",
    });
    assert_eq!(serde_json::to_value(&mention.extra).unwrap(), want);
}

#[test]
fn an_error_names_the_item_by_its_id() {
    let id_of = |item: &[u8]| parse(item).unwrap_err().id;
    assert_eq!(id_of(br#"{"id":"a","op":"x"}"#).as_deref(), Some("a"));
    assert_eq!(id_of(br#"{"id":17,"op":"x"}"#).as_deref(), Some("17"));
    let long = format!("{{\"id\":\"{}\"}}", "é".repeat(400));
    assert_eq!(
        id_of(long.as_bytes()).unwrap().chars().count(),
        SHOWN_ID_CHARACTERS + 1
    );
}

#[rstest]
#[case::json("application/json", Some(BodyFormat::Json))]
#[case::charset("Application/JSON; charset=utf-8", Some(BodyFormat::Json))]
#[case::lines("application/x-ndjson", Some(BodyFormat::Lines))]
#[case::form("application/x-www-form-urlencoded", None)]
#[case::similar("application/jsonp", None)]
#[case::empty("", None)]
fn content_types(#[case] content_type: &str, #[case] want: Option<BodyFormat>) {
    assert_eq!(BodyFormat::from_content_type(content_type), want);
}

#[rstest]
#[case::a_post(json!({}), "post", "public")]
#[case::a_direct_message(json!({"form": "dm"}), "dm", "private")]
#[case::mail(json!({"platform": "email"}), "email", "private")]
#[case::mail_of_another_platform(json!({"form": "email"}), "email", "private")]
#[case::mail_that_everybody_may_read(
    json!({"platform": "email", "visibility": "public"}),
    "email",
    "public"
)]
#[case::a_form_that_was_said(json!({"platform": "email", "form": "post"}), "post", "public")]
fn what_was_written_to_us_alone_stays_between_us(
    #[case] fields: Value,
    #[case] form: &str,
    #[case] visibility: &str,
) {
    let mention = serde_json::to_value(parse_value(&fields).unwrap()).unwrap();
    assert_eq!(
        (&mention["form"], &mention["visibility"]),
        (&json!(form), &json!(visibility))
    );
}

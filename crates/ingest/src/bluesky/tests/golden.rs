//! The fixtures of this connector and the mentions they become, as `connector try` prints
//! them. `events.jsonl` is `stream.jsonl` as the other protocol would have told it.

use super::super::sample::sample;
use crate::sample::Sampled;
use std::path::Path;

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/bluesky");
    std::fs::read(folder.join(name)).unwrap()
}

fn lines(sampled: &Sampled) -> Vec<String> {
    let mentions = sampled.mentions.iter();
    mentions
        .map(|mention| serde_json::to_string(mention).unwrap())
        .collect()
}

#[rstest::rstest]
#[case::stream("stream.jsonl", "stream.mentions.jsonl", &[])]
#[case::numbered_stream("events.jsonl", "stream.mentions.jsonl", &[])]
#[case::feed("feed.json", "feed.mentions.jsonl", &["$.feed[2].post.record.text"])]
fn responses(#[case] response: &str, #[case] mentions: &str, #[case] refused: &[&str]) {
    let sampled = sample(&fixture(response), None);
    let want = String::from_utf8(fixture(mentions)).unwrap();
    assert_eq!(lines(&sampled), want.lines().collect::<Vec<_>>());
    let paths: Vec<&str> = sampled
        .refused
        .iter()
        .map(|item| item.path.as_str())
        .collect();
    assert_eq!(paths, refused);
}

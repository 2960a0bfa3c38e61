//! `[sources.<name>.settings]`.

use super::super::{BASE_URL, read_settings};
use rstest::rstest;
use std::collections::BTreeMap;
use switchboard_config::Document;

fn problems(text: &str) -> String {
    let environment = BTreeMap::new();
    let document = Document::parse("s.toml", text, &environment, &[]);
    let read = document.read(read_settings);
    let problems: Vec<String> = document
        .into_problems()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(read.is_some(), problems.is_empty(), "{problems:?}");
    problems.join("\n")
}

#[rstest]
#[case::words("words = ['Acme Air']")]
#[case::everything(
    "words = ['acme']\nhandles = ['@acme.example']\ndids = ['did:plc:acme']\n\
    account = 'acme'\nreposts = false\nall_deletions = true\nprotocol = 'subscribe'\n\
    base_url = 'ws://127.0.0.1:6008'"
)]
fn right(#[case] text: &str) {
    assert_eq!(problems(text), "");
}

#[test]
fn every_mistake_has_its_place() {
    insta::assert_snapshot!(problems(""), @"s.toml:1:1: `words`, `handles` and `dids` name 0 things to look for; name 1 to 200");
    insta::assert_snapshot!(
        problems("words = ['']\ndids = ['acme']\nbase_url = 'https://x'\nprotocol = 'v2'\nword = 1"),
        @r"
    s.toml:1:10: `` in `words` is not a name
    s.toml:2:9: `acme` in `dids` is not a DID such as `did:plc:…`
    s.toml:3:12: `base_url` is `https://x`; it must be `wss://` (or `ws://`) and a host
    s.toml:4:12: `protocol`: unknown name `v2` (known: auto, events, subscribe)
    s.toml:5:1: unknown key `word` (did you mean `words`? known: words, handles, dids, account, reposts, all_deletions, protocol, base_url)
    "
    );
}

#[test]
fn the_default_server_is_an_address() {
    assert!(reqwest::Url::parse(BASE_URL).is_ok());
}

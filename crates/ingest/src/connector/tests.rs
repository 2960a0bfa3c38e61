//! The contract every entry of the list keeps.

use super::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use switchboard_config::Document;
use switchboard_domain::ManualClock;

fn fixtures(descriptor: &Descriptor) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(descriptor.name)
}

/// Of the fixture's `settings.toml`; `FIXTURES` in it stands for the folder it lies in.
fn plan(descriptor: &Descriptor) -> Arc<dyn ConnectorPlan> {
    let folder = fixtures(descriptor);
    let text = std::fs::read_to_string(folder.join("settings.toml")).unwrap();
    let text = text.replace("FIXTURES", &folder.display().to_string());
    let environment = BTreeMap::new();
    let document = Document::parse("settings.toml", &text, &environment, &[]);
    let plan = document.read(descriptor.read);
    assert_eq!(document.into_problems(), []);
    plan.unwrap()
}

/// Connectors that speak to a server keep the law below in their own tests, where there is one.
fn asks_a_server(descriptor: &Descriptor) -> bool {
    let settings = std::fs::read_to_string(fixtures(descriptor).join("settings.toml")).unwrap();
    settings.contains("base_url")
}

#[test]
fn every_connector_reads_its_fixture_and_survives_any_sample() {
    for descriptor in CONNECTORS {
        plan(descriptor);
        for bytes in [&b""[..], b"\xff\xfe", b"{", b"null", b"[{}]", b"<a>"] {
            (descriptor.sample)(bytes, None);
        }
    }
}

#[test]
fn the_list_is_sorted_and_names_are_unique_snake_case() {
    let names: Vec<&str> = CONNECTORS
        .iter()
        .map(|descriptor| descriptor.name)
        .collect();
    assert!(names.is_sorted_by(|one, next| one < next), "{names:?}");
    for name in names {
        let snake = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        assert!(!name.is_empty() && name.bytes().all(snake), "{name}");
    }
}

#[test]
fn every_connector_has_a_page_that_names_its_settings() {
    for descriptor in CONNECTORS {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/connectors");
        let page = std::fs::read_to_string(docs.join(format!("{}.md", descriptor.name))).unwrap();
        let line = format!("connector = \"{}\"", descriptor.name);
        assert!(
            page.contains(&line),
            "the page of {} has no example",
            descriptor.name
        );
    }
}

#[tokio::test]
async fn the_same_cursor_gives_the_same_batch() {
    let clock = Arc::new(ManualClock::new(jiff::Timestamp::UNIX_EPOCH));
    for descriptor in CONNECTORS {
        if asks_a_server(descriptor) {
            continue;
        }
        let plan = plan(descriptor);
        let mut cursor = None;
        let mut seen = 0;
        for _ in 0..3 {
            let once = plan
                .build(clock.clone())
                .poll(cursor.as_ref())
                .await
                .unwrap();
            let mut connector = plan.build(clock.clone());
            let again = connector.poll(cursor.as_ref()).await.unwrap();
            let third = connector.poll(cursor.as_ref()).await.unwrap();
            assert_eq!(once, again, "{}", descriptor.name);
            assert_eq!(again, third, "{} holds a position", descriptor.name);
            assert!(once.mentions.len() <= BATCH_MENTIONS_MAX);
            seen += once.mentions.len();
            cursor = Some(once.next);
        }
        assert!(
            seen > 0,
            "the fixtures of {} bring no mention",
            descriptor.name
        );
    }
}

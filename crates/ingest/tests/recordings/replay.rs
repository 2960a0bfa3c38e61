//! The connectors against the recordings' own server.

use super::recording::{descriptor, folder, skipped};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use switchboard_config::Document;
use switchboard_domain::ManualClock;
use switchboard_ingest::connector::{Connector, Cursor};

/// The recordings' own server, which ends with the test.
struct Replay {
    child: Child,
    address: String,
}

impl Replay {
    /// `None` without recordings or without Python.
    fn start(platform: &str) -> Option<Self> {
        let script = folder(platform)?.join("../replay.py");
        // Free now, and asked for again at once.
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let started = Command::new("python3")
            .arg("-B")
            .arg(script)
            .args([platform, &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(child) = started else {
            skipped(&format!(
                "no `python3` to serve the recordings of {platform}"
            ));
            return None;
        };
        let address = format!("127.0.0.1:{port}");
        let patience = Instant::now() + Duration::from_secs(30);
        while std::net::TcpStream::connect(&address).is_err() {
            assert!(
                Instant::now() < patience,
                "the replay server does not come up"
            );
            std::thread::yield_now();
        }
        Some(Self { child, address })
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}

fn connector(name: &str, settings: &str) -> Box<dyn Connector> {
    let environment = BTreeMap::new();
    let document = Document::parse("settings.toml", settings, &environment, &[]);
    let plan = document.read(descriptor(name).read);
    assert_eq!(document.into_problems(), []);
    let clock = ManualClock::new(jiff::Timestamp::UNIX_EPOCH);
    plan.unwrap().build(Arc::new(clock))
}

#[tokio::test]
async fn a_recorded_hashtag_is_polled_and_its_place_kept() {
    let Some(replay) = Replay::start("mastodon") else {
        return;
    };
    let settings = format!(
        "base_url = 'http://{}'\nhashtags = ['ichbinhanna']",
        replay.address
    );
    let mut polled = connector("mastodon", &settings);
    let first = polled.poll(None).await.unwrap();
    assert!(!first.mentions.is_empty() && first.broken.is_empty());
    assert!(
        first
            .mentions
            .is_sorted_by_key(|mention| mention.created_at)
    );
    let newest = &first.mentions.last().unwrap().id;
    let held: Value = serde_json::from_str(&first.next.0).unwrap();
    let place = held["after"]["ichbinhanna"].as_str().unwrap();
    assert!(place >= newest.as_str(), "{place} before {newest}");
    // Without the acknowledgement the same cursor is polled again, by whoever comes.
    let again = connector("mastodon", &settings).poll(None).await.unwrap();
    assert_eq!(first, again);
}

#[tokio::test]
async fn recorded_items_are_walked_up_to_the_first_that_is_not_there() {
    let Some(replay) = Replay::start("hn") else {
        return;
    };
    let settings = |query: &str| {
        format!(
            "base_url = 'http://{}'\nvia = 'firebase'\nquery = '{query}'",
            replay.address
        )
    };
    let item = |number: u64| {
        let path = folder("hn").unwrap().join(format!("v0_item_{number}.json"));
        serde_json::from_slice::<Value>(&std::fs::read(path).unwrap()).unwrap()
    };
    let words = item(2000)["text"].as_str().unwrap().to_lowercase();
    let from = Cursor("{\"next\":2000,\"watched\":[]}".to_owned());
    let query = words
        .split_whitespace()
        .find(|word| word.len() > 8)
        .unwrap();
    let batch = connector("hackernews", &settings(query))
        .poll(Some(&from))
        .await
        .unwrap();
    let ids: Vec<&str> = batch
        .mentions
        .iter()
        .map(|mention| mention.id.as_str())
        .collect();
    assert_eq!(ids, ["2000"]);
    let held: Value = serde_json::from_str(&batch.next.0).unwrap();
    assert_eq!(held["next"], 2001, "the walk stands where the answers end");
}

//! The contract every entry of the list keeps.

use super::*;
use crate::http::testing::answer;
use futures::{SinkExt, StreamExt};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use switchboard_config::Document;
use switchboard_domain::ManualClock;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;

fn fixtures(descriptor: &Descriptor) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(descriptor.name)
}

/// Of the fixture's `settings.toml`; `FIXTURES` in it stands for the folder it lies in, and
/// the server of nobody at port 9 for the one at `server`.
fn plan(descriptor: &Descriptor, server: &str) -> Arc<dyn ConnectorPlan> {
    let folder = fixtures(descriptor);
    let text = std::fs::read_to_string(folder.join("settings.toml")).unwrap();
    let text = text.replace("FIXTURES", &folder.display().to_string());
    let text = text.replace("127.0.0.1:9", server);
    let environment = BTreeMap::new();
    let document = Document::parse("settings.toml", &text, &environment, &[]);
    let plan = document.read(descriptor.read);
    assert_eq!(document.into_problems(), []);
    plan.unwrap()
}

/// A server on 127.0.0.1 that answers every request, or every open stream, with the fixture
/// of this name. Ends with the set.
async fn serve(fixture: PathBuf, running: &mut JoinSet<()>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let body = std::fs::read(&fixture).unwrap();
    running.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            if fixture.extension().is_some_and(|ending| ending == "jsonl") {
                connections.spawn(say(stream, String::from_utf8(body.clone()).unwrap()));
            } else {
                connections.spawn(reply(stream, answer("200 OK", &[], &body)));
            }
        }
    });
    address
}

async fn reply(mut stream: TcpStream, answer: Vec<u8>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    stream.write_all(&answer).await.unwrap();
}

/// A frame a line, in one go.
async fn say(stream: TcpStream, lines: String) {
    let mut socket = accept_async(stream).await.unwrap();
    for line in lines.lines() {
        socket.feed(Message::text(line)).await.unwrap();
    }
    socket.flush().await.unwrap();
    while socket.next().await.is_some() {}
}

/// What the fixture's server has; a connector that asks none has none.
fn answer_of(descriptor: &Descriptor) -> Option<PathBuf> {
    let name = match descriptor.name {
        "bluesky" => "stream.jsonl",
        "feed" => "responses/news.rss",
        "hackernews" => "responses/search.json",
        "mastodon" => "responses/timeline.json",
        _ => return None,
    };
    Some(fixtures(descriptor).join(name))
}

#[test]
fn every_connector_reads_its_fixture_and_survives_any_sample() {
    for descriptor in CONNECTORS {
        plan(descriptor, "127.0.0.1:9");
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
        let answer = answer_of(descriptor);
        let mut running = JoinSet::new();
        let server = match answer.clone() {
            Some(answer) => serve(answer, &mut running).await,
            None => String::new(),
        };
        let plan = plan(descriptor, &server);
        let mut cursor = None;
        let mut seen = 0;
        // A server that has said everything is waited for: once is enough of that.
        for _ in 0..if answer.is_some() { 1 } else { 3 } {
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

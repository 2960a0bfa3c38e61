//! `switchboard topic tail NAME`: the records of a log topic as JSON lines.

use super::local;
use crate::arguments::{Tail, Topic};
use crate::config::Environment;
use crate::exit::Done;
use crate::terminal;
use anyhow::Result;

/// How long the server may hold a request that waits for news, in seconds.
const WAIT_SECONDS: u32 = 20;

pub(crate) async fn run(topic: Topic, environment: Environment) -> Result<Done> {
    let Topic::Tail(tail) = topic;
    let client = local::client(&tail.installation, &environment)?;
    let mut from = tail.from.clone();
    loop {
        let answer = client
            .get_json(&path(&tail, &from))
            .await
            .map_err(local::failure)?;
        let records = answer["records"].as_array().cloned().unwrap_or_default();
        for record in &records {
            terminal::line(&record.to_string());
        }
        if records.is_empty() && !tail.follow {
            return Ok(Done::Fully);
        }
        if let Some(next) = answer["next"].as_str() {
            next.clone_into(&mut from);
        }
    }
}

fn path(tail: &Tail, from: &str) -> String {
    let wait = if tail.follow { WAIT_SECONDS } else { 0 };
    let from = form_encoded(from);
    format!("/api/v1/topics/{}?from={from}&wait={wait}", tail.name)
}

/// Escapes what has a meaning in a query.
fn form_encoded(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
            char::from(byte).to_string()
        }
        other => format!("%{other:02X}"),
    };
    text.bytes().map(escape).collect()
}

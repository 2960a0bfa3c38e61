//! `switchboard explain TICKET`: who owns it and why, by when and why.

use super::local;
use crate::arguments::Explain;
use crate::config::Environment;
use crate::exit::Done;
use crate::terminal;
use anyhow::Result;
use serde_json::Value;

/// A post's first words, to know it again.
const TEXT_CHARACTERS: usize = 160;

pub(crate) async fn run(explain: Explain, environment: Environment) -> Result<Done> {
    let client = local::client(&explain.installation, &environment)?;
    let path = format!("/api/v1/tickets/{}", explain.ticket);
    let ticket = client.get_json(&path).await.map_err(local::failure)?;
    if explain.json {
        terminal::line(&ticket["explanation"].to_string());
    } else {
        for line in lines(&ticket) {
            terminal::line(&line);
        }
    }
    Ok(Done::Fully)
}

fn lines(ticket: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let mut lines = vec![
        format!(
            "ticket {}: {}, {}, {}, owned by {}",
            text(&ticket["id"]),
            text(&ticket["label"]),
            text(&ticket["priority"]),
            text(&ticket["status"]),
            text(&ticket["department"]),
        ),
        terminal::harmless(&text(&ticket["mention"]["text"]), TEXT_CHARACTERS),
    ];
    lines.extend(strings(&ticket["explanation"]["lines"]));
    lines.extend(promises(ticket));
    lines
}

/// Each clock with the policy and the calendar that were chosen for it.
fn promises(ticket: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let clocks = ticket["clocks"].as_array().map_or(&[][..], Vec::as_slice);
    if clocks.is_empty() {
        return vec!["no policy promises anything for it".to_owned()];
    }
    let line = |clock: &Value| {
        format!(
            "clock {} {}: {}, policy `{}`, calendar `{}`, {} s for {}, due {}, started {} ({})",
            text(&clock["clock"]),
            clock["cycle"],
            text(&clock["status"]),
            text(&clock["policy"]),
            text(&clock["calendar"]),
            clock["target_seconds"],
            text(&clock["department"]),
            terminal::instant(&clock["due_at"]),
            terminal::instant(&clock["started_at"]),
            text(&clock["start_reason"]),
        )
    };
    clocks.iter().map(line).collect()
}

fn strings(value: &Value) -> Vec<String> {
    let items = value.as_array().into_iter().flatten();
    items
        .filter_map(|item| item.as_str().map(str::to_owned))
        .collect()
}

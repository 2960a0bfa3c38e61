//! `switchboard sla prove TICKET`: its deadlines, counted again from its events.

use super::local;
use crate::arguments::{Explain, Sla};
use crate::config::Environment;
use crate::exit::Done;
use crate::terminal;
use anyhow::{Result, bail};
use serde_json::Value;

pub(crate) async fn run(sla: Sla, environment: Environment) -> Result<Done> {
    match sla {
        Sla::Prove(given) => prove(&given, &environment).await,
    }
}

async fn prove(given: &Explain, environment: &Environment) -> Result<Done> {
    let client = local::client(&given.installation, environment)?;
    let path = format!("/api/v1/tickets/{}/sla", given.ticket);
    let proof = client.get_json(&path).await.map_err(local::failure)?;
    if given.json {
        terminal::line(&proof.to_string());
    } else {
        for line in lines(&proof) {
            terminal::line(&line);
        }
    }
    if proof["agrees"] == true {
        return Ok(Done::Fully);
    }
    bail!(
        "the events of ticket {} tell another story than the ticket",
        given.ticket
    );
}

fn lines(proof: &Value) -> Vec<String> {
    let clocks = proof["clocks"].as_array().map_or(&[][..], Vec::as_slice);
    let verdict = if proof["agrees"] == true {
        "all agree with the ticket"
    } else {
        "not all agree with the ticket"
    };
    let mut lines = vec![format!(
        "ticket {}, version {}: {} clocks counted again up to {}; {verdict}",
        text(&proof["ticket"]),
        proof["version"],
        clocks.len(),
        terminal::instant(&proof["counted_at"]),
    )];
    for clock in clocks {
        lines.extend(clock_lines(clock));
    }
    lines
}

fn clock_lines(clock: &Value) -> Vec<String> {
    let mut lines = vec![format!(
        "{} {}: {}, used {} of {} in `{}` by policy `{}`, due {}",
        text(&clock["clock"]),
        clock["cycle"],
        text(&clock["status"]),
        length(&clock["used_seconds"]),
        length(&clock["target_seconds"]),
        text(&clock["calendar"]),
        text(&clock["policy"]),
        terminal::instant(&clock["due_at"]),
    )];
    for interval in clock["intervals"].as_array().into_iter().flatten() {
        let counts = if interval["counts"] == true {
            "counts"
        } else {
            "does not count"
        };
        lines.push(format!(
            "  {:<30} {:<30} {:<17} {:>12} {counts}",
            terminal::instant(&interval["from"]),
            terminal::instant(&interval["until"]),
            text(&interval["cause"]),
            length(&interval["open_seconds"]),
        ));
    }
    let differences = clock["differences"].as_array().into_iter().flatten();
    lines.extend(differences.map(|difference| format!("  DIFFERS: {}", text(difference))));
    lines
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}

/// `3d 4h 5m 6s`, without what is zero.
fn length(seconds: &Value) -> String {
    const UNITS: [(i64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
    let mut left = seconds.as_i64().unwrap_or_default();
    let mut parts = vec![];
    for (size, unit) in UNITS {
        if left >= size {
            parts.push(format!("{}{unit}", left / size));
            left %= size;
        }
    }
    if parts.is_empty() {
        "0s".to_owned()
    } else {
        parts.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_clock_with_a_pause_and_a_difference() {
        let proof = json!({
            "ticket": "7", "version": 4, "counted_at": "2026-03-02T12:00:00Z", "agrees": false,
            "clocks": [{
                "clock": "resolution", "cycle": 1, "status": "running", "policy": "service",
                "calendar": "office", "target_seconds": 90_061, "used_seconds": 3_600,
                "due_at": "2026-03-04T12:00:00Z",
                "intervals": [
                    { "from": "2026-03-01T12:00:00Z", "until": "2026-03-01T13:00:00Z",
                      "cause": "ours", "counts": true, "open_seconds": 3_600 },
                    { "from": "2026-03-01T13:00:00Z", "cause": "waiting_customer",
                      "counts": false, "open_seconds": 0 },
                ],
                "differences": ["the intervals differ"],
            }],
        });
        insta::assert_snapshot!(lines(&proof).join("\n"), @r"
        ticket 7, version 4: 1 clocks counted again up to 2026-03-02T12:00:00Z; not all agree with the ticket
        resolution 1: running, used 1h of 1d 1h 1m 1s in `office` by policy `service`, due 2026-03-04T12:00:00Z
          2026-03-01T12:00:00Z           2026-03-01T13:00:00Z           ours                        1h counts
          2026-03-01T13:00:00Z           -                              waiting_customer            0s does not count
          DIFFERS: the intervals differ
        ");
    }
}

//! `switchboard dlq`: what no stage could process, and driving it again.

use super::local;
use crate::arguments::{Dlq, Letter, Listing};
use crate::config::Environment;
use crate::exit::Done;
use crate::terminal;
use anyhow::Result;
use serde_json::{Value, json};

/// The letters that wait for a person.
const LIST: &str = "/api/v1/dead-letters";

/// Enough to know a reason by, short enough for a line.
const REASON_CHARACTERS: usize = 100;

pub(crate) async fn run(dlq: Dlq, environment: Environment) -> Result<Done> {
    match dlq {
        Dlq::List(listing) => list(&listing, &environment).await,
        Dlq::Show(letter) => show(&letter, &environment).await,
        Dlq::Retry(letter) => resolve(&letter, &environment, "retry").await,
        Dlq::Drop(letter) => resolve(&letter, &environment, "drop").await,
    }
}

async fn list(listing: &Listing, environment: &Environment) -> Result<Done> {
    let client = local::client(&listing.installation, environment)?;
    let mut listed = 0;
    let mut path = LIST.to_owned();
    loop {
        let page = client.get_json(&path).await.map_err(local::failure)?;
        for letter in page["letters"].as_array().into_iter().flatten() {
            listed += 1;
            terminal::line(&if listing.json {
                letter.to_string()
            } else {
                row(letter)
            });
        }
        let Some(next) = page["next"].as_str() else {
            break;
        };
        path = format!("{LIST}?cursor={next}");
    }
    if listed == 0 && !listing.json {
        terminal::note("no dead letters");
    }
    Ok(Done::Fully)
}

fn row(letter: &Value) -> String {
    let text = |key: &str| letter[key].as_str().unwrap_or("-").to_owned();
    let reason = terminal::harmless(&text("reason"), REASON_CHARACTERS);
    format!(
        "{:<8} {:<9} {:<10} {reason}",
        text("id"),
        text("stage"),
        text("error_class")
    )
}

async fn show(letter: &Letter, environment: &Environment) -> Result<Done> {
    let client = local::client(&letter.installation, environment)?;
    let answer = client
        .get_json(&path(letter))
        .await
        .map_err(local::failure)?;
    terminal::line(&serde_json::to_string_pretty(&answer)?);
    Ok(Done::Fully)
}

async fn resolve(letter: &Letter, environment: &Environment, action: &str) -> Result<Done> {
    let client = local::client(&letter.installation, environment)?;
    let path = format!("{}/{action}", path(letter));
    let answer = client
        .post_json(&path, &json!({}))
        .await
        .map_err(local::failure)?;
    terminal::line(answer["message"].as_str().unwrap_or_default());
    Ok(Done::Fully)
}

fn path(letter: &Letter) -> String {
    format!("/api/v1/dead-letters/{}", letter.id)
}

//! Posts of real people beside the story, by the same connectors as in any configuration. A
//! place that does not answer is named once, in plain words, and the story goes on.

use crate::arguments::Live;
use crate::exit::Failure;
use crate::terminal;
use anyhow::Result;
use async_trait::async_trait;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;
use switchboard_domain::{Clock, Slug};
use switchboard_ingest::config::SourceConfig;
use switchboard_ingest::connector::{Batch, Connector, ConnectorError, ConnectorPlan, Cursor};

/// What the names of these sources begin with.
const PREFIX: &str = "live-";

/// Of the past each place adds its newest posts: enough to see something at once, too few to
/// bury the story.
const PAST_POSTS_MAX: usize = 20;

/// Characters of a reason shown.
const REASON_CHARACTERS_MAX: usize = 200;

/// The worker's own warnings come again with every attempt; here each place speaks once.
pub(super) const fn log_filter(live: &Live) -> &'static str {
    if live.words.is_empty() {
        "warn"
    } else {
        "warn,switchboard_ingest::worker=error"
    }
}

/// The configuration of the places, as anybody could write it.
///
/// # Errors
/// A usage failure for a word that cannot be looked for.
pub(super) fn sources(live: &Live) -> Result<String> {
    let mut text = String::new();
    let words: Vec<&str> = live.words.iter().map(|word| word.trim()).collect();
    if words.is_empty() {
        return Ok(text);
    }
    for word in &words {
        if !word.chars().any(char::is_alphanumeric) {
            return Err(Failure::Usage(format!("--live: `{word}` is no word")).into());
        }
        text.push_str(&brand(word));
    }
    text.push_str(&bluesky(live, &words));
    text.push_str(&mastodon(live, &words));
    text.push_str(&hackernews(live, &words));
    text.push_str(&feeds(live, &words)?);
    Ok(text)
}

/// The word is a brand of its own, by every name that the places file its posts under.
fn brand(word: &str) -> String {
    let names = BTreeSet::from([
        word.to_owned(),
        word.to_lowercase(),
        format!("#{}", hashtag(word)),
    ]);
    format!(
        "\n[brands.{}]\naccounts = {}\n",
        Slug::from_any(word),
        list(names)
    )
}

fn bluesky(live: &Live, words: &[&str]) -> String {
    let server = live.bluesky.as_deref().map(base_url).unwrap_or_default();
    section(
        "bluesky",
        "bluesky",
        &format!("{server}words = {}\n", list(words)),
    )
}

/// A hashtag has no spaces; servers differ in whom they know, so several are asked.
fn mastodon(live: &Live, words: &[&str]) -> String {
    let hashtags: BTreeSet<String> = words.iter().map(|word| hashtag(word)).collect();
    let hashtags = list(hashtags);
    let mut text = String::new();
    for (number, server) in (1..).zip(&live.mastodon) {
        let settings = format!(
            "{}hashtags = {hashtags}\npoll_interval = \"20s\"\n",
            base_url(server)
        );
        text.push_str(&section(
            &format!("mastodon-{number}"),
            "mastodon",
            &settings,
        ));
    }
    text
}

fn hackernews(live: &Live, words: &[&str]) -> String {
    let server = live.hackernews.as_deref().map(base_url).unwrap_or_default();
    let mut text = String::new();
    for (number, word) in (1..).zip(words) {
        let settings = format!(
            "{server}query = {}\npoll_interval = \"30s\"\n",
            quoted(word)
        );
        text.push_str(&section(
            &format!("hackernews-{number}"),
            "hackernews",
            &settings,
        ));
    }
    text
}

/// Whoever typed the address may reach it, wherever it is.
fn feeds(live: &Live, words: &[&str]) -> Result<String> {
    let words: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    let mut text = String::new();
    for (number, feed) in (1..).zip(&live.feeds) {
        let origin = feed.split_once("://").and_then(|(scheme, rest)| {
            let host = rest.split(['/', '?', '#']).next()?;
            matches!(scheme, "http" | "https").then(|| format!("{scheme}://{host}"))
        });
        let Some(origin) = origin else {
            let message =
                format!("--feed: `{feed}` is no address such as https://example.org/feed");
            return Err(Failure::Usage(message).into());
        };
        let settings = format!(
            "{}url = {}\nwords = {}\npoll_interval = \"1m\"\n",
            base_url(&origin),
            quoted(feed),
            list(&words)
        );
        text.push_str(&section(&format!("feed-{number}"), "feed", &settings));
    }
    Ok(text)
}

fn section(name: &str, connector: &str, settings: &str) -> String {
    let mut text = String::new();
    let _infallible = write!(
        text,
        "\n[sources.{PREFIX}{name}]\nconnector = \"{connector}\"\n\
         [sources.{PREFIX}{name}.settings]\n{settings}"
    );
    text
}

fn base_url(url: &str) -> String {
    format!("base_url = {}\n", quoted(url))
}

fn hashtag(word: &str) -> String {
    let kept = word
        .chars()
        .filter(|one| one.is_alphanumeric() || *one == '_');
    kept.flat_map(char::to_lowercase).collect()
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn list<Text: AsRef<str>>(texts: impl IntoIterator<Item = Text>) -> String {
    let quoted: Vec<String> = texts
        .into_iter()
        .map(|text| quoted(text.as_ref()))
        .collect();
    format!("[{}]", quoted.join(", "))
}

/// Lets each live source say how it is.
pub(super) fn watch(sources: &mut [SourceConfig]) {
    for source in sources {
        if source.name.starts_with(PREFIX) {
            source.plan = Arc::new(LivePlan {
                place: place(source),
                plan: Arc::clone(&source.plan),
            });
        }
    }
}

/// What a person calls it.
fn place(source: &SourceConfig) -> String {
    let number = source.name.rsplit('-').next().unwrap_or_default();
    match source.connector {
        "bluesky" => "Bluesky".to_owned(),
        "mastodon" => format!("Mastodon server {number}"),
        "hackernews" => "Hacker News".to_owned(),
        other => format!("{other} {number}"),
    }
}

#[derive(Debug)]
struct LivePlan {
    place: String,
    plan: Arc<dyn ConnectorPlan>,
}

impl ConnectorPlan for LivePlan {
    fn build(&self, clock: Arc<dyn Clock>) -> Box<dyn Connector> {
        Box::new(LiveConnector {
            place: self.place.clone(),
            connector: self.plan.build(clock),
            told: Told::Nothing,
        })
    }
}

/// What was last said of a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Nothing,
    Heard,
    Silent,
}

struct LiveConnector {
    place: String,
    connector: Box<dyn Connector>,
    told: Told,
}

#[async_trait]
impl Connector for LiveConnector {
    async fn poll(&mut self, from: Option<&Cursor>) -> Result<Batch, ConnectorError> {
        match self.connector.poll(from).await {
            Ok(mut batch) => {
                self.heard();
                if from.is_none() {
                    let excess = batch.mentions.len().saturating_sub(PAST_POSTS_MAX);
                    batch.mentions.drain(..excess);
                }
                Ok(batch)
            }
            Err(error) => {
                self.silent(&error);
                Err(error)
            }
        }
    }
}

impl LiveConnector {
    fn heard(&mut self) {
        if self.told != Told::Heard {
            self.told = Told::Heard;
            terminal::note(&format!("{}: listening.", self.place));
        }
    }

    /// Said once in the life of the demo, also when a place comes and goes.
    fn silent(&mut self, error: &ConnectorError) {
        if self.told == Told::Nothing {
            self.told = Told::Silent;
            let reason = terminal::harmless(&error.to_string(), REASON_CHARACTERS_MAX);
            terminal::note(&format!(
                "{}: no posts from there for now, it is tried again ({reason}). The story goes on.",
                self.place
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Environment};

    fn live(words: &[&str], feeds: &[&str]) -> Live {
        let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        Live {
            words: owned(words),
            feeds: owned(feeds),
            mastodon: owned(&["https://mastodon.example", "https://social.example"]),
            bluesky: None,
            hackernews: None,
        }
    }

    #[test]
    fn every_place_is_a_source_that_the_configuration_takes() {
        let words = ["Acme Air", "it's \"quoted\"\\"];
        let live = live(&words, &["http://127.0.0.1:9/feed?a=b"]);
        let text = sources(&live).unwrap();
        let config = Config::parse("demo.toml", &text, &Environment::new()).unwrap();
        let names: Vec<String> = config
            .ingest
            .sources
            .iter()
            .map(|source| source.name.clone())
            .collect();
        assert_eq!(
            names,
            [
                "live-bluesky",
                "live-mastodon-1",
                "live-mastodon-2",
                "live-hackernews-1",
                "live-hackernews-2",
                "live-feed-1"
            ]
        );
    }

    #[test]
    fn what_cannot_be_looked_for_is_told() {
        assert!(sources(&live(&["?!"], &[])).is_err());
        assert!(sources(&live(&["acme"], &["acme.example/feed"])).is_err());
        assert_eq!(sources(&live(&[], &[])).unwrap(), "");
    }
}

//! `[alert.notifiers.<name>]`, and the notifier it becomes once its secrets are at hand.

use super::client::{Client, Post};
use super::guard::{Guard, Lookup};
use super::message::Alert;
use super::signature::SigningKeys;
use super::{slack, webhook};
use jiff::Timestamp;
use reqwest::Url;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use switchboard_config::{Located, Secret, SecretReference, Section};
use switchboard_domain::{Clock, Slug};
use switchboard_storage::incidents::CRISIS_RECIPIENT;
use switchboard_telemetry::ChannelLabel;

/// Each is a reader of the log with a connection of its own; who needs more wants a
/// distributor behind one webhook.
const NOTIFIERS_MAX: usize = 20;

/// One channel, as configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotifierConfig {
    /// Its name; stands in its group's name and on the incident's page.
    pub name: Slug,
    /// What it speaks to.
    pub kind: Kind,
    /// Where.
    pub url: UrlSource,
    /// Whose requests it takes, beside those in its own name.
    pub recipients: Vec<&'static str>,
    /// What it may reach.
    pub guard: Guard,
}

/// A kind of channel, with the keys only it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An incoming webhook of Slack, or of what speaks like it.
    Slack,
    /// Standard Webhooks.
    Webhook {
        /// One `whsec_…`, or two while they are rotated.
        secret: SecretReference,
    },
}

/// Where an address comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UrlSource {
    /// Whoever knows it may post: it is kept like a password.
    Secret(SecretReference),
    /// Written out, as the signature is what proves the sender.
    Literal(Url),
}

/// A channel ready to be spoken to.
pub struct Notifier {
    /// Its name.
    pub name: Slug,
    /// Whose requests it takes.
    pub recipients: Vec<&'static str>,
    channel: Channel,
    url: Url,
    guard: Guard,
}

enum Channel {
    Slack,
    Webhook(SigningKeys),
}

/// A notifier cannot be used; a start ends here.
#[derive(Debug, thiserror::Error)]
#[error("`[alert.notifiers.{notifier}]`: {reason}")]
pub struct NotifierError {
    /// Which.
    pub notifier: Slug,
    /// What is wrong, with the way out; no address and no secret.
    pub reason: String,
}

/// Reads `[alert.notifiers]`.
pub(crate) fn read_notifiers(alert: &mut Section<'_>) -> Vec<NotifierConfig> {
    let place = alert.place("notifiers");
    let notifiers = alert.sections("notifiers", read_notifier);
    if notifiers.len() > NOTIFIERS_MAX {
        let count = notifiers.len();
        let message = format!("{count} notifiers; at most {NOTIFIERS_MAX} are possible");
        alert.problem(&place, message);
    }
    notifiers.into_iter().flatten().collect()
}

fn read_notifier(name: &Located<String>, section: &mut Section<'_>) -> Option<NotifierConfig> {
    #[derive(Clone, Copy, PartialEq)]
    enum Known {
        Slack,
        Webhook,
    }
    let slug = Slug::new(&name.value);
    if let Err(error) = &slug {
        section.problem(&name.place, error.to_string());
    }
    let recipients = read_recipients(section);
    let guard = read_guard(section);
    if !section.has("kind") {
        section.required::<String>("kind");
    }
    let kinds = [("slack", Known::Slack), ("webhook", Known::Webhook)];
    let kind = section.choice("kind", &kinds);
    let url = read_url(section, &guard, kind == Some(Known::Slack));
    let kind = match kind {
        Some(Known::Slack) => Some(Kind::Slack),
        Some(Known::Webhook) => {
            read_secret(section, "secret").map(|secret| Kind::Webhook { secret })
        }
        // Whether it needs a secret cannot be known; that it has one is no second problem.
        None => section
            .has("secret")
            .then(|| section.secret("secret"))
            .and(None),
    };
    Some(NotifierConfig {
        name: slug.ok()?,
        kind: kind?,
        url: url?,
        recipients,
        guard,
    })
}

/// Beside those in its own name, which it always takes.
fn read_recipients(section: &mut Section<'_>) -> Vec<&'static str> {
    let known = [(CRISIS_RECIPIENT, CRISIS_RECIPIENT)];
    let chosen = section.choices("recipients", &known);
    chosen.unwrap_or_else(|| vec![CRISIS_RECIPIENT])
}

pub(crate) fn read_guard(section: &mut Section<'_>) -> Guard {
    let mut allowed = Vec::new();
    for network in section.located_list("allow_private").unwrap_or_default() {
        match network.value.parse() {
            Ok(network) => allowed.push(network),
            Err(_error) => section.problem(
                &network.place,
                format!(
                    "`allow_private`: `{}` is no network such as `10.0.0.0/8`",
                    network.value
                ),
            ),
        }
    }
    Guard::new(allowed)
}

fn read_url(section: &mut Section<'_>, guard: &Guard, is_secret: bool) -> Option<UrlSource> {
    let Located { value, place } = located(section, "url")?;
    if is_secret || value.starts_with("env:") || value.starts_with("file:") {
        return section
            .secret("url")
            .map(|reference| UrlSource::Secret(reference.value));
    }
    match parse_url(&value, guard) {
        Ok(url) => Some(UrlSource::Literal(url)),
        Err(reason) => {
            section.problem(&place, format!("`url`: {reason}"));
            None
        }
    }
}

fn read_secret(section: &mut Section<'_>, key: &str) -> Option<SecretReference> {
    located(section, key)?;
    section.secret(key).map(|reference| reference.value)
}

/// The text of a key that must be there.
fn located(section: &mut Section<'_>, key: &str) -> Option<Located<String>> {
    if !section.has(key) {
        section.required::<String>(key);
        return None;
    }
    section.located(key)
}

/// The reason does not repeat the address: it may be a secret.
pub(crate) fn parse_url(text: &str, guard: &Guard) -> Result<Url, String> {
    let url = Url::parse(text)
        .map_err(|error| format!("it is no address such as `https://example.org/hook`: {error}"))?;
    guard.judge(&url).map_err(|refusal| refusal.to_string())?;
    Ok(url)
}

impl NotifierConfig {
    /// Fetches the secrets. `read_file` is the caller's way to the disk.
    pub fn open(
        &self,
        environment: &BTreeMap<String, String>,
        read_file: impl Fn(&Path) -> io::Result<String>,
    ) -> Result<Notifier, NotifierError> {
        let error = |reason: String| NotifierError {
            notifier: self.name.clone(),
            reason,
        };
        let resolve = |reference: &SecretReference| -> Result<Secret, NotifierError> {
            let resolved = reference.resolve(environment, &read_file);
            resolved.map_err(|cause| error(cause.to_string()))
        };
        let url = match &self.url {
            UrlSource::Literal(url) => url.clone(),
            UrlSource::Secret(reference) => {
                let secret = resolve(reference)?;
                parse_url(secret.expose().trim(), &self.guard)
                    .map_err(|reason| error(format!("`url` from `{reference}`: {reason}")))?
            }
        };
        let channel = match &self.kind {
            Kind::Slack => Channel::Slack,
            Kind::Webhook { secret: reference } => {
                let keys = SigningKeys::parse(resolve(reference)?.expose());
                Channel::Webhook(
                    keys.map_err(|reason| error(format!("`secret` from `{reference}`: {reason}")))?,
                )
            }
        };
        Ok(Notifier {
            name: self.name.clone(),
            recipients: self.recipients.clone(),
            channel,
            url,
            guard: self.guard.clone(),
        })
    }
}

impl Notifier {
    /// What the groups of all notifiers begin with.
    pub const GROUP_PREFIX: &'static str = "notify-";

    /// Its group in the log.
    pub fn group(name: &Slug) -> String {
        format!("{}{name}", Self::GROUP_PREFIX)
    }

    /// Whether a request to that recipient is for it: it always takes those in its own name.
    pub fn takes(&self, recipient: &str) -> bool {
        self.name.as_str() == recipient || self.recipients.contains(&recipient)
    }

    /// Its kind, in metrics.
    pub const fn label(&self) -> ChannelLabel {
        match self.channel {
            Channel::Slack => ChannelLabel::Slack,
            Channel::Webhook(_) => ChannelLabel::Webhook,
        }
    }

    /// The message as its channel takes it.
    pub fn compose(&self, alert: &Alert, now: Timestamp) -> Post {
        match &self.channel {
            Channel::Slack => slack::post(alert),
            Channel::Webhook(keys) => webhook::post(alert, keys, now),
        }
    }

    /// The way to its channel.
    pub fn client(&self, lookup: Arc<dyn Lookup>, clock: Arc<dyn Clock>) -> Client {
        Client::new(self.url.clone(), self.guard.clone(), lookup, clock)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AlertConfig;
    use switchboard_config::Document;

    fn read(text: &str) -> (AlertConfig, Vec<String>) {
        let environment = BTreeMap::new();
        let document = Document::parse("a.toml", text, &environment, &[]);
        let config = document.read(|root| root.section("alert", AlertConfig::read));
        let problems = document.into_problems();
        (config, problems.iter().map(ToString::to_string).collect())
    }

    const GOOD: &str = r#"
[alert.notifiers.crisis-room]
kind = "slack"
url = "env:SLACK_URL"

[alert.notifiers.ops]
kind = "webhook"
url = "http://10.0.0.7:9000/hook"
secret = "file:/run/secrets/ops"
recipients = ["crisis"]
allow_private = ["10.0.0.0/8"]
"#;

    #[test]
    fn reads_what_is_right() {
        let (config, problems) = read(GOOD);
        assert_eq!(problems, Vec::<String>::new());
        let names: Vec<&str> = config
            .notifiers
            .iter()
            .map(|one| one.name.as_str())
            .collect();
        assert_eq!(names, ["crisis-room", "ops"]);
        assert_eq!(config.notifiers[0].recipients, ["crisis"]);
    }

    #[test]
    fn tells_every_mistake_at_once() {
        let (_, problems) = read(
            r#"
[alert.notifiers.Room]
kind = "slak"
url = "env:X"

[alert.notifiers.a]
kind = "slack"
url = "https://hooks.example.org/T0/secret"
secret = "env:S"

[alert.notifiers.b]
kind = "webhook"
url = "http://10.0.0.7/hook"
allow_private = ["10.0.0.0/8", "ten/8"]
recipients = ["crises"]

[alert.notifiers.c]
kind = "webhook"
url = "https://192.168.1.9/hook"
secret = "whsec_bm90IGZvciB0aGUgZmlsZSBhdCBhbGwh"
recipients = []

[alert.notifiers.d]
"#,
        );
        insta::assert_snapshot!(problems.join("\n"), @r"
        a.toml:2:18: `Room` is not a name of 1 to 40 characters from a-z, 0-9 and `-`
        a.toml:3:8: `kind`: unknown name `slak` (did you mean `slack`? known: slack, webhook)
        a.toml:8:7: `url`: a secret does not stand in the configuration; write `env:NAME` or `file:/path`
        a.toml:9:1: unknown key `secret` in `[alert.notifiers.a]` (known: recipients, allow_private, kind, url)
        a.toml:11:1: missing `secret` in `[alert.notifiers.b]`
        a.toml:14:32: `allow_private`: `ten/8` is no network such as `10.0.0.0/8`
        a.toml:15:15: `recipients`: unknown name `crises` (did you mean `crisis`? known: crisis)
        a.toml:19:7: `url`: 192.168.1.9 is not a public address; allow its network with `allow_private`
        a.toml:20:10: `secret`: a secret does not stand in the configuration; write `env:NAME` or `file:/path`
        a.toml:23:1: missing `kind` in `[alert.notifiers.d]`
        a.toml:23:1: missing `url` in `[alert.notifiers.d]`
        ");
    }

    fn open(text: &str, environment: &[(&str, &str)]) -> Vec<String> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let environment = environment.iter().map(owned).collect();
        let (config, problems) = read(text);
        assert_eq!(problems, Vec::<String>::new());
        let none = |_path: &Path| Err(io::Error::other("no such file"));
        let opened = config
            .notifiers
            .iter()
            .map(|one| one.open(&environment, none));
        opened
            .map(|one| one.map_or_else(|error| error.to_string(), |one| one.name.to_string()))
            .collect()
    }

    #[test]
    fn a_secret_that_is_none_is_told_and_not_shown() {
        let url = ("SLACK_URL", "http://hooks.example.org/T0/hidden");
        insta::assert_snapshot!(open(GOOD, &[url]).join("\n"), @r"
        `[alert.notifiers.crisis-room]`: `url` from `env:SLACK_URL`: it is not `https`; plain `http` is for the networks in `allow_private`
        `[alert.notifiers.ops]`: cannot read the secret in `/run/secrets/ops`: no such file
        ");
        let url = ("SLACK_URL", "https://hooks.example.org/T0/hidden\n");
        assert_eq!(open(GOOD, &[url])[0], "crisis-room");
        insta::assert_snapshot!(open(GOOD, &[])[0], @"`[alert.notifiers.crisis-room]`: environment variable `SLACK_URL` is not set; it should hold a secret");
        let webhook = "[alert.notifiers.w]\nkind = \"webhook\"\nurl = \"https://a.example/\"\nsecret = \"env:S\"";
        insta::assert_snapshot!(open(webhook, &[("S", "hush")])[0], @"`[alert.notifiers.w]`: `secret` from `env:S`: a secret is `whsec_` and base64 of 24 to 64 bytes, as `openssl rand -base64 32` makes");
    }
}

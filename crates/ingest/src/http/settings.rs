//! `base_url` and its company in `[sources.<name>.settings]`.

use super::address::{Network, Reach};
use reqwest::Url;
use std::time::Duration;
use switchboard_config::Section;

/// Where a source speaks to, and how it may.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpSettings {
    /// Every request is below it; without a slash at its end.
    pub base_url: Url,
    /// What may be reached.
    pub reach: Reach,
    /// Sent as `Authorization: Bearer`. Never shown.
    pub bearer: Option<Bearer>,
    /// The platform's limit, with something left for people who use the same account.
    pub requests_per_minute: u32,
    /// How long to wait for what.
    pub times: TimeLimits,
}

/// A credential that does not show itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Bearer(pub(super) String);

impl Bearer {
    /// Of an access token as the platform gave it.
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }
}

impl std::fmt::Debug for Bearer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Bearer(…)")
    }
}

/// How long to wait for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeLimits {
    /// For a connection.
    pub connect: Duration,
    /// For the next piece of an answer.
    pub silence: Duration,
    /// For an answer as a whole: a server that drips is not waited for.
    pub whole: Duration,
}

impl Default for TimeLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            silence: Duration::from_secs(10),
            whole: Duration::from_secs(25),
        }
    }
}

/// Reads `base_url` (default `default_base_url`; required when that is `None`),
/// `requests_per_minute` and `allow_private`. A `base_url` that the operator wrote may be on any network; the
/// default may not.
pub fn read_http(
    section: &mut Section<'_>,
    default_base_url: Option<&str>,
    requests_per_minute: u32,
) -> Option<HttpSettings> {
    let rate = section.in_range("requests_per_minute", 1..=6000);
    let allowed = read_allowed(section);
    let configured = section.has("base_url");
    let place = section.place("base_url");
    let written = if configured || default_base_url.is_none() {
        section.required::<String>("base_url")?
    } else {
        default_base_url.unwrap_or_default().to_owned()
    };
    let reach = if configured {
        Reach::Configured
    } else {
        Reach::Public { allowed }
    };
    let judged = parse_url(&written).and_then(|url| reach.judge(&url).map(|()| url));
    match judged {
        Ok(base_url) => Some(HttpSettings {
            base_url,
            reach,
            bearer: None,
            requests_per_minute: rate.unwrap_or(requests_per_minute),
            times: TimeLimits::default(),
        }),
        Err(reason) => {
            section.problem(&place, format!("`base_url`: {reason}"));
            None
        }
    }
}

/// An absolute address with a host, and without credentials or a fragment in it.
pub(crate) fn parse_url(text: &str) -> Result<Url, String> {
    let mut url = Url::parse(text).map_err(|error| {
        format!("`{text}` is no address such as `https://example.org`: {error}")
    })?;
    if url.host_str().is_none_or(str::is_empty) {
        return Err(format!("`{text}` names no host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("an address holds no user name or password".to_owned());
    }
    url.set_fragment(None);
    Ok(url)
}

/// `allow_private`: networks in CIDR notation.
pub(crate) fn read_allowed(section: &mut Section<'_>) -> Vec<Network> {
    let mut allowed = Vec::new();
    for network in section.located_list("allow_private").unwrap_or_default() {
        match network.value.parse() {
            Ok(network) => allowed.push(network),
            Err(reason) => section.problem(&network.place, format!("`allow_private`: {reason}")),
        }
    }
    allowed
}

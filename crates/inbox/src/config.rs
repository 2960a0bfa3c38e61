//! `[inbox]`: where people reach the server, and through whom.

use axum::http::Uri;
use ipnet::IpNet;
use std::fmt;
use std::net::IpAddr;
use switchboard_config::Section;

/// Proxies in front of one server: more is a mistaken list.
const TRUSTED_PROXIES_MAX: usize = 64;

/// What the inbox is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InboxConfig {
    /// The address in people's browsers; `None`: whatever they typed.
    pub public_url: Option<PublicUrl>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
}

impl InboxConfig {
    /// Reads the section; what it leaves out keeps its default.
    pub fn read(section: &mut Section<'_>) -> Self {
        Self {
            public_url: read_public_url(section),
            trusted_proxies: read_trusted_proxies(section),
        }
    }
}

/// Scheme, host and port; nothing behind them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// `None` when it is no `http` or `https` address, or has a path.
    pub fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let scheme = uri
            .scheme_str()
            .filter(|s| matches!(*s, "http" | "https"))?;
        let authority = uri
            .authority()
            .filter(|found| !found.as_str().contains('@'))?;
        let bare = uri.path() == "/" && uri.query().is_none();
        bare.then(|| Self(format!("{scheme}://{authority}").to_lowercase()))
    }

    /// Whether browsers come by TLS.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https:")
    }

    /// As browsers write it in `Origin`.
    pub fn origin(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn read_public_url(section: &mut Section<'_>) -> Option<PublicUrl> {
    let written = section.located::<String>("public_url")?;
    let url = PublicUrl::parse(&written.value);
    if url.is_none() {
        let message = format!(
            "`{}` is no address without a path, for example https://inbox.example.com",
            written.value
        );
        section.problem(&written.place, message);
    }
    url
}

fn read_trusted_proxies(section: &mut Section<'_>) -> Vec<IpNet> {
    let written = section.located_list("trusted_proxies").unwrap_or_default();
    if written.len() > TRUSTED_PROXIES_MAX {
        let message = format!("at most {TRUSTED_PROXIES_MAX} networks");
        section.problem(&section.place("trusted_proxies"), message);
    }
    let mut networks = Vec::new();
    for one in written {
        match parse_network(&one.value) {
            Some(network) => networks.push(network),
            None => section.problem(
                &one.place,
                format!(
                    "`{}` is no address or network, for example 10.0.0.0/8",
                    one.value
                ),
            ),
        }
    }
    networks
}

fn parse_network(text: &str) -> Option<IpNet> {
    let address = text.parse::<IpAddr>().map(IpNet::from);
    address.or_else(|_| text.parse()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use std::collections::BTreeMap;
    use switchboard_config::Document;

    #[rstest]
    #[case::https("https://inbox.example.com", Some("https://inbox.example.com"))]
    #[case::trailing_slash("http://10.0.0.1:8080/", Some("http://10.0.0.1:8080"))]
    #[case::upper_case("HTTPS://Inbox.Example", Some("https://inbox.example"))]
    #[case::path("https://example.com/inbox", None)]
    #[case::user("https://me@example.com", None)]
    #[case::other_scheme("ftp://example.com", None)]
    #[case::no_scheme("example.com", None)]
    fn a_public_url(#[case] text: &str, #[case] want: Option<&str>) {
        let parsed = PublicUrl::parse(text);
        assert_eq!(parsed.as_ref().map(PublicUrl::origin), want);
    }

    #[test]
    fn mistakes_have_their_place() {
        let text =
            "[inbox]\npublic_url = 'example.com'\ntrusted_proxies = ['10.0.0.1', '10.0.0.0/40']\n";
        let environment = BTreeMap::new();
        let document = Document::parse("test.toml", text, &environment, &[]);
        let config = document.read(|root| root.section("inbox", InboxConfig::read));
        assert_eq!(config.trusted_proxies, ["10.0.0.1/32".parse().unwrap()]);
        let problems = document.into_problems();
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        test.toml:2:14: `example.com` is no address without a path, for example https://inbox.example.com
        test.toml:3:32: `10.0.0.0/40` is no address or network, for example 10.0.0.0/8
        ");
    }
}

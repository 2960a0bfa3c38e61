//! Whether a change that a cookie vouches for was asked for by a page of our own.
//!
//! Browsers attach cookies also to what other pages make them send. `Sec-Fetch-Site` and
//! `Origin` cannot be forged by a page; a request with a cookie and neither of them comes from
//! no browser we know and is refused. (`tower-http`'s layer lets that one pass, since it also
//! guards bearer requests; here those are told apart first.)

use crate::config::InboxConfig;
use axum::http::{HeaderMap, Method, header};

/// What lies before the host in an `Origin`.
const SCHEMES: [&str; 2] = ["http://", "https://"];

/// Whether the request may change something on the word of a cookie.
pub(crate) fn is_own(method: &Method, headers: &HeaderMap, config: &InboxConfig) -> bool {
    if method.is_safe() {
        return true;
    }
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin";
    }
    let Some(origin) = text(headers, &header::ORIGIN) else {
        return false;
    };
    let configured = config.public_url.as_ref();
    configured.is_some_and(|url| url.origin() == origin.to_lowercase())
        || (configured.is_none() && is_host(headers, origin))
}

/// Without a configured address ours is what the browser thinks it is speaking to.
fn is_host(headers: &HeaderMap, origin: &str) -> bool {
    let host = SCHEMES
        .iter()
        .find_map(|scheme| origin.strip_prefix(scheme));
    host.is_some_and(|host| text(headers, &header::HOST) == Some(host))
}

fn text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::PublicUrl;
    use axum::http::{HeaderName, HeaderValue};
    use rstest::rstest;

    const HOST: (&str, &str) = ("host", "inbox.example:8080");

    #[rstest]
    #[case::own_page(&[("sec-fetch-site", "same-origin")], true)]
    #[case::cross_site_form(&[("sec-fetch-site", "cross-site")], false)]
    #[case::sibling_site(&[("sec-fetch-site", "same-site")], false)]
    #[case::typed_by_hand(&[("sec-fetch-site", "none")], false)]
    #[case::own_origin(&[("origin", "http://inbox.example:8080")], true)]
    #[case::own_origin_behind_tls(&[("origin", "https://inbox.example:8080")], true)]
    #[case::another_port(&[("origin", "http://inbox.example:9090")], false)]
    #[case::sibling_origin(&[("origin", "http://evil.inbox.example:8080")], false)]
    #[case::prefix_of_ours(&[("origin", "http://inbox.example")], false)]
    #[case::opaque_origin(&[("origin", "null")], false)]
    #[case::neither(&[], false)]
    #[case::both_and_the_browser_says_no(&[("sec-fetch-site", "cross-site"), ("origin", "http://inbox.example:8080")], false)]
    fn who_asked(#[case] headers: &[(&'static str, &'static str)], #[case] want: bool) {
        let sent = headers_of(&[headers, &[HOST]].concat());
        let config = InboxConfig::default();
        assert_eq!(is_own(&Method::POST, &sent, &config), want);
        assert!(is_own(&Method::GET, &sent, &config), "reading is no change");
    }

    #[rstest]
    #[case::the_configured_one("https://inbox.example", true)]
    #[case::the_host_a_proxy_made_up("http://10.0.0.1:8080", false)]
    fn behind_a_proxy_that_rewrites_the_host(#[case] origin: &'static str, #[case] want: bool) {
        let sent = headers_of(&[("origin", origin), ("host", "10.0.0.1:8080")]);
        let config = InboxConfig {
            public_url: PublicUrl::parse("https://inbox.example"),
            ..InboxConfig::default()
        };
        assert_eq!(is_own(&Method::POST, &sent, &config), want);
    }

    fn headers_of(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        });
        pairs.collect()
    }
}

//! The cookie that carries a session's secret.

use crate::config::InboxConfig;
use axum::http::{HeaderMap, HeaderValue, header};
use switchboard_storage::sessions::SESSION_LIFETIME;

/// Longer than any secret of ours; what is longer is not hashed at all.
const SECRET_BYTES_MAX: usize = 128;

/// How the cookie is called and guarded, which depends on how browsers come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SessionCookie {
    is_secure: bool,
}

impl SessionCookie {
    /// `__Host-` and `Secure` where browsers come by TLS; elsewhere browsers would refuse both.
    pub(crate) fn new(config: &InboxConfig) -> Self {
        let url = config.public_url.as_ref();
        Self {
            is_secure: url.is_some_and(crate::config::PublicUrl::is_https),
        }
    }

    const fn name(self) -> &'static str {
        if self.is_secure {
            "__Host-switchboard"
        } else {
            "switchboard"
        }
    }

    /// The secret in the request, unless it is absurd or there are two: one of them was
    /// planted by somebody else.
    pub(crate) fn read(self, headers: &HeaderMap) -> Option<&str> {
        let pairs = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='));
        let mut secrets =
            pairs.filter_map(|(name, secret)| (name == self.name()).then_some(secret));
        let secret = secrets.next()?;
        let fits = (1..=SECRET_BYTES_MAX).contains(&secret.len());
        (fits && secrets.next().is_none()).then_some(secret)
    }

    /// `Set-Cookie` of a new session. The secret is hexadecimal, so it fits a header.
    pub(crate) fn set(self, secret: &str) -> Option<HeaderValue> {
        self.header(secret, SESSION_LIFETIME.as_secs())
    }

    /// `Set-Cookie` that removes it.
    pub(crate) fn clear(self) -> Option<HeaderValue> {
        self.header("", 0)
    }

    fn header(self, secret: &str, seconds: i64) -> Option<HeaderValue> {
        let secure = if self.is_secure { "; Secure" } else { "" };
        let name = self.name();
        let text =
            format!("{name}={secret}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::PublicUrl;
    use rstest::rstest;

    fn cookie(public_url: Option<&str>) -> SessionCookie {
        SessionCookie::new(&InboxConfig {
            public_url: public_url.and_then(PublicUrl::parse),
            ..InboxConfig::default()
        })
    }

    #[rstest]
    #[case::plain(None, "switchboard=ab; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax")]
    #[case::http(
        Some("http://10.0.0.1"),
        "switchboard=ab; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax"
    )]
    #[case::https(
        Some("https://inbox.example"),
        "__Host-switchboard=ab; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax; Secure"
    )]
    fn is_as_strict_as_the_scheme_allows(#[case] public_url: Option<&str>, #[case] want: &str) {
        assert_eq!(cookie(public_url).set("ab").unwrap(), want);
    }

    #[rstest]
    #[case::alone(&["switchboard=ab"], Some("ab"))]
    #[case::among_others(&["theme=dark; switchboard=ab; x=y"], Some("ab"))]
    #[case::in_a_second_header(&["theme=dark", "switchboard=ab"], Some("ab"))]
    #[case::planted_beside(&["switchboard=evil; switchboard=ab"], None)]
    #[case::another_name(&["xswitchboard=ab"], None)]
    #[case::of_the_other_scheme(&["__Host-switchboard=ab"], None)]
    #[case::empty(&["switchboard="], None)]
    #[case::none(&[], None)]
    fn reads_the_secret(#[case] values: &[&'static str], #[case] want: Option<&str>) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::COOKIE, HeaderValue::from_static(value));
        }
        assert_eq!(cookie(None).read(&headers), want);
    }
}

//! `If-Match` and `ETag`: which version of a ticket a change was made for.

use super::problem::Problem;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};

/// The version a change names; `None` applies it to the ticket as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IfMatch(pub(crate) Option<u64>);

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else {
            return Ok(Self(None));
        };
        let text = value.to_str().unwrap_or_default();
        parse(text).ok_or_else(|| {
            Problem::bad_request(format!(
                "`If-Match` must be a ticket's version such as \"7\", or `*`, not `{}`",
                text.chars().take(40).collect::<String>()
            ))
        })
    }
}

/// The version as an entity tag.
pub(crate) fn etag(version: u64) -> (header::HeaderName, HeaderValue) {
    let value = HeaderValue::try_from(format!("\"{version}\""));
    (header::ETAG, value.unwrap_or(HeaderValue::from_static("")))
}

/// `*`, a bare number, or a number in quotes, also as a weak tag (proxies weaken them when
/// they compress).
fn parse(text: &str) -> Option<IfMatch> {
    let text = text.trim();
    if text == "*" {
        return Some(IfMatch(None));
    }
    let tag = text.strip_prefix("W/").unwrap_or(text);
    let bare = tag
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(tag);
    let digits = bare.bytes().all(|byte| byte.is_ascii_digit());
    digits
        .then(|| bare.parse().ok())
        .flatten()
        .map(|version| IfMatch(Some(version)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::quoted("\"7\"", Some(IfMatch(Some(7))))]
    #[case::weak("W/\"7\"", Some(IfMatch(Some(7))))]
    #[case::bare("7", Some(IfMatch(Some(7))))]
    #[case::any("*", Some(IfMatch(None)))]
    #[case::empty("", None)]
    #[case::signed("+7", None)]
    #[case::word("\"seven\"", None)]
    #[case::list("\"7\", \"8\"", None)]
    fn parses(#[case] text: &str, #[case] want: Option<IfMatch>) {
        assert_eq!(parse(text), want);
    }
}

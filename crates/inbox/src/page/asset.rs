//! Scripts, styles and pictures of the page.

use super::files::{Files, PageFile};
use crate::http::envelope::Dress;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

/// Names below it carry a hash of what they hold: another content is another name.
const HASHED: &str = "assets/";

/// The document is the shell's, which asks who is there.
const DOCUMENT: &str = "index.html";

/// What lies beside a file compressed, the smallest first: ending, and name in headers.
const ENCODINGS: [(&str, &str); 2] = [(".br", "br"), (".gz", "gzip")];

/// Enough of the hash that no two builds share a tag.
const TAG_BYTES: usize = 16;

/// The file at that address; `None` when there is none.
pub(crate) fn answer(
    files: Files,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
) -> Option<Response> {
    let path = path.strip_prefix('/')?;
    let is_own = path != DOCUMENT && !ENCODINGS.iter().any(|(ending, _)| path.ends_with(ending));
    if !is_own || !matches!(*method, Method::GET | Method::HEAD) {
        return None;
    }
    let plain = files(path)?;
    let packed = ENCODINGS
        .into_iter()
        .filter(|(_, name)| takes(headers, name))
        .find_map(|(ending, name)| Some((files(&format!("{path}{ending}"))?, name)));
    let (file, encoding) = match packed {
        Some((file, name)) => (file, Some(name)),
        None => (plain, None),
    };
    Some(respond(file, encoding, path, headers))
}

fn respond(
    file: PageFile,
    encoding: Option<&'static str>,
    path: &str,
    headers: &HeaderMap,
) -> Response {
    let tag = format!("\"{}\"", hex::encode(&file.hash[..TAG_BYTES]));
    let mut response = if has_it(headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Body::from(Bytes::from(file.bytes.into_owned())).into_response()
    };
    response.extensions_mut().insert(Dress::Asset);
    let fields = response.headers_mut();
    fields.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(content_type(path)),
    );
    fields.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static(keeping(path)),
    );
    fields.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        fields.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        fields.insert(header::ETAG, tag);
    }
    response
}

/// Whether the browser takes that encoding, and not with a quality of zero.
fn takes(headers: &HeaderMap, encoding: &str) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING);
    let accepted = accepted
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    accepted.split(',').any(|offer| {
        let (name, quality) = offer.split_once(';').unwrap_or((offer, "q=1"));
        let quality = quality.trim().strip_prefix("q=").unwrap_or("0");
        let is_wanted = quality.parse().is_ok_and(|quality: f32| quality > 0.0);
        is_wanted && name.trim().eq_ignore_ascii_case(encoding)
    })
}

fn has_it(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get(header::IF_NONE_MATCH);
    let known = known
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    known
        .split(',')
        .any(|one| one.trim().trim_start_matches("W/") == tag)
}

fn keeping(path: &str) -> &'static str {
    if path.starts_with(HASHED) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    }
}

/// What a build of the page can hold; anything else is bytes, which no browser runs.
fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("json" | "map") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use std::borrow::Cow;

    /// A small build.
    fn build(path: &str) -> Option<PageFile> {
        let text = match path {
            "index.html" => "<!doctype html>",
            "icon.svg" => "<svg/>",
            "assets/main-1a2b.js" => "plain",
            "assets/main-1a2b.js.br" => "brotli",
            "assets/main-1a2b.js.gz" => "gzip",
            "assets/small-3c.css" => "a{}",
            _ => return None,
        };
        let mut hash = [0; 32];
        hash[..text.len().min(32)].copy_from_slice(&text.as_bytes()[..text.len().min(32)]);
        Some(PageFile {
            bytes: Cow::Borrowed(text.as_bytes()),
            hash,
        })
    }

    fn get(path: &str, headers: &[(header::HeaderName, &str)]) -> Option<Response> {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()))
            .collect();
        answer(build, &Method::GET, path, &headers)
    }

    fn field(response: &Response, name: header::HeaderName) -> &str {
        let value = response.headers().get(name);
        value.map_or("none", |value| value.to_str().unwrap())
    }

    #[rstest]
    #[case::best("gzip, deflate, br", "br")]
    #[case::no_brotli("gzip, deflate", "gzip")]
    #[case::refused("br;q=0, gzip;q=0.5", "gzip")]
    #[case::none("identity", "none")]
    #[case::any_case("BR", "br")]
    fn the_smallest_the_browser_takes(#[case] accepts: &str, #[case] want: &str) {
        let answer = get(
            "/assets/main-1a2b.js",
            &[(header::ACCEPT_ENCODING, accepts)],
        )
        .unwrap();
        assert_eq!(field(&answer, header::CONTENT_ENCODING), want);
        assert_eq!(
            field(&answer, header::CONTENT_TYPE),
            "text/javascript; charset=utf-8"
        );
        assert_eq!(field(&answer, header::VARY), "accept-encoding");
    }

    #[test]
    fn a_file_without_a_compressed_copy_is_sent_as_it_is() {
        let answer = get("/assets/small-3c.css", &[(header::ACCEPT_ENCODING, "br")]).unwrap();
        assert_eq!(field(&answer, header::CONTENT_ENCODING), "none");
        assert_eq!(
            field(&answer, header::CONTENT_TYPE),
            "text/css; charset=utf-8"
        );
    }

    #[rstest]
    #[case::hashed("/assets/small-3c.css", "public, max-age=31536000, immutable")]
    #[case::plain_name("/icon.svg", "no-cache")]
    fn kept_as_long_as_its_name_promises(#[case] path: &str, #[case] want: &str) {
        assert_eq!(field(&get(path, &[]).unwrap(), header::CACHE_CONTROL), want);
    }

    #[test]
    fn what_the_browser_has_is_not_sent_again() {
        let first = get("/icon.svg", &[]).unwrap();
        let tag = field(&first, header::ETAG).to_owned();
        let again = get("/icon.svg", &[(header::IF_NONE_MATCH, &tag)]).unwrap();
        assert_eq!(
            (first.status(), again.status()),
            (StatusCode::OK, StatusCode::NOT_MODIFIED)
        );
        let other = get("/icon.svg", &[(header::IF_NONE_MATCH, "\"00\"")]).unwrap();
        assert_eq!(other.status(), StatusCode::OK);
    }

    #[rstest]
    #[case::the_document("/index.html")]
    #[case::a_compressed_copy_by_name("/assets/main-1a2b.js.br")]
    #[case::what_is_not_there("/assets/main-0000.js")]
    #[case::a_way_out("/assets/../index.html")]
    #[case::the_root("/")]
    fn not_a_file(#[case] path: &str) {
        assert!(get(path, &[]).is_none());
    }

    #[test]
    fn nobody_writes_to_it() {
        assert!(answer(build, &Method::POST, "/icon.svg", &HeaderMap::new()).is_none());
    }
}

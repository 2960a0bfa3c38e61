//! The one document that every address of the page shows; which view it is, the page reads
//! from its address.

use super::files::{Files, PageFile};
use crate::http::envelope::Dress;
use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

/// What a build without a page says.
const NO_PAGE: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Switchboard</title>
</head>
<body>
<h1>Switchboard is running</h1>
<p>This build has no page: it was made without the feature <code>embed-ui</code>.
<code>make build</code> makes one that has it.</p>
<p>The API is here all the same, described in
<a href="/api/v1/openapi.json">/api/v1/openapi.json</a>.</p>
</body>
</html>
"#;

/// The document, for somebody who is logged in.
pub(crate) fn document(files: Files) -> Response {
    let bytes = match files("index.html") {
        Some(PageFile { bytes, .. }) => Bytes::from(bytes.into_owned()),
        None => Bytes::from_static(NO_PAGE.as_bytes()),
    };
    let mut response = Body::from(bytes).into_response();
    response.extensions_mut().insert(Dress::Page);
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, html);
    response
}

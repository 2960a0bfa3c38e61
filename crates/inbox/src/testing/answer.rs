//! An answer as tests look at it.

use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use http_body_util::BodyExt;
use serde_json::Value;
use std::fmt;

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// `null` when it is empty or has no end.
    pub(crate) json: Value,
}

impl Answer {
    pub(crate) async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let is_endless = parts.headers.get("content-type")
            == Some(&HeaderValue::from_static("text/event-stream"));
        let bytes = if is_endless {
            Bytes::new()
        } else {
            body.collect().await.unwrap().to_bytes()
        };
        let json = if bytes.is_empty() {
            Value::Null
        } else {
            // A page is its text.
            serde_json::from_slice(&bytes)
                .unwrap_or_else(|_| String::from_utf8(bytes.to_vec()).unwrap().into())
        };
        Self {
            status: parts.status,
            headers: parts.headers,
            json,
        }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The value at a JSON pointer, as JSON; for one-line assertions.
    pub(crate) fn at(&self, pointer: &str) -> String {
        self.json
            .pointer(pointer)
            .map_or_else(|| "nothing".to_owned(), ToString::to_string)
    }

    /// The text of a page.
    pub(crate) fn page(&self) -> &str {
        self.json.as_str().unwrap_or_default()
    }

    /// Status and error, without the request id.
    pub(crate) fn error(&self) -> String {
        let code = self.json["code"].as_str().unwrap_or("no code");
        let detail = self.json["detail"].as_str().unwrap_or("no detail");
        format!("{} {code}: {detail}", self.status)
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}", self.status)?;
        write!(
            formatter,
            "{}",
            serde_json::to_string_pretty(&self.json).unwrap()
        )
    }
}

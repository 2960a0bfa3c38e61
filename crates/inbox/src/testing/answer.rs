//! An answer as tests look at it.

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use http_body_util::BodyExt;
use serde_json::Value;
use std::fmt;

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// `null` when it is empty.
    pub(crate) json: Value,
}

impl Answer {
    pub(crate) async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let json = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes).unwrap()
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

    /// Status and error, without the request id.
    pub(crate) fn error(&self) -> String {
        let code = self.json["error"]["code"].as_str().unwrap_or("no code");
        let message = self.json["error"]["message"]
            .as_str()
            .unwrap_or("no message");
        format!("{} {code}: {message}", self.status)
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

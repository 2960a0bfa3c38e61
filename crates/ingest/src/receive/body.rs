//! Takes a body in: within its limits of size and time.

use super::limits::BODY_WAIT_MAX;
use super::problem::Problem;
use crate::mention::BodyFormat;
use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::BytesMut;
use futures::StreamExt;

/// What the headers say the body holds.
pub(super) fn format_of(headers: &HeaderMap) -> Result<BodyFormat, Problem> {
    let text = |name| {
        headers
            .get(name)
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
    };
    if let Some(encoding) = text(header::CONTENT_ENCODING)
        && !encoding.eq_ignore_ascii_case("identity")
    {
        return Err(Problem::UnsupportedEncoding {
            encoding: shown(&encoding),
        });
    }
    let content_type = text(header::CONTENT_TYPE).unwrap_or_default();
    BodyFormat::from_content_type(&content_type).ok_or_else(|| Problem::UnsupportedType {
        content_type: shown(&content_type),
    })
}

/// Bytes the body will take, as far as the sender says; refuses what is over `limit` unread.
pub(super) fn expected_bytes(headers: &HeaderMap, limit: usize) -> Result<usize, Problem> {
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok());
    match length.and_then(|length| length.parse::<usize>().ok()) {
        Some(length) if length > limit => Err(Problem::BodyTooLarge { limit }),
        Some(length) => Ok(length),
        None => Ok(limit),
    }
}

/// The whole body, at most `limit` bytes of it, within [`BODY_WAIT_MAX`].
pub(super) async fn read_body(body: Body, limit: usize) -> Result<BytesMut, Problem> {
    tokio::time::timeout(BODY_WAIT_MAX, collect(body, limit))
        .await
        .unwrap_or(Err(Problem::BodyIncomplete))
}

async fn collect(body: Body, limit: usize) -> Result<BytesMut, Problem> {
    let mut chunks = body.into_data_stream();
    let mut bytes = BytesMut::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Problem::BodyIncomplete)?;
        if bytes.len() + chunk.len() > limit {
            return Err(Problem::BodyTooLarge { limit });
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// A header of a stranger, short enough for an answer.
fn shown(value: &str) -> String {
    value
        .chars()
        .filter(|character| !character.is_control())
        .take(80)
        .collect()
}

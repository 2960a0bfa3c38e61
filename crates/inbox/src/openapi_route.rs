//! `GET /api/v1/openapi.json`: the only route without credentials.

use crate::openapi::describe::Description;
use crate::openapi::document;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use std::sync::LazyLock;
use utoipa::ToSchema;

/// The same for as long as the process runs.
static DOCUMENT: LazyLock<String> = LazyLock::new(|| document().to_json().unwrap_or_default());

/// An OpenAPI 3.1 document.
#[derive(ToSchema)]
#[schema(value_type = serde_json::Value)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct OpenApiDocument(serde_json::Value);

pub(crate) fn describe() -> Description {
    Description::new("openapi", "This document").answers::<OpenApiDocument>("OpenAPI 3.1.")
}

pub(crate) async fn show() -> Response {
    (
        [(header::CONTENT_TYPE, "application/json")],
        DOCUMENT.as_str(),
    )
        .into_response()
}

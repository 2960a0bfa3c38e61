//! `GET /api/v1/openapi.json`: the only route without credentials.

use crate::openapi::describe::Description;
use crate::state::Inbox;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use utoipa::ToSchema;

/// An OpenAPI 3.1 document.
#[derive(ToSchema)]
#[schema(value_type = serde_json::Value)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct OpenApiDocument(serde_json::Value);

pub(crate) fn describe() -> Description {
    Description::new("openapi", "This document").answers::<OpenApiDocument>("OpenAPI 3.1.")
}

pub(crate) async fn show(State(inbox): State<Inbox>) -> Response {
    (
        [(header::CONTENT_TYPE, "application/json")],
        inbox.document.clone(),
    )
        .into_response()
}

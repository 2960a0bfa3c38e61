//! `GET /api/v1/tokens`

use crate::http::problem::Problem;
use crate::openapi::describe::Description;
use crate::openapi::schema;
use crate::state::Inbox;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;
use switchboard_storage::TokenInfo;
use utoipa::ToSchema;

/// All tokens.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenList {
    /// By name, revoked and expired ones too.
    tokens: Vec<TokenView>,
}

/// A token, without anything of its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenView {
    name: String,
    #[schema(schema_with = schema::role)]
    role: &'static str,
    /// The departments it sees.
    departments: Vec<String>,
    #[schema(schema_with = schema::instant)]
    created_at: Timestamp,
    /// From when on it no longer works; absent for never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::instant, required = false)]
    expires_at: Option<Timestamp>,
    /// Since when it no longer works.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::instant, required = false)]
    revoked_at: Option<Timestamp>,
    /// To the minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::instant, required = false)]
    last_used_at: Option<Timestamp>,
}

pub(crate) fn describe() -> Description {
    Description::new("listTokens", "API tokens").answers::<TokenList>("All tokens.")
}

#[tracing::instrument(name = "http.token.list", skip_all)]
pub(crate) async fn list(State(inbox): State<Inbox>) -> Result<Json<TokenList>, Problem> {
    let tokens = inbox.access.list_tokens().await?;
    Ok(Json(TokenList {
        tokens: tokens.into_iter().map(TokenView::from).collect(),
    }))
}

impl From<TokenInfo> for TokenView {
    fn from(token: TokenInfo) -> Self {
        Self {
            departments: token.departments.iter().map(ToString::to_string).collect(),
            name: token.name,
            role: token.role.as_str(),
            created_at: token.created_at,
            expires_at: token.expires_at,
            revoked_at: token.revoked_at,
            last_used_at: token.last_used_at,
        }
    }
}

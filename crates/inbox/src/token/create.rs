//! `POST /api/v1/tokens`

use crate::http::body::Body;
use crate::http::problem::Problem;
use crate::nearest::nearest;
use crate::openapi::describe::Description;
use crate::openapi::schema;
use crate::state::Inbox;
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use switchboard_domain::Slug;
use switchboard_domain::access::{Principal, Role};
use switchboard_domain::ticket::Actor;
use switchboard_storage::NewToken;
use switchboard_storage::access::{TOKEN_SECRET_BYTES, token_secret};
use utoipa::ToSchema;

/// As on the command line: a name that still fits a list.
const NAME_CHARACTERS_MAX: usize = 80;

/// The body.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateTokenBody {
    /// Stands in every event it causes. Names are not used twice.
    name: String,
    #[schema(schema_with = schema::role)]
    role: Role,
    /// Departments an agent or viewer sees.
    #[serde(default)]
    departments: Vec<String>,
    /// From when on it no longer works; absent for never.
    #[serde(default)]
    #[schema(schema_with = schema::instant, required = false)]
    expires_at: Option<Timestamp>,
}

/// A new token.
#[derive(Serialize, ToSchema)]
pub(crate) struct CreatedToken {
    name: String,
    /// Shown this once; the store keeps its hash alone.
    token: String,
}

pub(crate) fn describe() -> Description {
    Description::new("createToken", "Make an API token")
        .body::<CreateTokenBody>()
        .answers::<CreatedToken>("The token, this once.")
        .problem(
            StatusCode::CONFLICT,
            "There is or was a token of this name.",
        )
        .problem(
            StatusCode::UNPROCESSABLE_ENTITY,
            "An unknown department, or a token that would see nothing.",
        )
}

#[tracing::instrument(name = "http.token.create", skip_all)]
pub(crate) async fn create(
    State(inbox): State<Inbox>,
    Extension(caller): Extension<Principal>,
    Body(body): Body<CreateTokenBody>,
) -> Result<Json<CreatedToken>, Problem> {
    check_name(&body.name)?;
    let departments = departments(&inbox, &body)?;
    let secret = new_secret(&inbox);
    let token = NewToken {
        name: body.name.clone(),
        role: body.role,
        departments,
        secret: secret.clone(),
        expires_at: body.expires_at,
    };
    let by = Actor::Person(caller.name);
    let now = inbox.clock.now();
    if !inbox.access.create_token(token, &by, now).await? {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "name_taken",
            format!(
                "there is or was a token `{}`: names are not used twice, take another",
                body.name
            ),
        ));
    }
    Ok(Json(CreatedToken {
        name: body.name,
        token: secret,
    }))
}

fn check_name(name: &str) -> Result<(), Problem> {
    let length = name.chars().count();
    if name.trim().is_empty() || length > NAME_CHARACTERS_MAX || name.chars().any(char::is_control)
    {
        return Err(Problem::refused(format!(
            "a name has 1 to {NAME_CHARACTERS_MAX} characters and no control characters"
        )));
    }
    Ok(())
}

fn departments(inbox: &Inbox, body: &CreateTokenBody) -> Result<BTreeSet<Slug>, Problem> {
    let mut departments = BTreeSet::new();
    let ownership = inbox.ownership.get();
    for name in &body.departments {
        let known = ownership
            .departments
            .iter()
            .find(|slug| slug.as_str() == name);
        let Some(known) = known else {
            let nearest = nearest(name, ownership.departments.iter().map(Slug::as_str));
            return Err(Problem::refused(format!(
                "unknown department `{name}` (known: {nearest})"
            )));
        };
        departments.insert(known.clone());
    }
    let is_bound = matches!(body.role, Role::Agent | Role::Viewer);
    if is_bound && departments.is_empty() {
        return Err(Problem::refused(format!(
            "a token of role `{}` sees only the departments it is given: name some",
            body.role.as_str()
        )));
    }
    Ok(departments)
}

fn new_secret(inbox: &Inbox) -> String {
    let random = (inbox.entropy)();
    let mut bytes = [0; TOKEN_SECRET_BYTES];
    bytes.copy_from_slice(&random[..TOKEN_SECRET_BYTES]);
    token_secret(&bytes)
}

//! `POST /api/v1/dead-letters/{id}/drop`

use super::find::find;
use super::retry::decide;
use super::view::LetterDecision;
use crate::http::problem::Problem;
use crate::openapi::describe::Description;
use crate::state::Inbox;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use switchboard_domain::access::Principal;
use switchboard_storage::dead_letters::Verdict;

pub(crate) fn describe() -> Description {
    Description::new("dropDeadLetter", "Say that nobody needs the record")
        .answers::<LetterDecision>("Done, or decided before: then nothing was done.")
}

#[tracing::instrument(name = "http.dead_letter.drop", skip_all, fields(letter.id = %id))]
pub(crate) async fn discard(
    State(inbox): State<Inbox>,
    Extension(caller): Extension<Principal>,
    Path(id): Path<String>,
) -> Result<Json<LetterDecision>, Problem> {
    let found = find(&inbox, &id).await?;
    if let Some(earlier) = &found.resolution {
        return Ok(Json(LetterDecision::stands(
            found.id,
            &found.letter,
            earlier,
        )));
    }
    Ok(Json(
        decide(&inbox, &found, &caller, Verdict::Dropped).await?,
    ))
}

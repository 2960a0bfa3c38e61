//! `GET /api/v1/dead-letters/{id}`

use super::find::find;
use super::view::LetterDetail;
use crate::http::problem::Problem;
use crate::openapi::describe::Description;
use crate::state::Inbox;
use axum::Json;
use axum::extract::{Path, State};

pub(crate) fn describe() -> Description {
    Description::new("showDeadLetter", "One dead letter, with its record")
        .answers::<LetterDetail>("The letter.")
}

#[tracing::instrument(name = "http.dead_letter.show", skip_all, fields(letter.id = %id))]
pub(crate) async fn show(
    State(inbox): State<Inbox>,
    Path(id): Path<String>,
) -> Result<Json<LetterDetail>, Problem> {
    let found = find(&inbox, &id).await?;
    Ok(Json(LetterDetail::new(
        found.id,
        found.letter,
        found.resolution.as_ref(),
    )))
}

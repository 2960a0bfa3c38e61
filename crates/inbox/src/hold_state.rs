//! The company's own words for what a ticket can wait for: `GET /api/v1/states`.

use crate::http::problem::Problem;
use crate::openapi::describe::Description;
use crate::openapi::schema;
use crate::state::Inbox;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use switchboard_domain::Slug;
use switchboard_domain::sla::HoldState;
use utoipa::ToSchema;

/// States of the configuration.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StateList {
    /// By slug.
    states: Vec<StateView>,
}

/// One word for what a ticket waits for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StateView {
    /// What `hold` takes.
    state: String,
    /// For people.
    name: String,
    /// What it means for the clocks.
    #[schema(schema_with = schema::hold_kind)]
    kind: &'static str,
}

pub(crate) fn describe() -> Description {
    Description::new(
        "listStates",
        "What a ticket can wait for, in the company's words",
    )
    .answers::<StateList>("The states of the configuration, beside the built-in kinds.")
}

#[tracing::instrument(name = "http.hold_state.list", skip_all)]
pub(crate) async fn list(State(inbox): State<Inbox>) -> Result<Json<StateList>, Problem> {
    let ownership = inbox.ownership.get();
    let states = ownership.book.states().iter().map(view);
    Ok(Json(StateList {
        states: states.collect(),
    }))
}

fn view((slug, state): (&Slug, &HoldState)) -> StateView {
    StateView {
        state: slug.to_string(),
        name: state.name.clone(),
        kind: state.kind.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::World;

    #[tokio::test]
    async fn shows_the_words_of_the_configuration() {
        let world = World::new().await;
        let answer = world.get("bob", "/api/v1/states").await;
        assert_eq!(
            answer.at("/states"),
            r#"[{"kind":"waiting_external","name":"Waits for the lab","state":"waiting-lab"}]"#
        );
    }
}

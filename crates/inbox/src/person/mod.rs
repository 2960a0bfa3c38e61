//! Whom a ticket can be given to: `GET /api/v1/people`.

use crate::http::problem::Problem;
use crate::openapi::describe::Description;
use crate::openapi::schema;
use crate::state::Inbox;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use switchboard_domain::access::Action;
use switchboard_storage::Person;
use utoipa::ToSchema;

/// People one may give tickets to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PersonList {
    /// By name.
    people: Vec<PersonView>,
}

/// Somebody who works on tickets.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PersonView {
    /// What `assign` takes.
    name: String,
    #[schema(schema_with = schema::role)]
    role: &'static str,
    /// The departments they were given; admins and supervisors see all.
    departments: Vec<String>,
}

pub(crate) fn describe() -> Description {
    Description::new("listPeople", "Whom a ticket can be given to")
        .answers::<PersonList>("Users who may work on tickets and may come in.")
}

#[tracing::instrument(name = "http.person.list", skip_all)]
pub(crate) async fn list(State(inbox): State<Inbox>) -> Result<Json<PersonList>, Problem> {
    let people = inbox.people.list_people().await?;
    let working = people
        .into_iter()
        .filter(|person| person.disabled_at.is_none() && person.user.role.may(Action::WorkTickets));
    Ok(Json(PersonList {
        people: working.map(PersonView::from).collect(),
    }))
}

impl From<Person> for PersonView {
    fn from(person: Person) -> Self {
        let departments = person.user.departments.iter();
        Self {
            departments: departments.map(ToString::to_string).collect(),
            name: person.user.name,
            role: person.user.role.as_str(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::World;

    #[tokio::test]
    async fn shows_who_works_and_may_come_in() {
        let world = World::new().await;
        world.add_user("ann", "agent", &["support"]).await;
        world.add_user("vic", "viewer", &["support"]).await;
        world.add_user("sue", "supervisor", &[]).await;
        world.add_user("off", "agent", &["sales"]).await;
        world.disable("off").await;
        let answer = world.get("bob", "/api/v1/people").await;
        assert_eq!(
            answer.at("/people"),
            r#"[{"departments":["support"],"name":"ann","role":"agent"},{"departments":[],"name":"sue","role":"supervisor"}]"#
        );
    }

    #[tokio::test]
    async fn nobody_who_is_disabled_is_given_a_ticket() {
        let world = World::new().await;
        world.post("1", switchboard_domain::Label::Complaint).await;
        world.add_user("off", "agent", &["support"]).await;
        let give = || world.act("sue", "/api/v1/tickets/1/assign", r#"{"to":"off"}"#);
        assert_eq!(give().await.at("/assignee"), "\"off\"");
        world.disable("off").await;
        assert_eq!(give().await.status, 422);
    }
}

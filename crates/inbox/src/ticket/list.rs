//! `GET /api/v1/tickets`

use super::view::TicketView;
use super::{cursor, filter};
use crate::http::problem::Problem;
use crate::openapi::describe::Description;
use crate::state::Inbox;
use axum::extract::{Query as Pairs, State};
use axum::{Extension, Json};
use serde::Serialize;
use switchboard_domain::access::Principal;
use utoipa::ToSchema;

/// A page of tickets.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TicketPage {
    tickets: Vec<TicketView>,
    /// Give it as `cursor` for the next page; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

pub(crate) fn describe() -> Description {
    Description::new("listTickets", "Tickets of the caller's departments")
        .query(filter::PARAMETERS)
        .answers::<TicketPage>("A page of tickets.")
}

#[tracing::instrument(name = "http.ticket.list", skip_all)]
pub(crate) async fn list(
    State(inbox): State<Inbox>,
    Extension(caller): Extension<Principal>,
    Pairs(pairs): Pairs<Vec<(String, String)>>,
) -> Result<Json<TicketPage>, Problem> {
    let filter = filter::read(pairs, &caller, &inbox.ownership.get().departments)?;
    let page = inbox.tickets.list(&filter.query, &caller.scope()).await?;
    let next = page
        .next
        .map(|next| cursor::encode(&next, &filter.fingerprint));
    Ok(Json(TicketPage {
        tickets: page.items.into_iter().map(TicketView::from).collect(),
        next,
    }))
}

#[cfg(test)]
mod tests {
    use crate::testing::World;
    use rstest::rstest;
    use std::collections::BTreeSet;
    use switchboard_domain::Label;

    #[tokio::test]
    async fn pages_show_every_ticket_once() {
        let world = World::new().await;
        for number in 0..5 {
            world.post(&number.to_string(), Label::Complaint).await;
        }
        for sort in ["created", "deadline"] {
            let mut path = format!("/api/v1/tickets?limit=2&sort={sort}");
            let mut seen = vec![];
            loop {
                let page = world.get("ann", &path).await;
                seen.extend(
                    page.json["tickets"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|t| t["id"].to_string()),
                );
                let Some(next) = page.json["next"].as_str() else {
                    break;
                };
                path = format!("/api/v1/tickets?limit=2&sort={sort}&cursor={next}");
            }
            assert_eq!(seen.len(), 5);
            assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 5);
        }
    }

    #[tokio::test]
    async fn people_see_their_departments() {
        let world = World::new().await;
        world.post("1", Label::Complaint).await;
        world.post("2", Label::Lead).await;
        for (who, want) in [
            ("ann", "1"),
            ("bob", "1"),
            ("vic", "1"),
            ("sue", "2"),
            ("root", "2"),
        ] {
            let page = world.get(who, "/api/v1/tickets").await;
            assert_eq!(
                page.json["tickets"].as_array().unwrap().len().to_string(),
                want,
                "{who}"
            );
        }
    }

    #[rstest]
    #[case::zero(
        "limit=0",
        "400 Bad Request bad_request: `limit` must be a whole number from 1 to 200, not `0`"
    )]
    #[case::too_many(
        "limit=201",
        "400 Bad Request bad_request: `limit` must be a whole number from 1 to 200, not `201`"
    )]
    #[case::label(
        "label=anger",
        "400 Bad Request bad_request: `label` must be one of complaint, lead, pr_risk, general, not `anger`"
    )]
    #[case::unknown(
        "page=2",
        "400 Bad Request bad_request: unknown parameter `page` (known: department, label, status, sla, assignee, sort, cursor, limit)"
    )]
    #[case::department(
        "department=suport",
        "400 Bad Request bad_request: unknown department `suport` (known: support)"
    )]
    #[case::another_department(
        "department=sales",
        "400 Bad Request bad_request: unknown department `sales` (known: support)"
    )]
    #[case::cursor(
        "cursor=zzz",
        "400 Bad Request bad_request: `cursor` is not the `next` of a list with this sort and these filters: begin without one"
    )]
    #[tokio::test]
    async fn refuses(#[case] query: &str, #[case] want: &str) {
        let world = World::new().await;
        let answer = world.get("ann", &format!("/api/v1/tickets?{query}")).await;
        assert_eq!(answer.error(), want);
    }

    #[tokio::test]
    async fn a_cursor_of_another_list_is_refused() {
        let world = World::new().await;
        world.post("1", Label::Complaint).await;
        world.post("2", Label::Complaint).await;
        let page = world.get("ann", "/api/v1/tickets?limit=1").await;
        let next = page.json["next"].as_str().unwrap();
        let fits = world
            .get("ann", &format!("/api/v1/tickets?limit=7&cursor={next}"))
            .await;
        assert_eq!(fits.status, 200);
        let other = world
            .get(
                "ann",
                &format!("/api/v1/tickets?sort=deadline&cursor={next}"),
            )
            .await;
        assert_eq!(other.status, 400);
    }
}

//! `GET /api/v1/tickets/{id}`

use super::change::ChangeError;
use super::view::TicketDetail;
use crate::http::problem::Problem;
use crate::http::version::etag;
use crate::openapi::describe::Description;
use crate::state::Inbox;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::{Extension, Json};
use switchboard_domain::access::Principal;

pub(crate) fn describe() -> Description {
    Description::new(
        "showTicket",
        "One ticket, with its posts and everything that changed it",
    )
    .answers::<TicketDetail>("The ticket; its version as `ETag`.")
}

#[tracing::instrument(name = "http.ticket.show", skip_all, fields(ticket.id = %id))]
pub(crate) async fn show(
    State(inbox): State<Inbox>,
    Extension(caller): Extension<Principal>,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let not_found = || ChangeError::NotFound(id.clone());
    let ticket = id
        .parse()
        .map(switchboard_domain::ticket::TicketId)
        .map_err(|_| not_found())?;
    let scope = caller.scope();
    let row = inbox
        .tickets
        .get(ticket, &scope)
        .await?
        .ok_or_else(not_found)?;
    let mentions = inbox.tickets.mentions(ticket, &scope).await?;
    let events = inbox.tickets.events(ticket, &scope).await?;
    let detail = TicketDetail::new(row, &mentions, events);
    Ok(([etag(detail.ticket.version)], Json(detail)))
}

#[cfg(test)]
mod tests {
    use crate::testing::World;
    use switchboard_domain::Label;
    use switchboard_domain::ticket::Command;

    #[tokio::test]
    async fn shows_the_whole_ticket() {
        let world = World::new().await;
        world.post("1", Label::Complaint).await;
        let mut answer = world.get("ann", "/api/v1/tickets/1").await;
        assert_eq!(answer.header("etag"), "\"1\"");
        let fields = answer.json.as_object_mut().unwrap();
        for long in ["explanation", "classification", "mentions", "timeline"] {
            assert!(fields.remove(long).is_some(), "{long}");
        }
        insta::assert_snapshot!(answer, @r#"
        200 OK
        {
          "assignee": null,
          "author": "7df3cb7655e38a22ed23d8aba15cef04",
          "brand": "acme",
          "clocks": [
            {
              "calendar": "always",
              "clock": "first_response",
              "cycle": 1,
              "department": "support",
              "due_at": "2026-03-01T13:00:00Z",
              "policy": "standard",
              "start_reason": "no_post_time",
              "started_at": "2026-03-01T12:00:00Z",
              "status": "running",
              "target_seconds": 3600,
              "warn_at": [
                "2026-03-01T12:45:00Z"
              ]
            }
          ],
          "created_at": "2026-03-01T12:00:00Z",
          "deadline_at": "2026-03-01T13:00:00Z",
          "department": "support",
          "helpers": [],
          "id": "1",
          "label": "complaint",
          "labels": [
            "complaint"
          ],
          "language": "en",
          "mention": {
            "author": {
              "id": "author-1"
            },
            "form": "post",
            "id": "1",
            "op": "upsert",
            "platform": "x",
            "text": "my bag is lost",
            "url": "https://x.example/1",
            "version": 0,
            "visibility": "public"
          },
          "mention_count": 1,
          "needs_review": false,
          "platform": "x",
          "priority": "normal",
          "severity": 2,
          "sla": "running",
          "status": "open",
          "topics": [
            "baggage/lost"
          ],
          "updated_at": "2026-03-01T12:00:00Z",
          "version": 1
        }
        "#);
    }

    #[tokio::test]
    async fn explains_owner_and_label() {
        let world = World::new().await;
        world.post("1", Label::Lead).await;
        let answer = world.get("bob", "/api/v1/tickets/1").await;
        assert_eq!(
            answer.at("/explanation/lines/0"),
            "\"department sales by row `leads`\""
        );
        assert_eq!(answer.at("/explanation/rows/1/row"), "\"leads\"");
        assert_eq!(answer.at("/explanation/rules_version"), "\"r1\"");
        assert_eq!(answer.at("/classification/label"), "\"lead\"");
        assert_eq!(answer.at("/mentions/0/classification/label"), "\"lead\"");
        assert_eq!(answer.at("/mentions/0/text"), "\"my bag is lost\"");
    }

    #[tokio::test]
    async fn a_deleted_post_keeps_its_place_and_loses_its_words() {
        let world = World::new().await;
        world.post("1", Label::Complaint).await;
        world.delete_post("1").await;
        let answer = world.get("ann", "/api/v1/tickets/1").await;
        assert_eq!(
            answer.at("/mention"),
            r#"{"deleted":true,"id":"1","platform":"x"}"#
        );
        assert_eq!(answer.at("/close_reason"), "\"post_deleted\"");
        assert!(!answer.to_string().contains("my bag"), "{answer}");
    }

    #[tokio::test]
    async fn the_timeline_is_readable() {
        let world = World::new().await;
        let ticket = world.post("1", Label::Complaint).await;
        world.change(ticket, "ann", Command::Claim).await;
        world
            .change(
                ticket,
                "ann",
                Command::Reply {
                    text: "we look for it".into(),
                    automatic: false,
                },
            )
            .await;
        let answer = world.get("ann", "/api/v1/tickets/1").await;
        let events = answer.json["timeline"].as_array().unwrap();
        let lines: Vec<_> = events
            .iter()
            .map(|event| event["summary"].as_str().unwrap())
            .collect();
        insta::assert_snapshot!(lines.join("\n"), @"
        opened for support as complaint; first response due 2026-03-01T13:00:00Z
        assigned to ann
        reply: we look for it; first response stopped: answered
        ");
    }

    #[tokio::test]
    async fn what_is_no_number_is_no_ticket() {
        let world = World::new().await;
        let answer = world.get("ann", "/api/v1/tickets/first").await;
        assert_eq!(
            answer.error(),
            "404 Not Found not_found: there is no ticket `first`"
        );
    }
}

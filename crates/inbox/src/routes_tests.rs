//! Every route with every role and with none, made from the table.

use crate::document;
use crate::routes::{Needs, ROUTES, Route};
use crate::testing::{PEOPLE, World};
use axum::http::StatusCode;
use std::collections::BTreeSet;
use switchboard_domain::Label;
use switchboard_domain::access::Principal;

/// A route of the table, called with a ticket that is not there: what comes after the door
/// is another test's.
fn path(route: &Route) -> String {
    route
        .path
        .replace("{id}", "999")
        .replace("{name}", "queue.support")
}

#[tokio::test]
async fn strangers_get_in_nowhere_but_to_the_document() {
    let world = World::new().await;
    for route in ROUTES {
        for who in ["", "nobody"] {
            let answer = world
                .call(who, route.method.as_str(), &path(route), &[], "{}")
                .await;
            if route.needs == Needs::Nothing {
                assert_eq!(answer.status, StatusCode::OK, "{}", route.path);
            } else {
                assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", route.path);
                assert!(answer.header("www-authenticate").starts_with("Bearer"));
            }
        }
    }
}

#[tokio::test]
async fn every_role_passes_the_doors_it_may_and_no_other() {
    let world = World::new().await;
    for route in ROUTES {
        let action = match route.needs {
            Needs::Nothing => continue,
            Needs::Credentials => None,
            Needs::Action(action) => Some(action),
        };
        for (name, role, _) in PEOPLE {
            let answer = world
                .call(name, route.method.as_str(), &path(route), &[], "{}")
                .await;
            let principal = Principal {
                name: name.into(),
                role,
                departments: BTreeSet::new(),
            };
            assert_eq!(
                answer.status != StatusCode::FORBIDDEN,
                action.is_none_or(|action| principal.may(action)),
                "{name} at {} {}: {answer}",
                route.method,
                route.path
            );
        }
    }
}

#[tokio::test]
async fn a_ticket_of_another_department_is_not_there() {
    let world = World::new().await;
    let ticket = world.post("1", Label::Complaint).await;
    for route in ROUTES
        .iter()
        .filter(|route| route.path.starts_with("/api/v1/tickets/{id}"))
    {
        let path = route.path.replace("{id}", &ticket.to_string());
        let body = match route.path.rsplit('/').next() {
            Some("assign") => r#"{"to":null}"#,
            Some("note" | "reply") => r#"{"text":"hello"}"#,
            Some("relabel") => r#"{"label":"lead"}"#,
            Some("move") => r#"{"department":"sales"}"#,
            Some("priority") => r#"{"priority":"low"}"#,
            Some("merge") => r#"{"into":"1"}"#,
            Some("split") => r#"{"platform":"x","id":"1"}"#,
            Some("hold") => r#"{"kind":"waiting_customer"}"#,
            _ => "",
        };
        let answer = world
            .call("bob", route.method.as_str(), &path, &[], body)
            .await;
        assert_eq!(
            answer.status,
            StatusCode::NOT_FOUND,
            "{}: {answer}",
            route.path
        );
        let of_ann = world
            .call("ann", route.method.as_str(), &path, &[], body)
            .await;
        assert_ne!(
            of_ann.status,
            StatusCode::NOT_FOUND,
            "{}: {of_ann}",
            route.path
        );
        // Put back what the route may have moved away.
        let back = switchboard_domain::ticket::Command::Move {
            department: switchboard_domain::Slug::from_any("support"),
        };
        world.change(ticket, "sue", back).await;
    }
}

#[test]
fn the_document_has_every_route_and_no_other() {
    let document = serde_json::to_value(document()).unwrap();
    let documented: BTreeSet<(String, String)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().keys();
            methods
                .map(|method| (method.to_uppercase(), path.clone()))
                .collect::<Vec<_>>()
        })
        .collect();
    let table: BTreeSet<(String, String)> = ROUTES
        .iter()
        .map(|route| (route.method.to_string(), route.path.to_owned()))
        .collect();
    assert_eq!(documented, table);
    assert_eq!(table.len(), ROUTES.len(), "each route stands once");
}

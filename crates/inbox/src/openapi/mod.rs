//! The OpenAPI 3.1 document, made from the route table.

pub(crate) mod describe;
pub(crate) mod schema;

use crate::http::problem::ProblemBody;
use crate::routes::{Needs, ROUTES, Route};
use axum::http::StatusCode;
use describe::{Description, NamedSchema, placeholders, problem};
use schema::BEARER;
use utoipa::openapi::path::{HttpMethod, Operation, PathItem, PathItemBuilder, PathsBuilder};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder};
use utoipa::{PartialSchema, ToSchema};

/// The document of every route in the table.
pub fn document() -> OpenApi {
    let described: Vec<(&Route, Description)> = ROUTES
        .iter()
        .map(|route| (route, (route.describe)()))
        .collect();
    let schemas = described
        .iter()
        .flat_map(|(_, description)| description.schemas.clone());
    let info = InfoBuilder::new()
        .title("Switchboard")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "The agents' API: tickets, queues, log topics, dead letters.",
        ));
    OpenApiBuilder::new()
        .info(info.build())
        .paths(paths(&described))
        .components(Some(components(schemas)))
        .build()
}

/// The document of the table and of what others serve on the same listener. One that cannot
/// be read is left out with a word in the log: a document is no reason not to serve.
pub(crate) fn of_the_listener(others: &[&str]) -> String {
    let mut whole = document();
    for other in others {
        match serde_json::from_str::<OpenApi>(other) {
            Ok(other) => whole.merge(other),
            Err(error) => tracing::error!(%error, "an OpenAPI document is left out"),
        }
    }
    whole.to_json().unwrap_or_default()
}

fn paths(described: &[(&Route, Description)]) -> PathsBuilder {
    let mut items: Vec<(&str, PathItemBuilder)> = Vec::new();
    for (route, description) in described {
        let operation = operation(route, description);
        let at = items
            .iter()
            .position(|(path, _)| *path == route.path)
            .unwrap_or_else(|| {
                items.push((route.path, PathItem::builder()));
                items.len() - 1
            });
        if let Some((_, item)) = items.get_mut(at) {
            *item = std::mem::take(item).operation(http_method(route), operation);
        }
    }
    items
        .into_iter()
        .fold(PathsBuilder::new(), |paths, (path, item)| {
            paths.path(path, item.build())
        })
}

/// The operation with every answer that follows from its place in the table.
fn operation(route: &Route, description: &Description) -> Operation {
    let mut operation = description.operation(route.path, route.needs != Needs::Nothing);
    for (status, meaning) in implied_problems(route) {
        operation
            .responses
            .responses
            .insert(status.as_str().to_owned(), problem(meaning).into());
    }
    operation
}

fn implied_problems(route: &Route) -> Vec<(StatusCode, &'static str)> {
    let mut problems = vec![(StatusCode::INTERNAL_SERVER_ERROR, "A defect of the server.")];
    if route.needs != Needs::Nothing {
        problems.extend([
            (
                StatusCode::UNAUTHORIZED,
                "No credentials, or none that are valid now.",
            ),
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "The store or the log cannot answer now; try again.",
            ),
        ]);
    }
    if matches!(route.needs, Needs::Action(_)) {
        problems.push((StatusCode::FORBIDDEN, "The role does not allow this."));
    }
    if placeholders(route.path).next().is_some() {
        problems.push((StatusCode::NOT_FOUND, "Not there, or not for this caller."));
    }
    problems
}

fn components(schemas: impl Iterator<Item = NamedSchema>) -> utoipa::openapi::Components {
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    let mut problem_schemas = vec![(ProblemBody::name().into_owned(), ProblemBody::schema())];
    ProblemBody::schemas(&mut problem_schemas);
    ComponentsBuilder::new()
        .schemas_from_iter(problem_schemas.into_iter().chain(schemas))
        .security_scheme(BEARER, SecurityScheme::Http(bearer))
        .build()
}

fn http_method(route: &Route) -> HttpMethod {
    match route.method {
        axum::http::Method::POST => HttpMethod::Post,
        axum::http::Method::DELETE => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::collections::BTreeSet;

    fn json() -> Value {
        serde_json::to_value(document()).unwrap()
    }

    fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|field| references(field, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_resolves() {
        let document = json();
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        assert!(found.contains("#/components/schemas/TicketView"));
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }

    #[test]
    fn every_operation_says_how_it_can_end() {
        let document = json();
        for route in ROUTES {
            let method = route.method.as_str().to_lowercase();
            let operation = &document["paths"][route.path][&method];
            let has = |status: &str| operation["responses"].get(status).is_some();
            let guarded = route.needs != Needs::Nothing;
            assert!(has("200") && has("500"), "{}", route.path);
            assert_eq!(has("401"), guarded, "{}", route.path);
            let by_role = matches!(route.needs, Needs::Action(_));
            assert_eq!(has("403"), by_role, "{}", route.path);
            assert_eq!(has("404"), route.path.contains('{'), "{}", route.path);
            assert_eq!(
                operation.get("security").is_some(),
                guarded,
                "{}",
                route.path
            );
            let content = operation["responses"]["200"]["content"]
                .as_object()
                .unwrap();
            let schema = content.values().next().unwrap()["schema"].is_object();
            assert!(schema, "{} answers with a schema", route.path);
        }
    }

    #[test]
    fn operations() {
        let document = json();
        let lines: Vec<String> = ROUTES
            .iter()
            .map(|route| {
                let method = route.method.as_str().to_lowercase();
                let operation = &document["paths"][route.path][&method];
                let statuses = operation["responses"].as_object().unwrap().keys();
                let statuses = statuses.cloned().collect::<Vec<_>>().join(" ");
                format!("{} {statuses}", operation["operationId"].as_str().unwrap())
            })
            .collect();
        assert_eq!(document["openapi"], "3.1.0");
        insta::assert_snapshot!(lines.join("\n"), @"
        openapi 200 500
        listTickets 200 400 401 403 500 503
        showTicket 200 401 403 404 500 503
        claimTicket 200 400 401 403 404 409 422 500 503
        assignTicket 200 400 401 403 404 409 413 415 422 500 503
        proveSla 200 401 403 404 500 503
        noteOnTicket 200 400 401 403 404 409 413 415 422 500 503
        replyToTicket 200 400 401 403 404 409 413 415 422 500 503
        holdTicket 200 400 401 403 404 409 413 415 422 500 503
        releaseTicket 200 400 401 403 404 409 422 500 503
        resolveTicket 200 400 401 403 404 409 422 500 503
        reopenTicket 200 400 401 403 404 409 422 500 503
        relabelTicket 200 400 401 403 404 409 413 415 422 500 503
        moveTicket 200 400 401 403 404 409 413 415 422 500 503
        setTicketPriority 200 400 401 403 404 409 413 415 422 500 503
        mergeTicket 200 400 401 403 404 409 413 415 422 500 503
        unmergeTicket 200 400 401 403 404 409 422 500 503
        splitTicket 200 400 401 403 404 409 413 415 422 500 503
        listStates 200 401 403 500 503
        listQueues 200 401 403 500 503
        openLive 200 400 401 403 429 500 503
        listIncidents 200 400 401 403 500 503
        showIncident 200 401 403 404 500 503
        acknowledgeIncident 200 401 403 404 422 500 503
        closeIncident 200 401 403 404 500 503
        dismissIncident 200 401 403 404 500 503
        readTopic 200 400 401 403 404 500 503
        listDeadLetters 200 400 401 403 500 503
        showDeadLetter 200 401 403 404 500 503
        retryDeadLetter 200 401 403 404 422 500 503
        dropDeadLetter 200 401 403 404 500 503
        showSession 200 401 500 503
        endSession 200 401 422 500 503
        listSessions 200 401 500 503
        revokeSession 200 401 404 500 503
        listPeople 200 401 403 500 503
        showAuthor 200 400 401 403 404 500 503
        linkAuthor 200 400 401 403 404 413 415 422 500 503
        unlinkAuthor 200 400 401 403 404 422 500 503
        listTokens 200 401 403 500 503
        createToken 200 400 401 403 409 413 415 422 500 503
        revokeToken 200 401 403 404 500 503
        ");
    }
}

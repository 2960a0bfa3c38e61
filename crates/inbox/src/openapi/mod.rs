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
    if route.method == axum::http::Method::POST {
        HttpMethod::Post
    } else {
        HttpMethod::Get
    }
}

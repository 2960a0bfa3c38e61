//! What an operation says of itself in the OpenAPI document.
//!
//! Only what is its own: the answers that follow from its place in the route table (401,
//! 403, 404, 500 and so on) are added there, so that no operation can forget one.

use crate::http::problem::PROBLEM_JSON;
use crate::http::query::{Kind, Parameter};
use crate::openapi::schema;
use axum::http::StatusCode;
use utoipa::ToSchema;
use utoipa::openapi::path::{
    Operation, OperationBuilder, Parameter as ParameterObject, ParameterBuilder, ParameterIn,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{
    ContentBuilder, Ref, RefOr, Required, Response, ResponseBuilder, Schema, SecurityRequirement,
};

/// A schema with its name in `components`.
pub(crate) type NamedSchema = (String, RefOr<Schema>);

/// One operation, described.
pub(crate) struct Description {
    operation_id: &'static str,
    summary: &'static str,
    query: &'static [Parameter],
    matches_version: bool,
    body: Option<RefOr<Schema>>,
    success: Response,
    problems: Vec<(StatusCode, &'static str)>,
    /// Every schema that the operation refers to.
    pub(crate) schemas: Vec<NamedSchema>,
}

impl Description {
    pub(crate) fn new(operation_id: &'static str, summary: &'static str) -> Self {
        Self {
            operation_id,
            summary,
            query: &[],
            matches_version: false,
            body: None,
            success: Response::new(""),
            problems: Vec::new(),
            schemas: Vec::new(),
        }
    }

    /// Its query parameters: the same list that [`crate::http::query::Query`] checks.
    pub(crate) fn query(mut self, parameters: &'static [Parameter]) -> Self {
        if !parameters.is_empty() {
            self.problems.push((
                StatusCode::BAD_REQUEST,
                "A parameter is unknown or out of range.",
            ));
        }
        self.query = parameters;
        self
    }

    /// It takes `If-Match`, and answers 409 for a version that is no longer the current one.
    pub(crate) fn matches_version(mut self) -> Self {
        self.matches_version = true;
        self.problem(
            StatusCode::CONFLICT,
            "Another version than the one named, or somebody else has it; `current` is the ticket.",
        )
    }

    /// Its JSON body.
    pub(crate) fn body<T: ToSchema>(mut self) -> Self {
        self.body = Some(self.refer::<T>());
        self.problem(
            StatusCode::BAD_REQUEST,
            "The body or a header cannot be read.",
        )
        .problem(StatusCode::PAYLOAD_TOO_LARGE, "The body is too large.")
        .problem(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "The body is not sent as JSON.",
        )
    }

    /// Its success, always 200.
    pub(crate) fn answers<T: ToSchema>(mut self, description: &'static str) -> Self {
        let content = ContentBuilder::new()
            .schema(Some(self.refer::<T>()))
            .build();
        self.success = ResponseBuilder::new()
            .description(description)
            .content("application/json", content)
            .build();
        self
    }

    /// Its success, an endless stream of server-sent events.
    pub(crate) fn streams(mut self, description: &'static str) -> Self {
        let content = ContentBuilder::new().schema(Some(schema::text())).build();
        self.success = ResponseBuilder::new()
            .description(description)
            .content("text/event-stream", content)
            .build();
        self
    }

    /// An answer that is no success.
    pub(crate) fn problem(mut self, status: StatusCode, description: &'static str) -> Self {
        self.problems.push((status, description));
        self
    }

    /// The operation as it stands in the document.
    pub(crate) fn operation(&self, path: &str, needs_credentials: bool) -> Operation {
        let mut operation = OperationBuilder::new()
            .operation_id(Some(self.operation_id))
            .summary(Some(self.summary))
            .response("200", self.success.clone());
        for parameter in self.parameters(path) {
            operation = operation.parameter(parameter);
        }
        for (status, description) in &self.problems {
            operation = operation.response(status.as_str(), problem(description));
        }
        if let Some(body) = &self.body {
            let content = ContentBuilder::new().schema(Some(body.clone())).build();
            let body = RequestBodyBuilder::new().content("application/json", content);
            operation = operation.request_body(Some(body.required(Some(Required::True)).build()));
        }
        if needs_credentials {
            let scopes: [&str; 0] = [];
            operation = operation.security(SecurityRequirement::new(schema::BEARER, scopes));
        }
        operation.build()
    }

    fn parameters(&self, path: &str) -> Vec<ParameterObject> {
        let in_path = placeholders(path).map(|name| {
            let about = if name == "id" {
                "Its number or id."
            } else {
                "Its name."
            };
            parameter(name, about, ParameterIn::Path, schema::text())
        });
        let in_query = self.query.iter().map(|known| {
            parameter(
                known.name,
                known.description,
                ParameterIn::Query,
                known.schema(),
            )
        });
        let version = self.matches_version.then(|| {
            let about = "The `ETag` the change was made for; absent or `*`: whatever it is now.";
            parameter("If-Match", about, ParameterIn::Header, schema::text())
        });
        in_path.chain(in_query).chain(version).collect()
    }

    fn refer<T: ToSchema>(&mut self) -> RefOr<Schema> {
        let name = T::name().into_owned();
        self.schemas.push((name.clone(), T::schema()));
        T::schemas(&mut self.schemas);
        RefOr::Ref(Ref::from_schema_name(name))
    }
}

/// An answer with the one error body.
pub(crate) fn problem(description: &str) -> Response {
    let body = RefOr::Ref(Ref::from_schema_name("ProblemBody"));
    ResponseBuilder::new()
        .description(description)
        .content(
            PROBLEM_JSON,
            ContentBuilder::new().schema(Some(body)).build(),
        )
        .build()
}

/// The names in braces of a path.
pub(crate) fn placeholders(path: &str) -> impl Iterator<Item = &str> {
    path.split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

impl Parameter {
    fn schema(&self) -> RefOr<Schema> {
        match self.kind {
            Kind::Text => schema::text(),
            Kind::Choice(choices) => schema::one_of(choices.iter().copied()),
            Kind::Number { from, to, default } => ObjectBuilder::new()
                .schema_type(SchemaType::from(Type::Integer))
                .minimum(Some(from))
                .maximum(Some(to))
                .default(Some(default.into()))
                .into(),
        }
    }
}

fn parameter(
    name: &str,
    description: &str,
    place: ParameterIn,
    schema: RefOr<Schema>,
) -> ParameterObject {
    let required = if matches!(place, ParameterIn::Path) {
        Required::True
    } else {
        Required::False
    };
    ParameterBuilder::new()
        .name(name)
        .description(Some(description))
        .parameter_in(place)
        .required(required)
        .schema(Some(schema))
        .build()
}

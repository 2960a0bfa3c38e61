//! `GET /api/v1/incidents`

use super::access::may_see_incidents;
use super::view::IncidentView;
use crate::http::problem::Problem;
use crate::http::query::{Kind, Parameter, Query};
use crate::openapi::describe::Description;
use crate::state::Inbox;
use axum::extract::{Query as Pairs, State};
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::Serialize;
use switchboard_domain::access::Principal;
use switchboard_storage::incidents::IncidentCursor;
use switchboard_storage::{IncidentQuery, IncidentRow};
use utoipa::ToSchema;

const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "cursor",
        description: "The `next` of the page before.",
        kind: Kind::Text,
    },
    Parameter {
        name: "limit",
        description: "At most so many incidents.",
        kind: Kind::Number {
            from: 1,
            to: 200,
            default: 50,
        },
    },
];

/// A page of incidents.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct IncidentPage {
    incidents: Vec<IncidentView>,
    /// Give it as `cursor` for the next page; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

pub(crate) fn describe() -> Description {
    Description::new("listIncidents", "Incidents, the latest first")
        .query(PARAMETERS)
        .answers::<IncidentPage>(
            "A page of incidents; empty for callers without all departments or `pr`.",
        )
}

#[tracing::instrument(name = "http.incident.list", skip_all)]
pub(crate) async fn list(
    State(inbox): State<Inbox>,
    Extension(caller): Extension<Principal>,
    Pairs(pairs): Pairs<Vec<(String, String)>>,
) -> Result<Json<IncidentPage>, Problem> {
    let query = Query::parse(pairs, PARAMETERS)?;
    let after = query.text("cursor").map(decode).transpose()?;
    if !may_see_incidents(&caller) {
        return Ok(Json(IncidentPage::default()));
    }
    let limit = usize::try_from(query.number("limit")).unwrap_or_default();
    // One more than asked for says whether there is a next page.
    let wanted = IncidentQuery {
        after,
        limit: limit + 1,
    };
    let mut rows = inbox.incidents.incidents(wanted).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(IncidentRow::cursor);
    Ok(Json(IncidentPage {
        incidents: rows.iter().map(IncidentView::from).collect(),
        next: next.map(encode),
    }))
}

/// Grows when the layout changes, so that an old word is refused and not misread.
const VERSION: &str = "1";

fn encode(cursor: IncidentCursor) -> String {
    format!(
        "{VERSION}.{}.{}",
        cursor.opened_at.as_microsecond(),
        cursor.id
    )
}

fn decode(word: &str) -> Result<IncidentCursor, Problem> {
    let parse = || {
        let rest = word.strip_prefix(VERSION)?.strip_prefix('.')?;
        let (at, id) = rest.split_once('.')?;
        Some(IncidentCursor {
            opened_at: Timestamp::from_microsecond(at.parse().ok()?).ok()?,
            id: id.parse().ok()?,
        })
    };
    parse().ok_or_else(|| {
        Problem::bad_request("`cursor` is not the `next` of this list: begin without one")
    })
}

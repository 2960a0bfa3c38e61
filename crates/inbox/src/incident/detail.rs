//! An incident with all that is known of it.

use super::view::{IncidentView, name, why};
use crate::openapi::schema;
use crate::ticket::post;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use switchboard_domain::ticket::TicketId;
use switchboard_storage::incidents::{IncidentFigures, IncidentPost};
use switchboard_storage::{IncidentNotification, IncidentRow};
use utoipa::ToSchema;

/// An incident with its posts, its numbers, and everything done about it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IncidentDetail {
    #[serde(flatten)]
    incident: IncidentView,
    /// Different known authors, over all departments.
    authors: u64,
    /// The followers of all of them together.
    reach: u64,
    /// The gravest and widest first, as far as their tickets are the caller's; at most 50.
    posts: Vec<IncidentPostView>,
    /// Posts by the minute in which they were written; empty minutes are left out.
    rate: Vec<RateView>,
    /// Who was told, oldest first.
    notifications: Vec<NotificationView>,
    /// What happened, oldest first.
    timeline: Vec<StepView>,
}

/// A post of an incident.
#[derive(Debug, Serialize, ToSchema)]
struct IncidentPostView {
    #[schema(schema_with = schema::instant)]
    at: Timestamp,
    /// 0 to 10.
    severity: u8,
    /// Of the author.
    followers: u64,
    /// The ticket it belongs to; absent until it is routed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::text)]
    ticket: Option<TicketId>,
    /// The post; absent until it is routed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::mention)]
    mention: Option<Value>,
}

/// A minute.
#[derive(Debug, Serialize, ToSchema)]
struct RateView {
    #[schema(schema_with = schema::instant)]
    minute: Timestamp,
    posts: u64,
}

/// A channel that was told, or could not be.
#[derive(Debug, Serialize, ToSchema)]
struct NotificationView {
    channel: String,
    #[schema(schema_with = schema::instant)]
    at: Timestamp,
    /// `sent`, or why not.
    outcome: String,
}

/// One thing that happened.
#[derive(Debug, Serialize, ToSchema)]
struct StepView {
    #[schema(schema_with = schema::instant)]
    at: Timestamp,
    summary: String,
}

impl IncidentDetail {
    pub(super) fn new(
        row: &IncidentRow,
        figures: IncidentFigures,
        posts: Vec<IncidentPost>,
        notifications: Vec<IncidentNotification>,
    ) -> Self {
        let rate = figures.per_minute.into_iter();
        Self {
            incident: IncidentView::from(row),
            authors: figures.authors,
            reach: figures.reach,
            timeline: timeline(row, &notifications),
            posts: posts.into_iter().map(IncidentPostView::from).collect(),
            rate: rate
                .map(|(minute, posts)| RateView { minute, posts })
                .collect(),
            notifications: notifications
                .into_iter()
                .map(NotificationView::from)
                .collect(),
        }
    }
}

impl From<IncidentPost> for IncidentPostView {
    fn from(post: IncidentPost) -> Self {
        let mention = post.post.as_ref().map(|stored| match &stored.content {
            Some(content) => post::standing(&content.mention),
            None => post::deleted(&stored.key),
        });
        Self {
            at: post.at,
            severity: post.severity,
            followers: post.followers,
            ticket: post.ticket,
            mention,
        }
    }
}

impl From<IncidentNotification> for NotificationView {
    fn from(told: IncidentNotification) -> Self {
        Self {
            channel: told.channel,
            at: told.at,
            outcome: told.outcome,
        }
    }
}

fn timeline(row: &IncidentRow, notifications: &[IncidentNotification]) -> Vec<StepView> {
    let step = |at, summary| StepView { at, summary };
    let opened = format!("opened: {}", why(row.incident.trigger));
    let mut steps = vec![step(row.incident.opened_at, opened)];
    for told in notifications {
        steps.push(step(told.at, format!("{}: {}", told.channel, told.outcome)));
    }
    if let Some((by, at)) = &row.acknowledged {
        steps.push(step(*at, format!("acknowledged by {}", name(by))));
    }
    if let Some(closed) = &row.closed {
        let how = if closed.false_alarm {
            "ended as a false alarm"
        } else {
            "ended"
        };
        steps.push(step(closed.at, format!("{how} by {}", name(&closed.by))));
    }
    // Stable: what happened in one instant keeps this order.
    steps.sort_by_key(|step| step.at);
    steps
}

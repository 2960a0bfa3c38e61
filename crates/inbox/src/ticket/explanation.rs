//! Why a ticket is whose it is: what was routed by, row by row, and why the label.

use serde::Serialize;
use switchboard_domain::routing::{Decision, RowVerdict, explain_lines};
use switchboard_domain::{Classification, Reason};
use utoipa::ToSchema;

/// Everything that led to owner, priority and label of the first post.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExplanationView {
    /// The same in sentences, one a line.
    lines: Vec<String>,
    /// One verdict per row of the routing table, in its order.
    #[schema(value_type = Vec<serde_json::Value>)]
    rows: Vec<RowVerdict>,
    /// What the priority is made of: pairs of reason and points.
    #[schema(value_type = Vec<serde_json::Value>)]
    priority_reasons: Vec<(String, i32)>,
    /// The classifier's evidence for the label.
    #[schema(value_type = Vec<serde_json::Value>)]
    reasons: Vec<Reason>,
    /// Departments that are told.
    informed: Vec<String>,
    /// The department that must agree to an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    approver: Option<String>,
    /// Which routing table decided.
    table_version: String,
    /// Which classification rules spoke; absent once the post is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    rules_version: Option<String>,
    /// Which model spoke.
    #[serde(skip_serializing_if = "Option::is_none")]
    model_version: Option<String>,
}

impl ExplanationView {
    pub(crate) fn new(decision: &Decision, verdict: Option<&Classification>) -> Self {
        Self {
            lines: explain_lines(decision),
            rows: decision.explanation.rows.clone(),
            priority_reasons: decision.priority_reasons.clone(),
            reasons: verdict
                .map(|verdict| verdict.reasons.clone())
                .unwrap_or_default(),
            informed: decision.informed.iter().map(ToString::to_string).collect(),
            approver: decision.approver.as_ref().map(ToString::to_string),
            table_version: decision.explanation.table_version.clone(),
            rules_version: verdict.map(|verdict| verdict.rules_version.clone()),
            model_version: verdict.map(|verdict| verdict.model_version.clone()),
        }
    }
}

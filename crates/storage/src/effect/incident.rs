//! What goes with an incident, in every database the same.

use crate::incidents::CRISIS_RECIPIENT;
use crate::records::{NotificationRequested, RECORD_VERSION, Subject};
use crate::row::json;
use crate::{AuditEntry, Incident, IncidentAction, IncidentRow, IncidentStep, StorageError};
use switchboard_domain::Slug;
use switchboard_domain::ticket::Actor;

/// Who opens incidents, and ends those that nobody ended once the next one begins.
pub(crate) const ALERT: &str = "alert";

/// The payload that asks for the notification of a new incident.
pub(crate) fn notification(incident: &Incident) -> Result<String, StorageError> {
    json(&NotificationRequested {
        v: RECORD_VERSION,
        idempotency_key: format!("incident-{}-{CRISIS_RECIPIENT}", incident.id),
        recipient: CRISIS_RECIPIENT.to_owned(),
        subject: Subject::Incident(Box::new(incident.clone())),
    })
}

/// The audit row of a new incident.
pub(crate) fn opened(incident: &Incident) -> Result<AuditEntry, StorageError> {
    let detail = serde_json::json!({ "brand": incident.brand, "trigger": incident.trigger });
    Ok(AuditEntry {
        at: incident.opened_at,
        actor: Actor::System(ALERT.to_owned()),
        action: "incident.opened".to_owned(),
        subject: format!("incident:{}", incident.id),
        detail: json(&detail)?,
    })
}

/// The audit row of what a person did about one.
pub(crate) fn stepped(step: &IncidentStep, brand: &Slug) -> Result<AuditEntry, StorageError> {
    Ok(AuditEntry {
        at: step.now,
        actor: step.by.clone(),
        action: step.action.as_str().to_owned(),
        subject: format!("incident:{}", step.incident),
        detail: json(&serde_json::json!({ "brand": brand }))?,
    })
}

/// What a step would do to an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is so already.
    IsSo,
    /// Nobody can take up what is over.
    Over,
    /// It is to be written.
    Changes,
}

/// How the incident stands towards the step.
pub(crate) fn standing(action: IncidentAction, row: &IncidentRow) -> Standing {
    let is_so = match (action, &row.closed) {
        (IncidentAction::Acknowledge, _) if row.acknowledged.is_some() => true,
        (IncidentAction::Acknowledge, Some(_)) => return Standing::Over,
        (IncidentAction::Acknowledge, None) => false,
        (IncidentAction::Close, closed) => closed.is_some(),
        (IncidentAction::FalseAlarm, closed) => {
            closed.as_ref().is_some_and(|closed| closed.false_alarm)
        }
    };
    if is_so {
        Standing::IsSo
    } else {
        Standing::Changes
    }
}
